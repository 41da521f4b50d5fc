//! A private X display with a window manager and a program in it.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::Process;
use super::programs::{TERMINALS, WINDOW_MANAGERS, first_installed};
use super::server::Server;
use super::xauthority::{self, Cookie, PrivateDir};

/// What a [`VirtualDisplay`] is to be.
#[derive(Debug, Clone)]
pub struct VirtualOptions {
    /// In pixels, 16 to 8192.
    pub width: u32,
    /// In pixels, 16 to 8192.
    pub height: u32,
    /// The program to run in it, with its arguments. Empty: a terminal, if there is one.
    pub command: Vec<String>,
}

/// An Xvfb of our own, which only those with its cookie may use, with a window manager and one program.
///
/// Closed by [`stop`](VirtualDisplay::stop) or by dropping it: programs first, then the X server, then its files.
/// If this process is killed instead, the system ends them all with SIGTERM; only the directory with the cookie
/// stays behind. (That signal is bound to the thread that started a program, which is therefore one of our own and
/// lives as long as the display. It may be started from any thread.)
pub struct VirtualDisplay {
    display: String,
    xauthority: PathBuf,
    cookie: Cookie,
    end: EndWatch,
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl VirtualDisplay {
    /// Starts the X server, waits until it accepts clients (10 s at most), and starts the programs.
    ///
    /// # Errors
    /// See [`VirtualDisplayError`]. Whatever was started is ended again.
    pub fn start(options: VirtualOptions) -> Result<VirtualDisplay, VirtualDisplayError> {
        let (width, height) = (options.width, options.height);
        if !SIZES.contains(&width) || !SIZES.contains(&height) {
            return Err(VirtualDisplayError::Size { width, height });
        }
        let cookie = Cookie::random().map_err(VirtualDisplayError::Resources)?;
        let end = EndWatch::default();
        let (messages, inbox) = channel();
        let (starting, started) = channel();
        let thread = {
            let (cookie, end, messages) = (cookie.clone(), end.clone(), messages.clone());
            let own = move || match Session::start(&options, &cookie, &messages) {
                Ok(session) => {
                    let _ = starting.send(Ok((session.display.clone(), session.xauthority.clone())));
                    session.watch(&inbox, &end);
                    drop(session);
                    end.set(Ended::Stopped);
                }
                Err(error) => {
                    let _ = starting.send(Err(error));
                }
            };
            thread::Builder::new()
                .name("desktop".into())
                .spawn(own)
                .map_err(VirtualDisplayError::Resources)?
        };
        let gone = || VirtualDisplayError::Resources(io::Error::other("the thread of the display panicked"));
        let (name, xauthority) = started.recv().map_err(|_| gone())??;
        tracing::info!(display = name, width, height, "a virtual display runs");
        Ok(VirtualDisplay {
            display: name,
            xauthority,
            cookie,
            end,
            messages,
            thread: Some(thread),
        })
    }

    /// The name for `DISPLAY`, like ":1".
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The file for `XAUTHORITY`. It is gone when the display is.
    pub fn xauthority(&self) -> &Path {
        &self.xauthority
    }

    /// The MIT-MAGIC-COOKIE-1 of the display, for clients in this process. A secret: not to be logged.
    pub fn cookie(&self) -> &[u8; 16] {
        self.cookie.bytes()
    }

    /// Tells when the program or the display has ended.
    pub fn end(&self) -> EndWatch {
        self.end.clone()
    }

    /// Ends the programs and the X server and removes their files. Takes about two seconds at most if none resists,
    /// five in the worst case.
    pub fn stop(self) {}
}

impl Drop for VirtualDisplay {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the virtual display panicked");
        }
    }
}

/// Learns the end of a [`VirtualDisplay`]. The first end counts.
#[derive(Clone, Default)]
pub struct EndWatch {
    shared: Arc<(Mutex<Option<Ended>>, Condvar)>,
}

impl EndWatch {
    /// Blocks until the end; for a thread that may wait. Stopping the display ends the waiting too.
    pub fn wait(&self) -> Ended {
        loop {
            if let Some(ended) = self.wait_timeout(Duration::from_secs(3600)) {
                return ended;
            }
        }
    }

    /// Blocks until the end, at most for `limit`.
    pub fn wait_timeout(&self, limit: Duration) -> Option<Ended> {
        let (ended, changed) = &*self.shared;
        let deadline = Instant::now() + limit;
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            if ended.is_some() || rest.is_zero() {
                return *ended;
            }
            ended = changed
                .wait_timeout(ended, rest)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn set(&self, end: Ended) {
        let (ended, changed) = &*self.shared;
        ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(end);
        changed.notify_all();
    }
}

/// How a [`VirtualDisplay`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The program ended by itself, with this status. The display still runs.
    Command(ExitStatus),
    /// The X server ended by itself, with this status.
    Server(ExitStatus),
    /// It was stopped.
    Stopped,
}

/// Why there is no virtual display. The text says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum VirtualDisplayError {
    /// A side is too short or too long.
    Size {
        /// As asked for, in pixels.
        width: u32,
        /// As asked for, in pixels.
        height: u32,
    },
    /// Xvfb is not on the PATH.
    NoXvfb,
    /// Xvfb did not start, for this reason.
    Server(String),
    /// The program that was asked for could not be started.
    Command {
        /// Its name, as asked for.
        program: String,
        /// The reason.
        error: io::Error,
    },
    /// A file of ours could not be written.
    Files {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The system refused a thread or random numbers.
    Resources(io::Error),
}

