//! Movements in fractions of the desktop's units. Pure.

/// The remainders of one viewer's movements.
#[derive(Default)]
pub(super) struct Fractions {
    pub(super) motion: Fraction,
    pub(super) wheel: Fraction,
}

/// A remainder of less than one unit on each axis.
#[derive(Default)]
pub(super) struct Fraction {
    x: f64,
    y: f64,
}

impl Fraction {
    /// Adds a movement and takes the whole part, at most `limit` either way. The excess is dropped.
    pub(super) fn add(&mut self, dx: f64, dy: f64, limit: f64) -> (i32, i32) {
        (
            take_whole(&mut self.x, dx, limit),
            take_whole(&mut self.y, dy, limit),
        )
    }

    /// Like [`Fraction::add`], for the wheel: the remainder of turns one way does not count for a turn the other way, of
    /// which it would swallow a notch.
    pub(super) fn turn(&mut self, dx: f64, dy: f64, limit: f64) -> (i32, i32) {
        for (rest, delta) in [(&mut self.x, dx), (&mut self.y, dy)] {
            if *rest * delta < 0.0 {
                *rest = 0.0;
            }
        }
        self.add(dx, dy, limit)
    }
}

fn take_whole(rest: &mut f64, delta: f64, limit: f64) -> i32 {
    let sum = *rest + delta;
    let whole = sum.trunc();
    if whole.abs() > limit {
        *rest = 0.0;
        return limit.copysign(whole) as i32;
    }
    *rest = sum - whole;
    whole as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notch_the_other_way_is_a_whole_one() {
        let mut wheel = Fraction::default();
        assert_eq!(wheel.turn(0.9, 0.9, 10.0), (0, 0));
        assert_eq!(wheel.turn(0.0, -1.0, 10.0), (0, -1));
        assert_eq!(
            wheel.turn(0.1, 0.4, 10.0),
            (1, 0),
            "the other axis is not concerned"
        );
        assert_eq!(wheel.turn(0.0, 0.6, 10.0), (0, 1));
        let mut motion = Fraction::default();
        assert_eq!(motion.add(0.9, 0.0, 10.0), (0, 0));
        assert_eq!(motion.add(-0.8, 0.0, 10.0), (0, 0));
        assert_eq!(motion.add(0.9, 0.0, 10.0), (1, 0), "motion has no drift");
    }

    #[test]
    fn fractions_accumulate_and_excess_is_dropped() {
        let mut rest = 0.0;
        let clicks: Vec<i32> = (0..5).map(|_| take_whole(&mut rest, 0.5, 10.0)).collect();
        assert_eq!(clicks, [0, 1, 0, 1, 0]);
        rest = 0.0;
        assert_eq!(take_whole(&mut rest, -0.75, 10.0), 0);
        assert_eq!(take_whole(&mut rest, -0.75, 10.0), -1);
        assert_eq!(take_whole(&mut rest, 1e300, 10.0), 10);
        assert_eq!(take_whole(&mut rest, -1.0, 10.0), -1);
        assert_eq!(take_whole(&mut rest, f64::MAX, 10.0), 10);
        assert_eq!(take_whole(&mut rest, -1e9, 10.0), -10);
    }
}
