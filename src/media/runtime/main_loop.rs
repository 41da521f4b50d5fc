//! The thread of the glib main loop. It iterates the *default* context, because GStreamer 1.22 resolves names and frees
//! sockets there.

use std::sync::Mutex;

use crate::sync::lock;

/// Starts the thread, once per process. Returns when the main loop owns the default context: before that, `invoke`
/// would run on the caller's thread.
pub(crate) fn start() -> std::io::Result<()> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = lock(&STARTED);
    if !*started {
        let (ready, owned) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || {
                let context = glib::MainContext::default();
                let _owner = context
                    .acquire()
                    .expect("no other thread iterates the default context");
                let _ = ready.send(());
                glib::MainLoop::new(Some(&context), false).run();
            })?;
        owned.recv().map_err(std::io::Error::other)?;
        *started = true;
    }
    Ok(())
}
