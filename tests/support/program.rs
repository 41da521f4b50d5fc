//! The program in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};

pub struct Program {
    child: Child,
    pub url: String,
}

/// Returns a command for `deskbeam` with these arguments, without authentication, and isolated from the environment and
/// configuration of the user.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskbeam"));
    command
        .args(arguments)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("RUST_LOG")
        .env_remove("DESKBEAM_CONFIG")
        .env("DESKBEAM_AUTH", "none")
        .env("XDG_STATE_HOME", "/dev/null")
        .env("XDG_CONFIG_HOME", "/dev/null");
    command
}

impl Program {
    /// Starts the program on a free port, and waits for the URL that it prints.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[] as &[(&str, &str)])
    }

    /// Starts it with these variables in its environment.
    pub fn start_with(arguments: &[&str], environment: &[(&str, impl AsRef<OsStr>)]) -> Self {
        let mut command = command(&["--listen", "127.0.0.1:0"]);
        command
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        Self::spawn(command)
    }

    /// Starts it by `wrapper`, which takes a command.
    pub fn limited(wrapper: &[&str], arguments: &[&str]) -> Self {
        let inner = command(&["--listen", "127.0.0.1:0"]);
        let mut outer = Command::new(wrapper[0]);
        outer
            .args(&wrapper[1..])
            .arg(inner.get_program())
            .args(inner.get_args())
            .args(arguments);
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        Self::spawn(outer)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().expect("the program prints its URL").unwrap();
        Self { child, url }
    }

    pub fn ws_url(&self) -> String {
        format!("{}ws", self.url.replace("http://", "ws://"))
    }

    pub fn address(&self) -> std::net::SocketAddr {
        let address = self.url.strip_prefix("http://").unwrap();
        address.trim_end_matches('/').parse().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Stops it with SIGSTOP, and waits until all of its threads have stopped.
    pub fn stop(&self) {
        self.signal(rustix::process::Signal::STOP);
        let tasks = format!("/proc/{}/task", self.id());
        let is_stopped = |task: std::fs::DirEntry| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            status.contains("\nState:\tT")
        };
        super::eventually("the program is stopped", || {
            let mut tasks = std::fs::read_dir(&tasks).unwrap();
            tasks.all(|task| is_stopped(task.unwrap())).then_some(())
        });
    }

    /// Waits until it exits.
    pub fn wait(&mut self) -> ExitStatus {
        super::eventually("the program ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `deskbeam` until it exits; returns the exit code, stdout and stderr.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    let mut child = command(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text).unwrap()
    });
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let status = child.wait().unwrap();
    (status.code().unwrap_or(-1), reading.join().unwrap(), stderr)
}
