//! The decision, from what a request presents.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::attempts::Attempts;
use super::password::PasswordFile;
use super::secret::{Digest, Secret, SecretError};
use super::sessions::Sessions;
use super::shares::{ShareId, Shares};
use super::state_dir::StateError;
use crate::protocol::role::Role;
use crate::sync::lock;

/// How the owner comes in. Links that were shared let others in beside it, except with `Open`.
#[derive(Debug)]
pub enum Mode {
    /// Without anything, and everybody else too.
    Open,
    /// By a random token of 128 bits or more.
    Token(Secret),
    /// By a password.
    Password(PasswordFile),
    /// By a proxy that names the user in this header.
    Proxy {
        /// The name of the header.
        header: String,
    },
}

/// Who may come in. All times are in milliseconds since the epoch.
#[derive(Debug)]
pub struct Access {
    owner: Owner,
    shares: Option<Shares>,
    proxies: Vec<IpAddr>,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    /// How often everything that was given has been ended.
    epoch: AtomicU64,
}

/// [`Mode`], without what need not be kept.
#[derive(Debug)]
enum Owner {
    Open,
    Token(Digest),
    Password(PasswordFile),
    Proxy(String),
}

/// What a request presents.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// Where it comes from: the client, or a proxy.
    pub peer: IpAddr,
    /// The client, as a proxy tells it: an address, or several between commas.
    pub forwarded_for: Option<&'a str>,
    /// The user, as a proxy tells it, from the header of [`Access::proxy_header`].
    pub user: Option<&'a str>,
    /// The cookie.
    pub session: Option<&'a Secret>,
    /// A token or a password.
    pub secret: Option<&'a Secret>,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// It may come in.
    Granted(Grant),
    /// The secret may be the password: ask [`Access::verify`], on a thread that may wait.
    Verify,
    /// What it presents is wrong.
    Wrong,
    /// It presents nothing that counts.
    Nothing,
    /// There were too many wrong secrets: it may try again after this time.
    Wait(Duration),
}

/// What somebody was given who came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub role: Role,
    method: AuthMethod,
    epoch: u64,
}

/// How somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AuthMethod {
    /// With the token, or the password of this generation.
    Owner {
        generation: u64,
    },
    Share(ShareId),
    Proxy,
    Open,
}

impl Grant {
    /// What the token gives.
    #[cfg(test)]
    pub(super) fn owner() -> Self {
        Self {
            role: Role::Admin,
            method: AuthMethod::Owner { generation: 0 },
            epoch: 0,
        }
    }
}

