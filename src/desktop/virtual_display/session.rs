//! The X server and the programs of a virtual display, and the order in which they start and end.

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::end_watch::{EndWatch, Ended};
use super::error::VirtualDisplayError;
use super::options::VirtualOptions;
use super::private_dir::PrivateDir;
use super::programs::{TERMINALS, WINDOW_MANAGERS};
use super::server::Server;
use super::window_manager;
use super::xauthority::{self, Cookie};
use crate::desktop::program::{Process, first_installed};
use crate::desktop::x11;
use crate::retry::Backoff;
use crate::x11::DisplayAddress;

/// A message to the thread of the display.
pub(crate) enum Message {
    /// A program of the display ended.
    Exited(Program, ExitStatus),
    /// End everything.
    Stop,
}

/// A program of the display.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Program {
    Server,
    WindowManager,
    Command,
    /// The terminal that takes the place of a command.
    Terminal,
}

/// The programs that run, owned by the thread "desktop". Dropping it ends all of them in order.
pub(crate) struct Session {
    /// The name for `DISPLAY`.
    pub(crate) display: String,
    /// The file for `XAUTHORITY`.
    pub(crate) xauthority: PathBuf,
    clients: Vec<Process>,
    server: Option<Server>,
    messages: Sender<Message>,
    /// Dropped last: the X server reads from it.
    _dir: PrivateDir,
}

impl Session {
    /// Starts the X server and the programs. Their ends go to `messages`.
    pub(crate) fn start(
        options: &VirtualOptions,
        cookie: &Cookie,
        messages: &Sender<Message>,
    ) -> Result<Session, VirtualDisplayError> {
        let dir = PrivateDir::create().map_err(VirtualDisplayError::Resources)?;
        let write = |name: &str, number: &str| {
            let path = dir.path().join(name);
            match xauthority::write(&path, number, cookie) {
                Ok(()) => Ok(path),
                Err(error) => Err(VirtualDisplayError::files(&path, error)),
            }
        };
        // The server needs its file before it knows the number of its display.
        let server_authority = write("server", "")?;
        let on_exit = send_exit(messages, Program::Server);
        let size = (options.width, options.height);
        let server = Server::start(size, &server_authority, dir.path(), on_exit)?;
        let number = server.number().to_string();
        let mut session = Session {
            display: format!(":{number}"),
            xauthority: dir.path().join("Xauthority"),
            clients: Vec::new(),
            server: Some(server),
            messages: messages.clone(),
            _dir: dir,
        };
        xauthority::write(&session.xauthority, &number, cookie)
            .map_err(|error| VirtualDisplayError::files(&session.xauthority, error))?;
        x11::set_size(&session.display, cookie.bytes(), size)
            .map_err(|error| VirtualDisplayError::Server(error.to_string()))?;
        session.start_window_manager(cookie);
        session.start_command(&options.command)?;
        Ok(session)
    }

    fn start_window_manager(&mut self, cookie: &Cookie) {
        let Some(program) = first_installed(WINDOW_MANAGERS, std::env::var_os("PATH").as_deref()) else {
            tracing::info!("no window manager is installed: windows will have no frames");
            return;
        };
        match self.spawn(Command::new(&program), Program::WindowManager) {
            Ok(()) => {
                let address = DisplayAddress::new(Some(&self.display), Some(cookie.bytes()));
                let ready = window_manager::wait_until_ready(&address);
                tracing::info!(program = %program.display(), ready, "started a window manager");
            }
            Err(error) => {
                tracing::warn!(program = %program.display(), %error, "cannot start the window manager");
            }
        }
    }

    fn start_command(&mut self, command: &[String]) -> Result<(), VirtualDisplayError> {
        let Some((program, arguments)) = command.split_first() else {
            return self.start_terminal();
        };
        let mut process = Command::new(program);
        process.args(arguments);
        self.launch(process, Program::Command)
    }

