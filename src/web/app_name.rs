//! The name of an app, as in `/ws/{app}`.

/// The name of the app that a viewer wants: `default`, unless the path has another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppName(String);

impl AppName {
    /// Checks a name: it starts with a letter or a digit, and has at most 64 letters, digits, dots, dashes and
    /// underscores. `None` if it is not valid.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        (starts_well && is_plain && name.len() <= 64).then(|| Self(name.to_owned()))
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AppName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_taken() {
        for name in ["a", "cad-1", "A.b_c", &"x".repeat(64)] {
            assert_eq!(AppName::parse(name).as_ref().map(AppName::as_str), Some(name));
        }
        for name in ["", ".", "-a", "a/b", "a b", "ä", "..", &"x".repeat(65)] {
            assert_eq!(AppName::parse(name), None, "{name}");
        }
    }
}
