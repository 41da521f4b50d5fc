//! The address to listen on.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// An address to listen on, and the name that was given in place of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct ListenAddress {
    /// The address.
    pub address: SocketAddr,
    /// The name, if it was one: requests may carry it.
    pub name: Option<String>,
}

impl FromStr for ListenAddress {
    type Err = String;

    /// Reads `ADDR:PORT` or `NAME:PORT`, and looks up the name. Blocks for that.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self { address, name: None });
        }
        let expected = || {
            "expected an address or a name with a port, such as 127.0.0.1:8080 or localhost:8080".to_owned()
        };
        let (name, port) = text.rsplit_once(':').ok_or_else(expected)?;
        let port = port.parse().map_err(|_| expected())?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(expected());
        }
        let address = if is_loopback(name) {
            (Ipv4Addr::LOCALHOST, port).into()
        } else {
            let found = (name, port).to_socket_addrs();
            let mut found = found.map_err(|error| format!("the name {name} has no address: {error}"))?;
            found
                .next()
                .ok_or_else(|| format!("the name {name} has no address"))?
        };
        Ok(Self {
            address,
            name: Some(name.trim_end_matches('.').to_owned()),
        })
    }
}

/// True for the names that always stand for the machine itself (RFC 6761, section 6.3).
fn is_loopback(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_and_a_loopback_name_is_this_machine() {
        for (text, address, name) in [
            ("127.0.0.1:8080", "127.0.0.1:8080", None),
            ("[::1]:0", "[::1]:0", None),
            ("0.0.0.0:80", "0.0.0.0:80", None),
            ("localhost:8080", "127.0.0.1:8080", Some("localhost")),
            ("LOCALHOST:1", "127.0.0.1:1", Some("LOCALHOST")),
            ("desk.localhost.:8080", "127.0.0.1:8080", Some("desk.localhost")),
        ] {
            let expected = ListenAddress {
                address: address.parse().unwrap(),
                name: name.map(str::to_owned),
            };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_an_example() {
        for text in [
            "",
            "8080",
            "localhost",
            "localhost:",
            "localhost:65536",
            ":8080",
            "::1:8080:x",
            "[::1",
            "http://localhost:8080",
            "a b:80",
        ] {
            let error = text.parse::<ListenAddress>().unwrap_err();
            assert!(error.contains("localhost:8080"), "{text}: {error}");
        }
        let error = "nowhere.invalid:80".parse::<ListenAddress>().unwrap_err();
        assert!(error.contains("nowhere.invalid has no address"), "{error}");
    }
}
