//! From the options about TLS to the certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::access::{StateDir, StateError};
use crate::web::Tls;

use super::failure::Failure;
use super::options::TlsArguments;
use super::signaling::machine_name;

/// The certificate, if HTTPS is on. With `--tls auto`, that is with a certificate in the options, and on addresses that
/// other machines can reach.
///
/// # Errors
/// If the certificate cannot be read or created, or only one of its two files is given.
pub(super) fn tls(arguments: TlsArguments, listen: SocketAddr) -> Result<Option<Tls>, Failure> {
    let files = match (arguments.tls_cert, arguments.tls_key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => {
            let rule = "--tls-cert and --tls-key need each other";
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
                "--tls off: the connection to {listen} is not encrypted, unless a reverse proxy speaks TLS"
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

/// The self-signed certificate in the state folder or, if that cannot be used, one in memory.
fn self_signed(names: &[String]) -> Result<Tls, Failure> {
    let load = |state: Result<StateDir, StateError>| -> anyhow::Result<Tls> {
        Ok(Tls::self_signed(state?, names.to_vec())?)
    };
    let tls = load(StateDir::open()).or_else(|error| {
        tracing::warn!("{error}. The certificate is kept in memory, and is lost when the machine restarts");
        load(StateDir::in_memory())
    });
    Ok(tls?)
}

/// The host names and addresses for the certificate.
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

/// The addresses by which other machines reach this one.
pub(super) fn addresses() -> Vec<IpAddr> {
    // Connecting a UDP socket sends nothing: the system only chooses the local address. The remote ones are those of
    // documentation (RFC 5737, RFC 3849).
    let routes = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    let address = |(local, remote): (&str, &str)| {
        let socket = UdpSocket::bind(local).ok()?;
        socket.connect(remote).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    routes.into_iter().filter_map(address).collect()
}
