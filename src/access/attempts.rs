//! The delays and the lockout after wrong secrets, per address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// The wrong secrets that cause no delay.
const FREE: u32 = 5;
/// The delay after the next one, which doubles with each further one.
const FIRST_MS: u64 = 1_000;
/// The longest delay.
const MAX_DELAY_MS: u64 = 60_000;
/// The wrong secrets after which the address is locked out, until they are forgotten.
const LOCKOUT: u32 = 30;
/// The time after the last wrong secret at which all are forgotten.
const FORGET_MS: u64 = 15 * 60 * 1_000;
/// The most addresses that are remembered.
const MAX_ADDRESSES: usize = 4_096;

/// The failed attempts of each address.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<IpAddr, Failures>);

#[derive(Debug)]
struct Failures {
    count: u32,
    last_ms: u64,
}

impl Attempts {
    /// The time until the next attempt from this address is allowed.
    pub(super) fn delay(&self, address: IpAddr, now_ms: u64) -> Option<Duration> {
        let failures = self.0.get(&network(address))?;
        if failures.count < FREE || is_forgotten(failures, now_ms) {
            return None;
        }
        let delay_ms = match failures.count {
            LOCKOUT.. => FORGET_MS,
            count => FIRST_MS
                .saturating_mul(1 << (count - FREE).min(16))
                .min(MAX_DELAY_MS),
        };
        let left_ms = (failures.last_ms + delay_ms).checked_sub(now_ms)?;
        (left_ms > 0).then(|| Duration::from_millis(left_ms))
    }

    /// Counts a wrong secret from this address. True if that locks the address out.
    pub(super) fn note(&mut self, address: IpAddr, now_ms: u64) -> bool {
        let network = network(address);
        if self.0.len() >= MAX_ADDRESSES && !self.0.contains_key(&network) {
            self.make_room(now_ms);
        }
        let failures = self.0.entry(network).or_insert(Failures {
            count: 0,
            last_ms: now_ms,
        });
        if is_forgotten(failures, now_ms) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last_ms = now_ms;
        failures.count >= LOCKOUT
    }

    fn make_room(&mut self, now_ms: u64) {
        self.0.retain(|_, failures| !is_forgotten(failures, now_ms));
        if self.0.len() >= MAX_ADDRESSES {
            let oldest = self.0.iter().min_by_key(|(_, failures)| failures.last_ms);
            if let Some(address) = oldest.map(|(address, _)| *address) {
                self.0.remove(&address);
            }
        }
    }
}

/// True also when the clock was set back: otherwise the address would be locked out for good.
fn is_forgotten(failures: &Failures, now_ms: u64) -> bool {
    now_ms < failures.last_ms || now_ms - failures.last_ms >= FORGET_MS
}

/// The address by which a client is counted: of an IPv6 address its /64, which usually belongs to one client.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_waits_double_up_to_a_minute_and_pass() {
        let (mut attempts, who, mut now) = (Attempts::default(), ip("192.0.2.1"), 1_000_000);
        for _ in 1..FREE {
            attempts.note(who, now);
            assert_eq!(attempts.delay(who, now), None);
        }
        let mut waits = Vec::new();
        for _ in 0..8 {
            attempts.note(who, now);
            let wait = attempts.delay(who, now).unwrap();
            waits.push(wait.as_secs());
            now += u64::try_from(wait.as_millis()).unwrap();
            assert_eq!(attempts.delay(who, now), None, "the wait is over");
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(attempts.delay(ip("192.0.2.2"), now - 1), None, "somebody else");
        attempts.note(who, now + FORGET_MS);
        assert_eq!(attempts.delay(who, now + FORGET_MS), None, "all is forgotten");
    }

    #[test]
    fn who_does_not_give_up_is_locked_out_until_all_is_forgotten() {
        let (mut attempts, who, mut now) = (Attempts::default(), ip("192.0.2.1"), 0);
        for count in 1..=LOCKOUT {
            assert_eq!(attempts.note(who, now), count == LOCKOUT);
            now += MAX_DELAY_MS;
        }
        now -= MAX_DELAY_MS;
        assert_eq!(attempts.delay(who, now), Some(Duration::from_millis(FORGET_MS)));
        assert_eq!(
            attempts.delay(who, now + FORGET_MS - 1),
            Some(Duration::from_millis(1))
        );
        assert_eq!(attempts.delay(who, now + FORGET_MS), None);
        assert!(!attempts.note(who, now + FORGET_MS), "from the beginning");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address_and_an_old_address_in_a_new_one_as_itself() {
        let mut attempts = Attempts::default();
        for last in 0..=FREE {
            attempts.note(ip(&format!("2001:db8::{last}")), 0);
            attempts.note(ip("::ffff:192.0.2.1"), 0);
        }
        assert!(attempts.delay(ip("2001:db8::ffff:1"), 0).is_some());
        assert!(attempts.delay(ip("2001:db8:0:1::1"), 0).is_none());
        assert!(attempts.delay(ip("192.0.2.1"), 0).is_some());
    }

    #[test]
    fn no_more_than_so_many_addresses_are_remembered_and_the_newest_stay() {
        let mut attempts = Attempts::default();
        let count = u32::try_from(MAX_ADDRESSES).unwrap() * 2;
        for number in 0..count {
            attempts.note(std::net::Ipv4Addr::from_bits(number).into(), u64::from(number));
        }
        assert_eq!(attempts.0.len(), MAX_ADDRESSES);
        assert!(
            attempts
                .0
                .contains_key(&std::net::Ipv4Addr::from_bits(count - 1).into())
        );
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let mut attempts = Attempts::default();
        (0..50).for_each(|_| _ = attempts.note(ip("192.0.2.1"), 1_000_000_000));
        assert_eq!(attempts.delay(ip("192.0.2.1"), 1_000), None);
    }
}
