//! The permissions that messages on the data channel need.

use super::message::ChannelMessage;
use crate::protocol::role::Permission;

impl ChannelMessage {
    /// The permission that this needs; `None` if every viewer may send it.
    pub(crate) fn permission(&self) -> Option<Permission> {
        match self {
            Self::Input(event) => event.permission(),
            // They serve only viewers that can act.
            Self::Gamepad(_) | Self::Measure(_) | Self::DisplayLate => Some(Permission::Pointer),
            Self::ClipboardRead => Some(Permission::ClipboardRead),
            Self::ClipboardWrite(_) => Some(Permission::ClipboardWrite),
            Self::Resize { .. } => Some(Permission::Resize),
            Self::SetVideoBitrate { .. }
            | Self::SetAudioBitrate { .. }
            | Self::SetFramerate { .. }
            | Self::Show(_)
            | Self::Scale(_) => Some(Permission::Settings),
            // These concern no other viewer's video.
            Self::PointerVisible(_)
            | Self::Pointers(_)
            | Self::Point(_)
            | Self::SetQuality { .. }
            | Self::Pause(_)
            | Self::FrameTimes(_)
            | Self::RequestKeyframe
            | Self::Ping { .. }
            | Self::Pong { .. }
            | Self::Report(_)
            | Self::Control { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::input::InputEvent;
    use crate::protocol::role::Role;

    #[test]
    fn every_viewer_may_let_go_and_none_with_the_role_view_may_act() {
        assert_eq!(InputEvent::ReleaseAll.permission(), None);
        for message in [
            ChannelMessage::SetFramerate { fps: 1 },
            ChannelMessage::ClipboardRead,
            ChannelMessage::Resize {
                enabled: None,
                size: None,
            },
            ChannelMessage::Input(InputEvent::RelativeMotion { dx: 1.0, dy: 1.0 }),
        ] {
            let needed = message.permission().unwrap();
            assert!(
                !Role::View.allows(needed) && Role::Control.allows(needed),
                "{message:?}"
            );
        }
        assert_eq!(ChannelMessage::RequestKeyframe.permission(), None);
    }
}
