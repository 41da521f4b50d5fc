//! The data channel: a viewer's requests there, and the host's messages.

use std::sync::atomic::Ordering;

use super::peer::Peer;
use super::settings::ViewerSettings;
use super::task::Viewer;
use crate::clock::{now_us, steady_ms};
use crate::desktop::{ClipboardContent, ClipboardError};
use crate::host::context::HostContext;
use crate::host::stats::frame_times;
use crate::input::Hold;
use crate::protocol::channel::{ChannelMessage, HostMessage, SystemAction};
use crate::protocol::input::FrameSize;
use crate::protocol::role::{Permission, Role};
use crate::protocol::text::ClipboardText;
use crate::session::PeerKey;

/// The bitrate of the silence that is sent as sound, in bit/s.
const AUDIO_BITRATE: u32 = 64_000;

impl Viewer {
    /// Does what the viewer asks for by the channel of this peer. What takes its time happens in a task of its own.
    pub(super) async fn act(&mut self, key: PeerKey, message: ChannelMessage) {
        // The viewer may have lost the control since the message came.
        if self.gate.check(message.permission()).is_err() {
            return;
        }
        let (context, settings) = (&self.context, &mut self.settings);
        let desktop = &context.desktop.handle;
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        match message {
            ChannelMessage::SetVideoBitrate { kbps } => drop(peer.media().set_bitrate(kbps)),
            ChannelMessage::SetQuality { percent } => {
                let kbps = context.config.bitrate_kbps * percent.clamp(1, 100) / 100;
                let _ = peer.media().set_bitrate(kbps);
            }
            ChannelMessage::Pause(paused) => drop(peer.media().set_paused(paused)),
            ChannelMessage::SetFramerate { fps } => {
                let fps = fps.clamp(1, 240);
                context.media.fps.store(fps, Ordering::Relaxed);
                context.media.handle.set_framerate(fps).await;
            }
            ChannelMessage::DisplayLate => context.media.handle.skip_frame().await,
            ChannelMessage::RequestKeyframe => drop(peer.media().request_key_frame()),
            ChannelMessage::PointerVisible(visible) => peer.set_pointer_drawn(visible),
            ChannelMessage::Measure(None) => settings.end_measurement(),
            ChannelMessage::Measure(Some(is_lit)) => {
                settings
                    .measure(context, is_lit)
                    .inspect(|message| peer.send(message));
            }
            ChannelMessage::Pointers(wanted) => self.feeds.remote_cursor().set_wants(wanted),
            ChannelMessage::Point(place) => self.feeds.remote_cursor().point(place),
            ChannelMessage::Resize { enabled, size } => {
                settings.follow_window(context, enabled.unwrap_or(settings.follows_window()));
                if let (true, Some(size)) = (settings.follows_window(), size) {
                    let desktop = desktop.clone();
                    context.tasks.spawn(async move { desktop.resize(size).await });
                }
            }
            ChannelMessage::Show(id) => desktop.show(id),
            ChannelMessage::ClipboardRead => {
                if let Ok(Some(content)) = desktop.read_clipboard().await
                    && self.gate.check(Some(Permission::ClipboardRead)).is_ok()
                {
                    let message = clipboard(&content);
                    if self.session.knows(&message) {
                        peer.send(&message);
                    }
                }
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
                    tracing::info!(
                        "the viewer has a gamepad; there are none on this host, so it does nothing"
                    );
                }
            }
            ChannelMessage::Report(report) => tracing::debug!(?report, "the viewer measures"),
            ChannelMessage::Scale(scale) if settings.follows_window() => desktop.set_scale(scale),
            // The reader of the channel makes another request of the first.
            ChannelMessage::ClipboardWrite(_)
            | ChannelMessage::Scale(_)
            | ChannelMessage::SetAudioBitrate { .. }
            | ChannelMessage::Input(_) => {}
        }
    }

    /// Sets the clipboard, in a task of its own, when the input before has been done, and if the viewer still may. If it
    /// cannot be set, the key for which it is set is not pressed, and the viewer is told.
    pub(super) fn set_clipboard(&self, key: PeerKey, text: ClipboardText, mut hold: Hold) {
        let desktop = self.context.desktop.handle.clone();
        let messenger = self.peers.get(&key).map(|peer| peer.media().messenger());
        let by = self.session.client_id().to_owned();
        let is_known = self.session.knows(&clipboard_unavailable(""));
        let permissions = self.gate.permissions();
        self.context.tasks.spawn(async move {
            hold.turn().await;
            // The turn also comes when the control is lost: the input before is dropped then.
            if !permissions.allows(Permission::ClipboardWrite) {
                return hold.fail();
            }
            if let Err(error) = desktop.write_clipboard(text.as_str().into(), by).await {
                hold.fail();
                if let Some(messenger) = messenger.filter(|_| is_known) {
                    messenger.send_message(clipboard_unavailable(reason(error)).encode());
                }
            }
        });
    }
}

