//! What viewers are told of the pointer of a real X display.

use std::sync::Arc;

use deskbeam::desktop::{VirtualDisplay, X11Desktop};
use deskbeam::input::X11Backend;
use serde_json::{Value, json};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;

use super::support::host::TestHost;
use super::support::mouse_look;
use super::support::viewer::{Viewer, ViewerOptions};
use super::support::{eventually, x11};

/// A host of this display, which acts there.
fn host_of(display: &VirtualDisplay) -> TestHost {
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    TestHost::start_custom(|setup| {
        setup.parts.input = Box::new(backend);
        setup.parts.desktop = Arc::new(X11Desktop::new(display.display(), Some(display.cookie())));
    })
}

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
    let host = host_of(&display);
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

/// The colour of the screen at its top left.
fn corner(connection: &RustConnection) -> u32 {
    use x11rb::connection::Connection as _;
    let root = connection.setup().roots[0].root;
    let image = connection.get_image(ImageFormat::Z_PIXMAP, root, 4, 4, 1, 1, u32::MAX);
    let data = image.unwrap().reply().unwrap().data;
    u32::from_le_bytes([data[0], data[1], data[2], 0])
}

fn answers(viewer: &Viewer) -> Vec<Value> {
    let told = viewer
        .messages
        .iter()
        .filter(|message| message["type"] == "measure");
    told.map(|message| message["data"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_to_measure_with_changes_as_one_viewer_says_and_goes_with_it() {
    let display = x11::display(640, 480);
    let screen = x11::connect(display.display(), Some(display.cookie())).unwrap();
    let host = host_of(&display);
    let before = corner(&screen);
    let shows = |what: &str, colour: u32| {
        tokio::task::block_in_place(|| eventually(what, || (corner(&screen) == colour).then_some(())));
    };
    let (mut first, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    let (mut second, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    first.until("the data channel opens", Viewer::can_send).await;
    second.until("the data channel opens", Viewer::can_send).await;
    first.send_input("measure", json!({"lit": true}));
    shows("the mark is white", 0x00ff_ffff);
    first.send_input("measure", json!({"lit": false}));
    shows("the mark is black", 0);
    first
        .until("it hears where the mark is", |viewer| {
            answers(viewer) == [json!({"x": 0, "y": 0, "width": 16, "height": 16})]
        })
        .await;
    second.send_input("measure", json!({"lit": true}));
    second
        .until("the other hears that it cannot", |viewer| {
            answers(viewer) == [json!({})]
        })
        .await;
    first.send_input("measure", json!({}));
    shows("the mark is gone", before);
    // The mark may be gone a moment before the other may.
    tokio::task::block_in_place(|| {
        eventually("now the other measures", || {
            second.send_input("measure", json!({"lit": true}));
            (corner(&screen) == 0x00ff_ffff).then_some(())
        });
    });
    second.leave().await;
    shows("the mark has gone with the viewer", before);
    first.leave().await;
    host.stop().await;
}
