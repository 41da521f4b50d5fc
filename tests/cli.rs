//! The program on the command line: exit codes, errors, signals.

use std::io::{BufRead, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::Signal;

use super::support::program::{Program, command, run};

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
    for name in ["x264", "vp8", "x11", "ximage", "test"] {
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
        // As pasted into a shell, with a capture that ends after a few frames.
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
        // The whole pipeline can at least be built.
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

/// Runs deskbeam with this configuration file, these variables and flags: the exit code, stdout and stderr.
fn configured(file: &str, variables: &[(&str, &str)], flags: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deskbeam")).unwrap();
    std::fs::write(folder.path().join("deskbeam/config.toml"), file).unwrap();
    let output = command(flags)
        .env("XDG_CONFIG_HOME", folder.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_flag_wins_over_its_variable_and_the_variable_over_the_file() {
    let file = "capture = 'test'\nencoder = 'vp8'\nfps = 21";
    let (variables, flags) = ([("DESKBEAM_FPS", "22")], ["--print-pipeline", "--fps", "23"]);
    for (fps, variables, flags) in [
        ("60/1", None, &flags[..1]),
        ("21/1", Some(&[][..]), &flags[..1]),
        ("22/1", Some(&variables[..]), &flags[..1]),
        ("23/1", Some(&variables[..]), &flags[..]),
    ] {
        let file = match variables {
            Some(_) => file,
            None => "capture = 'test'",
        };
        let (code, stdout, stderr) = configured(file, variables.unwrap_or_default(), flags);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains(fps), "{fps} is not in {stdout}");
        let (code, behind, stderr) =
            configured(file, variables.unwrap_or_default(), &[&["run"], flags].concat());
        assert_eq!((code, behind), (0, stdout), "{stderr}");
    }
}

#[test]
fn what_contradicts_a_flag_in_the_file_gives_way() {
    let file = "capture = 'test'\npipeline = 'videotestsrc ! nothing ! webrtcbin name=webrtc'";
    let (code, _, stderr) = configured(file, &[], &[]);
    assert_eq!(code, 6);
    assert!(
        stderr.contains("`capture`") && stderr.contains("`pipeline`"),
        "{stderr}"
    );
    let file = "pipeline = 'videotestsrc ! nothing ! webrtcbin name=webrtc'";
    let capture = ["--capture", "test", "--print-pipeline"];
    let (code, stdout, stderr) = configured(file, &[], &capture);
    assert_eq!(code, 0, "{stderr}");
    assert!(!stdout.contains("nothing"), "{stdout}");
    let variable = [("DESKBEAM_CAPTURE", "test")];
    assert_eq!(configured(file, &variable, &capture[2..]).0, 0);
    assert_eq!(configured(file, &[], &capture[2..]).0, 3);
    let (code, _, stderr) = configured("virtual = '640x480'", &[], &["--display", ":4242"]);
    assert_eq!(code, 4);
    assert!(stderr.contains(":4242"), "{stderr}");
}

#[test]
fn access_and_tls_can_be_set_in_the_file() {
    let file = "capture = 'test'\nauth = 'proxy'\nauth_proxy_from = ['127.0.0.1', '::1']\ntls_cert = 'a.pem'\n\
                tls_key = 'a.key'\nallow_embed = ['https://desk.example']";
    let (code, _, stderr) = configured(file, &[], &["--print-pipeline"]);
    assert_eq!(code, 0, "{stderr}");
    for (wrong, named) in [
        ("auth = 'nothing'", "`auth`"),
        ("auth_proxy_from = ['everybody']", "`auth_proxy_from`"),
        ("allow_embed = ['*']", "`allow_embed`"),
        ("insecure_no_auth = true", "`insecure_no_auth` is unknown"),
    ] {
        let (code, _, stderr) = configured(wrong, &[], &["--print-pipeline"]);
        assert_eq!(code, 6, "{stderr}");
        assert!(stderr.contains(named), "{stderr}");
    }
}

#[test]
fn a_size_in_the_file_lets_a_command_run() {
    let flags = ["--listen", "127.0.0.1:0", "--", "true"];
    let (code, _, stderr) = configured("virtual = '640x480'", &[], &flags);
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = configured("", &[], &flags);
    assert_eq!(code, 2);
    assert!(stderr.contains("--virtual"), "{stderr}");
}

#[test]
fn a_file_that_is_wrong_ends_with_6_and_names_the_place() {
    for (file, named) in [
        ("fsp = 30", ["`fsp`", "`fps`"]),
        ("fps = '30'", ["`fps`", "a number"]),
        ("bitrate = 3", ["`bitrate`", "50..=500000"]),
        ("fps = 30\nfps 30", ["not TOML", "line 2"]),
    ] {
        let (code, _, stderr) = configured(file, &[], &["--print-pipeline"]);
        assert_eq!(code, 6, "{stderr}");
        assert!(stderr.contains("deskbeam/config.toml"), "{stderr}");
        assert!(named.iter().all(|named| stderr.contains(named)), "{stderr}");
    }
    assert_eq!(configured("fsp = 30", &[], &["pipelines", "list"]).0, 6);
    assert_eq!(configured("fsp = 30", &[], &["--help"]).0, 0);
}

#[test]
fn a_named_file_is_read_instead_and_has_to_be_there() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "capture = 'test'\nfps = 24").unwrap();
    let path = file.path().to_str().unwrap();
    for flags in [
        &["--config", path, "--print-pipeline"][..],
        &["--config", path, "run", "--print-pipeline"],
        &["run", "--config", path, "--print-pipeline"],
    ] {
        let (code, stdout, stderr) = configured("fps = 25", &[], flags);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains("24/1"), "{stdout}");
    }
    let variable = [("DESKBEAM_CONFIG", path)];
    let (_, stdout, _) = configured("fps = 25", &variable, &["--print-pipeline"]);
    assert!(stdout.contains("24/1"), "{stdout}");
    let (code, _, stderr) = run(&["--config", "/no/such/file.toml"]);
    assert_eq!(code, 6);
    assert!(stderr.contains("/no/such/file.toml"), "{stderr}");
}

