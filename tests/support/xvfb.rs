//! An X server that dies and comes back.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// An Xvfb that asks nobody for a cookie.
pub struct Xvfb {
    server: Child,
    /// `:N`, a number that was free.
    pub display: String,
}

impl Xvfb {
    /// Starts one with this screen (`640x480x24`) and waits until it lets clients in.
    pub fn start(screen: &str, arguments: &[&str]) -> Self {
        let (server, display) = start(screen, arguments);
        Self { server, display }
    }

    /// Ends it as its owner does.
    pub fn end(&mut self) {
        self.end_by(Signal::TERM);
    }

    /// Ends it without warning. It leaves its socket.
    pub fn kill(&mut self) {
        self.end_by(Signal::KILL);
    }

    /// Starts it again on the display where it was.
    pub fn restart(&mut self, screen: &str) {
        self.end();
        let (server, display) = start(screen, &[&self.display]);
        assert_eq!(display, self.display);
        self.server = server;
    }

    fn end_by(&mut self, signal: Signal) {
        if let Ok(None) = self.server.try_wait() {
            let _ = kill_process(Pid::from_child(&self.server), signal);
            let _ = self.server.wait();
        }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        self.end();
    }
}

fn start(screen: &str, arguments: &[&str]) -> (Child, String) {
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
        .args(["-screen", "0", screen])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb (package xvfb)");
    let mut number = String::new();
    let stdout = server.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut number).unwrap();
    (server, format!(":{}", number.trim()))
}
