//! Taking a peer down, in the order that GStreamer 1.22 survives.
//!
//! 1. No more input, no more frames, and no promise of webrtcbin's is pending (the peer's task has waited).
//! 2. ICE gathering is complete, within bounds: going to NULL during it can crash.
//! 3. Signals and data channels are let go.
//! 4. The bus is flushed, and so is the SCTP encoder: with unacknowledged data and a viewer that has stopped, it
//!    spins for ever otherwise.
//! 5. NULL, on a thread of its own and watched. When that hangs, 4 and 5 come once more, since a data channel that was
//!    being made has not been flushed; when that hangs, too, the pipeline is left behind.
//! 6. A little later, the ICE agent is disposed of if something still holds it: an abort in the middle of a
//!    negotiation leaks it with its sockets.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gst::prelude::*;

use super::messages::{Inbox, Signal};
use crate::media::runtime::blocking::run_blocking;
use crate::media::runtime::peer_id::PeerId;

const GATHERING: Duration = Duration::from_secs(3);
const NULL: Duration = Duration::from_secs(5);
const DISPOSE: Duration = Duration::from_millis(1500);

/// Pipelines of this process that could not be stopped.
static ABANDONED: AtomicU32 = AtomicU32::new(0);

/// Waits until the candidates are gathered, but not for ever: 1.22 sometimes never says so.
pub(crate) async fn wait_for_gathering(inbox: &mut Inbox) {
    let complete = async {
        while let Some(signal) = inbox.next_signal().await {
            if matches!(signal, Signal::GatheringComplete) {
                break;
            }
        }
    };
    if glib::future_with_timeout(GATHERING, complete).await.is_err() {
        tracing::debug!("the candidates are not gathered; going on");
    }
}

/// Stops the pipeline. Ends when it is in NULL, or has been given up.
pub(crate) async fn stop(id: PeerId, pipeline: gst::Pipeline, webrtc: gst::Element) {
    let agent = ice_agent(&webrtc);
    if let Some(bus) = pipeline.bus() {
        bus.set_flushing(true);
    }
    let stop = || {
        let (webrtc, pipeline) = (webrtc.clone(), pipeline.clone());
        run_blocking("peer-stop", NULL, move || {
            flush_sctp(&webrtc);
            pipeline.set_state(gst::State::Null).is_ok()
        })
    };
    let is_stopped = stop().await == Some(true) || stop().await == Some(true);
    drop(webrtc);
    drop(pipeline);
    if !is_stopped {
        let abandoned = ABANDONED.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::error!(peer = %id, abandoned, "a pipeline does not stop and is left behind");
        return;
    }
    if let Some(agent) = agent {
        glib::MainContext::default().spawn_local(dispose_later(agent));
    }
}

fn ice_agent(webrtc: &gst::Element) -> Option<glib::WeakRef<glib::Object>> {
    let ice: Option<glib::Object> = webrtc.property("ice-agent");
    Some(ice?.property::<Option<glib::Object>>("agent")?.downgrade())
}

fn flush_sctp(webrtc: &gst::Element) {
    let Some(bin) = webrtc.downcast_ref::<gst::Bin>() else {
        return;
    };
    for element in bin.iterate_recurse().into_iter().flatten() {
        if element
            .factory()
            .is_some_and(|factory| factory.name() == "sctpenc")
        {
            for pad in element.sink_pads() {
                pad.send_event(gst::event::FlushStart::new());
            }
        }
    }
}

async fn dispose_later(agent: glib::WeakRef<glib::Object>) {
    glib::timeout_future(DISPOSE).await;
    if let Some(agent) = agent.upgrade() {
        dispose(&agent);
    }
}

#[allow(unsafe_code)]
fn dispose(agent: &glib::Object) {
    tracing::debug!("an ICE agent has outlived its peer and is disposed of");
    // SAFETY: a NiceAgent may be disposed of while references remain: it closes its sockets and stays an object.
    // The webrtcbin that used it is in NULL and gone.
    unsafe { agent.run_dispose() };
}
