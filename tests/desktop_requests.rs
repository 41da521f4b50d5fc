//! Viewers' requests to the desktop on the data channel, in the protocol of Selkies: rate, size, clipboard, cursor.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::eventually;
use super::support::program::Program;
use super::support::viewer::{Viewer, ViewerOptions};

/// The program with a virtual desktop that is always in motion, and its environment.
struct Desktop {
    program: Program,
    /// `DISPLAY` and `XAUTHORITY` of the desktop.
    environment: Vec<(String, String)>,
    _directory: tempfile::TempDir,
}

impl Desktop {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file: PathBuf = directory.path().join("environment");
        let script = format!(
            "printf '%s\\n%s\\n' \"$DISPLAY\" \"$XAUTHORITY\" > {0}.new; mv {0}.new {0}; \
             exec xterm -e sh -c 'while :; do date +%N; sleep 0.02; done'",
            file.display()
        );
        let program = Program::start(&["--virtual=1280x720", "--", "sh", "-c", &script]);
        let text = eventually("the desktop reports its environment", || {
            std::fs::read_to_string(&file).ok()
        });
        let names = ["DISPLAY", "XAUTHORITY"];
        let environment = names
            .iter()
            .zip(text.lines())
            .map(|(name, value)| ((*name).to_owned(), value.to_owned()));
        Self {
            program,
            environment: environment.collect(),
            _directory: directory,
        }
    }

    /// Returns an `xclip` command for this desktop.
    fn xclip(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("xclip");
        command
            .args(["-selection", "clipboard"])
            .args(arguments)
            .envs(self.environment.iter().cloned());
        command
    }

    /// Copies `text` in a program on this desktop.
    fn copy(&self, text: &str) {
        tokio::task::block_in_place(|| {
            let mut child = self.xclip(&["-i"]).stdin(Stdio::piped()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(text.as_bytes()).unwrap();
            drop(stdin);
            assert!(child.wait().unwrap().success());
        });
    }
}

/// Starts a desktop, and a viewer that sees it and whose channel is open.
async fn watched() -> (Desktop, Viewer) {
    let desktop = tokio::task::block_in_place(Desktop::start);
    let (mut viewer, _) = Viewer::join(&desktop.program.ws_url(), ViewerOptions::default()).await;
    let sees = |viewer: &Viewer| viewer.can_send() && viewer.picture().is_some();
    viewer.until("the channel is open and there is video", sees).await;
    (desktop, viewer)
}

fn told<'a>(viewer: &'a Viewer, kind: &str) -> Option<&'a Value> {
    viewer
        .messages
        .iter()
        .rfind(|message| message["type"] == kind)
        .map(|message| &message["data"])
}

