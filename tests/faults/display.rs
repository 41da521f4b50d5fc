//! The X server dies and returns: viewers stay, are notified, and see and act again.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::program::Program;
use crate::support::root::Root;
use crate::support::signaling::Client;
use crate::support::viewer::{Viewer, ViewerOptions};
use crate::support::xvfb::Xvfb;
use crate::support::{eventually, soon};

fn press(viewer: &Viewer) {
    viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
}

fn told<'a>(viewer: &'a Viewer, kind: &'static str) -> impl DoubleEndedIterator<Item = &'a Value> {
    let messages = viewer.messages.iter();
    messages
        .filter(move |message| message["type"] == kind)
        .map(|message| &message["data"])
}

/// Returns true if the host's last message about the desktop reports its loss.
fn is_lost(viewer: &Viewer) -> Option<bool> {
    let status = told(viewer, "pipeline").next_back()?["status"].as_str().unwrap();
    Some(!status.is_empty())
}

/// Repeats an action until `is_done`: the host looks for its desktop when a viewer acts.
async fn act(viewer: &mut Viewer, act: impl Fn(&Viewer), is_done: impl Fn() -> bool) {
    soon("the viewer acts again", async {
        while !is_done() {
            act(viewer);
            let hears = viewer.until("it receives messages", |_| false);
            let _ = tokio::time::timeout(Duration::from_millis(100), hears).await;
        }
    })
    .await;
}

fn copy(xvfb: &Xvfb, text: &str) {
    let mut child = Command::new("xclip")
        .args(["-selection", "clipboard", "-i"])
        .env("DISPLAY", &xvfb.display)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_stays_and_sees_and_acts_again_when_the_x_server_returns() {
    let mut xvfb = Xvfb::start("640x480x24", &[]);
    let program = tokio::task::block_in_place(|| Program::start(&["--display", &xvfb.display]));
    let (mut viewer, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    viewer.until("the channel is open", Viewer::can_send).await;
    let before = Root::connect(&xvfb.display);
    before.fill(0xff_ffff);
    viewer
        .until("the screen is white", |viewer| viewer.brightness() > Some(200))
        .await;
    press(&viewer);
    tokio::task::block_in_place(|| eventually("a key is down", || (before.keys_down() == 1).then_some(())));

    xvfb.kill();
    viewer
        .until("the loss is reported", |viewer| is_lost(viewer) == Some(true))
        .await;
    // Input is discarded while there is no desktop.
    viewer.send_input("mouse-move", json!({"x": 11, "y": 12}));
    let (mut late, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    late.until("a new viewer is notified, too", |viewer| {
        is_lost(viewer) == Some(true)
    })
    .await;

    let cursors = told(&viewer, "cursor").count();
    tokio::task::block_in_place(|| xvfb.restart("800x600x24"));
    let after = Root::connect(&xvfb.display);
    viewer
        .until("the return is reported", |viewer| is_lost(viewer) == Some(false))
        .await;
    assert_eq!(after.keys_down(), 0, "held keys are forgotten");
    after.fill(0x80_8080);
    for viewer in [&mut viewer, &mut late] {
        let sees = |viewer: &Viewer| {
            let is_grey = viewer.brightness().is_some_and(|grey| (80..180).contains(&grey));
            is_grey && viewer.picture().is_some_and(|(width, ..)| width == 800)
        };
        viewer.until("the new desktop is seen", sees).await;
        assert!(viewer.error.is_none(), "{:?}", viewer.error);
    }
    let moves = |viewer: &Viewer| viewer.send_input("mouse-move", json!({"x": 750, "y": 550}));
    act(&mut viewer, moves, || after.pointer() == (750, 550)).await;
    act(&mut viewer, press, || after.keys_down() == 1).await;

    viewer
        .until("the cursor is sent", |viewer| {
            told(viewer, "cursor").count() > cursors
        })
        .await;
    copy(&xvfb, "again");
    let has_text = |viewer: &Viewer| told(viewer, "clipboard").any(|data| data["text"] == "again");
    viewer.until("the clipboard is sent", has_text).await;
    viewer.send_text("_arg_resize,true,400x300");
    let is_small = |viewer: &Viewer| viewer.picture().is_some_and(|(width, ..)| width == 400);
    viewer.until("the desktop has another size", is_small).await;
    late.leave().await;
    viewer.leave().await;
    tokio::task::block_in_place(|| {
        eventually("the key is released", || (after.keys_down() == 0).then_some(()))
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_exits_with_the_display_code_when_its_virtual_desktop_dies() {
    let arguments = ["--virtual=320x240", "--", "sleep", "infinity"];
    let mut program = tokio::task::block_in_place(|| Program::start(&arguments));
    let mut client = Client::connect(&program.ws_url()).await;
    client.receive_type("welcome").await;
    let kill = format!("kill -KILL $(pgrep -P {} -x Xvfb)", program.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert_eq!(
        client.closed().await.map(|frame| u16::from(frame.code)),
        Some(1001)
    );
    assert_eq!(tokio::task::block_in_place(|| program.wait()).code(), Some(4));
}
