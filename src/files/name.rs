//! Names of uploaded files, which cannot be trusted.

use crate::protocol::text::visible;

/// The longest name, in bytes. File systems take 255, which leaves room for a number.
const MAX: usize = 200;
/// The longest extension with its dot, in bytes.
const MAX_EXTENSION: usize = 16;
/// The names that Windows takes for a device, with any extension and with a digit.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// Turns `name` into one visible path component that every file system takes. Never empty.
pub(super) fn sanitised(name: &str) -> String {
    let plain: String = visible(name)
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    // A leading dot hides a file, and Windows drops a trailing dot or space.
    let plain = plain.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    let plain = match plain {
        "" => "file",
        plain => plain,
    };
    let (stem, extension) = split(plain);
    let stem = truncated(stem, MAX - extension.len());
    match is_device(stem) {
        true => format!("_{stem}{extension}"),
        false => format!("{stem}{extension}"),
    }
}

/// Adds a number to a name that is taken: `name (1).txt`. The number 0 adds none.
pub(super) fn numbered(name: &str, number: u32) -> String {
    if number == 0 {
        return name.to_owned();
    }
    let (stem, extension) = split(name);
    format!("{stem} ({number}){extension}")
}

/// Splits a name into its stem and its extension with the dot, which may be empty.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= MAX_EXTENSION => name.split_at(at),
        _ => (name, ""),
    }
}

/// Shortens `text` to at most `max` bytes.
fn truncated(text: &str, max: usize) -> &str {
    let end = text.floor_char_boundary(max);
    // A joiner that is left at the end joins nothing.
    text.get(..end)
        .unwrap_or(text)
        .trim_end_matches(['\u{200c}', '\u{200d}'])
}

fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end();
    let lower = first.to_lowercase();
    let name = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    DEVICES.contains(&name) && lower.len() - name.len() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_one_component_that_hides_nothing() {
        for (given, name) in [
            ("report.pdf", "report.pdf"),
            ("Übersicht 漢字.txt", "Übersicht 漢字.txt"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
            ("a\nb\0c.txt", "abc.txt"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            (".bashrc", "bashrc"),
            ("...", "file"),
            ("", "file"),
            (" . x . ", "x"),
            ("x.", "x"),
            ("con", "_con"),
            ("NUL.tar.gz", "_NUL.tar.gz"),
            ("lpt1.txt", "_lpt1.txt"),
            ("concert.mp3", "concert.mp3"),
            ("com10", "com10"),
            ("a\u{3000}b", "a b"),
        ] {
            assert_eq!(sanitised(given), name, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = sanitised(&format!("{}.jpeg", "漢".repeat(300)));
        assert!(name.len() <= MAX && name.ends_with("漢.jpeg"), "{name}");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        for (name, number, numbered_name) in [
            ("a.txt", 0, "a.txt"),
            ("a.txt", 1, "a (1).txt"),
            ("a.tar.gz", 2, "a.tar (2).gz"),
            ("a", 3, "a (3)"),
        ] {
            assert_eq!(numbered(name, number), numbered_name);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_given_is_safe_and_stays_as_it_is(given in ".*") {
            let name = sanitised(&given);
            prop_assert!(!name.is_empty() && name.len() <= MAX + 1);
            prop_assert!(!name.starts_with('.') && !name.contains(['/', '\\', '\0', '\n']));
            prop_assert_eq!(sanitised(&name), name);
        }
    }
}
