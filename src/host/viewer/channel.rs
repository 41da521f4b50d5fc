//! What is done with a viewer's requests on its data channel.

use std::sync::atomic::Ordering;

use super::peer::Peer;
use crate::clock::{now_us, steady_ms};
use crate::desktop::{ClipboardContent, MARK_SIZE};
use crate::host::HostContext;
use crate::host::desktop::latency_marker::Measurement;
use crate::host::desktop::remote_cursors::RemoteCursor;
use crate::host::stats::frame_times;
use crate::protocol::channel::{ChannelMessage, HostMessage, SystemAction};
use crate::protocol::input::FrameSize;
use crate::protocol::role::Role;
use crate::protocol::text::ClipboardText;
use crate::session::Session;

/// The messages for a viewer of this role whose data channel has just opened: the state of the host.
pub(super) fn greeting(context: &HostContext, role: Role, follows_window: bool) -> Vec<HostMessage> {
    let mut messages = vec![
        HostMessage::System(SystemAction::Framerate(context.fps.load(Ordering::Relaxed))),
        HostMessage::System(SystemAction::VideoBitrate(context.bitrate_kbps)),
        HostMessage::System(SystemAction::AudioBitrate(AUDIO_BITRATE)),
        HostMessage::System(SystemAction::Resize(follows_window)),
        HostMessage::System(SystemAction::Encoder(context.encoder.to_string())),
    ];
    if let Some(views) = &*context.desktop.views().borrow() {
        messages.extend([resolution(views.size()), views.told_to(role)]);
    }
    messages.extend(context.desktop.cursor().map(HostMessage::Cursor));
    if *context.input.pointer_grab().changes().borrow() {
        messages.push(HostMessage::PointerMode { relative: true });
    }
    if context.desktop.is_lost() {
        messages.push(status(true));
    }
    messages
}

/// Tells whether there is a desktop to see and to act on.
pub(crate) fn status(is_lost: bool) -> HostMessage {
    let status = match is_lost {
        true => "The desktop has ended. It is shown again when it is back.",
        false => "",
    };
    HostMessage::Pipeline {
        status: status.to_owned(),
    }
}

/// Tells the size of what is shown, which a viewer's picture may have only half of.
pub(crate) fn resolution(size: FrameSize) -> HostMessage {
    HostMessage::System(SystemAction::Resolution(size.width, size.height))
}

/// The message that carries what was copied, or announces that there is something to fetch.
pub(super) fn clipboard(content: &ClipboardContent) -> HostMessage {
    let text = match content {
        ClipboardContent::Text(text) => ClipboardText::new(&**text),
        ClipboardContent::Png(_) => None,
    };
    text.map_or_else(
        || HostMessage::ClipboardLarge {
            kind: media_type(content),
            bytes: content.len(),
        },
        HostMessage::Clipboard,
    )
}

/// The MIME type.
fn media_type(content: &ClipboardContent) -> &'static str {
    match content {
        ClipboardContent::Text(_) => "text/plain;charset=utf-8",
        ClipboardContent::Png(_) => "image/png",
    }
}

/// What is said once a second on an open channel.
pub(crate) fn beat(context: &HostContext, peer: &Peer, settings: &ViewerSettings) {
    if peer.is_told() {
        if settings.frame_times {
            let (stats, messenger) = (peer.media().stats(), peer.media().messenger());
            context.tasks.spawn(async move {
                let stats = stats.await;
                let frames = stats.frames.iter().map(frame_times).collect();
                let encoder = stats.encoder;
                messenger.send_message(HostMessage::FrameTimes { encoder, frames }.encode());
            });
        }
        peer.send(&HostMessage::SystemStats(context.desktop.load()));
        peer.send(&HostMessage::Ping {
            timestamp_ms: steady_ms(),
        });
    }
}

/// What a viewer has said about itself that lasts.
#[derive(Default)]
pub(crate) struct ViewerSettings {
    /// The desktop follows the size of its window.
    pub(crate) follows_window: bool,
    /// It wants to know where the time of each frame goes.
    frame_times: bool,
    has_gamepad: bool,
    /// It measures how long its input takes to be seen.
    measurement: Option<Measurement>,
}

impl ViewerSettings {
    /// Whether the desktop follows the size of this viewer's window from now on.
    pub(crate) fn follow_window(&mut self, context: &HostContext, follows: bool) {
        if std::mem::replace(&mut self.follows_window, follows) == follows {
            return;
        }
        let desktop = context.desktop.clone();
        if follows {
            desktop.begin_following();
        } else {
            context.tasks.spawn(async move { desktop.end_following().await });
        }
    }

