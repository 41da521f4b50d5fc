//! Who gets which rung of a codec's ladder, and at which rate. Pure: numbers in, a decision out.
//!
//! There is one rung, and all viewers are on it, as long as their lines are alike. One whose line carries much less
//! than the best gets a rung below, so that it holds nobody back.

use crate::media::webrtc::messages::PeerId;

/// One of the streams of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rung {
    /// The size of the screen, at the best rate.
    Full,
    /// The size of the screen, at the rate that worse lines carry.
    Half,
    /// Half the width and height.
    Small,
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
    pub(crate) may_halve: bool,
    /// Where it is now.
    pub(crate) rung: Rung,
}

/// Below this share of the best rate a viewer is moved down, and above that share up again.
const HALF: (f64, f64) = (0.7, 0.85);
/// The same from the middle rung to the smallest.
const SMALL: (f64, f64) = (0.2, 0.28);
/// Less than this per pixel and second of full size is no picture, in bit: the smallest rung looks better.
const LEAST_BITS_PER_PIXEL: f64 = 0.4;

/// Where each viewer goes. `pixels`: of the screen.
pub(crate) fn assign(members: &[Member], pixels: u64) -> Vec<(PeerId, Rung)> {
    let best = |members: &mut dyn Iterator<Item = &Member>| members.map(|member| member.kbps).max();
    let top =
        best(&mut members.iter().filter(|member| member.controls)).or_else(|| best(&mut members.iter()));
    let Some(top) = top.filter(|top| *top > 0) else {
        return members.iter().map(|member| (member.id, Rung::Full)).collect();
    };
    let least_kbps = pixels as f64 * LEAST_BITS_PER_PIXEL / 1000.0;
    let choose = |member: &Member| {
        let share = f64::from(member.kbps) / f64::from(top);
        let below =
            |limits: (f64, f64), rung: Rung| share < if member.rung >= rung { limits.1 } else { limits.0 };
        let is_tiny = f64::from(member.kbps)
            < if member.rung == Rung::Small {
                least_kbps * 1.3
            } else {
                least_kbps
            };
        let is_small = is_tiny || below(SMALL, Rung::Small);
        if is_small && member.may_halve {
            Rung::Small
        } else if below(HALF, Rung::Half) {
            Rung::Half
        } else {
            Rung::Full
        }
    };
    members.iter().map(|member| (member.id, choose(member))).collect()
}

/// The rate of a rung: what all on it can take.
pub(crate) fn rate(members: impl Iterator<Item = u32>) -> Option<u32> {
    members.min()
}

/// How many frames per second that rate is good for at that size; `None`: as many as there are.
pub(crate) fn frame_rate(kbps: u32, rung: Rung, pixels: u64) -> Option<u32> {
    let pixels = if rung == Rung::Small { pixels / 4 } else { pixels };
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

    fn member(id: u64, kbps: u32, rung: Rung) -> Member {
        Member {
            id: PeerId(id),
            kbps,
            controls: false,
            may_halve: true,
            rung,
        }
    }

    fn rungs(members: &[Member]) -> Vec<Rung> {
        assign(members, HD).into_iter().map(|(_, rung)| rung).collect()
    }

    #[test]
    fn viewers_with_like_lines_share_the_full_rung() {
        use Rung::Full;
        assert_eq!(
            rungs(&[member(1, 8000, Full), member(2, 6000, Full)]),
            [Full, Full]
        );
        assert_eq!(
            rungs(&[member(1, 1500, Full)]),
            [Full],
            "one alone gets the whole picture at its rate"
        );
    }

    #[test]
    fn a_worse_line_goes_down_and_holds_nobody_back() {
        use Rung::*;
        assert_eq!(
            rungs(&[member(1, 8000, Full), member(2, 3000, Full), member(3, 900, Full)]),
            [Full, Half, Small]
        );
    }

    #[test]
    fn who_points_by_the_size_of_the_picture_keeps_it() {
        let mut members = [member(1, 8000, Rung::Full), member(2, 900, Rung::Full)];
        members[1].may_halve = false;
        assert_eq!(rungs(&members), [Rung::Full, Rung::Half]);
        assert_eq!(rungs(&members[1..]), [Rung::Full]);
    }

    #[test]
    fn who_controls_sets_the_best_rate() {
        let mut members = [member(1, 2000, Rung::Full), member(2, 8000, Rung::Full)];
        members[0].controls = true;
        assert_eq!(rungs(&members), [Rung::Full, Rung::Full]);
    }

    #[test]
    fn a_viewer_between_two_rungs_stays_where_it_is() {
        for rung in [Rung::Full, Rung::Half] {
            assert_eq!(
                rungs(&[member(1, 8000, Rung::Full), member(2, 6200, rung)])[1],
                rung
            );
        }
    }

    #[test]
    fn a_rate_that_is_no_picture_at_full_size_makes_a_small_one() {
        assert_eq!(rungs(&[member(1, 300, Rung::Full)]), [Rung::Small]);
        assert_eq!(rungs(&[member(1, 420, Rung::Small)]), [Rung::Small]);
        assert_eq!(rungs(&[member(1, 600, Rung::Small)]), [Rung::Full]);
    }

    #[test]
    fn frames_get_fewer_before_they_get_ugly() {
        assert_eq!(frame_rate(8000, Rung::Full, HD), None);
        assert_eq!(frame_rate(900, Rung::Full, HD), Some(30));
        assert_eq!(frame_rate(300, Rung::Full, HD), Some(15));
        assert_eq!(frame_rate(300, Rung::Small, HD), None);
    }
}
