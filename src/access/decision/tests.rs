use std::time::Duration;

use super::*;
use crate::access::{StateDir, set_password};

const NOTHING: Credentials<'static> = Credentials {
    peer: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
    forwarded_for: None,
    user: None,
    sessions: &[],
    secret: None,
};

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn role(admission: Admission) -> Option<Role> {
    match admission {
        Admission::Granted(grant) => Some(grant.role),
        _ => None,
    }
}

fn try_secret(access: &Access, text: &str) -> Admission {
    let secret = secret(text);
    let presented = Credentials {
        secret: Some(&secret),
        ..NOTHING
    };
    access.admit(&presented, 0)
}

#[test]
fn the_token_lets_in_and_nothing_else_does() {
    let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
    assert_eq!(access.admit(&NOTHING, 0), Admission::NoCredentials);
    for wrong in ["", "the toke", "the token ", "The token"] {
        assert_eq!(try_secret(&access, wrong), Admission::WrongSecret, "{wrong}");
    }
    let zero = secret("0");
    let forged = Credentials {
        user: Some("root"),
        sessions: std::slice::from_ref(&zero),
        forwarded_for: Some("127.0.0.1"),
        ..NOTHING
    };
    assert_eq!(access.admit(&forged, 0), Admission::NoCredentials);
    assert_eq!(role(try_secret(&access, "the token")), Some(Role::Admin));
}

#[test]
fn many_wrong_tries_have_to_wait_and_who_is_in_or_knows_the_token_does_not() {
    let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
    let cookie = access.open_session(Grant::owner(), &[], 0).unwrap();
    let wrong = (0..5).map(|_| try_secret(&access, "wrong"));
    assert!(
        wrong
            .into_iter()
            .all(|admission| admission == Admission::WrongSecret)
    );
    assert_eq!(
        try_secret(&access, "wrong"),
        Admission::RetryAfter(Duration::from_secs(1))
    );
    assert_eq!(role(try_secret(&access, "the token")), Some(Role::Admin));
    let inside = Credentials {
        sessions: std::slice::from_ref(&cookie),
        ..NOTHING
    };
    assert_eq!(role(access.admit(&inside, 0)), Some(Role::Admin));
    access.close_sessions(std::slice::from_ref(&cookie));
    assert_eq!(access.admit(&inside, 0), Admission::NoCredentials);
}

#[test]
fn a_password_is_verified_and_is_not_even_looked_at_during_a_wait() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::at(folder.path().to_owned()).unwrap();
    set_password(&state, &secret("correct horse")).unwrap();
    let access = Access::new(
        Mode::Password(PasswordFile::open(state.clone()).unwrap()),
        None,
        Vec::new(),
    );
    let (right, wrong) = (secret("correct horse"), secret("wrong horse"));
    let with = |secret| Credentials {
        secret: Some(secret),
        ..NOTHING
    };
    assert_eq!(access.admit(&with(&right), 0), Admission::Verify);
    let Admission::Granted(grant) = access.verify(&with(&right), 0) else {
        panic!()
    };
    assert_eq!(
        role(access.admit(&with(&right), 0)),
        Some(Role::Admin),
        "known by now"
    );
    for _ in 0..5 {
        assert_eq!(access.verify(&with(&wrong), 0), Admission::WrongSecret);
    }
    for admission in [access.admit(&with(&right), 0), access.verify(&with(&right), 0)] {
        assert_eq!(admission, Admission::RetryAfter(Duration::from_secs(1)));
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
    let named = Credentials {
        user: Some("ann"),
        ..NOTHING
    };
    assert_eq!(role(access.admit(&named, 0)), Some(Role::Control));
    let mapped = Credentials {
        peer: "::ffff:192.0.2.1".parse().unwrap(),
        ..named
    };
    assert_eq!(role(access.admit(&mapped, 0)), Some(Role::Control));
    for other in [
        Credentials {
            peer: "192.0.2.2".parse().unwrap(),
            ..named
        },
        Credentials {
            user: Some(""),
            ..named
        },
        Credentials { user: None, ..named },
    ] {
        assert_eq!(access.admit(&other, 0), Admission::NoCredentials, "{other:?}");
    }
}

#[test]
fn wrong_tries_count_for_the_client_that_a_proxy_names_and_nobody_else_can_name_one() {
    let proxies = vec!["192.0.2.1".parse().unwrap()];
    let access = Access::new(Mode::Token(secret("the token")), None, proxies);
    let wrong = secret("wrong");
    let via = |peer: &str, client| Credentials {
        peer: peer.parse().unwrap(),
        forwarded_for: Some(client),
        secret: Some(&wrong),
        ..NOTHING
    };
    for _ in 0..5 {
        let _ = access.admit(&via("192.0.2.1", "10.0.0.1, 198.51.100.1"), 0);
        let _ = access.admit(&via("192.0.2.9", "203.0.113.1"), 0);
    }
    let waits = |presented| matches!(access.admit(&presented, 0), Admission::RetryAfter(_));
    assert!(waits(via("192.0.2.1", "198.51.100.1")) && !waits(via("192.0.2.1", "10.0.0.1")));
    assert!(waits(via("192.0.2.9", "203.0.113.2")) && !waits(via("192.0.2.1", "203.0.113.1")));
}

