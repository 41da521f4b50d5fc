//! The places at which viewers point, whether they may act or not.

use serde_json::{Value, json};

use crate::protocol::people::PersonName;

/// A place in the video, whatever its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fraction {
    x: f64,
    y: f64,
}

impl Fraction {
    /// From 0 (left, top) to 1 (right, bottom); `None` outside of the video.
    pub(crate) fn new(x: f64, y: f64) -> Option<Self> {
        let is_inside = |value| (0.0..=1.0).contains(&value);
        (is_inside(x) && is_inside(y)).then_some(Self { x, y })
    }
}

/// The place at which another client points.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PersonPointer {
    /// The id that the host gave to it.
    pub client_id: String,
    /// The name that it gave itself, if it did.
    pub name: Option<PersonName>,
    /// The place.
    pub place: Fraction,
}

impl PersonPointer {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "peer": self.client_id,
            "name": self.name.as_ref().map(PersonName::as_str),
            "x": self.place.x,
            "y": self.place.y,
        })
    }
}
