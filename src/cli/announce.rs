//! The output at the start: the URLs of the host, and the fingerprint of its certificate.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::access::{Secret, StateDir};
use crate::web::Tls;

use super::access::Announcement;
use super::commands::share;
use super::tls;

/// Prints the URLs, on this machine and from others, and leaves one for `deskbeam share`.
pub(super) fn announce(listening: SocketAddr, announcement: &Announcement, certificate: Option<&Tls>) {
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let token = announcement.token.as_ref();
    let elsewhere = addresses_elsewhere(listening);
    let mut text = url(scheme, listening, token) + "\n";
    for address in &elsewhere {
        text += &(url(scheme, *address, token) + "\n");
    }
    if let Some(certificate) = certificate {
        text += &format!("certificate SHA-256 {}\n", certificate.fingerprint());
    }
    // In one write: a reader of the first line may close the pipe before the second one.
    if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
        tracing::warn!(%error, "cannot print the address");
    }
    if let Some(state) = &announcement.state {
        save(
            state,
            &url(scheme, *elsewhere.first().unwrap_or(&listening), None),
        );
    }
}

/// Saves the URL for `deskbeam share`.
fn save(state: &StateDir, url: &str) {
    if let Err(error) = state.replace(share::ADDRESS, url) {
        tracing::warn!(%error, "cannot save the address: `deskbeam share` will need --url");
    }
}

/// The addresses at which other machines reach a host that listens on all addresses.
fn addresses_elsewhere(listening: SocketAddr) -> Vec<SocketAddr> {
    if !listening.ip().is_unspecified() {
        return Vec::new();
    }
    tls::addresses()
        .into_iter()
        .filter(|ip| listening.is_ipv6() || ip.is_ipv4())
        .map(|ip| SocketAddr::new(ip, listening.port()))
        .collect()
}

/// The URL to open. The unspecified address, which a browser cannot open, becomes the loopback address.
///
/// Browsers do not send the fragment behind `#`, so that the token does not get into the log of a proxy.
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