impl VirtualDisplayError {
    pub(super) fn files(path: &Path, error: io::Error) -> VirtualDisplayError {
        VirtualDisplayError::Files {
            path: path.to_owned(),
            error,
        }
    }
}

impl fmt::Display for VirtualDisplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VirtualDisplayError::Size { width, height } => write!(
                f,
                "a virtual display of {width}x{height} is not possible: each side must have {} to {} pixels",
                SIZES.start(),
                SIZES.end()
            ),
            VirtualDisplayError::NoXvfb => {
                f.write_str("there is no Xvfb on the PATH; install it (Debian and Ubuntu: apt install xvfb)")
            }
            VirtualDisplayError::Server(reason) => write!(f, "Xvfb did not start: {reason}"),
            VirtualDisplayError::Command { program, error } => {
                write!(f, "cannot start the program {program}: {error}")
            }
            VirtualDisplayError::Files { path, error } => {
                write!(f, "cannot write {}: {error}", path.display())
            }
            VirtualDisplayError::Resources(error) => write!(f, "cannot start a virtual display: {error}"),
        }
    }
}

impl std::error::Error for VirtualDisplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            VirtualDisplayError::Command { error, .. }
            | VirtualDisplayError::Files { error, .. }
            | VirtualDisplayError::Resources(error) => Some(error),
            VirtualDisplayError::Size { .. }
            | VirtualDisplayError::NoXvfb
            | VirtualDisplayError::Server(_) => None,
        }
    }
}

enum Message {
    Exited(Program, ExitStatus),
    Stop,
}

#[derive(Debug, Clone, Copy)]
enum Program {
    Server,
    WindowManager,
    Command,
}

/// What runs, owned by the thread "desktop". Dropping it ends everything in order.
struct Session {
    display: String,
    xauthority: PathBuf,
    clients: Vec<Process>,
    server: Option<Server>,
    messages: Sender<Message>,
    /// Dropped last: the X server reads from it.
    _dir: PrivateDir,
}

impl Session {
    fn start(
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
        let on_exit = tell(messages, Program::Server);
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
        session.start_window_manager();
        session.start_command(&options.command)?;
        Ok(session)
    }

    fn start_window_manager(&mut self) {
        let Some(program) = first_installed(WINDOW_MANAGERS, std::env::var_os("PATH").as_deref()) else {
            tracing::info!("no window manager is installed: windows will have no frames");
            return;
        };
        match self.spawn(Command::new(&program), Program::WindowManager) {
            Ok(()) => tracing::info!(program = %program.display(), "a window manager runs"),
            Err(error) => {
                tracing::warn!(program = %program.display(), %error, "the window manager could not be started");
            }
        }
    }

    fn start_command(&mut self, command: &[String]) -> Result<(), VirtualDisplayError> {
        let terminal = || first_installed(TERMINALS, std::env::var_os("PATH").as_deref());
        let program = match command.first() {
            Some(program) => PathBuf::from(program),
            None => match terminal() {
                Some(terminal) => terminal,
                None => {
                    tracing::info!("no terminal is installed: the virtual display is empty");
                    return Ok(());
                }
            },
        };
        let mut process = Command::new(&program);
        process.args(command.iter().skip(1));
        self.spawn(process, Program::Command)
            .map_err(|error| VirtualDisplayError::Command {
                program: program.display().to_string(),
                error,
            })
    }

    /// Starts a client of the display. What it writes goes to our standard error: the standard output is for what
    /// the user asked us for.
    fn spawn(&mut self, mut command: Command, program: Program) -> io::Result<()> {
        command
            .env("DISPLAY", &self.display)
            .env("XAUTHORITY", &self.xauthority)
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null())
            .stdout(io::stderr().as_fd().try_clone_to_owned()?);
        self.clients
            .push(Process::spawn(command, tell(&self.messages, program))?);
        Ok(())
    }

    /// Waits until it is to stop. Everything that ends before is told to `end` or logged.
    fn watch(&self, inbox: &Receiver<Message>, end: &EndWatch) {
        loop {
            match inbox.recv() {
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
                Ok(Message::Stop) | Err(_) => return,
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

fn tell(messages: &Sender<Message>, program: Program) -> impl FnOnce(ExitStatus) + Send + 'static {
    let messages = messages.clone();
    move |status| {
        let _ = messages.send(Message::Exited(program, status));
    }
}

const SIZES: std::ops::RangeInclusive<u32> = 16..=8192;
const STOP_LIMIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(width: u32, height: u32) -> String {
        let options = VirtualOptions {
            width,
            height,
            command: Vec::new(),
        };
        VirtualDisplay::start(options).err().unwrap().to_string()
    }

    #[test]
    fn sizes_out_of_bounds_are_refused() {
        for (width, height) in [(15, 480), (640, 15), (8193, 480), (640, 8193), (0, 0)] {
            let error = refused(width, height);
            assert!(
                error.contains(&format!("{width}x{height}")) && error.contains("16 to 8192"),
                "{error}"
            );
        }
    }

    #[test]
    fn the_error_about_xvfb_names_the_package() {
        assert!(VirtualDisplayError::NoXvfb.to_string().contains("xvfb"));
    }

    #[test]
    fn the_first_end_counts() {
        let end = EndWatch::default();
        assert_eq!(end.wait_timeout(Duration::ZERO), None);
        let waiting = end.clone();
        let waiter = thread::spawn(move || waiting.wait());
        end.set(Ended::Stopped);
        end.set(Ended::Server(ExitStatus::default()));
        assert_eq!(waiter.join().unwrap(), Ended::Stopped);
    }
}