#[tokio::test(flavor = "multi_thread")]
async fn cursor_and_load_are_sent_in_a_form_that_both_kinds_of_clients_read() {
    let (_desktop, mut viewer) = watched().await;
    viewer
        .until("the cursor is sent", |viewer| told(viewer, "cursor").is_some())
        .await;
    let cursor = told(&viewer, "cursor").unwrap();
    assert!(
        cursor["curdata"].as_str().unwrap().starts_with("iVBOR"),
        "a PNG: {cursor}"
    );
    assert!(
        cursor["handle"].as_u64().unwrap() > 0 && cursor["hotspot"]["x"].is_u64(),
        "{cursor}"
    );
    viewer
        .until("the load is sent", |viewer| {
            told(viewer, "system_stats").is_some()
        })
        .await;
    let load = told(&viewer, "system_stats").unwrap();
    for name in [
        "cpu_percent",
        "cpu_usage",
        "mem_total",
        "mem_used",
        "memory_usage",
    ] {
        assert!(load[name].is_number(), "{name} is not in {load}");
    }
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frame_rate_changes_while_the_stream_runs() {
    let (_desktop, mut viewer) = watched().await;
    assert_eq!(viewer.picture().unwrap().2, gst::Fraction::new(60, 1));
    viewer.send_text("_arg_fps,24");
    let changed = |viewer: &Viewer| {
        viewer
            .picture()
            .is_some_and(|(_, _, rate)| rate == gst::Fraction::new(24, 1))
    };
    viewer.until("the stream has the new rate", changed).await;
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desktop_takes_the_requested_size_only_if_it_follows_the_viewer() {
    let (_desktop, mut viewer) = watched().await;
    viewer.send_text("_arg_resize,false,640x480");
    viewer.send_text("_arg_resize,true,800x600");
    let resized = |viewer: &Viewer| {
        viewer
            .picture()
            .is_some_and(|(width, height, _)| (width, height) != (1280, 720))
    };
    viewer.until("the video has another size", resized).await;
    let (width, height, _) = viewer.picture().unwrap();
    assert_eq!(
        (width, height),
        (800, 600),
        "the request without following was ignored"
    );
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clipboard_goes_both_ways() {
    let (desktop, mut viewer) = watched().await;
    // "Grüße, 中" in base64.
    viewer.send_text("cw,R3LDvMOfZSwg5Lit");
    tokio::task::block_in_place(|| {
        eventually("the desktop has the text", || {
            let output = desktop.xclip(&["-o"]).stderr(Stdio::null()).output().unwrap();
            (output.stdout == "Grüße, 中".as_bytes()).then_some(())
        });
    });
    desktop.copy("back: ñ");
    read_until(&mut viewer, "YmFjazogw7E=").await;
    let long = "abc".repeat(16_000);
    desktop.copy(&long);
    read_until(&mut viewer, &"YWJj".repeat(16_000)).await;
    viewer.leave().await;
}

/// Requests the clipboard until it has this `content`.
async fn read_until(viewer: &mut Viewer, content: &str) {
    // The host may still own the selection at the first request: it learns of the loss by an event. It does not reply
    // while the new owner does not answer.
    let answers = |viewer: &Viewer| {
        viewer
            .messages
            .iter()
            .filter(|message| message["type"] == "clipboard")
            .count()
    };
    for _ in 0..20 {
        let before = answers(viewer);
        viewer.send_text("cr");
        let answered = viewer.until("the host replies", |viewer| answers(viewer) > before);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(3), answered).await;
        if told(viewer, "clipboard").is_some_and(|data| data["content"] == content) {
            return;
        }
    }
    panic!("the viewer never receives it: {:?}", told(viewer, "clipboard"));
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_hear_that_another_has_set_the_clipboard_and_why_a_copy_does_not_come() {
    let desktop = tokio::task::block_in_place(Desktop::start);
    let (mut one, _) = Viewer::join(&desktop.program.ws_url(), ViewerOptions::default()).await;
    let (mut other, _) = Viewer::join(&desktop.program.ws_url(), ViewerOptions::default()).await;
    for viewer in [&mut one, &mut other] {
        viewer.until("the channel is open", Viewer::can_send).await;
    }
    let reasons = |viewer: &Viewer| -> Vec<String> {
        let messages = viewer.messages.iter();
        let told = messages.filter(|message| message["type"] == "clipboard-unavailable");
        told.map(|message| message["data"]["reason"].as_str().unwrap().to_owned())
            .collect()
    };
    one.send_input("clipboard", json!({"text": "mine"}));
    other
        .until("the other hears of it", |viewer| reasons(viewer) == [""])
        .await;
    desktop.copy(&"x".repeat(8 * 1024 * 1024 + 1));
    let says_why = |viewer: &Viewer| {
        reasons(viewer)
            .last()
            .is_some_and(|reason| reason.contains("too large"))
    };
    for viewer in [&mut one, &mut other] {
        viewer.until("the reason is sent", says_why).await;
    }
    assert_eq!(reasons(&one).len(), 1, "it knows what it has set");
    one.leave().await;
    other.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bitrate_changes_while_the_stream_runs() {
    let (_desktop, mut viewer) = watched().await;
    // More than the maximum, and then very little: neither ends the stream.
    for bitrate in ["vb,999999", "vb,300"] {
        viewer.send_text(bitrate);
        let seen = viewer.decoded;
        viewer
            .until("the stream continues", |viewer| viewer.decoded > seen + 10)
            .await;
    }
    viewer.leave().await;
}