/// The messages for a viewer of this role whose data channel has just opened: the state of the host.
pub(super) fn greeting(context: &HostContext, role: Role, follows_window: bool) -> Vec<HostMessage> {
    let (media, desktop) = (&context.media, &context.desktop);
    let mut messages = vec![
        HostMessage::System(SystemAction::Framerate(media.fps.load(Ordering::Relaxed))),
        HostMessage::System(SystemAction::VideoBitrate(context.config.bitrate_kbps)),
        HostMessage::System(SystemAction::AudioBitrate(AUDIO_BITRATE)),
        HostMessage::System(SystemAction::Resize(follows_window)),
        HostMessage::System(SystemAction::Encoder(media.encoder.to_string())),
    ];
    if let Some(views) = &*desktop.handle.views().borrow() {
        messages.extend([resolution(views.size()), views.message_for(role)]);
    }
    messages.extend(desktop.handle.cursor().map(HostMessage::Cursor));
    if *desktop.input.pointer_grab().changes().borrow() {
        messages.push(HostMessage::PointerMode { relative: true });
    }
    if desktop.handle.is_lost() {
        messages.push(status(true));
    }
    // From the first ping on, the page notices silence.
    messages.push(ping());
    messages
}

fn ping() -> HostMessage {
    HostMessage::Ping {
        timestamp_ms: steady_ms(),
    }
}

/// The message that there is no desktop to see and to act on, or that it is back.
pub(super) fn status(is_lost: bool) -> HostMessage {
    let status = match is_lost {
        true => "The desktop has ended. It is shown again when it is back.",
        false => "",
    };
    HostMessage::Pipeline {
        status: status.to_owned(),
    }
}

/// The message with the size of the part that is shown. A viewer's video may have half of it.
pub(super) fn resolution(size: FrameSize) -> HostMessage {
    HostMessage::System(SystemAction::Resolution(size.width, size.height))
}

/// The message that carries what was copied, or announces that there is something to fetch.
pub(super) fn clipboard(content: &ClipboardContent) -> HostMessage {
    let text = match content {
        ClipboardContent::Text(text) => ClipboardText::new(&**text),
        ClipboardContent::Image(..) => None,
    };
    text.map_or_else(
        || HostMessage::ClipboardLarge {
            kind: media_type(content),
            bytes: content.len(),
        },
        HostMessage::Clipboard,
    )
}

/// The message that the clipboard has other content, which is not passed on, with a sentence for the viewer.
pub(super) fn clipboard_unavailable(reason: &str) -> HostMessage {
    HostMessage::ClipboardUnavailable {
        reason: reason.to_owned(),
    }
}

/// The reason why the viewer's clipboard and that of the desktop differ, as a sentence that the page translates.
pub(super) fn reason(error: ClipboardError) -> &'static str {
    match error {
        ClipboardError::TooLarge => "What was copied on the desktop is too large: the limit is 8 MiB",
        ClipboardError::TimedOut => "The program on the desktop does not hand over what was copied",
        ClipboardError::UnknownKind => "What was copied on the desktop is neither text nor an image",
        ClipboardError::NotTaken => "The program on the desktop did not take all of what was pasted",
        ClipboardError::Busy | ClipboardError::Lost | ClipboardError::NoDisplay => {
            "The clipboard of the desktop is not available"
        }
    }
}

/// Sends what is sent once a second on an open channel.
pub(super) fn beat(context: &HostContext, peer: &Peer, settings: &ViewerSettings) {
    if !peer.takes_messages() {
        return;
    }
    if settings.frame_times {
        let (stats, messenger) = (peer.media().stats(), peer.media().messenger());
        context.tasks.spawn(async move {
            let stats = stats.await;
            let frames = stats.frames.iter().map(frame_times).collect();
            let encoder = stats.encoder;
            messenger.send_message(HostMessage::FrameTimes { encoder, frames }.encode());
        });
    }
    peer.send(&HostMessage::SystemStats(context.desktop.handle.load()));
    peer.send(&ping());
}

/// The MIME type.
fn media_type(content: &ClipboardContent) -> &'static str {
    match content {
        ClipboardContent::Text(_) => "text/plain;charset=utf-8",
        ClipboardContent::Image(kind, _) => kind.media_type(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_translation_of_the_status() {
        let HostMessage::Pipeline { status } = status(true) else {
            panic!("it is another message");
        };
        let translations = include_str!("../../web/client/ui/strings.js");
        assert!(translations.contains(&format!("'{status}'")), "{status}");
    }

    #[test]
    fn the_page_has_a_translation_of_every_reason() {
        let translations = include_str!("../../web/client/ui/strings.js");
        for error in [
            ClipboardError::TooLarge,
            ClipboardError::TimedOut,
            ClipboardError::UnknownKind,
            ClipboardError::NotTaken,
            ClipboardError::Busy,
        ] {
            let reason = reason(error);
            assert!(translations.contains(&format!("'{reason}'")), "{reason}");
        }
    }
}
