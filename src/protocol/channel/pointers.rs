//! Where people point, whether they may act or not.

use serde_json::{Value, json};

use crate::protocol::people::PersonName;

/// A place in the picture, whatever its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fraction {
    x: f64,
    y: f64,
}

impl Fraction {
    /// From 0 (left, top) to 1 (right, bottom); `None` beside the picture.
    pub fn new(x: f64, y: f64) -> Option<Self> {
        let is_inside = |value| (0.0..=1.0).contains(&value);
        (is_inside(x) && is_inside(y)).then_some(Self { x, y })
    }
}

/// Where another client points.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonPointer {
    /// The id that the host gave to it.
    pub client_id: String,
    /// What it calls itself, if it has said so.
    pub name: Option<PersonName>,
    /// Where.
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