#[test]
fn without_a_lock_only_this_machine_manages() {
    let access = Access::new(Mode::Open, None, Vec::new());
    assert_eq!(role(access.admit(&NOTHING, 0)), Some(Role::Control));
    let local = Credentials {
        peer: "127.0.0.1".parse().unwrap(),
        ..NOTHING
    };
    assert_eq!(role(access.admit(&local, 0)), Some(Role::Admin));
}

#[test]
fn what_a_link_gave_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::at(folder.path().to_owned()).unwrap();
    let (share, link) = Shares::new(state.clone()).add(Role::View, 1_000, 0).unwrap();
    let access = Access::new(
        Mode::Token(secret("the token")),
        Some(Shares::new(state.clone())),
        Vec::new(),
    );
    let Admission::Granted(grant) = try_secret(&access, link.expose()) else {
        panic!()
    };
    assert_eq!(grant.role, Role::View);
    let cookie = access.open_session(grant.clone(), &[], 0).unwrap();
    let inside = Credentials {
        sessions: std::slice::from_ref(&cookie),
        ..NOTHING
    };
    assert_eq!(role(access.admit(&inside, 999)), Some(Role::View));
    assert_eq!(access.admit(&inside, 1_000), Admission::NoCredentials);
    Shares::new(state).revoke(&share.id.to_string(), 0).unwrap();
    assert!(!access.is_valid(&grant, 0));
    assert_eq!(access.admit(&inside, 0), Admission::NoCredentials);
}

#[test]
fn a_presented_secret_counts_before_a_cookie_and_the_best_of_several_cookies_counts() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::at(folder.path().to_owned()).unwrap();
    let shares = Shares::new(state);
    let (_, link) = shares.add(Role::View, 1_000, 0).unwrap();
    let access = Access::new(Mode::Token(secret("the token")), Some(shares), Vec::new());
    let owner = access.open_session(Grant::owner(), &[], 0).unwrap();
    let Admission::Granted(guest) = try_secret(&access, link.expose()) else {
        panic!()
    };
    let guest = access.open_session(guest, &[], 0).unwrap();
    let cookies = [secret("junk"), guest.clone(), owner.clone()];
    let inside = Credentials {
        sessions: &cookies,
        ..NOTHING
    };
    assert_eq!(role(access.admit(&inside, 0)), Some(Role::Admin));
    let presented = Credentials {
        secret: Some(&link),
        ..inside
    };
    assert_eq!(role(access.admit(&presented, 0)), Some(Role::View));
    let wrong = secret("wrong");
    let presented = Credentials {
        secret: Some(&wrong),
        ..inside
    };
    assert_eq!(
        role(access.admit(&presented, 0)),
        Some(Role::Admin),
        "a stale password that a browser has kept"
    );
    access.close_sessions(&cookies);
    assert_eq!(access.admit(&inside, 0), Admission::NoCredentials);
}

#[test]
fn what_was_begun_in_a_session_ends_with_it_and_signing_in_again_keeps_it() {
    let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
    let cookie = access.open_session(Grant::owner(), &[], 0).unwrap();
    let again = access
        .open_session(Grant::owner(), &[secret("junk"), cookie.clone()], 0)
        .unwrap();
    assert_eq!(again, cookie);
    let inside = Credentials {
        sessions: std::slice::from_ref(&cookie),
        ..NOTHING
    };
    let Admission::Granted(grant) = access.admit(&inside, 0) else {
        panic!()
    };
    let Admission::Granted(elsewhere) = try_secret(&access, "the token") else {
        panic!()
    };
    assert!(access.is_valid(&grant, 0) && grant.is_like(&elsewhere));
    access.close_sessions(&[cookie]);
    assert!(!access.is_valid(&grant, 0));
    assert!(access.is_valid(&elsewhere, 0), "it came in without a session");
}

#[test]
fn when_all_is_ended_only_what_is_given_after_that_holds() {
    let access = Access::new(Mode::Token(secret("the token")), None, Vec::new());
    let Admission::Granted(before) = try_secret(&access, "the token") else {
        panic!()
    };
    let cookie = access.open_session(before.clone(), &[], 0).unwrap();
    access.end_all().unwrap();
    assert!(!access.is_valid(&before, 0));
    let inside = Credentials {
        sessions: std::slice::from_ref(&cookie),
        ..NOTHING
    };
    assert_eq!(access.admit(&inside, 0), Admission::NoCredentials);
    let late = access.open_session(before, &[], 0).unwrap();
    let inside = Credentials {
        sessions: std::slice::from_ref(&late),
        ..NOTHING
    };
    assert_eq!(
        access.admit(&inside, 0),
        Admission::NoCredentials,
        "it was given before"
    );
    let Admission::Granted(after) = try_secret(&access, "the token") else {
        panic!()
    };
    assert!(access.is_valid(&after, 0));
}

#[test]
fn nothing_secret_is_shown() {
    let secret = secret("the token");
    let access = Access::new(Mode::Token(secret.clone()), None, Vec::new());
    let cookie = access.open_session(Grant::owner(), &[], 0).unwrap();
    let shown = format!("{access:?}");
    assert!(
        !shown.contains("the token") && !shown.contains(cookie.expose()),
        "{shown}"
    );
}
