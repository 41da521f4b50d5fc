//! The part of a screen that is captured, and its rows. Pure.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The part that the element was set to capture, in pixels of the screen. The ends are inclusive; 0 means: to the edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Crop {
    pub(super) startx: u32,
    pub(super) starty: u32,
    pub(super) endx: u32,
    pub(super) endy: u32,
}

impl Crop {
    /// The region of a screen of this size; `None` if the crop begins beyond.
    pub(super) fn of(self, width: u16, height: u16) -> Option<Region> {
        let (x, width) = cut(self.startx, self.endx, width)?;
        let (y, height) = cut(self.starty, self.endy, height)?;
        Some(Region { x, y, width, height })
    }
}

/// The part of a screen that is captured.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Framing {
    /// The setting of the element.
    pub(super) crop: Crop,
    /// The part of the crop that is shown alone; `None`: all of it.
    pub(super) part: Option<Part>,
}

impl Framing {
    /// The region of a screen of this size.
    ///
    /// # Errors
    /// If the crop begins beyond its edge.
    pub(super) fn region(&self, width: u16, height: u16) -> Result<Region, String> {
        let Crop { startx, starty, .. } = self.crop;
        let whole = self.crop.of(width, height).ok_or_else(|| {
            format!("the region begins at {startx},{starty}, and the window has only {width}x{height} pixels")
        })?;
        Ok(self.part.map_or(whole, |part| part.within(whole)))
    }
}

/// A part of the region that is shown alone, in pixels of the screen. As text: `640x480+10+20`, as X11 writes a
/// geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Part {
    /// The overlap with `region`; all of `region` if there is none.
    pub(super) fn within(self, region: Region) -> Region {
        let overlap = |start: u32, length: u32, from: u16, most: u16| {
            let from = u32::from(from);
            let first = start.max(from);
            let end = start.saturating_add(length).min(from + u32::from(most));
            let length = end.checked_sub(first).filter(|length| *length > 0)?;
            Some((u16::try_from(first).ok()?, u16::try_from(length).ok()?))
        };
        let across = overlap(self.x, self.width, region.x, region.width);
        let down = overlap(self.y, self.height, region.y, region.height);
        match (across, down) {
            (Some((x, width)), Some((y, height))) => Region { x, y, width, height },
            _ => region,
        }
    }
}

impl FromStr for Part {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<u32> = text
            .split(['x', '+'])
            .map(|number| number.parse().map_err(drop))
            .collect::<Result<_, ()>>()?;
        match numbers.as_slice() {
            &[width, height, x, y] => Ok(Self { x, y, width, height }),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, width, height } = self;
        write!(f, "{width}x{height}+{x}+{y}")
    }
}

fn cut(start: u32, end: u32, length: u16) -> Option<(u16, u16)> {
    let start = u16::try_from(start).ok()?;
    let end = match end {
        0 => length,
        end => u16::try_from(end.saturating_add(1)).map_or(length, |end| end.min(length)),
    };
    (start < end).then(|| (start, end - start))
}

/// A part of a screen, in pixels. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) width: u16,
    pub(super) height: u16,
}

impl Region {
    /// The region that is all of a screen of this size.
    pub(super) fn whole(width: u16, height: u16) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// The bytes of one row of pixels.
    pub(super) fn stride(self) -> usize {
        usize::from(self.width) * 4
    }

    /// The rows of the region, all of them.
    pub(super) fn rows(self) -> Rows {
        0..self.height.into()
    }

    /// The rows of the region that `area` touches; empty if none.
    pub(super) fn rows_of(self, area: Area) -> Rows {
        let (left, width) = (i32::from(area.x) - i32::from(self.x), i32::from(area.width));
        let top = i32::from(area.y) - i32::from(self.y);
        if left >= i32::from(self.width) || left + width <= 0 {
            return 0..0;
        }
        let clamp = |row: i32| row.clamp(0, self.height.into()) as usize;
        clamp(top)..clamp(top + i32::from(area.height))
    }
}

/// A rectangle of a screen, in pixels. It may reach beyond the edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: i16,
    pub(super) y: i16,
    pub(super) width: u16,
    pub(super) height: u16,
}

