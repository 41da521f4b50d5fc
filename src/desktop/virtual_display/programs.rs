//! Programs that run in a virtual display.

/// Window managers in the order of preference; the first is the one that Debian's administrator chose.
pub(super) const WINDOW_MANAGERS: &[&str] = &[
    "x-window-manager",
    "openbox",
    "xfwm4",
    "metacity",
    "marco",
    "icewm",
    "fluxbox",
    "jwm",
    "twm",
];

/// Terminals in the order of preference. Some of those that administrators choose hand over to a server on another
/// display and end at once; xterm does not.
pub(super) const TERMINALS: &[&str] = &[
    "xterm",
    "uxterm",
    "x-terminal-emulator",
    "xfce4-terminal",
    "mate-terminal",
    "lxterminal",
    "konsole",
    "urxvt",
];
