//! The decision, from what a request presents.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::attempts::Attempts;
use super::password::PasswordFile;
use super::secret::{Digest, Secret, SecretError};
use super::sessions::Sessions;
use super::shares::{ShareId, Shares};
use super::state_dir::StateError;
use crate::protocol::role::Role;

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
    era: AtomicU64,
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
pub struct Presented<'a> {
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
    In(Grant),
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
    way: Way,
    era: u64,
}

/// How somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// With the token, or the password of this generation.
    Owner {
        generation: u64,
    },
    Share(ShareId),
    Proxy,
    Open,
}

impl Grant {
    /// What the token gives, and what the host gives itself.
    pub fn owner() -> Self {
        Self {
            role: Role::Admin,
            way: Way::Owner { generation: 0 },
            era: 0,
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
            era: AtomicU64::new(0),
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
    pub fn admit(&self, presented: &Presented<'_>, now_ms: u64) -> Admission {
        let client = self.client(presented);
        match &self.owner {
            // Who else is there is nobody's business but this machine's.
            Owner::Open if client.is_loopback() => return self.give(Role::Admin, Way::Open),
            Owner::Open => return self.give(Role::Control, Way::Open),
            Owner::Proxy(_)
                if self.is_proxy(presented.peer) && presented.user.is_some_and(|user| !user.is_empty()) =>
            {
                return self.give(Role::Control, Way::Proxy);
            }
            _ => {}
        }
        if let Some(grant) = presented
            .session
            .and_then(|id| lock(&self.sessions).find(id.expose(), now_ms))
            && self.is_valid(&grant, now_ms)
        {
            return Admission::In(grant);
        }
        match presented.secret {
            Some(secret) => self.look_at(secret, client, now_ms),
            None => Admission::Nothing,
        }
    }

    /// Whether the secret is the password. Takes its time: not for a thread that must not wait. To be asked by one
    /// at a time, or many could try while the first wrong one is not yet known.
    pub fn verify(&self, presented: &Presented<'_>, now_ms: u64) -> Admission {
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
        self.era.fetch_add(1, Ordering::Relaxed);
        lock(&self.sessions).clear();
        self.shares.as_ref().map_or(Ok(()), Shares::revoke_all)
    }

    /// Whether what was given still holds: links end and are revoked, and a new password ends what the old one gave.
    pub fn is_valid(&self, grant: &Grant, now_ms: u64) -> bool {
        if grant.era != self.era.load(Ordering::Relaxed) {
            return false;
        }
        match (&grant.way, &self.owner) {
            (Way::Owner { generation }, Owner::Password(file)) => *generation == file.generation(),
            (Way::Share(id), _) => self
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
            return self.give(share.role, Way::Share(share.id));
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
        lock(&self.attempts).note(client, now_ms);
        Admission::Wrong
    }

    fn give(&self, role: Role, way: Way) -> Admission {
        let era = self.era.load(Ordering::Relaxed);
        Admission::In(Grant { role, way, era })
    }

    fn give_owner(&self, generation: u64) -> Admission {
        self.give(Role::Admin, Way::Owner { generation })
    }

    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.contains(&peer.to_canonical())
    }

    /// The last address in the list is what the proxy itself has seen; those before it anybody can have written.
    fn client(&self, presented: &Presented<'_>) -> IpAddr {
        let told = presented.forwarded_for.filter(|_| self.is_proxy(presented.peer));
        told.and_then(|list| list.rsplit(',').next()?.trim().parse().ok())
            .unwrap_or(presented.peer)
            .to_canonical()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{StateDir, set_password};

    const NOTHING: Presented<'static> = Presented {
        peer: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
        forwarded_for: None,
        user: None,
        session: None,
        secret: None,
    };

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn role(admission: Admission) -> Option<Role> {
        match admission {
            Admission::In(grant) => Some(grant.role),
            _ => None,
        }
    }

    fn try_secret(access: &Access, text: &str) -> Admission {
        let secret = secret(text);
        let presented = Presented {
            secret: Some(&secret),
            ..NOTHING
        };
        access.admit(&presented, 0)
    }

    #[test]
    fn the_token_lets_in_and_nothing_else_does() {
        let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
        assert_eq!(access.admit(&NOTHING, 0), Admission::Nothing);
        for wrong in ["", "the toke", "the token ", "The token"] {
            assert_eq!(try_secret(&access, wrong), Admission::Wrong, "{wrong}");
        }
        let zero = secret("0");
        let forged = Presented {
            user: Some("root"),
            session: Some(&zero),
            forwarded_for: Some("127.0.0.1"),
            ..NOTHING
        };
        assert_eq!(access.admit(&forged, 0), Admission::Nothing);
        assert_eq!(role(try_secret(&access, "the token")), Some(Role::Admin));
    }

    #[test]
    fn many_wrong_tries_have_to_wait_and_who_is_in_or_knows_the_token_does_not() {
        let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
        let cookie = access.open_session(Grant::owner(), 0).unwrap();
        let wrong = (0..5).map(|_| try_secret(&access, "wrong"));
        assert!(wrong.into_iter().all(|admission| admission == Admission::Wrong));
        assert_eq!(
            try_secret(&access, "wrong"),
            Admission::Wait(Duration::from_secs(1))
        );
        assert_eq!(role(try_secret(&access, "the token")), Some(Role::Admin));
        let inside = Presented {
            session: Some(&cookie),
            ..NOTHING
        };
        assert_eq!(role(access.admit(&inside, 0)), Some(Role::Admin));
        access.close_session(&cookie);
        assert_eq!(access.admit(&inside, 0), Admission::Nothing);
    }

    #[test]
    fn a_password_is_verified_and_is_not_even_looked_at_during_a_wait() {
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::at(place.path().to_owned()).unwrap();
        set_password(&state, &secret("correct horse")).unwrap();
        let access = Access::new(
            Mode::Password(PasswordFile::open(state.clone()).unwrap()),
            None,
            Vec::new(),
        );
        let (right, wrong) = (secret("correct horse"), secret("wrong horse"));
        let with = |secret| Presented {
            secret: Some(secret),
            ..NOTHING
        };
        assert_eq!(access.admit(&with(&right), 0), Admission::Verify);
        let Admission::In(grant) = access.verify(&with(&right), 0) else {
            panic!()
        };
        assert_eq!(
            role(access.admit(&with(&right), 0)),
            Some(Role::Admin),
            "known by now"
        );
        for _ in 0..5 {
            assert_eq!(access.verify(&with(&wrong), 0), Admission::Wrong);
        }
        for asked in [access.admit(&with(&right), 0), access.verify(&with(&right), 0)] {
            assert_eq!(asked, Admission::Wait(Duration::from_secs(1)));
        }
        assert!(access.is_valid(&grant, 0));
        set_password(&state, &secret("a new password")).unwrap();
        assert!(!access.is_valid(&grant, 0), "it came in with the old one");
    }

    #[test]
    fn a_user_named_by_a_header_counts_from_a_proxy_alone() {
        let mode = || Mode::Proxy {
            header: "x-user".to_owned(),
        };
        let access = Access::new(mode(), None, vec!["192.0.2.1".parse().unwrap()]);
        let named = Presented {
            user: Some("ann"),
            ..NOTHING
        };
        assert_eq!(role(access.admit(&named, 0)), Some(Role::Control));
        let mapped = Presented {
            peer: "::ffff:192.0.2.1".parse().unwrap(),
            ..named
        };
        assert_eq!(role(access.admit(&mapped, 0)), Some(Role::Control));
        for other in [
            Presented {
                peer: "192.0.2.2".parse().unwrap(),
                ..named
            },
            Presented {
                user: Some(""),
                ..named
            },
            Presented { user: None, ..named },
        ] {
            assert_eq!(access.admit(&other, 0), Admission::Nothing, "{other:?}");
        }
    }

    #[test]
    fn wrong_tries_count_for_the_client_that_a_proxy_names_and_nobody_else_can_name_one() {
        let proxies = vec!["192.0.2.1".parse().unwrap()];
        let access = Access::new(Mode::Token(secret("the token")), None, proxies);
        let wrong = secret("wrong");
        let via = |peer: &str, client| Presented {
            peer: peer.parse().unwrap(),
            forwarded_for: Some(client),
            secret: Some(&wrong),
            ..NOTHING
        };
        for _ in 0..5 {
            let _ = access.admit(&via("192.0.2.1", "10.0.0.1, 198.51.100.1"), 0);
            let _ = access.admit(&via("192.0.2.9", "203.0.113.1"), 0);
        }
        let waits = |presented| matches!(access.admit(&presented, 0), Admission::Wait(_));
        assert!(waits(via("192.0.2.1", "198.51.100.1")) && !waits(via("192.0.2.1", "10.0.0.1")));
        assert!(waits(via("192.0.2.9", "203.0.113.2")) && !waits(via("192.0.2.1", "203.0.113.1")));
    }

    #[test]
    fn without_a_lock_only_this_machine_manages() {
        let access = Access::new(Mode::Open, None, Vec::new());
        assert_eq!(role(access.admit(&NOTHING, 0)), Some(Role::Control));
        let local = Presented {
            peer: "127.0.0.1".parse().unwrap(),
            ..NOTHING
        };
        assert_eq!(role(access.admit(&local, 0)), Some(Role::Admin));
    }

    #[test]
    fn what_a_link_gave_ends_with_it() {
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::at(place.path().to_owned()).unwrap();
        let (share, link) = Shares::new(state.clone()).add(Role::View, 1_000, 0).unwrap();
        let access = Access::new(
            Mode::Token(secret("the token")),
            Some(Shares::new(state.clone())),
            Vec::new(),
        );
        let Admission::In(grant) = try_secret(&access, link.expose()) else {
            panic!()
        };
        assert_eq!(grant.role, Role::View);
        let cookie = access.open_session(grant.clone(), 0).unwrap();
        let inside = Presented {
            session: Some(&cookie),
            ..NOTHING
        };
        assert_eq!(role(access.admit(&inside, 999)), Some(Role::View));
        assert_eq!(access.admit(&inside, 1_000), Admission::Nothing);
        Shares::new(state).revoke(&share.id.to_string(), 0).unwrap();
        assert!(!access.is_valid(&grant, 0));
        assert_eq!(access.admit(&inside, 0), Admission::Nothing);
    }

    #[test]
    fn when_all_is_ended_only_what_is_given_after_that_holds() {
        let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
        let Admission::In(before) = try_secret(&access, "the token") else {
            panic!()
        };
        let cookie = access.open_session(before.clone(), 0).unwrap();
        access.end_all().unwrap();
        assert!(!access.is_valid(&before, 0));
        let inside = Presented {
            session: Some(&cookie),
            ..NOTHING
        };
        assert_eq!(access.admit(&inside, 0), Admission::Nothing);
        let late = access.open_session(before, 0).unwrap();
        let inside = Presented {
            session: Some(&late),
            ..NOTHING
        };
        assert_eq!(
            access.admit(&inside, 0),
            Admission::Nothing,
            "it was given before"
        );
        let Admission::In(after) = try_secret(&access, "the token") else {
            panic!()
        };
        assert!(access.is_valid(&after, 0));
    }

    #[test]
    fn nothing_secret_is_shown() {
        let secret = secret("the token");
        let access = Access::new(Mode::Token(secret.clone()), None, Vec::new());
        let cookie = access.open_session(Grant::owner(), 0).unwrap();
        let shown = format!("{access:?}");
        assert!(
            !shown.contains("the token") && !shown.contains(cookie.expose()),
            "{shown}"
        );
    }
}
