//! `deskbeam passwd`: sets the password of `--auth password`.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, IsTerminal, Write};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::access::{Secret, StateDir, set_password};

use crate::cli::failure::Failure;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 4096;

/// Reads the password twice from the terminal, or once from what stdin is instead, and writes its hash.
pub(crate) fn run() -> Result<(), Failure> {
    let state = StateDir::open().map_err(anyhow::Error::new)?;
    let password = if std::io::stdin().is_terminal() {
        ask_twice()?
    } else {
        read_line(std::io::stdin().lock()).context("cannot read the password from stdin")?
    };
    set_password(&state, &password).map_err(anyhow::Error::new)?;
    println!("The password is set. `deskbeam --auth password` asks for it.");
    Ok(())
}

fn ask_twice() -> anyhow::Result<Secret> {
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .context("there is no terminal to ask on")?;
    let first = ask(&terminal, "New password: ")?;
    if ask(&terminal, "Once more: ")? != first {
        bail!("these are two different passwords; nothing was changed");
    }
    Ok(first)
}

fn ask(mut terminal: &File, question: &str) -> anyhow::Result<Secret> {
    let _silence = Silence::start(terminal).context("the terminal cannot be silenced")?;
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

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silence<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silence<'a> {
    fn start(terminal: &'a File) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
