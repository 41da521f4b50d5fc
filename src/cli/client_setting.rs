//! What the host decides for the page: one setting that viewers cannot change.

use std::str::FromStr;

use serde_json::Value;

/// A setting and its value, `theme=dark`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ClientSetting {
    /// As the page calls it.
    pub name: &'static str,
    /// What it is.
    pub value: Value,
}

/// What a setting may be.
enum Kind {
    OneOf(&'static [&'static str]),
    Percent,
    Truth,
}

const SETTINGS: [(&str, Kind); 8] = [
    ("fit", Kind::OneOf(&["fit", "actual", "match"])),
    ("quality", Kind::Percent),
    ("touch", Kind::OneOf(&["direct", "trackpad"])),
    ("capture", Kind::OneOf(&["auto", "always", "never"])),
    ("theme", Kind::OneOf(&["auto", "dark", "light"])),
    ("stats", Kind::Truth),
    ("others", Kind::Truth),
    ("metaIsControl", Kind::Truth),
];

impl FromStr for ClientSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or("expected NAME=VALUE, as in theme=dark")?;
        let known = SETTINGS.iter().find(|(known, _)| *known == name);
        let Some((name, kind)) = known else {
            let names: Vec<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "the page has no setting `{name}`, but {}",
                names.join(", ")
            ));
        };
        let value = match kind {
            Kind::OneOf(values) if values.contains(&value) => value.into(),
            Kind::OneOf(values) => return Err(format!("`{name}` is one of {}", values.join(", "))),
            Kind::Percent => match value.parse::<u8>() {
                Ok(percent @ 1..=100) => percent.into(),
                _ => return Err(format!("`{name}` is a number from 1 to 100")),
            },
            Kind::Truth => match value.parse::<bool>() {
                Ok(truth) => truth.into(),
                Err(_) => return Err(format!("`{name}` is true or false")),
            },
        };
        Ok(Self { name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_a_value_of_its_kind() {
        for (text, name, value) in [
            ("theme=dark", "theme", Value::from("dark")),
            ("quality=60", "quality", 60.into()),
            ("stats=true", "stats", true.into()),
        ] {
            assert_eq!(text.parse(), Ok(ClientSetting { name, value }));
        }
        for text in [
            "theme",
            "theme=pink",
            "quality=0",
            "quality=x",
            "stats=1",
            "colour=red",
            "=x",
        ] {
            assert!(text.parse::<ClientSetting>().is_err(), "{text}");
        }
    }
}
