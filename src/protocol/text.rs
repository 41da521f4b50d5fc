//! Texts from people.

/// The longest clipboard text that is carried, in bytes: its base64 just fits into one message of a data channel.
pub(crate) const MAX_CLIPBOARD: usize = 49_050;

/// A text that was copied. `Debug` hides it: it must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClipboardText(String);

impl ClipboardText {
    /// Takes `text`, unless it is longer than [`MAX_CLIPBOARD`].
    pub(crate) fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() <= MAX_CLIPBOARD).then_some(Self(text))
    }

    /// The text itself, for the clipboard and for nothing else.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClipboardText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClipboardText({} bytes)", self.0.len())
    }
}

/// The text without what hides or misleads in the name of a person, a file or a window: control characters, line breaks,
/// characters that turn the direction of the text beside them, and those that show nothing. Those that join two emoji, or
/// two letters of a script that needs that, stay between them.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let beside = |is_such: fn(char) -> bool| before.is_some_and(is_such);
        let between = |is_such: fn(char) -> bool| beside(is_such) && after.is_some_and(is_such);
        let is_shown = match c {
            ZERO_WIDTH_JOINER => between(is_pictograph) || between(is_joined),
            ZERO_WIDTH_NON_JOINER => between(is_joined),
            EMOJI_STYLE => beside(is_pictograph),
            c => !is_hidden(c),
        };
        if is_shown {
            shown.push(c);
            before = Some(c).filter(|c| *c != EMOJI_STYLE).or(before);
        }
    }
    shown
}

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// The variation selector that shows a symbol as an emoji.
const EMOJI_STYLE: char = '\u{fe0f}';

/// True for symbols and emoji.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{27ff}' | '\u{2900}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// True for letters of Arabic, Syriac and Indic scripts.
fn is_joined(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d5}' | '\u{710}'..='\u{7ff}' | '\u{900}'..='\u{dff}')
}

/// True for the categories Cc, Cf (except for signs that enclose digits), Zl and Zp of Unicode, and for other characters
/// that show nothing (`Default_Ignorable_Code_Point`, and the blanks of Hangul and Braille).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1345f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_hides_or_misleads_is_left_out() {
        for (given, shown) in [
            ("Jürgen 漢 \u{1f600}", "Jürgen 漢 \u{1f600}"),
            ("a\nb\tc\0\u{85}d\u{1b}[0m", "abcd[0m"),
            ("photo\u{202e}gpj.exe\u{202c}", "photogpj.exe"),
            ("\u{2066}a\u{2069}\u{61c}\u{200e}", "a"),
            ("a\u{200b}b\u{200d}c\u{200c}d\u{feff}\u{ad}\u{2060}", "abcd"),
            ("\u{3164}\u{115f}\u{ffa0}\u{2800}\u{34f}\u{180e}\u{fe0e}", ""),
            ("a\u{e0041}\u{e0100}\u{fff9}\u{1d173}\u{2028}\u{2029}", "a"),
        ] {
            assert_eq!(visible(given), shown, "{given:?}");
        }
    }

    #[test]
    fn emoji_and_scripts_that_need_it_stay_joined() {
        for text in [
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "\u{1f926}\u{1f3fd}\u{200d}\u{2642}\u{fe0f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94d}\u{200d}\u{937}",
        ] {
            assert_eq!(visible(text), text, "{text}");
        }
        assert_eq!(visible("\u{1f600}\u{200d}"), "\u{1f600}");
        assert_eq!(
            visible("\u{1f600}\u{200d}\u{200d}\u{1f600}"),
            "\u{1f600}\u{200d}\u{1f600}"
        );
        assert_eq!(visible("a\u{fe0f}\u{200d}\u{1f600}"), "a\u{1f600}");
    }

    proptest! {
        #[test]
        fn what_is_shown_stays_as_it_is(text in "[a\u{200c}\u{200d}\u{fe0f}\u{1f600}\u{645}\u{202e}\\PC]*") {
            let shown = visible(&text);
            prop_assert_eq!(visible(&shown), shown);
        }
    }
}
