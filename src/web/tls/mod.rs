//! TLS: the certificate of the host, and the acceptor of connections.

mod acceptor;
mod certificate;
mod error;
mod self_signed;

pub(super) use acceptor::HttpsAcceptor;
pub use certificate::Tls;
pub use error::TlsError;
