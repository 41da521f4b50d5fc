//! Control of the desktop, and the list of people.

use std::sync::{Arc, Mutex, mpsc};

use deskbeam::access::{Access, Mode, Shares};
use deskbeam::input::Recorded;
use deskbeam::protocol::input::Point;
use deskbeam::protocol::role::Role;
use serde_json::{Value, json};

use super::{TOKEN, cookie, login, secret, state};
use crate::support::clipboard_desktop::ClipboardDesktop;
use crate::support::host::TestHost;
use crate::support::http::request;
use crate::support::signaling::Client;
use crate::support::soon;
use crate::support::viewer::{Viewer, ViewerOptions};

#[tokio::test(flavor = "multi_thread")]
async fn one_client_takes_the_control_and_hands_it_over_and_the_others_wait() {
    let host = TestHost::start_custom(|_| {});
    let mut ids = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(&host.ws_url()).await;
        ids.push(client.receive().await["data"]["client_id"].clone());
        clients.push(client);
    }
    let [ann, bob] = &mut clients[..] else { panic!() };
    let told = async |client: &mut Client| client.receive_type("control-state").await["data"].clone();
    let motion = |x: u32| json!({"type":"mouse-move","data":{"x":x,"y":1}});

    ann.send(json!({"type":"control-request"})).await;
    let state = told(ann).await;
    assert_eq!((&state["holder"], &state["granted"]), (&ids[0], &json!(true)));
    let state = told(bob).await;
    assert_eq!((&state["holder"], &state["granted"]), (&ids[0], &json!(false)));
    bob.send(motion(11)).await;
    assert_eq!(bob.receive_type("error").await["error"]["code"], "FORBIDDEN");
    bob.send(json!({"type":"control-grant","data":{"client_id":ids[1]}}))
        .await;
    assert_eq!(told(bob).await["granted"], false, "it is not his to give");

    bob.send(json!({"type":"control-request"})).await;
    // Without authentication every client of this machine is an administrator, who may take control from anyone.
    let state = told(ann).await;
    assert_eq!((&state["holder"], &state["granted"]), (&ids[1], &json!(false)));
    assert_eq!(told(bob).await["granted"], true);
    bob.send(json!({"type":"control-grant","data":{"client_id":ids[0]}}))
        .await;
    assert_eq!(told(ann).await["granted"], true);
    assert_eq!(told(bob).await["granted"], false);
    ann.send(motion(21)).await;
    let is_motion = |event: &Recorded| matches!(event, Recorded::MoveTo(_));
    let events = host.recorded(move |events| events.iter().any(is_motion)).await;
    let motions: Vec<_> = events.iter().filter(|event| is_motion(event)).collect();
    assert_eq!(motions, [&Recorded::MoveTo(Point { x: 21.0, y: 1.0 })]);

    drop(clients.remove(0));
    let state = told(&mut clients[0]).await;
    assert_eq!(
        (&state["holder"], &state["granted"]),
        (&json!(null), &json!(true))
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_say_their_name_hear_who_is_there() {
    let host = TestHost::start_custom(|_| {});
    let mut silent = Client::connect(&host.ws_url()).await;
    silent.receive().await;
    let mut ann = Client::connect(&host.ws_url()).await;
    ann.receive().await;
    let told = async |client: &mut Client| client.receive_type("people").await["data"]["people"].clone();
    let names = |people: &Value| -> Vec<Value> {
        let people = people.as_array().unwrap();
        people.iter().map(|person| person["name"].clone()).collect()
    };
    ann.send(json!({"type":"name","data":{"name":"Ann"}})).await;
    let people = told(&mut ann).await;
    assert_eq!(names(&people), [json!(null), json!("Ann")]);
    assert_eq!(people[1]["role"], "admin");
    let mut bob = Client::connect(&host.ws_url()).await;
    bob.receive().await;
    assert_eq!(told(&mut ann).await.as_array().unwrap().len(), 3);
    bob.send(json!({"type":"name","data":{"name":"Bob"}})).await;
    assert_eq!(
        names(&told(&mut bob).await),
        [json!(null), json!("Ann"), json!("Bob")]
    );
    drop(bob);
    while told(&mut ann).await.as_array().unwrap().len() != 2 {}
    // A client that has not sent its name gets no list: the next message is the answer.
    silent.send(json!({"type":"ping"})).await;
    assert_eq!(silent.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_control_lets_go_of_what_it_holds() {
    let host = TestHost::start_custom(|_| {});
    let (mut holder, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    holder
        .until("the channel is open", |viewer| viewer.can_send())
        .await;
    holder.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    host.recorded(|events| events.iter().any(|event| matches!(event, Recorded::Key(_, true))))
        .await;
    let mut taker = Client::connect(&host.ws_url()).await;
    taker.receive().await;
    taker.send(json!({"type":"control-request"})).await;
    host.recorded(|events| {
        events
            .iter()
            .any(|event| matches!(event, Recorded::Key(_, false)))
    })
    .await;
    holder.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_put_into_the_clipboard_is_not_when_the_control_is_lost() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (contents, may_go_on) = (Arc::clone(&taken), Mutex::new(may_go_on));
    let take = move |content| {
        begun.send(()).unwrap();
        if content == "first".into() {
            let _ = may_go_on.lock().unwrap().recv();
        }
        contents.lock().unwrap().push(content);
    };
    let host = TestHost::start_custom(|setup| {
        setup.parts.desktop = Arc::new(ClipboardDesktop {
            copied: "".into(),
            take: Arc::new(take),
        });
    });
    let (mut holder, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    holder
        .until("the channel is open", |viewer| viewer.can_send())
        .await;
    holder.send_input("clipboard", json!({"text": "first"}));
    soon("the first is put there", begins.recv()).await.unwrap();
    holder.send_input("clipboard", json!({"text": "second"}));
    holder.send_input("ping", json!({}));
    let is_pong = |message: &Value| message["type"] == "pong";
    holder
        .until("the host has the second", |viewer| {
            viewer.messages.iter().any(is_pong)
        })
        .await;
    let mut taker = Client::connect(&host.ws_url()).await;
    let id = taker.receive().await["data"]["client_id"].clone();
    taker.send(json!({"type":"control-request"})).await;
    let state = holder.client.receive_type("control-state").await;
    assert_eq!(state["data"]["granted"], false);
    drop(go_on);
    let path = format!("/api/clipboard?client={}", id.as_str().unwrap());
    let kind = [("content-type", "text/plain")];
    let answer = request(host.address, "PUT", &path, &kind, "third").await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(*taken.lock().unwrap(), ["first".into(), "third".into()]);
    holder.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_same_link_does_not_use_the_control_of_another() {
    let (_place, state) = state();
    let shares = Shares::new(state);
    let (_, link) = shares.add(Role::Control, u64::MAX, 0).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), Some(shares), Vec::new());
        setup.parts.desktop = Arc::new(ClipboardDesktop {
            copied: "".into(),
            take: Arc::new(drop),
        });
    });
    let ann = cookie(&login(host.address, link.expose()).await);
    let bob = cookie(&login(host.address, link.expose()).await);
    assert_ne!(ann, bob);
    let mut holder = Client::connect_with(&host.ws_url(), &[("cookie", ann.as_str())]).await;
    let id = holder.receive().await["data"]["client_id"].clone();
    holder.send(json!({"type":"control-request"})).await;
    holder.receive_type("control-state").await;
    let path = format!("/api/clipboard?client={}", id.as_str().unwrap());
    for (cookie, status) in [(&bob, 409), (&ann, 204)] {
        let headers = [("cookie", cookie.as_str()), ("content-type", "text/plain")];
        let answer = request(host.address, "PUT", &path, &headers, "text").await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    host.stop().await;
}
