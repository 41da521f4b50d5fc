//! Video, data channel and life cycle, with viewers that have their own webrtcbin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use deskbeam::desktop::{Backend, DesktopServices};
use deskbeam::input::{RecordBackend, Recorded, X11Backend};
use deskbeam::media::StreamOptions;
use deskbeam::protocol::input::{Button, Point};
use serde_json::json;

use super::support::host::{TestHost, options};
use super::support::program::{Program, run};
use super::support::signaling::Client;
use super::support::usage::{settled, thread_names, usage};
use super::support::viewer::{Viewer, ViewerOptions};
use super::support::x11;
use super::support::xvfb::Xvfb;

/// A pipeline from the source to webrtcbin, as `--pipeline` takes it.
const WHOLE: &str = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1 \
     ! vp8enc deadline=1 ! rtpvp8pay ! application/x-rtp,media=video,encoding-name=VP8,payload=96 \
     ! webrtcbin name=webrtc bundle-policy=max-bundle";

async fn plays(codec: &'static str) {
    let only = ViewerOptions {
        codecs: std::slice::from_ref(Box::leak(Box::new(codec))),
        ..ViewerOptions::default()
    };
    let offer = decodes(&options(), only).await;
    assert!(offer.contains(&format!(" {codec}/90000")), "{offer}");
}

/// Watches a host until a second of video is decoded. Returns the host's offer.
async fn decodes(stream: &StreamOptions, viewer: ViewerOptions) -> String {
    let host = TestHost::start(stream);
    let (mut viewer, offer) = Viewer::join(&host.ws_url(), viewer).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded >= 30)
        .await;
    viewer.leave().await;
    host.stop().await;
    offer
}

