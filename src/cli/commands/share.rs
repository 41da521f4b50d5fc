//! `deskbeam share`: links for others.

use std::time::Duration;

use crate::access::{Shares, StateDir};
use crate::clock::now_ms;
use crate::protocol::role::Role;

use crate::cli::failure::Failure;
use crate::cli::options::ShareOptions;

/// Where a host that runs leaves its address for this command.
pub(crate) const ADDRESS: &str = "address";
/// The address of a host that was started without flags.
const DEFAULT: &str = "http://127.0.0.1:8080/";

/// Makes a link, lists all, or revokes one.
pub(crate) fn run(options: ShareOptions) -> Result<(), Failure> {
    let state = StateDir::open().map_err(anyhow::Error::new)?;
    let shares = Shares::new(state.clone());
    if options.list {
        return list(&shares);
    }
    if let Some(id) = options.revoke {
        if shares.revoke(&id, now_ms()).map_err(anyhow::Error::new)? {
            println!("The link {id} is revoked.");
            return Ok(());
        }
        return Err(Failure::Usage(format!(
            "there is no link {id}: `deskbeam share --list` has them all"
        )));
    }
    let role = Role::named(&options.role).unwrap_or(Role::View);
    let lifetime_ms = u64::try_from(options.expires.0.as_millis()).unwrap_or(u64::MAX);
    let (share, secret) = shares
        .add(role, now_ms().saturating_add(lifetime_ms), now_ms())
        .map_err(anyhow::Error::new)?;
    let address = match options.url {
        Some(url) => url,
        None => state
            .read(ADDRESS)
            .map_err(anyhow::Error::new)?
            .unwrap_or_else(|| DEFAULT.to_owned()),
    };
    println!(
        "{}/#token={}",
        address.trim().trim_end_matches('/'),
        secret.expose()
    );
    eprintln!(
        "For {role}, until {until} from now; `deskbeam share --revoke {id}` ends it before.",
        role = role.name(),
        until = told(options.expires.0),
        id = share.id,
    );
    Ok(())
}

fn list(shares: &Shares) -> Result<(), Failure> {
    for share in shares.list(now_ms()).map_err(anyhow::Error::new)? {
        let left = Duration::from_millis(share.expires_ms.saturating_sub(now_ms()));
        println!("{:<10}{:<9}{} left", share.id, share.role.name(), told(left));
    }
    Ok(())
}

/// The largest unit that fits twice.
fn told(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "days"), (3_600, "h"), (60, "min")];
    let unit = units.iter().find(|(length, _)| seconds >= 2 * length);
    unit.map_or_else(
        || format!("{seconds} s"),
        |(length, name)| format!("{} {name}", seconds / length),
    )
}

/// How long a link is valid: `90s`, `30m`, `2h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime(pub(crate) Duration);

impl std::str::FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const LONGEST_S: u64 = 365 * 86_400;
        let seconds = || {
            let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
            let length = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            number.parse::<u64>().ok()?.checked_mul(length)
        };
        match seconds() {
            Some(seconds @ 1..=LONGEST_S) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err("expected a number and s, m, h or d, as in 2h; at most 365d".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("365d", 31_536_000)] {
            assert_eq!(text.parse(), Ok(Lifetime(Duration::from_secs(seconds))), "{text}");
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
            assert!(text.parse::<Lifetime>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_left_is_told_in_a_unit_that_fits() {
        for (seconds, text) in [
            (90, "90 s"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(told(Duration::from_secs(seconds)), text);
        }
    }
}