/// Rows of a frame, counted from its top.
pub(super) type Rows = Range<usize>;

/// The rows from the first of both to the last of both.
pub(super) fn union(a: &Rows, b: &Rows) -> Rows {
    match (a.is_empty(), b.is_empty()) {
        (_, true) => a.clone(),
        (true, false) => b.clone(),
        (false, false) => a.start.min(b.start)..a.end.max(b.end),
    }
}

/// The rows that both have.
pub(super) fn overlap(a: &Rows, b: &Rows) -> Rows {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// The rows and those that share a row of chroma (4:2:0) with them, in a frame of `height` rows.
pub(super) fn in_pairs(rows: &Rows, height: usize) -> Rows {
    rows.start & !1..(rows.end.next_multiple_of(2)).min(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop(startx: u32, starty: u32, endx: u32, endy: u32) -> Option<(u16, u16, u16, u16)> {
        let crop = Crop {
            startx,
            starty,
            endx,
            endy,
        };
        let region = crop.of(100, 50)?;
        Some((region.x, region.y, region.width, region.height))
    }

    #[test]
    fn ends_are_inclusive_and_end_at_the_edge() {
        assert_eq!(crop(0, 0, 0, 0), Some((0, 0, 100, 50)));
        assert_eq!(crop(10, 5, 19, 5), Some((10, 5, 10, 1)));
        assert_eq!(crop(10, 5, 1000, u32::MAX), Some((10, 5, 90, 45)));
        assert_eq!(crop(100, 0, 0, 0), None);
        assert_eq!(crop(20, 0, 10, 0), None);
    }

    #[test]
    fn a_part_is_cut_to_the_region_and_nothing_is_all_of_it() {
        let region = Region {
            x: 10,
            y: 20,
            width: 30,
            height: 40,
        };
        let within = |text: &str| {
            let part: Part = text.parse().unwrap();
            assert_eq!(part.to_string(), text);
            let Region { x, y, width, height } = part.within(region);
            (x, y, width, height)
        };
        assert_eq!(within("5x6+12+22"), (12, 22, 5, 6));
        assert_eq!(within("100x4294967295+0+50"), (10, 50, 30, 10));
        assert_eq!(within("30x40+39+59"), (39, 59, 1, 1));
        for beside in ["10x100+0+0", "5x5+40+20", "0x5+12+22", "5x5+4294967295+20"] {
            assert_eq!(within(beside), (10, 20, 30, 40), "{beside}");
        }
        for text in [
            "",
            "5x6",
            "5x6+7",
            "5x6+7+8+9",
            "-5x6+7+8",
            "5x6-7-8",
            "5x6+7+99999999999",
        ] {
            assert_eq!(text.parse::<Part>(), Err(()), "{text}");
        }
    }

    #[test]
    fn damage_is_cut_to_the_region() {
        let region = Region {
            x: 10,
            y: 20,
            width: 30,
            height: 40,
        };
        for (x, y, width, height, rows) in [
            (0, 0, 100, 100, 0..40),
            (0, 25, 11, 3, 5..8),
            (0, 25, 10, 3, 0..0),
            (40, 25, 10, 3, 0..0),
            (-5, -5, 20, 30, 0..5),
        ] {
            let area = Area { x, y, width, height };
            assert_eq!(region.rows_of(area), rows, "{area:?}");
        }
        let above = Area {
            x: 10,
            y: 0,
            width: 9,
            height: 9,
        };
        assert!(region.rows_of(above).is_empty());
    }

    #[test]
    fn rows_are_joined_cut_and_paired() {
        assert_eq!(union(&(3..5), &(7..9)), 3..9);
        assert_eq!(union(&(0..0), &(7..9)), 7..9);
        assert_eq!(overlap(&(3..8), &(7..9)), 7..8);
        assert!(overlap(&(3..5), &(7..9)).is_empty());
        assert_eq!(in_pairs(&(3..5), 9), 2..6);
        assert_eq!(in_pairs(&(8..9), 9), 8..9);
    }
}
