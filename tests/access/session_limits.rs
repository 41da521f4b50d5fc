//! The limits of a session: `--idle-timeout` and `--max-session`.

use std::time::Duration;

use deskbeam::access::{Access, Mode, Shares};
use deskbeam::host::SessionLimits;
use deskbeam::protocol::role::Role;
use serde_json::json;

use super::{BEARER, TOKEN, secret, state};
use crate::support::host::TestHost;
use crate::support::signaling::Client;
use crate::support::viewer::{Viewer, ViewerOptions};

/// Starts a host with a token, and returns the header of a link for viewing.
fn host_with_stay(change: impl FnOnce(&mut SessionLimits)) -> (TestHost, String, tempfile::TempDir) {
    let (place, state) = state();
    let now_ms = deskbeam::clock::now_ms();
    let shares = Shares::new(state);
    let (_, link) = shares.add(Role::View, now_ms + 3_600_000, now_ms).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), Some(shares), Vec::new());
        change(&mut setup.config.limits);
    });
    (host, format!("Bearer {}", link.expose()), place)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_nothing_is_shown_out_and_who_acts_or_may_only_look_stays() {
    let (host, link, _place) = host_with_stay(|stay| stay.idle = Some(Duration::from_secs(5)));
    let url = host.ws_url();
    let mut looks = Client::connect_with(&url, &[("authorization", &link)]).await;
    let mut clicks = Client::connect_with(&url, &[BEARER]).await;
    for client in [&mut looks, &mut clicks] {
        client.receive().await;
    }
    let client = Client::connect_with(&url, &[BEARER]).await;
    let (mut types, _) = Viewer::join_as(client, ViewerOptions::default()).await;
    types.until("the channel is open", Viewer::can_send).await;
    let mut idles = Client::connect_with(&url, &[BEARER]).await;
    idles.receive().await;
    let acting = async {
        loop {
            let motion = json!({"x": 1, "y": 2});
            clicks.send(json!({"type": "mouse-move", "data": motion})).await;
            types.send_input("mouse-move", motion);
            let hears = types.until("it hears what comes", |_| false);
            let _ = tokio::time::timeout(Duration::from_millis(100), hears).await;
        }
    };
    let frame = tokio::select! {
        frame = idles.closed() => frame.unwrap(),
        _ = looks.closed() => panic!("who may only look has to leave"),
        () = acting => unreachable!(),
    };
    assert_eq!(u16::from(frame.code), 1008);
    assert_eq!(frame.reason.as_str(), "Idle timeout");
    for client in [&mut looks, &mut clicks, &mut types.client] {
        client.send(json!({"type":"ping"})).await;
        client.receive_type("pong").await;
    }
    types.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_leaves_after_the_longest_time_and_may_come_again() {
    let (host, link, _place) = host_with_stay(|stay| stay.longest = Some(Duration::from_secs(2)));
    for header in [("authorization", link.as_str()), BEARER, BEARER] {
        let mut client = Client::connect_with(&host.ws_url(), &[header]).await;
        client.receive_type("welcome").await;
        let frame = client.closed().await.unwrap();
        assert_eq!(u16::from(frame.code), 1008);
        assert_eq!(frame.reason.as_str(), "Session time limit reached");
    }
    host.stop().await;
}
