//! Who gets which rendition of a codec's ladder, and at which rate. Pure: numbers in, a decision out.
//!
//! There is one rendition, and all viewers are on it, as long as their lines are alike. One whose line carries much less
//! than the best gets a rendition below, so that it holds nobody back.

use crate::media::runtime::peer_id::PeerId;

/// One of the streams of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rendition {
    /// The size of the screen, at the best rate.
    High,
    /// The size of the screen, at the rate that worse lines carry.
    Low,
    /// Half the width and height.
    HalfSize,
}

/// What counts of a viewer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Member {
    pub(crate) id: PeerId,
    /// What its line carries and it wants, in kbit/s.
    pub(crate) kbps: u32,
    /// Whether it acts on the desktop.
    pub(crate) controls: bool,
    /// Whether half the size will do.
    pub(crate) allows_half_size: bool,
    /// Where it is now.
    pub(crate) rendition: Rendition,
}

/// Below this share of the best rate a viewer is moved down, and above that share up again.
const HALF: (f64, f64) = (0.7, 0.85);
/// The same from the middle rendition to the smallest.
const SMALL: (f64, f64) = (0.2, 0.28);
/// Less than this per pixel and second of full size is no picture, in bit: the smallest rendition looks better.
const LEAST_BITS_PER_PIXEL: f64 = 0.4;

/// Where each viewer goes. `pixels`: of the screen.
pub(crate) fn assign(members: &[Member], pixels: u64) -> Vec<(PeerId, Rendition)> {
    let best = |members: &mut dyn Iterator<Item = &Member>| members.map(|member| member.kbps).max();
    let top =
        best(&mut members.iter().filter(|member| member.controls)).or_else(|| best(&mut members.iter()));
    let Some(top) = top.filter(|top| *top > 0) else {
        return members
            .iter()
            .map(|member| (member.id, Rendition::High))
            .collect();
    };
    let least_kbps = pixels as f64 * LEAST_BITS_PER_PIXEL / 1000.0;
    let choose = |member: &Member| {
        let share = f64::from(member.kbps) / f64::from(top);
        let below = |limits: (f64, f64), rendition: Rendition| {
            share
                < if member.rendition >= rendition {
                    limits.1
                } else {
                    limits.0
                }
        };
        let is_tiny = f64::from(member.kbps)
            < if member.rendition == Rendition::HalfSize {
                least_kbps * 1.3
            } else {
                least_kbps
            };
        let is_small = is_tiny || below(SMALL, Rendition::HalfSize);
        if is_small && member.allows_half_size {
            Rendition::HalfSize
        } else if below(HALF, Rendition::Low) {
            Rendition::Low
        } else {
            Rendition::High
        }
    };
    members.iter().map(|member| (member.id, choose(member))).collect()
}

/// The rate of a rendition: what all on it can take.
pub(crate) fn rate(members: impl Iterator<Item = u32>) -> Option<u32> {
    members.min()
}

/// How many frames per second that rate is good for at that size; `None`: as many as there are.
pub(crate) fn frame_rate(kbps: u32, rendition: Rendition, pixels: u64) -> Option<u32> {
    let pixels = if rendition == Rendition::HalfSize {
        pixels / 4
    } else {
        pixels
    };
    let bits_per_pixel = f64::from(kbps) * 1000.0 / pixels.max(1) as f64;
    match bits_per_pixel {
        ..0.5 => Some(15),
        0.5..1.2 => Some(30),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: u64 = 1280 * 720;

    fn member(id: u64, kbps: u32, rendition: Rendition) -> Member {
        Member {
            id: PeerId(id),
            kbps,
            controls: false,
            allows_half_size: true,
            rendition,
        }
    }

    fn renditions(members: &[Member]) -> Vec<Rendition> {
        assign(members, HD)
            .into_iter()
            .map(|(_, rendition)| rendition)
            .collect()
    }

    #[test]
    fn viewers_with_like_lines_share_the_full_rung() {
        use Rendition::High;
        assert_eq!(
            renditions(&[member(1, 8000, High), member(2, 6000, High)]),
            [High, High]
        );
        assert_eq!(
            renditions(&[member(1, 1500, High)]),
            [High],
            "one alone gets the whole picture at its rate"
        );
    }

    #[test]
    fn a_worse_line_goes_down_and_holds_nobody_back() {
        use Rendition::*;
        assert_eq!(
            renditions(&[member(1, 8000, High), member(2, 3000, High), member(3, 900, High)]),
            [High, Low, HalfSize]
        );
    }

    #[test]
    fn who_points_by_the_size_of_the_picture_keeps_it() {
        let mut members = [member(1, 8000, Rendition::High), member(2, 900, Rendition::High)];
        members[1].allows_half_size = false;
        assert_eq!(renditions(&members), [Rendition::High, Rendition::Low]);
        assert_eq!(renditions(&members[1..]), [Rendition::High]);
    }

    #[test]
    fn who_controls_sets_the_best_rate() {
        let mut members = [member(1, 2000, Rendition::High), member(2, 8000, Rendition::High)];
        members[0].controls = true;
        assert_eq!(renditions(&members), [Rendition::High, Rendition::High]);
    }

    #[test]
    fn a_viewer_between_two_rungs_stays_where_it_is() {
        for rendition in [Rendition::High, Rendition::Low] {
            assert_eq!(
                renditions(&[member(1, 8000, Rendition::High), member(2, 6200, rendition)])[1],
                rendition
            );
        }
    }

    #[test]
    fn a_rate_that_is_no_picture_at_full_size_makes_a_small_one() {
        assert_eq!(
            renditions(&[member(1, 300, Rendition::High)]),
            [Rendition::HalfSize]
        );
        assert_eq!(
            renditions(&[member(1, 420, Rendition::HalfSize)]),
            [Rendition::HalfSize]
        );
        assert_eq!(
            renditions(&[member(1, 600, Rendition::HalfSize)]),
            [Rendition::High]
        );
    }

    #[test]
    fn frames_get_fewer_before_they_get_ugly() {
        assert_eq!(frame_rate(8000, Rendition::High, HD), None);
        assert_eq!(frame_rate(900, Rendition::High, HD), Some(30));
        assert_eq!(frame_rate(300, Rendition::High, HD), Some(15));
        assert_eq!(frame_rate(300, Rendition::HalfSize, HD), None);
    }
}