#[test]
fn the_directory_of_pipelines_in_the_file_is_listed_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("encode")).unwrap();
    let description = run(&["pipelines", "show", "vp8"]).1;
    std::fs::write(folder.path().join("encode/mine.launch"), description).unwrap();
    let file = format!("pipelines = {:?}", folder.path());
    let (code, stdout, stderr) = configured(&file, &[], &["pipelines", "list"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.lines().any(|line| line.starts_with("mine ")), "{stdout}");
}

#[test]
fn verbose_may_stand_before_a_subcommand_and_other_flags_may_not() {
    for flags in [
        &["-v", "run", "--capture", "test", "--print-pipeline"][..],
        &["-v", "pipelines", "list"],
        &["pipelines", "list", "-v"],
    ] {
        let (code, _, stderr) = run(flags);
        assert_eq!(code, 0, "{flags:?}: {stderr}");
    }
    let (code, _, stderr) = run(&["--fps", "30", "pipelines", "list"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("--fps") && stderr.contains("pipelines"),
        "{stderr}"
    );
}

/// The command for `deskbeam` with the test source on a free port, and with this state folder.
fn guarded(state: &std::path::Path, flags: &[&str]) -> Command {
    let mut command = command(&["--capture", "test"]);
    command
        .args(flags)
        .env("DESKBEAM_LISTEN", "127.0.0.1:0")
        .env_remove("DESKBEAM_AUTH")
        .env("XDG_STATE_HOME", state);
    command
}

/// Runs the command until it has printed its address, which is returned, and ends it.
fn address_of(mut command: Command) -> String {
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    line.trim().to_owned()
}

#[test]
fn the_token_is_made_at_the_first_start_and_kept_for_its_user_alone() {
    let state = tempfile::tempdir().unwrap();
    let url = address_of(guarded(state.path(), &[]));
    let (_, token) = url.split_once("/#token=").unwrap();
    assert!(token.len() >= 32, "{url}");
    let again = address_of(guarded(state.path(), &[]));
    assert_eq!(again.split_once("/#token=").unwrap().1, token);
    let file = state.path().join("deskbeam/token");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    mode(0o644);
    let output = guarded(state.path(), &[]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("chmod 600") && !stderr.contains(token),
        "{stderr}"
    );
}

#[test]
fn nobody_opens_the_desktop_to_everybody_by_one_flag() {
    let state = tempfile::tempdir().unwrap();
    let open = ["--listen", "0.0.0.0:0", "--auth", "none"];
    let output = guarded(state.path(), &[]).args(open).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("--insecure-no-auth"), "{stderr}");
    let output = guarded(state.path(), &["--auth", "proxy"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--auth-proxy-from")
    );
    assert!(!address_of(guarded(state.path(), &["--auth", "none"])).contains('#'));
    let made = std::fs::read_dir(state.path().join("deskbeam")).unwrap();
    let names: Vec<_> = made.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["id"], "no token is made");
}

