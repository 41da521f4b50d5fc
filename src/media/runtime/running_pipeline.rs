//! A pipeline that stops when dropped.

use std::time::Duration;

use gst::prelude::*;

use super::blocking::run_blocking;
use super::mailbox::MailboxSender;

/// A pipeline that goes to NULL when this is dropped, on a thread of its own because that may block.
#[derive(Debug)]
pub(crate) struct RunningPipeline {
    pipeline: gst::Pipeline,
    stop_thread: &'static str,
    bus_watch: Option<gst::bus::BusWatchGuard>,
    /// Dropped when the pipeline has stopped.
    stopped: Option<MailboxSender<()>>,
}

impl RunningPipeline {
    /// Takes ownership of `pipeline`. `stop_thread` names the thread that will stop it.
    pub(crate) fn new(stop_thread: &'static str, pipeline: gst::Pipeline) -> Self {
        Self {
            pipeline,
            stop_thread,
            bus_watch: None,
            stopped: None,
        }
    }

    /// Adds a sender that is dropped when the pipeline has stopped.
    pub(crate) fn with_stop_notice(mut self, stopped: Option<MailboxSender<()>>) -> Self {
        self.stopped = stopped;
        self
    }

    /// Calls `lost` on the main loop with the first error, or at the end of the stream. Warnings are logged.
    ///
    /// # Errors
    /// If the bus already has a watch.
    pub(crate) fn watch_bus(&mut self, lost: impl Fn(String) + Send + 'static) -> Result<(), String> {
        let bus = self.pipeline.bus().ok_or("the pipeline has no bus")?;
        let name = self.stop_thread.trim_end_matches("-stop");
        let watch = bus.add_watch(move |_, message| {
            match message.view() {
                gst::MessageView::Error(error) => lost(error.error().to_string()),
                gst::MessageView::Eos(_) => lost("end of stream".to_owned()),
                gst::MessageView::Warning(warning) => {
                    tracing::warn!(pipeline = name, "{}", warning.error());
                    return glib::ControlFlow::Continue;
                }
                gst::MessageView::Info(info) => {
                    tracing::info!(pipeline = name, "{}", info.error());
                    return glib::ControlFlow::Continue;
                }
                _ => return glib::ControlFlow::Continue,
            }
            glib::ControlFlow::Break
        });
        self.bus_watch = Some(watch.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Sets the pipeline to PLAYING on a thread called `thread`, within `limit`.
    ///
    /// # Errors
    /// The error that an element has posted, unless a bus watch receives those, or GStreamer's own message.
    pub(crate) async fn play(&self, thread: &'static str, limit: Duration) -> Result<(), String> {
        let pipeline = self.pipeline.clone();
        match run_blocking(thread, limit, move || pipeline.set_state(gst::State::Playing)).await {
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) => Err(self
                .first_error()
                .unwrap_or_else(|| "it does not start".to_owned())),
            None => Err(format!("not started within {} s", limit.as_secs())),
        }
    }

    fn first_error(&self) -> Option<String> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(error.error().to_string()),
            _ => None,
        }
    }
}

impl std::ops::Deref for RunningPipeline {
    type Target = gst::Pipeline;

    fn deref(&self) -> &gst::Pipeline {
        &self.pipeline
    }
}

impl Drop for RunningPipeline {
    fn drop(&mut self) {
        self.bus_watch = None;
        let (pipeline, stopped) = (self.pipeline.clone(), self.stopped.take());
        let spawned = std::thread::Builder::new()
            .name(self.stop_thread.to_owned())
            .spawn(move || {
                let _ = pipeline.set_state(gst::State::Null);
                drop(stopped);
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "cannot stop a pipeline");
        }
    }
}
