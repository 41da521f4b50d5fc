//! What viewers are told of the pointer of a real X display.

use deskbeam::host::DesktopAddress;
use deskbeam::input::X11Backend;
use serde_json::json;

use super::support::host::TestHost;
use super::support::mouse_look;
use super::support::viewer::{Viewer, ViewerOptions};
use super::support::x11;

fn modes(viewer: &Viewer) -> Vec<bool> {
    let told = viewer
        .messages
        .iter()
        .filter(|message| message["type"] == "pointer-mode");
    told.map(|message| message["data"]["relative"].as_bool().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_takes_the_pointer_gets_to_know_how_far_it_moves() {
    let display = x11::display(640, 480);
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.input = Box::new(backend);
        setup.desktop = Some(DesktopAddress {
            display: display.display().to_owned(),
            cookie: Some(*display.cookie()),
        });
    });
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the data channel opens", Viewer::can_send).await;
    let hidden = |viewer: &Viewer| {
        let mut cursors = viewer
            .messages
            .iter()
            .filter(|message| message["type"] == "cursor");
        cursors
            .next_back()
            .is_some_and(|cursor| cursor["data"]["override"] == "none")
    };
    let (sender, looks) = std::sync::mpsc::channel();
    let connection = x11::connect(display.display(), Some(display.cookie())).unwrap();
    let game = std::thread::spawn(move || {
        mouse_look::play(&connection, |dx, dy| sender.send((dx, dy)).unwrap()).unwrap();
    });
    viewer.until("the pointer is hidden", hidden).await;
    assert_eq!(
        modes(&viewer),
        [] as [bool; 0],
        "a hidden pointer is not taken yet"
    );
    let looked = || {
        tokio::task::block_in_place(|| looks.recv_timeout(super::support::DEADLINE)).expect("the game looks")
    };
    // The game puts the pointer back after each, which is seen before the next.
    let mut moves = 0;
    while modes(&viewer).is_empty() {
        moves += 1;
        assert!((1..100).contains(&moves), "places are wanted still");
        viewer.send_input("mouse-move", json!({"x": moves, "y": 240}));
        assert_eq!(looked(), (moves - 320, 0));
        let seen = viewer.decoded;
        viewer
            .until("the picture goes on", |viewer| viewer.decoded > seen + 3)
            .await;
    }
    assert_eq!(modes(&viewer), [true]);
    viewer.send_input("mouse-move", json!({"dx": 7, "dy": -9, "relative": true}));
    assert_eq!(looked(), (7, -9));
    let (mut second, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    second
        .until("whoever comes later hears it, too", |viewer| {
            modes(viewer) == [true]
        })
        .await;
    viewer.send_input("mouse-click", json!({"button": "right"}));
    viewer
        .until("places are wanted again", |viewer| modes(viewer) == [true, false])
        .await;
    game.join().unwrap();
    second.leave().await;
    viewer.leave().await;
    host.stop().await;
}
