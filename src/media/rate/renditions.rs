//! The assignment of viewers to the renditions of a codec, and the rate of each rendition. Pure: numbers in, a decision
//! out.
//!
//! As long as the viewers' links are alike, all share one rendition. A viewer whose link carries much less than the
//! best one gets a lower rendition, so that it does not slow the others down.

use crate::media::runtime::peer_id::PeerId;

/// One of the streams of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rendition {
    /// Full size, at the best rate.
    High,
    /// Full size, at the rate of slower links.
    Low,
    /// Half the width and height.
    HalfSize,
}

/// The properties of a viewer that decide its rendition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Member {
    pub(crate) id: PeerId,
    /// Rate that its link carries and that it wants, in kbit/s.
    pub(crate) kbps: u32,
    /// True if the viewer can send input.
    pub(crate) can_send_input: bool,
    /// True if the viewer accepts half the size.
    pub(crate) allows_half_size: bool,
    /// Its current rendition.
    pub(crate) rendition: Rendition,
}

/// Shares of the best rate below which a viewer moves down to [`Rendition::Low`], and above which it moves up again.
const HALF: (f64, f64) = (0.7, 0.85);
/// The same shares for [`Rendition::HalfSize`].
const SMALL: (f64, f64) = (0.2, 0.28);
/// Bits per pixel and second at full size below which the half-size rendition looks better.
const LEAST_BITS_PER_PIXEL: f64 = 0.4;

/// Returns the rendition of each viewer. `pixels` is the size of the screen.
pub(crate) fn assign(members: &[Member], pixels: u64) -> Vec<(PeerId, Rendition)> {
    let best = |members: &mut dyn Iterator<Item = &Member>| members.map(|member| member.kbps).max();
    let top = best(&mut members.iter().filter(|member| member.can_send_input))
        .or_else(|| best(&mut members.iter()));
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

/// Returns the rate of a rendition: the lowest of its viewers' rates.
pub(crate) fn rate(members: impl Iterator<Item = u32>) -> Option<u32> {
    members.min()
}

/// Returns the frame rate limit for that rate and size, in frames per second; `None`: no limit.
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
            can_send_input: false,
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
    fn viewers_with_similar_links_share_the_high_rendition() {
        use Rendition::High;
        assert_eq!(
            renditions(&[member(1, 8000, High), member(2, 6000, High)]),
            [High, High]
        );
        assert_eq!(
            renditions(&[member(1, 1500, High)]),
            [High],
            "a single viewer gets full size at its rate"
        );
    }

    #[test]
    fn a_viewer_with_a_slower_link_moves_down_and_slows_no_other() {
        use Rendition::*;
        assert_eq!(
            renditions(&[member(1, 8000, High), member(2, 3000, High), member(3, 900, High)]),
            [High, Low, HalfSize]
        );
    }

    #[test]
    fn a_viewer_that_needs_the_full_size_keeps_it() {
        let mut members = [member(1, 8000, Rendition::High), member(2, 900, Rendition::High)];
        members[1].allows_half_size = false;
        assert_eq!(renditions(&members), [Rendition::High, Rendition::Low]);
        assert_eq!(renditions(&members[1..]), [Rendition::High]);
    }

    #[test]
    fn a_viewer_that_can_send_input_sets_the_best_rate() {
        let mut members = [member(1, 2000, Rendition::High), member(2, 8000, Rendition::High)];
        members[0].can_send_input = true;
        assert_eq!(renditions(&members), [Rendition::High, Rendition::High]);
    }

    #[test]
    fn a_viewer_between_two_renditions_stays_where_it_is() {
        for rendition in [Rendition::High, Rendition::Low] {
            assert_eq!(
                renditions(&[member(1, 8000, Rendition::High), member(2, 6200, rendition)])[1],
                rendition
            );
        }
    }

    #[test]
    fn a_rate_too_low_for_full_size_gets_half_the_size() {
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
    fn the_frame_rate_drops_before_the_quality_does() {
        assert_eq!(frame_rate(8000, Rendition::High, HD), None);
        assert_eq!(frame_rate(900, Rendition::High, HD), Some(30));
        assert_eq!(frame_rate(300, Rendition::High, HD), Some(15));
        assert_eq!(frame_rate(300, Rendition::HalfSize, HD), None);
    }
}
