//! The decision on a request, from its credentials.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use super::admission::{Admission, Credentials};
use super::attempts::Attempts;
use super::error::StateError;
use super::grant::{AuthMethod, Grant};
use super::host_id::HostId;
use super::password::PasswordFile;
use super::secret::{Digest, Secret, SecretError};
use super::sessions::Sessions;
use super::shares::Shares;
use crate::protocol::role::Role;
use crate::sync::lock;

/// The authentication of the owner. Shared links admit others as well, except with `Open`.
#[derive(Debug)]
pub enum Mode {
    /// No authentication, for anyone.
    Open,
    /// A random token of at least 128 bits.
    Token(Secret),
    /// A password.
    Password(PasswordFile),
    /// A trusted proxy, which names the user in this header.
    Proxy {
        /// The name of the header, in lower case.
        header: String,
    },
}

/// The rules of access, and the sessions that were opened by them. All times are in milliseconds since the epoch.
#[derive(Debug)]
pub struct Access {
    owner: Owner,
    shares: Option<Shares>,
    proxies: Vec<IpAddr>,
    host_id: Option<HostId>,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    /// The number of times that all grants were ended.
    epoch: AtomicU64,
    /// Notified when a session was closed.
    closed: Notify,
}

/// [`Mode`], with a digest of the token in place of the token.
#[derive(Debug)]
enum Owner {
    Open,
    Token(Digest),
    Password(PasswordFile),
    Proxy(String),
}

impl Access {
    /// Admits the owner by `mode` and others by `shares`. Trusts the headers of `proxies`.
    pub fn new(mode: Mode, shares: Option<Shares>, proxies: Vec<IpAddr>) -> Self {
        let owner = match mode {
            Mode::Open => Owner::Open,
            Mode::Token(token) => Owner::Token(token.digest()),
            Mode::Password(file) => Owner::Password(file),
            Mode::Proxy { header } => Owner::Proxy(header),
        };
        Self {
            owner,
            shares,
            proxies: proxies.iter().map(IpAddr::to_canonical).collect(),
            host_id: None,
            sessions: Mutex::default(),
            attempts: Mutex::default(),
            epoch: AtomicU64::new(0),
            closed: Notify::new(),
        }
    }

    /// Adds the id of the host, by which browsers name what they keep for it.
    pub fn with_host_id(self, host_id: Option<HostId>) -> Self {
        Self { host_id, ..self }
    }

    /// The id of the host. `None` if there is no folder to keep it in.
    pub(crate) fn host_id(&self) -> Option<&HostId> {
        self.host_id.as_ref()
    }

