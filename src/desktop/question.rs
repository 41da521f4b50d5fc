//! Questions to the local user, in a dialog of an installed program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::program::{Process, first_installed};

/// The programs that show dialogs, the best first.
const PROGRAMS: &[&str] = &["zenity", "xmessage", "kdialog"];

/// True if a program that shows dialogs is installed.
pub fn can_ask() -> bool {
    program().is_some()
}

/// A question on the display of the environment. Dropping it closes the dialog.
pub struct Question(Option<Process>);

impl Question {
    /// Shows the question. `answered` is called once, on a thread of its own, with `true` if the answer was yes. Any
    /// other end of the dialog is a no. `text` is shown as it is, and must not start with a dash.
    ///
    /// To be called on a thread that lasts: the dialog ends with it.
    ///
    /// # Errors
    /// If there is no program for it, or it cannot be started.
    pub fn ask(text: &str, answered: impl FnOnce(bool) + Send + 'static) -> std::io::Result<Question> {
        let program = program().ok_or(std::io::ErrorKind::NotFound)?;
        let (mut command, yes) = command(&program, text);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::spawn(command, move |status| answered(status.code() == Some(yes)))?;
        Ok(Question(Some(process)))
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        // The system may take its time to end a process.
        if let Some(process) = self.0.take() {
            thread::spawn(move || process.reap());
        }
    }
}

fn program() -> Option<PathBuf> {
    first_installed(PROGRAMS, std::env::var_os("PATH").as_deref())
}

/// The command, and its exit code for yes.
fn command(program: &Path, text: &str) -> (Command, i32) {
    let mut command = Command::new(program);
    let yes = match program.file_name().and_then(OsStr::to_str) {
        Some("zenity") => {
            command.args([
                "--question",
                "--title=deskbeam",
                "--no-markup",
                "--default-cancel",
            ]);
            command.args(["--ok-label=Let in", "--cancel-label=Refuse"]);
            command.arg(format!("--text={text}"));
            0
        }
        Some("kdialog") => {
            command.args([
                "--title",
                "deskbeam",
                "--yes-label",
                "Let in",
                "--no-label",
                "Refuse",
            ]);
            command.args(["--warningyesno", text]);
            0
        }
        _ => {
            command.args(["-title", "deskbeam", "-center", "-buttons", "Let in:10,Refuse:11"]);
            command.args(["-default", "Refuse", text]);
            10
        }
    };
    (command, yes)
}
