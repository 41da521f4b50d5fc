//! Sizes of screens, and the video modes for them. Pure.

use x11rb::protocol::randr::{GetScreenResourcesCurrentReply, Mode, ModeInfo};

use crate::desktop::error::ResizeError;
use crate::desktop::size::SIZES;

/// The size for the one that is asked for: video has even sides, so odd ones become longer by one.
///
/// # Errors
/// [`ResizeError::OutOfBounds`].
pub(super) fn even(width: u32, height: u32) -> Result<(u16, u16), ResizeError> {
    let side = |length: u32| {
        let even = SIZES.contains(&length).then(|| length.next_multiple_of(2));
        even.and_then(|length| u16::try_from(length).ok())
    };
    side(width)
        .zip(side(height))
        .ok_or(ResizeError::OutOfBounds { width, height })
}

/// The name of a mode that we create.
pub(super) fn name((width, height): (u16, u16)) -> String {
    format!("{PREFIX}{width}x{height}")
}

const PREFIX: &str = "deskbeam-";

/// A mode of this size at 60 Hz, with the short blanking that drivers without a monitor accept.
pub(super) fn mode((width, height): (u16, u16)) -> ModeInfo {
    let (htotal, vtotal) = (width + 160, height + 32);
    let clock = u64::from(htotal) * u64::from(vtotal) * 60;
    ModeInfo {
        width,
        height,
        dot_clock: u32::try_from(clock).unwrap_or(u32::MAX),
        hsync_start: width + 48,
        hsync_end: width + 80,
        htotal,
        vsync_start: height + 3,
        vsync_end: height + 9,
        vtotal,
        name_len: name((width, height)).len() as u16,
        ..ModeInfo::default()
    }
}

/// The mode called `name`, which a server has once at most.
pub(super) fn named(resources: &GetScreenResourcesCurrentReply, name: &str) -> Option<Mode> {
    all(resources).find_map(|(mode, own)| (own == name.as_bytes()).then_some(mode))
}

/// The modes that this host or an earlier one has created.
pub(super) fn ours(resources: &GetScreenResourcesCurrentReply) -> Vec<Mode> {
    let ours = all(resources).filter(|(_, name)| name.starts_with(PREFIX.as_bytes()));
    ours.map(|(mode, _)| mode).collect()
}

/// All modes with their names.
fn all(resources: &GetScreenResourcesCurrentReply) -> impl Iterator<Item = (Mode, &[u8])> {
    let mut names = resources.names.as_slice();
    resources.modes.iter().map_while(move |mode| {
        let (own, rest) = names.split_at_checked(mode.name_len.into())?;
        names = rest;
        Some((mode.id, own))
    })
}

/// The millimetres of `new` pixels, of which `pixels` have `millimetres`.
pub(super) fn scaled(millimetres: u16, pixels: u16, new: u16) -> u32 {
    let pixels = u32::from(pixels).max(1);
    (u32::from(millimetres) * u32::from(new) + pixels / 2) / pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_become_even_and_stay_in_bounds() {
        assert_eq!(even(1280, 720), Ok((1280, 720)));
        assert_eq!(even(1281, 719), Ok((1282, 720)));
        assert_eq!(even(64, 8192), Ok((64, 8192)));
        for (width, height) in [(63, 64), (64, 63), (8193, 64), (64, u32::MAX), (0, 0)] {
            assert_eq!(
                even(width, height),
                Err(ResizeError::OutOfBounds { width, height })
            );
        }
    }

    #[test]
    fn the_largest_mode_has_a_clock_that_fits() {
        assert!(mode((8192, 8192)).dot_clock < u32::MAX);
        let hd = mode((1280, 720));
        assert_eq!(hd.dot_clock / u32::from(hd.htotal) / u32::from(hd.vtotal), 60);
        assert_eq!(usize::from(hd.name_len), "deskbeam-1280x720".len());
    }

    #[test]
    fn modes_are_found_by_their_names() {
        let mode = |id, name_len| ModeInfo {
            id,
            name_len,
            ..ModeInfo::default()
        };
        let resources = GetScreenResourcesCurrentReply {
            modes: vec![mode(1, 3), mode(2, 5)],
            names: b"oneother".to_vec(),
            ..Default::default()
        };
        assert_eq!(named(&resources, "one"), Some(1));
        assert_eq!(named(&resources, "other"), Some(2));
        assert_eq!(named(&resources, "missing"), None);
        assert!(ours(&resources).is_empty());
    }

    #[test]
    fn pixels_keep_their_size() {
        assert_eq!(scaled(163, 640, 640), 163);
        assert_eq!(scaled(163, 640, 1280), 326);
        assert_eq!(scaled(0, 0, 1280), 0);
    }
}
