//! The program as its users start it: exit codes, errors, signals.

use std::process::Command;

use rustix::process::Signal;

use super::support::program::{Program, run};

#[test]
fn without_a_display_the_error_names_virtual() {
    let (code, _, stderr) = run(&["--listen", "127.0.0.1:0"]);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("--virtual"), "{stderr}");
}

#[test]
fn a_display_that_is_not_there_is_named() {
    let (code, _, stderr) = run(&["--listen", "127.0.0.1:0", "--display", ":4242"]);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains(":4242"), "{stderr}");
}

#[test]
fn a_wrong_description_ends_with_3_and_shows_the_place() {
    let (code, _, stderr) = run(&[
        "--capture",
        "test",
        "--encoder",
        "x264en tune=zerolatency",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.contains("--encoder") && stderr.contains("x264en") && stderr.contains("^^^^^^"),
        "{stderr}"
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    assert_eq!(run(&["--fps", "0"]).0, 2);
    assert_eq!(run(&["--no-such-flag"]).0, 2);
    assert_eq!(run(&["--pipeline", "x ! y", "--encoder", "vp8"]).0, 2);
}

#[test]
fn a_port_that_is_taken_ends_with_5_and_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, stderr) = run(&["--capture", "test", "--listen", &address]);
    assert_eq!(code, 5, "{stderr}");
    assert!(
        stderr.contains(&address) && stderr.contains("127.0.0.1:0"),
        "{stderr}"
    );
}

#[test]
fn the_first_signal_ends_it_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut program = Program::start(&["--capture", "test"]);
        program.signal(signal);
        assert_eq!(program.wait().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn the_pipelines_can_be_listed_shown_and_checked() {
    let (code, stdout, _) = run(&["pipelines", "list"]);
    assert_eq!(code, 0);
    for name in ["x264", "vp8", "x11", "test"] {
        assert!(
            stdout.lines().any(|line| line.starts_with(name)),
            "{name} is not in {stdout}"
        );
    }
    let (code, stdout, _) = run(&["pipelines", "show", "vp8"]);
    assert_eq!(code, 0);
    let file = tempfile::Builder::new().suffix(".launch").tempfile().unwrap();
    std::fs::write(file.path(), stdout).unwrap();
    let path = file.path().to_str().unwrap();
    let (code, stdout, _) = run(&["pipelines", "check", path]);
    assert_eq!(code, 0);
    assert!(stdout.contains("encode VP8"), "{stdout}");
    std::fs::write(file.path(), "# kind: encode\nvp8en ! identity").unwrap();
    let (code, _, stderr) = run(&["pipelines", "check", path]);
    assert_eq!(code, 3);
    assert!(stderr.contains("vp8en") && stderr.contains(path), "{stderr}");
    let (code, _, stderr) = run(&["pipelines", "show", "nothing"]);
    assert_eq!(code, 3);
    assert!(stderr.contains("x264"), "{stderr}");
}

#[test]
fn what_is_printed_runs_in_gst_launch() {
    for encoder in ["x264", "vp8"] {
        let (code, stdout, stderr) = run(&["--capture", "test", "--encoder", encoder, "--print-pipeline"]);
        assert_eq!(code, 0, "{stderr}");
        // As a shell would paste it, with the capture ended after a few frames.
        let text = stdout
            .trim()
            .replace("videotestsrc ", "videotestsrc num-buffers=5 ");
        let script = format!(
            "exec timeout 20 gst-launch-1.0 {}",
            text.replace("webrtcbin name=webrtc", "fakesink name=webrtc")
        );
        let script = script.replace(" bundle-policy=max-bundle", "");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(
            output.status.success(),
            "{script}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        // The whole of it, as it is, can at least be built.
        let script = format!(
            "exec timeout 20 gst-launch-1.0 --no-position fakesrc num-buffers=1 ! fakesink {}",
            stdout.trim()
        );
        let output = Command::new("sh")
            .args(["-c", &format!("{script} 2>&1 | grep -m1 -E 'PLAYING|erroneous'")])
            .output()
            .unwrap();
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("PLAYING"),
            "{script}"
        );
    }
}

#[test]
fn a_display_that_merely_happens_to_be_there_is_left_alone_by_the_test_picture() {
    let mut program = Program::start_with(&["--capture", "test"], &[("DISPLAY", ":4242")]);
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
}
