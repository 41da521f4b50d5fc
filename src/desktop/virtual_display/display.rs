//! A private X display with a window manager and a program in it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use super::end_watch::{EndWatch, Ended};
use super::error::VirtualDisplayError;
use super::options::VirtualOptions;
use super::session::{Message, Session};
use super::xauthority::Cookie;

/// An Xvfb of our own, which only those with its cookie may use, with a window manager and one program. Its screen can
/// be resized up to 3840x2160, or to what it was started with where that is more.
///
/// Closed by [`stop`](VirtualDisplay::stop) or by dropping it: programs first, then the X server, then its files.
/// If this process is killed instead, the system ends them all with SIGTERM; only the directory with the cookie stays
/// behind, until the next host removes it. (That signal is bound to the thread that started a program, which is
/// therefore one of our own and lives as long as the display. It may be started from any thread.)
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
        let sides = VirtualOptions::SIDES;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(VirtualDisplayError::Size { width, height });
        }
        let cookie = Cookie::random().map_err(VirtualDisplayError::Resources)?;
        let end = EndWatch::default();
        let (messages, inbox) = channel();
        let (starting, started) = channel();
        let thread = {
            let (cookie, end, messages) = (cookie.clone(), end.clone(), messages.clone());
            let own = move || match Session::start(&options, &cookie, &messages) {
                Ok(mut session) => {
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
        tracing::info!(display = name, width, height, "started a virtual display");
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

    /// A watch for the end of the program or of the display.
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
}
