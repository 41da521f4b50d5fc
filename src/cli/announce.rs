//! What is printed at the start: where the desktop is, and by what its certificate is known.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::access::{Secret, StateDir};
use crate::web::Tls;

use super::access::Entrance;
use super::commands::share;
use super::tls;

/// Prints the address, also those by which others reach it, and leaves one for `deskbeam share`.
pub(super) fn announce(listening: SocketAddr, entrance: &Entrance, certificate: Option<&Tls>) {
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let token = entrance.token.as_ref();
    let elsewhere = addresses_elsewhere(listening);
    let mut text = url(scheme, listening, token) + "\n";
    for address in &elsewhere {
        text += &(url(scheme, *address, token) + "\n");
    }
    if let Some(certificate) = certificate {
        text += &format!("certificate SHA-256 {}\n", certificate.fingerprint());
    }
    // In one piece: whoever reads the first line may have gone before a second one is written.
    if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
        tracing::warn!(%error, "the address cannot be printed");
    }
    if let Some(state) = &entrance.state {
        leave(
            state,
            &url(scheme, *elsewhere.first().unwrap_or(&listening), None),
        );
    }
}

fn leave(state: &StateDir, url: &str) {
    if let Err(error) = state.replace(share::ADDRESS, url) {
        tracing::warn!(%error, "links that are shared will not have this host's address");
    }
}

/// Where others reach a host that listens on all addresses.
fn addresses_elsewhere(listening: SocketAddr) -> Vec<SocketAddr> {
    if !listening.ip().is_unspecified() {
        return Vec::new();
    }
    let reached = tls::addresses().into_iter();
    reached
        .filter(|ip| listening.is_ipv6() || ip.is_ipv4())
        .map(|ip| SocketAddr::new(ip, listening.port()))
        .collect()
}

/// What to open. A browser cannot open "all addresses", so that becomes this machine's own.
///
/// Browsers keep what stands behind `#` to themselves: the token gets into no log on the way.
fn url(scheme: &str, address: SocketAddr, token: Option<&Secret>) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let fragment = token.map(|token| format!("#token={}", token.expose()));
    format!(
        "{scheme}://{}/{}",
        SocketAddr::new(ip, address.port()),
        fragment.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_url_can_be_opened() {
        for (address, printed) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("0.0.0.0:80", "http://127.0.0.1:80/"),
            ("[::]:8080", "http://[::1]:8080/"),
            ("192.0.2.1:8080", "http://192.0.2.1:8080/"),
        ] {
            assert_eq!(url("http", address.parse().unwrap(), None), printed);
        }
        let token = Secret::from("abc".to_owned());
        let printed = url("https", "127.0.0.1:1".parse().unwrap(), Some(&token));
        assert_eq!(printed, "https://127.0.0.1:1/#token=abc");
    }
}