    fn start_terminal(&mut self) -> Result<(), VirtualDisplayError> {
        match first_installed(TERMINALS, std::env::var_os("PATH").as_deref()) {
            Some(terminal) => self.launch(Command::new(terminal), Program::Terminal),
            None => {
                tracing::info!("no terminal is installed: the virtual display is empty");
                Ok(())
            }
        }
    }

    fn launch(&mut self, process: Command, program: Program) -> Result<(), VirtualDisplayError> {
        let name = process.get_program().to_string_lossy().into_owned();
        self.spawn(process, program)
            .map_err(|error| VirtualDisplayError::Command { program: name, error })
    }

    /// Starts another terminal: who closes the last one, by accident or not, could open nothing any more.
    fn restart_terminal(&mut self) {
        for ended in self
            .clients
            .extract_if(.., |client| client.wait_until(Instant::now()).is_some())
        {
            ended.reap();
        }
        match self.start_terminal() {
            Ok(()) => {
                tracing::info!("the terminal of the virtual desktop was closed: another one is started")
            }
            Err(error) => tracing::error!(%error, "no terminal is left on the virtual desktop"),
        }
    }

    /// Starts a client of the display. Its output goes to our standard error: our standard output is for what the user
    /// asked us for.
    fn spawn(&mut self, mut command: Command, program: Program) -> io::Result<()> {
        command
            .env("DISPLAY", &self.display)
            .env("XAUTHORITY", &self.xauthority)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(io::stderr().as_fd().try_clone_to_owned()?);
        self.clients
            .push(Process::spawn(command, send_exit(&self.messages, program))?);
        Ok(())
    }

    /// Waits until it is to stop. The ends of programs before that are set in `end` or logged; a terminal is started
    /// again.
    pub(crate) fn watch(&mut self, inbox: &Receiver<Message>, end: &EndWatch) {
        let mut pauses = TERMINAL_PAUSES.pauses();
        let mut started = Instant::now();
        let mut restart: Option<Instant> = None;
        loop {
            let left = restart.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
            match inbox.recv_timeout(left) {
                Err(RecvTimeoutError::Timeout) => {
                    restart = None;
                    started = Instant::now();
                    // Without its X server, no terminal works.
                    if end.wait_timeout(Duration::ZERO).is_none() {
                        self.restart_terminal();
                    }
                }
                Ok(Message::Exited(Program::Terminal, _)) => {
                    if started.elapsed() >= TERMINAL_WORKS {
                        pauses = TERMINAL_PAUSES.pauses();
                    }
                    restart = Some(Instant::now() + pauses.next());
                }
                Ok(Message::Exited(Program::Command, status)) => {
                    tracing::info!(%status, "the program of the virtual display ended");
                    end.set(Ended::Command(status));
                }
                Ok(Message::Exited(Program::Server, status)) => {
                    tracing::error!(%status, "the X server of the virtual display ended");
                    end.set(Ended::Server(status));
                }
                Ok(Message::Exited(Program::WindowManager, status)) => {
                    tracing::warn!(%status, "the window manager of the virtual display ended");
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.clients.iter().for_each(|client| client.signal(Signal::TERM));
        let deadline = Instant::now() + STOP_LIMIT;
        for client in &self.clients {
            client.wait_until(deadline);
        }
        self.clients.drain(..).for_each(Process::reap);
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

fn send_exit(messages: &Sender<Message>, program: Program) -> impl FnOnce(ExitStatus) + Send + 'static {
    let messages = messages.clone();
    move |status| {
        let _ = messages.send(Message::Exited(program, status));
    }
}

const STOP_LIMIT: Duration = Duration::from_secs(1);
/// The pauses before another terminal: one that does not work ends again and again.
const TERMINAL_PAUSES: Backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(30));
/// The age from which a terminal that was closed counts as one that worked.
const TERMINAL_WORKS: Duration = Duration::from_secs(10);
