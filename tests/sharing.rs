//! Sharing among viewers: one encoder, its renditions, and failover.

use std::path::Path;

use deskbeam::media::StreamOptions;
use serde_json::json;

use super::support::host::{TestHost, options};
use super::support::program::Program;
use super::support::viewer::{Viewer, ViewerOptions};

const VP8: ViewerOptions = ViewerOptions {
    codecs: &["VP8"],
    ..ViewerOptions::DEFAULT
};

/// Creates a directory with an encoder that is preferred to all others of VP8.
fn preferred(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), text);
    directory
}

fn write(directory: &Path, text: &str) {
    let folder = directory.join("encode");
    std::fs::create_dir_all(&folder).unwrap();
    let header = "# kind: encode\n# codec: vp8\n# rank: 99\n# bitrate: enc.target-bitrate bit/s\n";
    std::fs::write(folder.join("first.launch"), format!("{header}{text}\n")).unwrap();
}

fn with(directory: &tempfile::TempDir) -> StreamOptions {
    StreamOptions {
        directory: Some(directory.path().to_owned()),
        ..options()
    }
}

const ENCODER: &str =
    "videoconvert ! video/x-raw,format=I420 ! vp8enc name=enc deadline=1 cpu-used=16 lag-in-frames=0";

/// Creates a directory with an encoder that silently drops all but the first frames.
fn swallowing_after(frames: u32) -> tempfile::TempDir {
    let swallow = "errorignore ignore-eos=true convert-to=ok ! identity eos-after";
    preferred(&format!("{ENCODER} ! {swallow}={frames}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_fails_while_it_runs_is_replaced_and_the_viewer_stays() {
    let directory = preferred(&format!("{ENCODER} ! identity error-after=60"));
    let host = TestHost::start(&with(&directory));
    let (mut viewer, _) = Viewer::join(&host.ws_url(), VP8).await;
    viewer
        .until("it keeps playing", |viewer| viewer.decoded >= 150)
        .await;
    assert!(viewer.error.is_none(), "{:?}", viewer.error);
    assert!(viewer.key_frames >= 2, "the next encoder began with a key frame");
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_stalls_is_replaced_and_the_viewer_stays() {
    let directory = swallowing_after(60);
    let host = TestHost::start(&with(&directory));
    let (mut viewer, _) = Viewer::join(&host.ws_url(), VP8).await;
    viewer
        .until("it keeps playing", |viewer| viewer.decoded >= 150)
        .await;
    assert!(viewer.error.is_none(), "{:?}", viewer.error);
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_stalls_on_a_still_screen_is_replaced_too() {
    // Exactly as many as the trial encodes.
    let directory = swallowing_after(18);
    let directory = directory.path().to_str().unwrap();
    let arguments = [
        "--virtual=320x240",
        "--pipelines",
        directory,
        "--",
        "sleep",
        "infinity",
    ];
    let program = tokio::task::block_in_place(|| Program::start(&arguments));
    let (mut viewer, _) = Viewer::join(&program.ws_url(), VP8).await;
    viewer.until("it plays", |viewer| viewer.decoded > 0).await;
    while viewer.decoded <= 18 {
        let before = viewer.key_frames;
        viewer.request_key_frame();
        viewer
            .until("a key frame arrives", |viewer| viewer.key_frames > before)
            .await;
    }
    assert!(viewer.error.is_none(), "{:?}", viewer.error);
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_does_not_work_is_skipped() {
    let directory = preferred(&format!("{ENCODER} ! identity error-after=1"));
    let host = TestHost::start(&with(&directory));
    let (mut viewer, _) = Viewer::join(&host.ws_url(), VP8).await;
    viewer.until("it plays", |viewer| viewer.decoded >= 10).await;
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_of_a_codec_share_its_encoder() {
    let host = TestHost::start(&options());
    let (mut first, _) = Viewer::join(&host.ws_url(), VP8).await;
    first
        .until("the first plays", |viewer| viewer.decoded >= 30)
        .await;
    let before = first.key_frames;
    let (mut second, _) = Viewer::join(&host.ws_url(), VP8).await;
    second
        .until("the second plays", |viewer| viewer.decoded >= 10)
        .await;
    first
        .until("the first gets the second's key frame, too", |viewer| {
            viewer.key_frames > before
        })
        .await;
    second.leave().await;
    first.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_viewer_may_have_an_encoder_of_its_own() {
    let host = TestHost::start(&StreamOptions {
        per_viewer_encoder: true,
        ..options()
    });
    let (mut first, _) = Viewer::join(&host.ws_url(), VP8).await;
    first
        .until("the first plays", |viewer| viewer.decoded >= 60)
        .await;
    let before = first.key_frames;
    let (mut second, _) = Viewer::join(&host.ws_url(), VP8).await;
    second
        .until("the second plays", |viewer| viewer.decoded >= 30)
        .await;
    assert_eq!(first.key_frames, before, "no key frames of other viewers");
    second.leave().await;
    first.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_with_a_low_rate_gets_half_the_size_and_the_other_keeps_full_size() {
    let host = TestHost::start(&options());
    let (mut large, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    let (mut small, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    small.until("the channel opens", Viewer::can_send).await;
    large.until("it plays", |viewer| viewer.decoded >= 10).await;
    small.until("it plays", |viewer| viewer.decoded >= 10).await;
    small.send_input("set-bitrate", json!({"kbps": 300}));
    small
        .until("the video is half as wide", |viewer| viewer.width() == Some(160))
        .await;
    let seen = large.decoded;
    large
        .until("the other continues", |viewer| viewer.decoded >= seen + 30)
        .await;
    assert_eq!(large.width(), Some(320));
    small.send_input("set-bitrate", json!({"kbps": 2000}));
    small
        .until("the video has full size again", |viewer| {
            viewer.width() == Some(320)
        })
        .await;
    small.leave().await;
    large.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_ends_with_a_key_frame() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the channel opens", Viewer::can_send).await;
    viewer.until("it plays", |viewer| viewer.decoded >= 10).await;
    viewer.send_input("pause", json!({"paused": true}));
    // The reply follows everything that was sent before it.
    let pongs = |viewer: &Viewer| {
        viewer
            .messages
            .iter()
            .filter(|message| message["type"] == "pong")
            .count()
    };
    for n in 1..=3 {
        viewer.send_input("ping", json!({"timestamp": n}));
        viewer
            .until("the host has received it", |viewer| pongs(viewer) == n)
            .await;
    }
    let (seen, key_frames) = (viewer.decoded, viewer.key_frames);
    viewer
        .until("only the load is sent", |viewer| {
            told(viewer, "system_stats") >= 2
        })
        .await;
    assert!(
        viewer.decoded <= seen + 5,
        "{} frames during the pause",
        viewer.decoded - seen
    );
    viewer.send_input("pause", json!({"paused": false}));
    viewer
        .until("the video is back", |viewer| {
            viewer.key_frames > key_frames && viewer.decoded > seen + 10
        })
        .await;
    viewer.leave().await;
    host.stop().await;
}

fn told(viewer: &Viewer, kind: &str) -> usize {
    viewer
        .messages
        .iter()
        .filter(|message| message["type"] == kind)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_replaces_the_encoder_and_an_invalid_file_changes_nothing() {
    let directory = preferred(ENCODER);
    let path = directory.path().to_str().unwrap();
    let program = Program::start(&["--capture", "test", "--pipelines", path, "--encoder", "first"]);
    let (mut viewer, _) = Viewer::join(&program.ws_url(), VP8).await;
    viewer.until("it plays", |viewer| viewer.decoded >= 30).await;
    for text in ["nosuchelement", &format!("{ENCODER} ! identity error-after=1")] {
        write(directory.path(), text);
        program.signal(rustix::process::Signal::HUP);
        let seen = viewer.decoded;
        viewer
            .until("it keeps playing", |viewer| viewer.decoded >= seen + 60)
            .await;
    }
    let smaller = "videoconvert ! videoscale ! video/x-raw,format=I420,width=320,height=180 \
                   ! vp8enc name=enc deadline=1 cpu-used=16 lag-in-frames=0";
    write(directory.path(), smaller);
    program.signal(rustix::process::Signal::HUP);
    viewer
        .until("the new encoder's video arrives", |viewer| {
            viewer.width() == Some(320)
        })
        .await;
    assert!(viewer.error.is_none(), "{:?}", viewer.error);
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_viewers_that_come_and_go_do_not_interrupt_one_that_stays() {
    let host = TestHost::start(&options());
    let url = host.ws_url();
    let (mut stays, _) = Viewer::join(&url, VP8).await;
    stays.until("it plays", |viewer| viewer.decoded >= 10).await;
    let visit = || async {
        let (mut viewer, _) = Viewer::join(&url, VP8).await;
        viewer
            .until("frames are decoded", |viewer| viewer.decoded >= 3)
            .await;
        viewer.leave().await;
    };
    let visits = async {
        for _ in 0..4 {
            tokio::join!(visit(), visit(), visit(), visit());
        }
    };
    // Each wait for a few more frames has its own deadline.
    let watch = async {
        loop {
            let seen = stays.decoded;
            stays
                .until("the video continues", |viewer| viewer.decoded >= seen + 5)
                .await;
        }
    };
    tokio::select! {
        () = visits => {}
        () = watch => unreachable!(),
    }
    assert!(stays.error.is_none(), "{:?}", stays.error);
    stays.leave().await;
    host.stop().await;
}