    /// The name of the mode on the wire, and of `--auth`.
    pub(crate) fn mode(&self) -> &'static str {
        match &self.owner {
            Owner::Open => "none",
            Owner::Token(_) => "token",
            Owner::Password(_) => "password",
            Owner::Proxy(_) => "proxy",
        }
    }

    /// The header in which a trusted proxy names the user.
    pub(crate) fn proxy_header(&self) -> Option<&str> {
        match &self.owner {
            Owner::Proxy(header) => Some(header),
            _ => None,
        }
    }

    /// Decides on a request. Does not block.
    pub(crate) fn admit(&self, credentials: &Credentials<'_>, now_ms: u64) -> Admission {
        let client = self.client(credentials);
        match &self.owner {
            // Only this machine may list and disconnect the other clients.
            Owner::Open if client.is_loopback() => return self.grant(Role::Admin, AuthMethod::Open),
            Owner::Open => return self.grant(Role::Control, AuthMethod::Open),
            _ => {}
        }
        // A secret that a client presents by itself counts before what a browser or a proxy adds.
        let presented = credentials
            .secret
            .and_then(|secret| self.long_secret(secret, now_ms));
        if let Some(grant) = presented.or_else(|| self.ambient(credentials, now_ms)) {
            return Admission::Granted(grant);
        }
        match credentials.secret {
            Some(secret) => self.check_secret(secret, client, now_ms),
            None => Admission::NoCredentials,
        }
    }

    /// The best grant of those that a browser's cookies and a trusted proxy give.
    fn ambient(&self, credentials: &Credentials<'_>, now_ms: u64) -> Option<Grant> {
        let mut grants: Vec<_> = {
            let mut sessions = lock(&self.sessions);
            let ids = credentials.sessions.iter();
            ids.filter_map(|id| sessions.find(id, now_ms)).collect()
        };
        grants.retain(|grant| self.is_valid(grant, now_ms));
        let is_named = credentials.user.is_some_and(|user| !user.is_empty());
        if matches!(self.owner, Owner::Proxy(_)) && self.is_proxy(credentials.peer) && is_named {
            grants.push(self.granted(Role::Control, AuthMethod::Proxy));
        }
        grants.into_iter().max_by_key(|grant| grant.role)
    }

    /// Verifies the secret as the password. Blocks for tens of milliseconds. The caller makes one call at a time:
    /// otherwise many secrets could be tried before the first wrong one counts.
    pub(crate) fn verify(&self, credentials: &Credentials<'_>, now_ms: u64) -> Admission {
        let client = self.client(credentials);
        let (Owner::Password(file), Some(secret)) = (&self.owner, credentials.secret) else {
            return Admission::NoCredentials;
        };
        if let Some(wait) = lock(&self.attempts).delay(client, now_ms) {
            return Admission::RetryAfter(wait);
        }
        match file.verify(secret) {
            Some(generation) => self.grant_owner(generation),
            None => self.note_wrong(client, now_ms),
        }
    }

    /// Opens a session for a browser, and returns the id for its cookie. A browser that signs in again by the same
    /// credentials keeps its session, one of `current`: then everything in it ends when it signs out.
    ///
    /// # Errors
    /// If the system provides no random numbers.
    pub(crate) fn open_session(
        &self,
        grant: Grant,
        current: &[Secret],
        now_ms: u64,
    ) -> Result<Secret, SecretError> {
        let mut sessions = lock(&self.sessions);
        match current.iter().find(|id| sessions.reopen(id, &grant, now_ms)) {
            Some(id) => Ok(id.clone()),
            None => sessions.open(grant, now_ms),
        }
    }

    /// Closes the sessions with these ids. What was begun in them ends.
    pub(crate) fn close_sessions(&self, ids: &[Secret]) {
        let mut sessions = lock(&self.sessions);
        ids.iter().for_each(|id| sessions.close(id));
        drop(sessions);
        self.closed.notify_one();
    }

    /// Waits until a session was closed. For one waiting task.
    pub(crate) async fn session_closed(&self) {
        self.closed.notified().await;
    }

    /// Ends all grants and sessions, and revokes all links. Token and password stay valid.
    ///
    /// # Errors
    /// If the links cannot be revoked. Grants and sessions have ended all the same.
    pub(crate) fn end_all(&self) -> Result<(), StateError> {
        self.epoch.fetch_add(1, Ordering::Relaxed);
        lock(&self.sessions).clear();
        self.shares.as_ref().map_or(Ok(()), Shares::revoke_all)
    }

    /// True if the grant still holds: a link expires, is revoked or gets another role, a new password ends the grants of
    /// the old one, and a session ends. What asks counts as a use of the session.
    pub(crate) fn is_valid(&self, grant: &Grant, now_ms: u64) -> bool {
        if grant.epoch != self.epoch.load(Ordering::Relaxed) {
            return false;
        }
        if let Some(session) = &grant.session
            && !lock(&self.sessions).is_open(session, now_ms)
        {
            return false;
        }
        match (&grant.method, &self.owner) {
            (AuthMethod::Owner { generation }, Owner::Password(file)) => *generation == file.generation(),
            (AuthMethod::Share(id), _) => self
                .shares
                .as_ref()
                .is_some_and(|shares| shares.is_valid(id, grant.role, now_ms)),
            _ => true,
        }
    }

    /// The grant that the token or a link gives. Both are too long to be guessed, so that they are valid even while an
    /// address is locked out: others may share it.
    fn long_secret(&self, secret: &Secret, now_ms: u64) -> Option<Grant> {
        if let Owner::Token(token) = &self.owner
            && *token == secret.digest()
        {
            return Some(self.granted(Role::Admin, AuthMethod::Owner { generation: 0 }));
        }
        let share = self.shares.as_ref()?.find(secret, now_ms)?;
        Some(self.granted(share.role, AuthMethod::Share(share.id)))
    }

    /// Checks a secret that is neither the token nor a link.
    fn check_secret(&self, secret: &Secret, client: IpAddr, now_ms: u64) -> Admission {
        if let Some(wait) = lock(&self.attempts).delay(client, now_ms) {
            return Admission::RetryAfter(wait);
        }
        match &self.owner {
            Owner::Password(file) => file
                .verified_generation(secret)
                .map_or(Admission::Verify, |generation| self.grant_owner(generation)),
            _ => self.note_wrong(client, now_ms),
        }
    }

    fn note_wrong(&self, client: IpAddr, now_ms: u64) -> Admission {
        tracing::warn!(%client, "wrong secret");
        if lock(&self.attempts).note(client, now_ms) {
            tracing::warn!(%client, "too many wrong secrets: address locked out");
        }
        Admission::WrongSecret
    }

    fn grant(&self, role: Role, method: AuthMethod) -> Admission {
        Admission::Granted(self.granted(role, method))
    }

    fn granted(&self, role: Role, method: AuthMethod) -> Grant {
        Grant {
            role,
            method,
            epoch: self.epoch.load(Ordering::Relaxed),
            session: None,
        }
    }

    fn grant_owner(&self, generation: u64) -> Admission {
        self.grant(Role::Admin, AuthMethod::Owner { generation })
    }

    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.contains(&peer.to_canonical())
    }

    /// The address of the client: that of the connection, or the one that a trusted proxy reports. Only the last
    /// address in the list counts: the proxy itself wrote it, and clients can send those before it.
    pub(crate) fn client(&self, credentials: &Credentials<'_>) -> IpAddr {
        let reported = credentials
            .forwarded_for
            .filter(|_| self.is_proxy(credentials.peer));
        reported
            .and_then(|list| list.rsplit(',').next()?.trim().parse().ok())
            .unwrap_or(credentials.peer)
            .to_canonical()
    }
}

#[cfg(test)]
mod tests;
