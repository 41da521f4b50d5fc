//! The input and the result of a decision on a request.

use std::net::IpAddr;
use std::time::Duration;

use super::grant::Grant;
use super::secret::Secret;

/// The credentials of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// The address of the connection: of the client or of a proxy.
    pub(crate) peer: IpAddr,
    /// The client according to proxies: addresses between commas, the nearest proxy's last.
    pub(crate) forwarded_for: Option<&'a str>,
    /// The user according to a proxy, from the header of [`Access::proxy_header`](super::Access::proxy_header).
    pub(crate) user: Option<&'a str>,
    /// The session ids in cookies of the name that this host gives to its own. Other hosts of the same name may have set
    /// some of them.
    pub(crate) sessions: &'a [Secret],
    /// A token or a password.
    pub(crate) secret: Option<&'a Secret>,
}

/// The decision on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Admission {
    /// The client is admitted.
    Granted(Grant),
    /// The secret may be the password: call [`Access::verify`](super::Access::verify), on a thread that may block.
    Verify,
    /// The secret is wrong.
    WrongSecret,
    /// There are no credentials, or none that count here.
    NoCredentials,
    /// There were too many wrong secrets from this address: the client may retry after this time.
    RetryAfter(Duration),
}
