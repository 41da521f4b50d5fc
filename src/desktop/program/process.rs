//! A program that we started, with all the processes that it started.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process_group, set_parent_process_death_signal,
    waitid,
};

use crate::sync::lock;

/// A program in a process group of its own.
///
/// It gets SIGTERM when the thread that started it ends, however that happens. Its exit is noticed at once, but its
/// process id stays taken until [`reap`](Process::reap), so that signals cannot reach another program.
pub(in crate::desktop) struct Process {
    child: Child,
    group: Pid,
    exit: Arc<Exit>,
}

impl Process {
    /// Starts `command`. `on_exit` is called once, on a thread of its own, when the program has ended.
    pub(in crate::desktop) fn spawn(
        mut command: Command,
        on_exit: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> io::Result<Process> {
        command.process_group(0);
        die_with_this_thread(&mut command);
        let child = command.spawn()?;
        let group = Pid::from_child(&child);
        let mut process = Process {
            child,
            group,
            exit: Arc::default(),
        };
        let exit = process.exit.clone();
        let waiter = thread::Builder::new().name("desktop-wait".into()).spawn(move || {
            if let Some(status) = wait_without_reaping(group) {
                exit.set(status);
                on_exit(status);
            }
        });
        if let Err(error) = waiter {
            process.signal(Signal::KILL);
            let _ = process.child.wait();
            return Err(error);
        }
        Ok(process)
    }

    /// Takes the pipe from the program's standard output, if it is one. Once.
    pub(in crate::desktop) fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Sends `signal` to the program and to all processes of its group.
    pub(in crate::desktop) fn signal(&self, signal: Signal) {
        // The group exists: its leader was not reaped.
        if let Err(error) = kill_process_group(self.group, signal) {
            tracing::debug!(pid = self.child.id(), %error, "cannot signal a process group");
        }
    }

    /// Waits for the program's end, until `deadline`.
    pub(in crate::desktop) fn wait_until(&self, deadline: Instant) -> Option<ExitStatus> {
        self.exit.wait_until(deadline)
    }

    /// Kills the rest of the program's group and frees its process id.
    pub(in crate::desktop) fn reap(mut self) {
        self.signal(Signal::KILL);
        if self.wait_until(Instant::now() + KILL_LIMIT).is_none() {
            tracing::warn!(pid = self.child.id(), "a process does not end");
            return;
        }
        let _ = self.child.wait();
    }
}

/// Lets the program get SIGTERM when the thread that starts it ends.
#[allow(unsafe_code)]
fn die_with_this_thread(command: &mut Command) {
    let parent = getpid();
    let ask_for_signal = move || {
        set_parent_process_death_signal(Some(Signal::TERM))?;
        // The parent may have been killed before the request.
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(Errno::SRCH.into())
        }
    };
    // SAFETY: between fork and exec the closure makes two system calls; it neither allocates nor locks.
    unsafe {
        command.pre_exec(ask_for_signal);
    }
}

fn wait_without_reaping(pid: Pid) -> Option<ExitStatus> {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(status) => {
                let status = status?;
                let signal = status.terminating_signal();
                let raw = signal.unwrap_or_else(|| (status.exit_status().unwrap_or(0) & 0xff) << 8);
                return Some(ExitStatus::from_raw(raw));
            }
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// The exit status, set once when the program has ended.
#[derive(Default)]
struct Exit {
    status: Mutex<Option<ExitStatus>>,
    set: Condvar,
}

impl Exit {
    fn set(&self, status: ExitStatus) {
        *self.lock() = Some(status);
        self.set.notify_all();
    }

    fn wait_until(&self, deadline: Instant) -> Option<ExitStatus> {
        let mut status = self.lock();
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            if status.is_some() || rest.is_zero() {
                return *status;
            }
            status = self
                .set
                .wait_timeout(status, rest)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        lock(&self.status)
    }
}

/// The longest time that the system may take to end a process that was killed.
const KILL_LIMIT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::sync::mpsc::channel;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn soon() -> Instant {
        Instant::now() + LIMIT
    }

    #[test]
    fn the_exit_status_is_reported() {
        let (sender, receiver) = channel();
        let process = Process::spawn(shell("exit 7"), move |status| sender.send(status).unwrap()).unwrap();
        assert_eq!(receiver.recv_timeout(LIMIT).unwrap().code(), Some(7));
        assert_eq!(
            process.wait_until(soon()).and_then(|status| status.code()),
            Some(7)
        );
        process.reap();
    }

    #[test]
    fn reaping_leaves_nothing_of_the_group() {
        let mut command = shell("(trap '' TERM; echo ready; sleep 1000) & wait");
        command.stdout(Stdio::piped());
        let mut process = Process::spawn(command, |_| {}).unwrap();
        let mut output = BufReader::new(process.take_stdout().unwrap());
        let mut ready = String::new();
        output.read_line(&mut ready).unwrap();
        process.signal(Signal::TERM);
        assert_eq!(
            process.wait_until(soon()).and_then(|status| status.signal()),
            Some(15)
        );
        process.reap();
        // The pipe ends with the last process that has it.
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(output.read_line(&mut String::new()).unwrap()));
        assert_eq!(receiver.recv_timeout(LIMIT), Ok(0));
    }

    #[test]
    fn the_end_of_the_starting_thread_ends_the_program() {
        let process = thread::spawn(|| Process::spawn(shell("exec sleep 1000"), |_| {}).unwrap())
            .join()
            .unwrap();
        assert_eq!(
            process.wait_until(soon()).and_then(|status| status.signal()),
            Some(15)
        );
        process.reap();
    }
}