    /// Shows the mark to measure with. What is to be said of that: the first time, and when it is not shown.
    fn measure(&mut self, context: &HostContext, is_lit: bool) -> Option<HostMessage> {
        let is_new = self.measurement.is_none();
        if is_new {
            self.measurement = context.measuring.begin(&context.desktop);
        }
        self.end_late_measurement();
        let is_shown = self.measurement.as_ref().is_some_and(|mark| mark.show(is_lit));
        if !is_shown {
            self.measurement = None;
        }
        (is_new || !is_shown).then(|| HostMessage::Mark(is_shown.then_some(MARK_SIZE)))
    }

    /// Ends a measurement that takes longer than it may.
    pub(crate) fn end_late_measurement(&mut self) {
        self.measurement.take_if(|measurement| measurement.is_over());
    }

    /// Ends what went by a channel that is closed.
    pub(crate) fn end_measurement(&mut self) {
        self.measurement = None;
    }
}

/// Does what a viewer asks for. What takes its time happens in a task of its own.
pub(crate) async fn act(
    context: &HostContext,
    peer: &mut Peer,
    settings: &mut ViewerSettings,
    remote_cursor: &mut RemoteCursor,
    session: &Session,
    message: ChannelMessage,
) {
    match message {
        ChannelMessage::SetVideoBitrate { kbps } => drop(peer.media().set_bitrate(kbps)),
        ChannelMessage::SetQuality { percent } => {
            let kbps = context.bitrate_kbps * percent.clamp(1, 100) / 100;
            let _ = peer.media().set_bitrate(kbps);
        }
        ChannelMessage::Pause(paused) => drop(peer.media().set_paused(paused)),
        ChannelMessage::SetFramerate { fps } => {
            let fps = fps.clamp(1, 240);
            context.fps.store(fps, Ordering::Relaxed);
            context.media.set_framerate(fps).await;
        }
        ChannelMessage::DisplayLate => context.media.skip_frame().await,
        ChannelMessage::RequestKeyframe => drop(peer.media().request_key_frame()),
        ChannelMessage::PointerVisible(visible) => peer.set_pointer_drawn(visible),
        ChannelMessage::Measure(None) => settings.end_measurement(),
        ChannelMessage::Measure(Some(is_lit)) => {
            settings
                .measure(context, is_lit)
                .inspect(|message| peer.send(message));
        }
        ChannelMessage::Pointers(wanted) => remote_cursor.set_wants(wanted),
        ChannelMessage::Point(place) => remote_cursor.point(place),
        ChannelMessage::Resize { enabled, size } => {
            settings.follow_window(context, enabled.unwrap_or(settings.follows_window));
            if let (true, Some(size)) = (settings.follows_window, size) {
                let desktop = context.desktop.clone();
                context.tasks.spawn(async move { desktop.resize(size).await });
            }
        }
        ChannelMessage::Show(id) => context.desktop.show(id),
        ChannelMessage::ClipboardRead => {
            if let Ok(Some(content)) = context.desktop.read_clipboard().await {
                let message = clipboard(&content);
                if session.knows(&message) {
                    peer.send(&message);
                }
            }
        }
        ChannelMessage::ClipboardWrite(text) => {
            let (desktop, text) = (context.desktop.clone(), ClipboardContent::from(text.as_str()));
            context
                .tasks
                .spawn(async move { desktop.write_clipboard(text).await });
        }
        ChannelMessage::Ping { timestamp, sequence } => peer.send(&HostMessage::Pong {
            timestamp,
            sequence,
            server_time_ms: now_us() as f64 / 1000.0,
        }),
        ChannelMessage::FrameTimes(enabled) => settings.frame_times = enabled,
        ChannelMessage::Pong { timestamp_ms } => {
            let round_trip = steady_ms() as f64 - timestamp_ms;
            if (0.0..60_000.0).contains(&round_trip) {
                peer.send(&HostMessage::Latency { ms: round_trip / 2.0 });
            }
        }
        ChannelMessage::Control { id, error } => {
            peer.send(&HostMessage::ControlResponse {
                id,
                error: error.map(str::to_owned),
            });
        }
        ChannelMessage::Gamepad(_) => {
            if !std::mem::replace(&mut settings.has_gamepad, true) {
                tracing::info!("the viewer has a gamepad; there are none on this host, so it does nothing");
            }
        }
        ChannelMessage::Report(report) => tracing::debug!(?report, "the viewer measures"),
        ChannelMessage::Scale(scale) if settings.follows_window => context.desktop.set_scale(scale),
        ChannelMessage::Scale(_) | ChannelMessage::SetAudioBitrate { .. } | ChannelMessage::Input(_) => {}
    }
}

/// Of the silence that is sent as sound, in bit/s.
const AUDIO_BITRATE: u32 = 64_000;