/// The test video in a pipeline from the source to webrtcbin.
fn whole() -> StreamOptions {
    StreamOptions {
        pipeline: Some(WHOLE.to_owned()),
        ..options()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_arrives_and_decodes() {
    plays("H264").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vp8_arrives_and_decodes() {
    plays("VP8").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offer_asks_for_playback_without_delay_and_offers_retransmission() {
    let host = TestHost::start(&options());
    let (viewer, offer) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    for line in [
        "rtp-hdrext/playout-delay",
        "a=rtcp-fb:96 nack",
        "rtx/90000",
        "a=group:BUNDLE",
    ] {
        assert!(offer.contains(line), "{line} is not in {offer}");
    }
    assert!(
        !offer.contains("red/90000") && !offer.contains("ulpfec/90000"),
        "{offer}"
    );
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_video_packet_asks_for_playback_without_delay() {
    let host = TestHost::start(&options());
    let (mut viewer, offer) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    let (id, _) = offer
        .lines()
        .filter_map(|line| line.strip_prefix("a=extmap:")?.split_once(' '))
        .find(|(_, uri)| uri.ends_with("rtp-hdrext/playout-delay"))
        .unwrap();
    let id: u8 = id.parse().unwrap();
    viewer.until("video arrives", |viewer| viewer.decoded > 0).await;
    let [asking, others] = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
    viewer.on_packet({
        let (asking, others) = (asking.clone(), others.clone());
        move |packet| {
            let asks = packet.extension_onebyte_header(id, 0) == Some(&[0, 0, 0]);
            let counted = if asks { &asking } else { &others };
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    viewer
        .until("packets arrive", |_| {
            asking.load(Ordering::Relaxed) + others.load(Ordering::Relaxed) >= 30
        })
        .await;
    assert_eq!(others.load(Ordering::Relaxed), 0);
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latency_of_each_frame_is_sent_on_request() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the data channel opens", Viewer::can_send).await;
    viewer.send_input("frame-times", json!({"enabled": true}));
    let frames = |viewer: &Viewer| {
        let message = viewer
            .messages
            .iter()
            .rev()
            .find(|message| message["type"] == "frame-times");
        message.map(|message| message["data"]["frames"].as_array().unwrap().clone())
    };
    viewer
        .until("frames are reported", |viewer| {
            frames(viewer).is_some_and(|frames| frames.len() >= 10)
        })
        .await;
    let frames = frames(&viewer).unwrap();
    let timestamps: std::collections::BTreeSet<_> = frames.iter().map(|frame| frame[0].as_u64()).collect();
    assert_eq!(timestamps.len(), frames.len(), "one entry per frame");
    for frame in &frames {
        let stages: u64 = (2..6).map(|stage| frame[stage].as_u64().unwrap()).sum();
        assert!((1..10_000_000).contains(&stages), "{frame}");
        assert!(frame[4].as_u64().unwrap() > 0, "encoding must take time: {frame}");
    }
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_brings_a_key_frame() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded >= 30)
        .await;
    let before = viewer.key_frames;
    let frames = viewer.decoded;
    viewer
        .until("more frames", |viewer| viewer.decoded >= frames + 60)
        .await;
    assert_eq!(viewer.key_frames, before, "key frames are made only on demand");
    viewer.request_key_frame();
    viewer
        .until("a key frame arrives", |viewer| viewer.key_frames > before)
        .await;
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_viewer_sees_a_still_screen_too() {
    let arguments = ["--virtual=320x240", "--", "sleep", "infinity"];
    let program = tokio::task::block_in_place(|| Program::start(&arguments));
    let (mut first, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    first
        .until("the first sees it", |viewer| viewer.decoded > 0)
        .await;
    let (mut second, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    second
        .until("the second sees it", |viewer| viewer.decoded > 0)
        .await;
    let before = second.key_frames;
    second.request_key_frame();
    second
        .until("a key frame arrives", |viewer| viewer.key_frames > before)
        .await;
    first.leave().await;
    second.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn input_arrives_and_is_released_when_the_viewer_leaves() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the data channel opens", Viewer::can_send).await;
    viewer.send_input("mouse-move", json!({"x": 10, "y": 20}));
    viewer.send_input(
        "mouse-click",
        json!({"x": 10, "y": 20, "button": "left", "action": "down"}),
    );
    viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    let is_down = |event: &Recorded| matches!(event, Recorded::Key(_, true));
    let events = host.recorded(move |events| events.iter().any(is_down)).await;
    assert!(
        events.contains(&Recorded::MoveTo(Point { x: 10.0, y: 20.0 })),
        "{events:?}"
    );
    assert!(
        events.contains(&Recorded::Button(Button::Left, true)),
        "{events:?}"
    );
    viewer.leave().await;
    host.recorded(|events| {
        events.contains(&Recorded::Button(Button::Left, false))
            && events
                .iter()
                .any(|event| matches!(event, Recorded::Key(_, false)))
    })
    .await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn motion_on_its_own_channel_never_undoes_later_input() {
    let host = TestHost::start(&options());
    let knowing = ViewerOptions {
        capabilities: &["dc-motion"],
        ..ViewerOptions::DEFAULT
    };
    let (mut viewer, _) = Viewer::join(&host.ws_url(), knowing).await;
    viewer
        .until("both data channels open", |viewer| {
            viewer.can_send() && viewer.can_move()
        })
        .await;
    assert!(viewer.has_motion_first(), "some clients use the last one");
    let to = |x: f64| Recorded::MoveTo(Point { x, y: 0.0 });
    viewer.send_motion(json!({"x": 1, "y": 0, "seq": 1}));
    viewer.send_motion(json!({"x": 3, "y": 0, "seq": 3}));
    host.recorded(move |events| events.contains(&to(3.0))).await;
    viewer.send_motion(json!({"x": 2, "y": 0, "seq": 2}));
    viewer.send_input(
        "mouse-click",
        json!({"x": 6, "y": 0, "button": "left", "action": "down", "seq": 6}),
    );
    host.recorded(|events| events.contains(&Recorded::Button(Button::Left, true)))
        .await;
    viewer.send_motion(json!({"x": 5, "y": 0, "seq": 5}));
    viewer.send_motion(json!({"x": 7, "y": 0, "seq": 7}));
    let events = host.recorded(move |events| events.contains(&to(7.0))).await;
    for old in [2.0, 5.0] {
        assert!(!events.contains(&to(old)), "{old} in {events:?}");
    }
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_opens_more_than_two_channels_is_disconnected() {
    let host = TestHost::start(&options());
    let knowing = ViewerOptions {
        capabilities: &["dc-motion"],
        ..ViewerOptions::DEFAULT
    };
    let (mut viewer, _) = Viewer::join(&host.ws_url(), knowing).await;
    viewer.until("the data channel opens", Viewer::can_send).await;
    let opened: Vec<_> = (0..3).map(|_| viewer.open_channel("mine")).collect();
    viewer
        .until("the host refuses", |viewer| viewer.error.is_some())
        .await;
    let error = viewer.error.take().unwrap();
    assert!(
        error["error"]["message"].as_str().unwrap().contains("channels"),
        "{error}"
    );
    drop(opened);
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_match_the_answer_lets_no_input_through() {
    let host = TestHost::start(&options());
    let impostor = ViewerOptions {
        change_answer: flip_fingerprint,
        ..ViewerOptions::default()
    };
    let (mut viewer, _) = Viewer::join(&host.ws_url(), impostor).await;
    viewer
        .until("the channel opens, or the host refuses", |viewer| {
            viewer.can_send() || viewer.error.is_some()
        })
        .await;
    if viewer.can_send() {
        viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    }
    viewer
        .until("the host refuses", |viewer| viewer.error.is_some())
        .await;
    let error = viewer.error.take().unwrap();
    assert_eq!(error["error"]["code"], "PEER_CONNECTION_FAILED");
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("certificate"),
        "{error}"
    );
    assert_eq!(host.recording.events(), []);
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_pipeline_arrives_from_the_first_key_frame_on() {
    decodes(&whole(), ViewerOptions::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_media_reaches_a_viewer_with_another_certificate() {
    let whole = whole();
    // DTLS and the frames race for the cores.
    let is_over = Arc::new(AtomicBool::new(false));
    for _ in 0..4 {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || while !is_over.load(Ordering::Relaxed) {});
    }
    for (options, is_dtls_server) in [(&options(), true), (&whole, false), (&whole, true)] {
        let host = TestHost::start(options);
        let impostor = ViewerOptions {
            change_answer: flip_fingerprint,
            decode: false,
            is_dtls_server,
            ..ViewerOptions::default()
        };
        let (mut viewer, _) = Viewer::join(&host.ws_url(), impostor).await;
        viewer
            .until("the host refuses", |viewer| viewer.error.is_some())
            .await;
        let error = viewer.error.take().unwrap().to_string();
        assert!(error.contains("certificate"), "{error}");
        assert_eq!(viewer.encoded, 0, "DTLS server: {is_dtls_server}");
        viewer.leave().await;
        host.stop().await;
    }
    is_over.store(true, Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_stays_pressed_in_the_x_server_when_a_viewer_dies() {
    let display = x11::display(640, 480);
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    let client = x11::Client::start(&display);
    let host = TestHost::start_with(&options(), Box::new(backend), RecordBackend::new().1);
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the data channel opens", Viewer::can_send).await;
    viewer.send_input(
        "key-press",
        json!({"key": "Shift", "code": "ShiftLeft", "action": "down"}),
    );
    viewer.send_input("key-press", json!({"key": "A", "code": "KeyA", "action": "down"}));
    viewer.send_input(
        "mouse-click",
        json!({"x": 50, "y": 60, "button": "right", "action": "down"}),
    );
    tokio::task::block_in_place(|| {
        client.next(|seen| matches!(seen, x11::Seen::ButtonDown(3, ..)).then_some(()));
        assert_eq!(client.keys_down().len(), 2);
    });
    viewer.leave().await;
    tokio::task::block_in_place(|| client.wait_until_all_is_up());
    host.stop().await;
}

/// Changes one digit of each fingerprint.
fn flip_fingerprint(sdp: String) -> String {
    let flip = |line: &str| match line.strip_prefix("a=fingerprint:sha-256 ") {
        Some(digest) => {
            let first = if digest.starts_with('0') { '1' } else { '0' };
            format!("a=fingerprint:sha-256 {first}{}", &digest[1..])
        }
        None => line.to_owned(),
    };
    sdp.lines().map(|line| flip(line) + "\r\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_viewers_share_the_capture_and_one_leaving_does_not_disturb_the_other() {
    let mut shared = options();
    shared.capture = shared.capture.replace("name=src", "name=sharedsrc");
    let host = TestHost::start(&shared);
    let (mut first, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    let (mut second, _) = Viewer::join(
        &host.ws_url(),
        ViewerOptions {
            codecs: &["VP8"],
            ..ViewerOptions::default()
        },
    )
    .await;
    first
        .until("the first plays", |viewer| viewer.decoded >= 10)
        .await;
    second
        .until("the second plays", |viewer| viewer.decoded >= 10)
        .await;
    let sources = thread_names(std::process::id())
        .iter()
        .filter(|name| name.starts_with("sharedsrc"))
        .count();
    assert_eq!(sources, 1, "one source feeds both");
    second.leave().await;
    let seen = first.decoded;
    first
        .until("the first continues", |viewer| viewer.decoded >= seen + 30)
        .await;
    first.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_viewers_leave_nothing_behind() {
    let program = Program::start(&["--capture", "test"]);
    let id = program.id();
    let url = program.ws_url();
    let visit = || async {
        let (mut viewer, _) = Viewer::join(&url, ViewerOptions::default()).await;
        viewer
            .until("frames are decoded", |viewer| viewer.decoded >= 3)
            .await;
        viewer.leave().await;
    };
    // The first visits start what stays: GStreamer's thread pool, and sockets that are opened once.
    visit().await;
    visit().await;
    settled(id, None).await;
    let before = usage(id);
    for _ in 0..10 {
        tokio::join!(visit(), visit(), visit(), visit(), visit());
    }
    settled(id, Some(before)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn av1_is_seen_by_those_who_join_later_and_at_another_rate() {
    let only = ViewerOptions {
        codecs: &["AV1"],
        ..ViewerOptions::default()
    };
    let host = TestHost::start(&StreamOptions {
        encoder: "av1".to_owned(),
        ..options()
    });
    let (mut first, _) = Viewer::join(&host.ws_url(), only).await;
    first
        .until("the first sees it", |viewer| viewer.decoded >= 10)
        .await;
    first.until("the data channel opens", Viewer::can_send).await;
    first.send_input("set-bitrate", json!({"kbps": 300}));
    let only = ViewerOptions {
        codecs: &["AV1"],
        ..ViewerOptions::default()
    };
    let (mut second, _) = Viewer::join(&host.ws_url(), only).await;
    second
        .until("the second sees it", |viewer| viewer.decoded >= 10)
        .await;
    let seen = first.decoded;
    first
        .until("the first continues", |viewer| viewer.decoded >= seen + 60)
        .await;
    first.leave().await;
    second.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_aborts_does_not_end_the_host() {
    // Without limits for its quantizer, libaom aborts in this mode.
    let aborts = "av1enc usage-profile=realtime cpu-used=10 end-usage=cbr";
    let arguments = ["--capture", "test", "--encoder", aborts];
    let program = tokio::task::block_in_place(|| Program::start(&arguments));
    for _ in 0..2 {
        let mut client = Client::connect(&program.ws_url()).await;
        client
            .send(json!({"type": "hello", "id": "h", "data": {"video_codecs": ["AV1"]}}))
            .await;
        client
            .send(json!({"type": "request-offer", "id": "r", "data": {"constraints": {"video": true}}}))
            .await;
        let error = client.receive_type("error").await.to_string();
        assert!(error.contains("signal 6"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_is_wider_than_a_virtual_one_can_be_is_encoded() {
    let wide = "videotestsrc is-live=true ! video/x-raw,format=I420,width=8200,height=32,framerate=10/1";
    let arguments = ["--capture", wide, "--encoder", "x264"];
    let program = tokio::task::block_in_place(|| Program::start(&arguments));
    let (mut viewer, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded > 0)
        .await;
    let (width, height, _) = viewer.picture().unwrap();
    assert_eq!((width, height), (8200, 32));
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encoders_are_tried_whatever_the_configuration_says() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    std::fs::write(&own, "capture = 'test'").unwrap();
    std::fs::create_dir(folder.path().join("deskbeam")).unwrap();
    std::fs::write(folder.path().join("deskbeam/config.toml"), "nonsense = 1").unwrap();
    let arguments = ["--config", own.to_str().unwrap()];
    let environment = [
        ("XDG_CONFIG_HOME", folder.path().to_str().unwrap()),
        ("DESKBEAM_FPS", "20"),
    ];
    let program = tokio::task::block_in_place(|| Program::start_with(&arguments, &environment));
    let (mut viewer, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded > 0)
        .await;
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_odd_size_are_encoded_with_their_edges_repeated() {
    for (size, expected) in [
        ("width=323,height=201", (324, 202)),
        ("width=15,height=1", (16, 16)),
    ] {
        let host = TestHost::start(&StreamOptions {
            capture: format!("videotestsrc is-live=true ! video/x-raw,format=BGRx,{size},framerate=30/1"),
            encoder: "x264".to_owned(),
            ..options()
        });
        let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
        viewer
            .until("frames are decoded", |viewer| viewer.decoded >= 10)
            .await;
        let (width, height, _) = viewer.picture().unwrap();
        assert_eq!((width, height), expected);
        viewer.leave().await;
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_gets_an_odd_size_keeps_its_encoder() {
    let xvfb = tokio::task::block_in_place(|| Xvfb::start("641x481x24", &[]));
    let arguments = ["--display", &xvfb.display, "--encoder", "x264"];
    let program = tokio::task::block_in_place(|| Program::start(&arguments));
    let (mut viewer, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    let is = |width, height| {
        move |viewer: &Viewer| {
            viewer
                .picture()
                .is_some_and(|(w, h, _)| (w, h) == (width, height))
        }
    };
    viewer.until("the odd size is seen", is(642, 482)).await;
    let services = DesktopServices::start(&xvfb.display, None, false, |_| {}).unwrap();
    tokio::task::block_in_place(|| services.resize(400, 300)).unwrap();
    viewer.until("the even size is seen", is(400, 300)).await;
    tokio::task::block_in_place(|| services.restore_size()).unwrap();
    viewer.until("the odd size is seen again", is(642, 482)).await;
    assert!(viewer.error.is_none());
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_without_damage_is_shown_by_another_capture() {
    let xvfb = tokio::task::block_in_place(|| Xvfb::start("321x241x24", &["-extension", "DAMAGE"]));
    let program = tokio::task::block_in_place(|| Program::start(&["--display", &xvfb.display]));
    let (mut viewer, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded > 0)
        .await;
    let (width, height, _) = viewer.picture().unwrap();
    assert_eq!((width, height), (322, 242));
    viewer.leave().await;
    // No viewer has to come to find out that the named one does not work.
    let refused = [
        "--listen",
        "127.0.0.1:0",
        "--display",
        &xvfb.display,
        "--capture",
        "x11",
    ];
    let (code, _, stderr) = tokio::task::block_in_place(|| run(&refused));
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.contains("DAMAGE") && stderr.contains("--virtual"),
        "{stderr}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_pipeline_with_too_many_colours_is_refused_with_the_words_to_add() {
    let host = TestHost::start(&StreamOptions {
        pipeline: Some(
            "videotestsrc is-live=true ! video/x-raw,format=BGRx ! videoconvert ! x264enc tune=zerolatency \
             ! rtph264pay ! application/x-rtp,media=video,encoding-name=H264,payload=96,profile-level-id=f4000d \
             ! webrtcbin name=webrtc"
                .to_owned(),
        ),
        ..options()
    });
    let mut client = Client::connect(&host.ws_url()).await;
    client
        .send(json!({"type": "hello", "id": "h", "data": {"video_codecs": ["H264"]}}))
        .await;
    client
        .send(json!({"type": "request-offer", "id": "r", "data": {"constraints": {"video": true}}}))
        .await;
    let error = client.receive_type("error").await.to_string();
    assert!(
        error.contains("High 4:4:4") && error.contains("format=I420"),
        "{error}"
    );
    host.stop().await;
}
