//! The sizes that a screen may be given.

use std::ops::RangeInclusive;

/// The length of each side of a screen, in pixels.
pub(super) const SIZES: RangeInclusive<u32> = 64..=8192;
