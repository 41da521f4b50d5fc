//! The invocations of the README run, and the names in the documents exist.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use deskbeam::desktop::{VirtualDisplay, VirtualOptions};

/// The commands in the code blocks of a document that start a host, without their comments.
fn invocations(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let lines = text.split("```").skip(1).step_by(2).flat_map(str::lines);
    lines
        .map(|line| line.split(" #").next().unwrap().trim())
        .filter(|command| *command == "deskbeam" || command.starts_with("deskbeam -"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_invocation_that_the_documents_show_runs() {
    let options = VirtualOptions {
        width: 640,
        height: 480,
        command: vec!["xterm".to_owned()],
    };
    let display = VirtualDisplay::start(options).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_deskbeam"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let state = tempfile::tempdir().unwrap();
    let invocations = [invocations("README.md"), invocations("docs/usage.md")].concat();
    assert_eq!(invocations.len(), 12, "{invocations:?}");
    for invocation in invocations {
        // The test has a display and a port of its own.
        let command = invocation.replace("--display :0", &format!("--display {}", display.display()));
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {}", command.replace(":8080", ":0"))])
            .env("PATH", &path)
            .env("DISPLAY", display.display())
            .env("XAUTHORITY", display.xauthority())
            .env("DESKBEAM_LISTEN", "127.0.0.1:0")
            .env("XDG_STATE_HOME", state.path())
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines
            .next()
            .unwrap_or_else(|| panic!("{invocation}: nothing is printed"))
            .unwrap();
        if invocation.ends_with("--print-pipeline") {
            assert!(
                first.starts_with("deskbeamx11src") && first.contains("webrtcbin"),
                "{first}"
            );
        } else {
            let scheme = if invocation.contains("0.0.0.0") {
                "https"
            } else {
                "http"
            };
            assert!(
                first.starts_with(&format!("{scheme}://127.0.0.1:")) && first.contains("#token="),
                "{invocation}: {first}"
            );
            let id = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "{invocation}");
    }
}

#[test]
fn each_test_that_the_security_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let (_, section) = document.split_once("\n## Tests\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let named: Vec<_> = section
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains('_'))
        .collect();
    assert!(named.len() > 30, "{named:?}");
    let mut code = String::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => code += &std::fs::read_to_string(path).unwrap(),
                None if path.is_dir() && !path.ends_with("browser") => folders.push(path),
                _ => {}
            }
        }
    }
    for name in named {
        assert!(code.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}
