//! The connected viewers, as the others see them.

use serde_json::{Value, json};

use super::fields;
use super::role::Role;
use super::text::visible;

/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// The name that a viewer gives itself, for the others to read: 1 to 64 visible bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PersonName(String);

impl PersonName {
    /// The name in `data.name`, as far as it is [`visible`], without spaces around it. `None`: it is missing or too long,
    /// or nothing is left.
    pub(crate) fn read(data: &Value) -> Option<Self> {
        let name = visible(fields::text(data, "name", MAX_NAME)?);
        let name = name.trim();
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The id that the host gave.
    pub client_id: String,
    /// The name that it gave itself, if it did.
    pub name: Option<PersonName>,
    /// Its role.
    pub role: Role,
}

impl Person {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "client_id": self.client_id,
            "name": self.name.as_ref().map(PersonName::as_str),
            "role": self.role.name(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_line_that_can_be_seen() {
        let read = |name: &str| PersonName::read(&json!({ "name": name }));
        for (given, name) in [
            ("Ann", "Ann"),
            (" Jürgen 漢 ", "Jürgen 漢"),
            ("a b", "a b"),
            ("a\nb", "ab"),
            ("a\u{202e}b", "ab"),
            ("\u{200b} a", "a"),
        ] {
            assert_eq!(read(given).as_ref().map(PersonName::as_str), Some(name));
        }
        let long = "x".repeat(MAX_NAME + 1);
        for given in ["", "  ", "\u{200b}", "\u{3164} \u{2800}", &long] {
            assert_eq!(read(given), None, "{given:?}");
        }
        assert_eq!(PersonName::read(&json!({ "name": 7 })), None);
    }
}
