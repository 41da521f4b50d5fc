//! The teardown of a peer, in the order that GStreamer 1.22 survives.
//!
//! 1. Input and frames are stopped, and no promise of webrtcbin is pending (the peer's task has waited for it).
//! 2. ICE gathering is complete, within a timeout: going to NULL during it can crash.
//! 3. Signal handlers are disconnected, and data channels released.
//! 4. The bus is flushed, and so is the SCTP encoder: with unacknowledged data and a viewer that no longer receives, it
//!    would spin forever.
//! 5. NULL, on a thread of its own, with a timeout. If that hangs, steps 4 and 5 are repeated, since a data channel that
//!    was being created has not been flushed; if that hangs as well, the pipeline is abandoned.
//! 6. A little later, the ICE agent is disposed of if it is still referenced: an abort during a negotiation leaks it with
//!    its sockets.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gst::prelude::*;

use super::messages::{Inbox, Signal};
use crate::media::runtime::blocking::run_blocking;
use crate::media::runtime::peer_id::PeerId;

const GATHERING: Duration = Duration::from_secs(3);
const NULL: Duration = Duration::from_secs(5);
const DISPOSE: Duration = Duration::from_millis(1500);

/// Number of pipelines of this process that could not be stopped.
static ABANDONED: AtomicU32 = AtomicU32::new(0);

/// Waits until all candidates are gathered, within a timeout: GStreamer 1.22 sometimes never reports that.
pub(crate) async fn wait_for_gathering(inbox: &mut Inbox) {
    let complete = async {
        while let Some(signal) = inbox.next_signal().await {
            if matches!(signal, Signal::GatheringComplete) {
                break;
            }
        }
    };
    if glib::future_with_timeout(GATHERING, complete).await.is_err() {
        tracing::debug!("ICE gathering did not complete; continuing");
    }
}

/// Stops the pipeline. Returns when it is in NULL or abandoned.
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
        tracing::error!(peer = %id, abandoned, "a pipeline did not stop and is abandoned");
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
    tracing::debug!("disposing of an ICE agent that has outlived its peer");
    // SAFETY: a NiceAgent may be disposed of while references remain: it closes its sockets and stays a valid object.
    // The webrtcbin that used it is in NULL and released.
    unsafe { agent.run_dispose() };
}