impl Access {
    /// What lets people in: the owner by `mode`, others by `shares`. What `proxies` tell of clients is believed.
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
            sessions: Mutex::default(),
            attempts: Mutex::default(),
            epoch: AtomicU64::new(0),
        }
    }

    /// The name of the mode, as the page is told it.
    pub fn mode(&self) -> &'static str {
        match &self.owner {
            Owner::Open => "none",
            Owner::Token(_) => "token",
            Owner::Password(_) => "password",
            Owner::Proxy(_) => "proxy",
        }
    }

    /// The header in which a proxy names the user.
    pub fn proxy_header(&self) -> Option<&str> {
        match &self.owner {
            Owner::Proxy(header) => Some(header),
            _ => None,
        }
    }

    /// Looks at what a request presents.
    pub fn admit(&self, presented: &Credentials<'_>, now_ms: u64) -> Admission {
        let client = self.client(presented);
        match &self.owner {
            // Who else is there is nobody's business but this machine's.
            Owner::Open if client.is_loopback() => return self.give(Role::Admin, AuthMethod::Open),
            Owner::Open => return self.give(Role::Control, AuthMethod::Open),
            Owner::Proxy(_)
                if self.is_proxy(presented.peer) && presented.user.is_some_and(|user| !user.is_empty()) =>
            {
                return self.give(Role::Control, AuthMethod::Proxy);
            }
            _ => {}
        }
        if let Some(grant) = presented
            .session
            .and_then(|id| lock(&self.sessions).find(id.expose(), now_ms))
            && self.is_valid(&grant, now_ms)
        {
            return Admission::Granted(grant);
        }
        match presented.secret {
            Some(secret) => self.look_at(secret, client, now_ms),
            None => Admission::Nothing,
        }
    }

    /// Whether the secret is the password. Takes its time: not for a thread that must not wait. To be asked by one
    /// at a time, or many could try while the first wrong one is not yet known.
    pub fn verify(&self, presented: &Credentials<'_>, now_ms: u64) -> Admission {
        let client = self.client(presented);
        let (Owner::Password(file), Some(secret)) = (&self.owner, presented.secret) else {
            return Admission::Nothing;
        };
        if let Some(wait) = lock(&self.attempts).wait(client, now_ms) {
            return Admission::Wait(wait);
        }
        match file.verify(secret) {
            Some(generation) => self.give_owner(generation),
            None => self.wrong(client, now_ms),
        }
    }

    /// Opens a session for a browser; what is returned is for its cookie.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn open_session(&self, grant: Grant, now_ms: u64) -> Result<Secret, SecretError> {
        lock(&self.sessions).open(grant, now_ms)
    }

    /// Ends the session of this cookie.
    pub fn close_session(&self, id: &Secret) {
        lock(&self.sessions).close(id.expose());
    }

    /// Ends everything that was given, and all links. Token and password stay as they are.
    ///
    /// # Errors
    /// If the links cannot be ended. What was given has.
    pub fn end_all(&self) -> Result<(), StateError> {
        self.epoch.fetch_add(1, Ordering::Relaxed);
        lock(&self.sessions).clear();
        self.shares.as_ref().map_or(Ok(()), Shares::revoke_all)
    }

    /// Whether what was given still holds: links end and are revoked, and a new password ends what the old one gave.
    pub fn is_valid(&self, grant: &Grant, now_ms: u64) -> bool {
        if grant.epoch != self.epoch.load(Ordering::Relaxed) {
            return false;
        }
        match (&grant.method, &self.owner) {
            (AuthMethod::Owner { generation }, Owner::Password(file)) => *generation == file.generation(),
            (AuthMethod::Share(id), _) => self
                .shares
                .as_ref()
                .is_some_and(|shares| shares.is_valid(id, now_ms)),
            _ => true,
        }
    }

    /// What is random is too long to be guessed: whoever has it comes in whatever others at the same address did.
    fn look_at(&self, secret: &Secret, client: IpAddr, now_ms: u64) -> Admission {
        if let Owner::Token(token) = &self.owner
            && *token == secret.digest()
        {
            return self.give_owner(0);
        }
        if let Some(share) = self
            .shares
            .as_ref()
            .and_then(|shares| shares.find(secret, now_ms))
        {
            return self.give(share.role, AuthMethod::Share(share.id));
        }
        if let Some(wait) = lock(&self.attempts).wait(client, now_ms) {
            return Admission::Wait(wait);
        }
        match &self.owner {
            Owner::Password(file) => file
                .has_been_right(secret)
                .map_or(Admission::Verify, |generation| self.give_owner(generation)),
            _ => self.wrong(client, now_ms),
        }
    }

    fn wrong(&self, client: IpAddr, now_ms: u64) -> Admission {
        tracing::warn!(%client, "a wrong secret");
        if lock(&self.attempts).note(client, now_ms) {
            tracing::warn!(%client, "too many wrong secrets: the address is locked out for a while");
        }
        Admission::Wrong
    }

    fn give(&self, role: Role, method: AuthMethod) -> Admission {
        let epoch = self.epoch.load(Ordering::Relaxed);
        Admission::Granted(Grant { role, method, epoch })
    }

    fn give_owner(&self, generation: u64) -> Admission {
        self.give(Role::Admin, AuthMethod::Owner { generation })
    }

    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.contains(&peer.to_canonical())
    }

    /// Where a request comes from. The last address in the list is what the proxy itself has seen; those before it anybody can have written.
    pub fn client(&self, presented: &Credentials<'_>) -> IpAddr {
        let told = presented.forwarded_for.filter(|_| self.is_proxy(presented.peer));
        told.and_then(|list| list.rsplit(',').next()?.trim().parse().ok())
            .unwrap_or(presented.peer)
            .to_canonical()
    }
}

#[cfg(test)]
mod tests;
