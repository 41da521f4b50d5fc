//! The way of a viewer or a player by the relay, seen from its peers.

use std::net::{IpAddr, SocketAddr};

use crate::protocol::ice_server::RelayAccess;
use crate::relay::{Relay, RelayGrant};

/// A viewer's right to use the relay, if the host has one.
#[derive(Debug, Default)]
pub(super) struct RelayWay {
    grant: Option<RelayGrant>,
    is_only: bool,
}

impl RelayWay {
    /// Makes credentials for a viewer, who is to use no other way if `is_only`.
    pub(super) fn open(relay: Option<&Relay>, is_only: bool) -> Self {
        let grant = relay.map(Relay::grant).transpose();
        let grant = grant.unwrap_or_else(|error| {
            tracing::warn!(%error, "the relay cannot be used: there are no random numbers");
            None
        });
        Self { grant, is_only }
    }

    /// The credentials for the viewer.
    pub(super) fn access(&self) -> Option<RelayAccess> {
        self.grant.as_ref().map(|grant| RelayAccess {
            username: grant.username().to_owned(),
            credential: grant.password().to_owned(),
            only: self.is_only,
        })
    }

    /// Lets the viewer reach the candidates in the `answer` of one of its peers.
    pub(super) fn allow_all(&self, answer: &str) {
        let attributes = answer.lines().filter_map(|line| line.strip_prefix("a="));
        attributes.for_each(|attribute| self.allow(attribute));
    }

    /// Lets the viewer reach `candidate` of one of its peers.
    pub(super) fn allow(&self, candidate: &str) {
        if let (Some(grant), Some(address)) = (&self.grant, udp_address(candidate)) {
            grant.allow(address);
        }
    }

    /// The viewer's description without candidates that lead to the relay.
    pub(super) fn without_relay(&self, sdp: &str) -> String {
        let leads = |line: &str| {
            line.strip_prefix("a=")
                .is_some_and(|attribute| self.leads_to_relay(attribute))
        };
        sdp.split_inclusive('\n').filter(|line| !leads(line)).collect()
    }

    /// True if `candidate` of the viewer leads to the relay itself. libnice would wait up to 20 s for pairs with it that
    /// cannot work; it finds the address by the first packet.
    pub(super) fn leads_to_relay(&self, candidate: &str) -> bool {
        match (&self.grant, udp_address(candidate)) {
            (Some(grant), Some(address)) => grant.is_relayed(address),
            _ => false,
        }
    }
}

/// The address of a UDP candidate (RFC 8839, section 5.1).
fn udp_address(candidate: &str) -> Option<SocketAddr> {
    let mut fields = candidate
        .strip_prefix("candidate:")?
        .split_ascii_whitespace()
        .skip(2);
    let is_udp = fields.next()?.eq_ignore_ascii_case("udp");
    let address: IpAddr = fields.nth(1)?.parse().ok()?;
    let port = fields.next()?.parse().ok()?;
    is_udp.then(|| SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_udp_candidate_is_read() {
        let host = "candidate:1 1 UDP 2015363327 192.0.2.7 39001 typ host";
        assert_eq!(udp_address(host), Some("192.0.2.7:39001".parse().unwrap()));
        let v6 = "candidate:7 1 udp 1 2001:db8::1 5 typ relay raddr 192.0.2.1 rport 9";
        assert_eq!(udp_address(v6), Some("[2001:db8::1]:5".parse().unwrap()));
        for other in [
            "",
            "candidate:1",
            "candidate:1 1 TCP 2015363327 192.0.2.7 9 typ host tcptype active",
            "candidate:1 1 UDP 1 4f3c.local 5 typ host",
            "candidate:1 1 UDP 1 192.0.2.7 70000 typ host",
        ] {
            assert_eq!(udp_address(other), None, "{other}");
        }
    }

    #[test]
    fn only_candidates_of_the_relay_are_taken_out_of_a_description() {
        let grant = Relay::default().grant().unwrap();
        grant.listens("192.0.2.7:39001".parse().unwrap());
        let way = RelayWay {
            grant: Some(grant),
            is_only: false,
        };
        let other = "a=candidate:1 1 UDP 1 192.0.2.8 39001 typ host\r\n";
        let own = "a=candidate:2 1 UDP 1 192.0.2.7 39001 typ relay raddr 0.0.0.0 rport 0\r\n";
        let sdp = |candidates: &str| format!("v=0\r\nm=video 9 x 96\r\n{candidates}a=mid:0\r\n");
        assert_eq!(way.without_relay(&sdp(&[other, own].concat())), sdp(other));
        assert_eq!(RelayWay::default().without_relay(&sdp(own)), sdp(own));
    }

    #[test]
    fn without_a_relay_nothing_leads_there() {
        let way = RelayWay::open(None, false);
        assert_eq!(way.access(), None);
        assert!(!way.leads_to_relay("candidate:1 1 UDP 2015363327 192.0.2.7 39001 typ host"));
    }
}
