//! `deskbeam passwd`: sets the password of `--auth password`.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, IsTerminal, Write};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::access::{Secret, StateDir, set_password};

use crate::cli::failure::Failure;

/// The most bytes that are read of a line.
const MAX_LINE: u64 = 4096;

/// Reads the password, twice from a terminal or once from a pipe, and stores its hash.
pub(crate) fn run() -> Result<(), Failure> {
    let state = StateDir::open().map_err(anyhow::Error::new)?;
    let password = if std::io::stdin().is_terminal() {
        ask_twice()?
    } else {
        read_line(std::io::stdin().lock()).context("cannot read the password from stdin")?
    };
    set_password(&state, &password).map_err(anyhow::Error::new)?;
    println!("Password set. Start the host with `deskbeam --auth password` to use it.");
    Ok(())
}

fn ask_twice() -> anyhow::Result<Secret> {
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .context("cannot open the terminal")?;
    let first = ask(&terminal, "New password: ")?;
    if ask(&terminal, "Repeat the password: ")? != first {
        bail!("the passwords differ; nothing was changed");
    }
    Ok(first)
}

fn ask(mut terminal: &File, question: &str) -> anyhow::Result<Secret> {
    let _hidden = HiddenInput::start(terminal).context("cannot turn off the echo of the terminal")?;
    write!(terminal, "{question}")?;
    let answer = read_line(BufReader::new(terminal));
    writeln!(terminal)?;
    answer.context("cannot read from the terminal")
}

fn read_line(input: impl BufRead) -> std::io::Result<Secret> {
    let mut line = String::new();
    input.take(MAX_LINE).read_line(&mut line)?;
    Ok(Secret::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Turns off the echo of a terminal until this is dropped.
struct HiddenInput<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> HiddenInput<'a> {
    fn start(terminal: &'a File) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for HiddenInput<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
