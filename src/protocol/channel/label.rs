//! The names of the data channels.

/// The data channel that a client expects the host to make. It is reliable and ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelLabel {
    /// `input`: native and Selkies.
    Input,
    /// `input`, and before it [`MOTION`]: native clients that know both.
    InputAndMotion,
    /// `control`: gstwebrtc.
    Control,
}

impl ChannelLabel {
    /// The label.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Input | Self::InputAndMotion => "input",
            Self::Control => "control",
        }
    }

    /// True if the host sends cursor, statistics and the like there: gstwebrtc has no messages for them.
    pub(crate) fn takes_messages(self) -> bool {
        self != Self::Control
    }
}

/// The data channel that keeps no order and sends nothing again: for where the pointer goes, and nothing else.
pub(crate) const MOTION: &str = "motion";
