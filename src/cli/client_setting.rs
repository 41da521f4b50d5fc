//! The settings of the page that `--client` fixes for all viewers.
//!
//! [`SETTINGS`] is the one table: the option, its help text and the configuration file follow from it, and a test holds
//! it against the page and the documentation.

use std::str::FromStr;

use serde_json::Value;

/// A setting with its value, `theme=dark`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ClientSetting {
    /// The name of the setting in the page.
    pub(super) name: &'static str,
    /// The value, in the type that the page expects.
    pub(super) value: Value,
}

/// The values that a setting can have.
enum Kind {
    OneOf(&'static [&'static str]),
    Percent,
    Bool,
}

const SETTINGS: [(&str, Kind); 8] = [
    ("fit", Kind::OneOf(&["fit", "actual", "match"])),
    ("quality", Kind::Percent),
    ("touch", Kind::OneOf(&["direct", "trackpad"])),
    ("capture", Kind::OneOf(&["auto", "always", "never"])),
    ("theme", Kind::OneOf(&["auto", "dark", "light"])),
    ("stats", Kind::Bool),
    ("others", Kind::Bool),
    ("metaIsControl", Kind::Bool),
];

/// The help text of `--client`.
pub(super) fn help() -> String {
    let settings: Vec<_> = SETTINGS
        .iter()
        .map(|(name, kind)| format!("{name}={}", kind.values()))
        .collect();
    format!(
        "Fixes a setting of the page for all viewers; repeatable. In the configuration file, it is the table [client]. Settings: {}",
        settings.join(", ")
    )
}

impl Kind {
    /// The possible values, for people.
    fn values(&self) -> String {
        match self {
            Self::OneOf(values) => values.join("|"),
            Self::Percent => "1..100".to_owned(),
            Self::Bool => "true|false".to_owned(),
        }
    }

    fn parse(&self, text: &str) -> Option<Value> {
        match self {
            Self::OneOf(values) => values.contains(&text).then(|| text.into()),
            Self::Percent => {
                let percent = text.parse::<u8>().ok()?;
                (1..=100).contains(&percent).then(|| percent.into())
            }
            Self::Bool => text.parse::<bool>().ok().map(Value::from),
        }
    }
}

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
                "the page has no setting `{name}`. Its settings are {}",
                names.join(", ")
            ));
        };
        let expected = || format!("expected {name}={}", kind.values());
        let value = kind.parse(value).ok_or_else(expected)?;
        Ok(Self { name, value })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

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

    fn find(folder: &Path, name: &str) -> Option<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find_map(|path| match path.is_dir() {
            true => find(&path, name),
            false => path.ends_with(name).then_some(path),
        })
    }

    /// The words before `separator` in the lines of `text` between `begin` and `end`.
    fn keys<'a>(text: &'a str, begin: &str, end: &str, separator: char) -> BTreeSet<&'a str> {
        let (_, block) = text.split_once(begin).unwrap();
        let (block, _) = block.split_once(end).unwrap();
        let keys = block.lines().filter_map(|line| line.split_once(separator));
        keys.map(|(key, _)| key.trim()).collect()
    }

    #[test]
    fn the_page_and_its_documentation_have_the_same_settings() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let table: BTreeSet<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
        let page = find(&root.join("src/web/client"), "settings.js").unwrap();
        let page = std::fs::read_to_string(page).unwrap();
        let mut in_page = keys(&page, "const CHECKS = {\n", "\n};", ':');
        // The name is the viewer's own.
        assert!(in_page.remove("name"));
        assert_eq!(in_page, table);
        let documentation = std::fs::read_to_string(root.join("docs/client.md")).unwrap();
        assert_eq!(keys(&documentation, "[client]\n", "```", '='), table);
    }
}
