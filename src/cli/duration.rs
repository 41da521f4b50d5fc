//! Durations on the command line, `90s`, `30m`, `2h`, `7d`, and in what it prints.

use std::str::FromStr;
use std::time::Duration;

/// The longest duration that an option takes, in seconds.
const LONGEST_S: u64 = 365 * 86_400;

/// A duration as an option takes it: a number and a unit, from a second to 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HumanDuration(pub(super) Duration);

impl FromStr for HumanDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match seconds(text) {
            Some(seconds @ 1..=LONGEST_S) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err("expected a number and s, m, h or d, as in 2h; at most 365d".to_owned()),
        }
    }
}

fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_s)
}

/// Writes a duration in the largest unit of which there are at least two, rounded down: `119 min`.
pub(super) fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "days"), (3_600, "h"), (60, "min")];
    let unit = units.iter().find(|(unit_s, _)| seconds >= 2 * unit_s);
    unit.map_or_else(
        || format!("{seconds} s"),
        |(unit_s, name)| format!("{} {name}", seconds / unit_s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("365d", 31_536_000)] {
            let duration = HumanDuration(Duration::from_secs(seconds));
            assert_eq!(text.parse(), Ok(duration), "{text}");
        }
        for text in [
            "",
            "h",
            "2",
            "0h",
            "-1h",
            "366d",
            "2 h",
            "2w",
            "99999999999999999999d",
            "2é",
        ] {
            assert!(text.parse::<HumanDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_in_a_unit_that_fits() {
        for (seconds, text) in [
            (90, "90 s"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), text);
        }
    }
}
