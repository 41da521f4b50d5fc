//! From the flags about TLS to the certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::access::{StateDir, StateError};
use crate::web::Tls;

use super::failure::Failure;
use super::options::TlsArguments;
use super::signaling::machine_name;

/// The certificate, if TLS is spoken: with one that is given, and where others than this machine can listen.
///
/// # Errors
/// If the certificate cannot be had, or one of its two files is not named.
pub(super) fn tls(arguments: TlsArguments, listen: SocketAddr) -> Result<Option<Tls>, Failure> {
    let files = match (arguments.tls_cert, arguments.tls_key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => {
            let rule = "--tls-cert and --tls-key go together: the key belongs to the certificate";
            return Err(Failure::Usage(rule.to_owned()));
        }
    };
    let is_wanted = match arguments.tls.as_str() {
        "off" => false,
        "on" => true,
        _ => files.is_some() || !listen.ip().is_loopback(),
    };
    if !is_wanted {
        if !listen.ip().is_loopback() {
            tracing::warn!(
                "--tls off: whoever is on the way to {listen} reads along, unless a proxy speaks TLS"
            );
        }
        return Ok(None);
    }
    let tls = match files {
        Some((certificate, key)) => Tls::from_files(certificate, key).map_err(anyhow::Error::new)?,
        None => self_signed(&names(listen.ip()))?,
    };
    Ok(Some(tls))
}

/// With the certificate in the user's state folder or, if that is of no use, with one in memory.
fn self_signed(names: &[String]) -> Result<Tls, Failure> {
    let make = |state: Result<StateDir, StateError>| -> anyhow::Result<Tls> {
        Ok(Tls::self_signed(state?, names.to_vec())?)
    };
    let tls = make(StateDir::open()).or_else(|error| {
        tracing::warn!(
            "{error}. The certificate is kept in memory, and is another after the machine's next start"
        );
        make(StateDir::in_memory())
    });
    Ok(tls?)
}

/// By what the host may be called.
fn names(listen: IpAddr) -> Vec<String> {
    let own = machine_name();
    let mut names = vec![
        "localhost".to_owned(),
        Ipv4Addr::LOCALHOST.to_string(),
        Ipv6Addr::LOCALHOST.to_string(),
        format!("{own}.local"),
        own,
    ];
    let addresses = match listen.is_unspecified() {
        true => addresses(),
        false => vec![listen],
    };
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.retain(|name| name.is_ascii());
    names.sort();
    names.dedup();
    names
}

/// The addresses by which this machine reaches others, and they it.
pub(super) fn addresses() -> Vec<IpAddr> {
    // Documentation's own networks: nothing is sent, the system only says which address it would take.
    let ways = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    let address = |(own, other): (&str, &str)| {
        let socket = UdpSocket::bind(own).ok()?;
        socket.connect(other).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    ways.into_iter().filter_map(address).collect()
}
