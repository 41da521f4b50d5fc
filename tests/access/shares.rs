//! Shared links: their roles, and how they end.

use std::sync::Arc;

use deskbeam::access::{Access, Mode, Secret, Shares};
use deskbeam::input::Recorded;
use deskbeam::protocol::input::Point;
use deskbeam::protocol::role::Role;
use serde_json::json;

use super::{BEARER, TOKEN, cookie, login, secret, state, upgrade};
use crate::support::host::TestHost;
use crate::support::http::request;
use crate::support::signaling::Client;
use crate::support::viewer::{Viewer, ViewerOptions};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_by_a_link_is_shown_out_when_it_is_revoked_and_others_stay() {
    let (_place, state) = state();
    let shares = Shares::new(state.clone());
    let now_ms = deskbeam::clock::now_ms();
    let (share, link) = shares.add(Role::View, now_ms + 3_600_000, now_ms).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
    });
    let answer = login(host.address, link.expose()).await;
    assert_eq!((answer.status, &answer.json()["role"]), (200, &json!("view")));
    let cookie = cookie(&answer);
    let mut guest = Client::connect_with(&host.ws_url(), &[("cookie", &cookie)]).await;
    guest.receive().await;
    let mut owner = Client::connect_with(&host.ws_url(), &[BEARER]).await;
    owner.receive().await;
    let managing = request(
        host.address,
        "GET",
        "/api/signaling/clients",
        &[("cookie", &cookie)],
        "",
    )
    .await;
    assert_eq!(managing.status, 403);
    assert!(shares.revoke(&share.id.to_string(), now_ms).unwrap());
    assert_eq!(
        guest.closed().await.map(|frame| u16::from(frame.code)),
        Some(1008)
    );
    assert_eq!(upgrade(&host.ws_url(), &[("cookie", &cookie)]).await, 401);
    assert_eq!(login(host.address, link.expose()).await.status, 401);
    owner.send(json!({"type":"ping"})).await;
    assert_eq!(owner.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_may_only_look_sees_everything_and_moves_nothing() {
    let (_place, state) = state();
    let shares = Shares::new(state.clone());
    let now_ms = deskbeam::clock::now_ms();
    let (_, view) = shares.add(Role::View, now_ms + 3_600_000, now_ms).unwrap();
    let (_, control) = shares.add(Role::Control, now_ms + 3_600_000, now_ms).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
    });
    let join = async |link: &Secret| {
        let bearer = format!("Bearer {}", link.expose());
        let client = Client::connect_with(&host.ws_url(), &[("authorization", &bearer)]).await;
        let (mut viewer, _) = Viewer::join_as(client, ViewerOptions::default()).await;
        viewer
            .until("there is a picture and a channel", |viewer| {
                viewer.decoded > 0 && viewer.can_send()
            })
            .await;
        viewer
    };
    let mut guest = join(&view).await;
    guest.send_input("mouse-move", json!({"x": 11, "y": 12}));
    guest.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    guest.until("it is told", |viewer| viewer.error.is_some()).await;
    assert_eq!(guest.error.as_ref().unwrap()["error"]["code"], "FORBIDDEN");
    guest
        .client
        .send(json!({"type":"mouse-move","data":{"x": 13, "y": 14}}))
        .await;
    // The pong comes after the motion was handled.
    guest.client.send(json!({"type":"ping"})).await;
    guest.client.receive_type("pong").await;

    let helper = join(&control).await;
    helper.send_input("mouse-move", json!({"x": 21, "y": 22}));
    let is_motion = |event: &Recorded| matches!(event, Recorded::MoveTo(_));
    let events = host.recorded(move |events| events.iter().any(is_motion)).await;
    let motions: Vec<_> = events.iter().filter(|event| is_motion(event)).collect();
    assert_eq!(motions, [&Recorded::MoveTo(Point { x: 21.0, y: 22.0 })]);
    assert!(
        !events.iter().any(|event| matches!(event, Recorded::Key(..))),
        "{events:?}"
    );
    assert_eq!(helper.error, None);
    helper.leave().await;
    guest.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_cut_off_at_once_and_only_the_owner_can_come_back() {
    let (_place, state) = state();
    let shares = Shares::new(state.clone());
    let now_ms = deskbeam::clock::now_ms();
    let (_, link) = shares.add(Role::Control, now_ms + 3_600_000, now_ms).unwrap();
    let cut_off = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&cut_off);
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
        setup.parts.disconnect_all = cut_off;
    });
    let cookie = cookie(&login(host.address, TOKEN).await);
    let guest = format!("Bearer {}", link.expose());
    let mut clients = Vec::new();
    for header in [("cookie", cookie.as_str()), ("authorization", guest.as_str())] {
        let mut client = Client::connect_with(&host.ws_url(), &[header]).await;
        client.receive().await;
        clients.push(client);
    }
    notify.notify_one();
    for client in &mut clients {
        let code = client.closed().await.map(|frame| u16::from(frame.code));
        assert_eq!(code, Some(1008), "it need not come back as it is");
    }
    for header in [("cookie", cookie.as_str()), ("authorization", guest.as_str())] {
        assert_eq!(upgrade(&host.ws_url(), &[header]).await, 401);
    }
    assert_eq!(upgrade(&host.ws_url(), &[BEARER]).await, 101);
    host.stop().await;
}
