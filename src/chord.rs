//! Key combinations on the command line, such as `Ctrl+Alt+Shift+F12`. Pure.

use std::fmt;
use std::str::FromStr;

/// A key combination: modifiers, and the key that is pressed while they are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    /// The modifiers, as bits of the X11 state: Shift 1, Control 4, Mod1 (Alt) 8, Mod4 (Super) 64.
    pub modifiers: u16,
    /// The X11 keysym of the key without modifiers.
    pub keysym: u32,
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names: Vec<&str> = text.split('+').map(str::trim).collect();
        let key = names.pop().unwrap_or_default();
        let keysym = keysym(key).ok_or_else(|| {
            format!(
                "unknown key {key:?}: expected a letter, a digit, F1 to F24, or one of {}",
                known(&KEYS)
            )
        })?;
        let bit = |name: &str| {
            let found = MODIFIERS
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found
                .map(|(_, bit)| bit)
                .ok_or_else(|| format!("unknown modifier {name:?}: expected one of {}", known(&MODIFIERS)))
        };
        let modifiers = names
            .into_iter()
            .try_fold(0, |bits, name| Ok::<_, String>(bits | bit(name)?))?;
        Ok(Self { modifiers, keysym })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A bit may have several names; the first is written.
        let mut left = self.modifiers;
        for (name, bit) in MODIFIERS {
            if left & bit != 0 {
                left &= !bit;
                write!(f, "{name}+")?;
            }
        }
        match KEYS.iter().find(|(_, keysym)| *keysym == self.keysym) {
            Some((name, _)) => f.write_str(name),
            None if (F1..F1 + MAX_F).contains(&self.keysym) => write!(f, "F{}", self.keysym - F1 + 1),
            None => write!(
                f,
                "{}",
                char::from_u32(self.keysym).unwrap_or('?').to_ascii_uppercase()
            ),
        }
    }
}

fn keysym(name: &str) -> Option<u32> {
    let number = name
        .strip_prefix(['F', 'f'])
        .and_then(|number| number.parse::<u32>().ok());
    if let Some(number) = number.filter(|number| (1..=MAX_F).contains(number)) {
        return Some(F1 + number - 1);
    }
    match *name.as_bytes() {
        [byte] if byte.is_ascii_alphanumeric() => Some(byte.to_ascii_lowercase().into()),
        _ => {
            let known = KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            known.map(|(_, keysym)| *keysym)
        }
    }
}

fn known<T>(names: &[(&'static str, T)]) -> String {
    let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

const MODIFIERS: [(&str, u16); 5] = [
    ("Ctrl", 4),
    ("Control", 4),
    ("Alt", 8),
    ("Shift", 1),
    ("Super", 64),
];

const F1: u32 = 0xffbe;
const MAX_F: u32 = 24;

const KEYS: [(&str, u32); 14] = [
    ("Backspace", 0xff08),
    ("Delete", 0xffff),
    ("End", 0xff57),
    ("Enter", 0xff0d),
    ("Escape", 0xff1b),
    ("Home", 0xff50),
    ("Insert", 0xff63),
    ("PageDown", 0xff56),
    ("PageUp", 0xff55),
    ("Pause", 0xff13),
    ("Print", 0xff61),
    ("ScrollLock", 0xff14),
    ("Space", 0x20),
    ("Tab", 0xff09),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_read_and_written() {
        for (text, modifiers, keysym, written) in [
            ("Ctrl+Alt+Shift+F12", 13, 0xffc9, "Ctrl+Alt+Shift+F12"),
            ("control + alt + backspace", 12, 0xff08, "Ctrl+Alt+Backspace"),
            ("Super+l", 64, 0x6c, "Super+L"),
            ("F", 0, 0x66, "F"),
            ("Pause", 0, 0xff13, "Pause"),
        ] {
            let chord: Chord = text.parse().unwrap();
            assert_eq!(chord, Chord { modifiers, keysym }, "{text}");
            assert_eq!(chord.to_string(), written);
        }
        for wrong in ["", "Ctrl+", "Ctrl", "Hyper+A", "F0", "F25", "Ctrl++", "é"] {
            assert!(wrong.parse::<Chord>().is_err(), "{wrong}");
        }
    }
}
