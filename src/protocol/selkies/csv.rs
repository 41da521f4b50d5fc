//! The commands on the data channel: a word, and arguments behind commas.

use super::pointer::{Place, PointerState};
use crate::protocol::base64;
use crate::protocol::channel::message::{ChannelMessage, ClientReport, Gamepad};
use crate::protocol::input::{FrameSize, InputError, InputEvent, Key, Point};
use crate::protocol::text::ClipboardText;

/// Reads one command. An unknown one gives nothing.
///
/// # Errors
/// If a command that is known lacks an argument, or has an impossible one.
pub(crate) fn decode(pointer: &mut PointerState, message: &str) -> Result<Vec<ChannelMessage>, InputError> {
    let (word, rest) = message.split_once(',').unwrap_or((message, ""));
    let message = match word {
        "kd" => key(rest, true)?,
        "ku" => key(rest, false)?,
        "kr" => {
            pointer.release();
            ChannelMessage::Input(InputEvent::ReleaseAll)
        }
        "m" | "m2" => return motion(pointer, word == "m2", rest),
        "p" => ChannelMessage::PointerVisible(match rest {
            "1" => true,
            "0" => false,
            _ => return Err(InputError::BadField("p")),
        }),
        "vb" => ChannelMessage::SetVideoBitrate {
            kbps: whole(rest, "vb", 1, 1_000_000)?,
        },
        "ab" => ChannelMessage::SetAudioBitrate {
            bps: whole(rest, "ab", 1, 10_000_000)?,
        },
        "_arg_fps" => ChannelMessage::SetFramerate {
            fps: whole(rest, "_arg_fps", 1, 1_000)?,
        },
        "_arg_resize" => remote_resize(rest)?,
        "r" => ChannelMessage::Resize {
            enabled: None,
            size: Some(size(rest).ok_or(InputError::BadField("r"))?),
        },
        "s" => ChannelMessage::Scale(number(rest, "s")?.clamp(0.25, 4.0)),
        "cr" => ChannelMessage::ClipboardRead,
        "cw" => clipboard(rest)?,
        "js" => ChannelMessage::Gamepad(gamepad(rest).ok_or(InputError::BadField("js"))?),
        "pong" => ChannelMessage::Pong {
            timestamp_ms: number(rest, "pong")? * 1000.0,
        },
        "_f" => ChannelMessage::Report(ClientReport::Fps(number(rest, "_f")?)),
        "_l" => ChannelMessage::Report(ClientReport::LatencyMs(number(rest, "_l")?)),
        "_stats_video" => ChannelMessage::Report(ClientReport::Video(rest.to_owned())),
        "_stats_audio" => ChannelMessage::Report(ClientReport::Audio(rest.to_owned())),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![message])
}

/// The size of a desktop: rounded up to even numbers of pixels, 2 to 16,384.
pub(in crate::protocol) fn even_size(width: f64, height: f64) -> Option<FrameSize> {
    let even = |pixels: f64| {
        let pixels = (pixels / 2.0).ceil() * 2.0;
        (2.0..=16_384.0).contains(&pixels).then_some(pixels as u32)
    };
    Some(FrameSize {
        width: even(width)?,
        height: even(height)?,
    })
}

fn key(keysym: &str, pressed: bool) -> Result<ChannelMessage, InputError> {
    let key = Key::Keysym(whole(keysym, "keysym", 1, MAX_KEYSYM)?);
    Ok(ChannelMessage::Input(InputEvent::Key { key, pressed }))
}

fn motion(pointer: &mut PointerState, relative: bool, rest: &str) -> Result<Vec<ChannelMessage>, InputError> {
    let mut arguments = rest.split(',');
    let mut next = |name| number(arguments.next().unwrap_or_default(), name);
    let (x, y) = (next("x")?, next("y")?);
    let mask = next("mask")?;
    let magnitude = next("magnitude").unwrap_or(0.0);
    let place = if relative {
        Place::Farther { dx: x, dy: y }
    } else {
        Place::At(Point { x, y })
    };
    // The casts saturate: a negative mask is one without buttons.
    let events = pointer.update(place, mask as u32, magnitude as u32);
    Ok(events.into_iter().map(ChannelMessage::Input).collect())
}

fn remote_resize(rest: &str) -> Result<ChannelMessage, InputError> {
    let (enabled, wanted) = rest.split_once(',').unwrap_or((rest, ""));
    let enabled = match enabled {
        "true" | "True" => true,
        "false" | "False" => false,
        _ => return Err(InputError::BadField("_arg_resize")),
    };
    Ok(ChannelMessage::Resize {
        enabled: Some(enabled),
        size: size(wanted),
    })
}

/// `WxH`.
pub(super) fn size(text: &str) -> Option<FrameSize> {
    let (width, height) = text.split_once('x')?;
    even_size(number(width, "").ok()?, number(height, "").ok()?)
}

fn clipboard(encoded: &str) -> Result<ChannelMessage, InputError> {
    let bytes = base64::decode(encoded).ok_or(InputError::BadField("cw"))?;
    let text = String::from_utf8(bytes).map_err(|_| InputError::BadField("cw"))?;
    ClipboardText::new(text)
        .map(ChannelMessage::ClipboardWrite)
        .ok_or(InputError::TooLong)
}

fn gamepad(rest: &str) -> Option<Gamepad> {
    let arguments: Vec<_> = rest.split(',').collect();
    let small = |text: &str, max| {
        whole(text, "", 0, max)
            .ok()
            .and_then(|number| u8::try_from(number).ok())
    };
    let value = |text: &str, least: f64| Some(number(text, "").ok()?.clamp(least, 1.0));
    match arguments[..] {
        ["c", pad, name, axes, buttons] => Some(Gamepad::Connected {
            pad: small(pad, 3)?,
            name: String::from_utf8(base64::decode(name)?)
                .ok()
                .filter(|name| name.len() <= 256)?,
            axes: small(axes, 255)?,
            buttons: small(buttons, 255)?,
        }),
        ["d", pad] => Some(Gamepad::Disconnected { pad: small(pad, 3)? }),
        ["b", pad, button, pressed] => Some(Gamepad::Button {
            pad: small(pad, 3)?,
            button: small(button, 255)?,
            value: value(pressed, 0.0)?,
        }),
        ["a", pad, axis, deflection] => Some(Gamepad::Axis {
            pad: small(pad, 3)?,
            axis: small(axis, 255)?,
            value: value(deflection, -1.0)?,
        }),
        _ => None,
    }
}

/// A number as JavaScript writes it, fractional or not.
fn number(text: &str, name: &'static str) -> Result<f64, InputError> {
    let number = text.trim().parse().map_err(|_| InputError::BadField(name))?;
    if f64::is_finite(number) {
        Ok(number)
    } else {
        Err(InputError::BadField(name))
    }
}

fn whole(text: &str, name: &'static str, min: u32, max: u32) -> Result<u32, InputError> {
    let number = number(text, name)?.round();
    if (f64::from(min)..=f64::from(max)).contains(&number) {
        Ok(number as u32)
    } else {
        Err(InputError::BadField(name))
    }
}

/// The largest number that X11 gives a keysym (29 bits).
const MAX_KEYSYM: u32 = 0x1fff_ffff;

#[cfg(test)]
mod tests;