#[test]
fn a_password_is_set_from_stdin_and_asked_for() {
    let state = tempfile::tempdir().unwrap();
    let output = guarded(state.path(), &["--auth", "password"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("deskbeam passwd")
    );
    let set = |password: &str| {
        let mut child = command(&["passwd"])
            .env("XDG_STATE_HOME", state.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(password.as_bytes())
            .unwrap();
        child.wait().unwrap().code()
    };
    assert_eq!(set("short\n"), Some(1));
    assert_eq!(set("a good password\n"), Some(0));
    let hash = std::fs::read_to_string(state.path().join("deskbeam/password")).unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    assert!(!address_of(guarded(state.path(), &["--auth", "password"])).contains('#'));
}

#[test]
fn where_others_can_connect_tls_is_spoken_and_the_certificate_is_kept() {
    let state = tempfile::tempdir().unwrap();
    let everywhere = ["--listen", "0.0.0.0:0"];
    assert!(address_of(guarded(state.path(), &everywhere)).starts_with("https://127.0.0.1:"));
    let file = state.path().join("deskbeam/tls.pem");
    let made = std::fs::read(&file).unwrap();
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    address_of(guarded(state.path(), &everywhere));
    assert_eq!(std::fs::read(&file).unwrap(), made);
    let off = [&everywhere[..], &["--tls", "off"]].concat();
    assert!(address_of(guarded(state.path(), &off)).starts_with("http://127.0.0.1:"));
    assert!(address_of(guarded(state.path(), &["--tls", "on"])).starts_with("https://127.0.0.1:"));
}

#[test]
fn links_are_made_listed_and_revoked() {
    let state = tempfile::tempdir().unwrap();
    let share = |flags: &[&str]| {
        let mut command = command(&[&["share"], flags].concat());
        let output = command.env("XDG_STATE_HOME", state.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    assert_eq!(share(&["--list"]), (Some(0), String::new(), String::new()));
    let (code, link, stderr) = share(&[
        "--role",
        "control",
        "--expires",
        "2h",
        "--url",
        "https://desk.example/",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    let (address, secret) = link.trim().split_once("/#token=").unwrap();
    assert_eq!((address, secret.len()), ("https://desk.example", 32));
    let (_, listed, _) = share(&["--list"]);
    let (id, rest) = listed.split_once(' ').unwrap();
    assert!(rest.contains("control") && !listed.contains(secret), "{listed}");
    assert_eq!(share(&["--revoke", "nothing"]).0, Some(2));
    assert_eq!(share(&["--revoke", id]).0, Some(0));
    assert_eq!(share(&["--list"]).1, "");
    for wrong in [
        &["--expires", "soon"][..],
        &["--role", "root"],
        &["--list", "--role", "view"],
    ] {
        assert_eq!(share(wrong).0, Some(2), "{wrong:?}");
    }
    let url = address_of(guarded(state.path(), &[]));
    let (_, link, _) = share(&[]);
    assert_eq!(link.split_once('#').unwrap().0, url.split_once('#').unwrap().0);
    assert_ne!(
        link.split_once('#').unwrap().1.trim(),
        url.split_once('#').unwrap().1
    );
}
