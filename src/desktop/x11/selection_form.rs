//! The forms in which other programs hand over a selection. Pure.

use x11rb::protocol::xproto::{Atom, AtomEnum};

use super::atoms::Atoms;
use super::compound_text;
use crate::desktop::clipboard_content::ClipboardContent;
use crate::desktop::html_text::text_of_html;

/// The encoding of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Utf8,
    CompoundText,
    /// Text of an encoding that is not named.
    Plain,
    Latin1,
    Image,
    Html,
}

impl Form {
    /// The form of a property of this type. `None` if we do not know it: some programs answer every request with the
    /// one thing that they have.
    pub(super) fn of(kind: Atom, atoms: Atoms) -> Option<Form> {
        let known = known(atoms).into_iter().find(|(atom, _)| *atom == kind);
        known.map(|(_, form)| form)
    }

    /// Decodes the content. `None`: the bytes are not in this form.
    pub(super) fn content(self, bytes: Vec<u8>) -> Option<ClipboardContent> {
        match self {
            Form::Utf8 => Some(String::from_utf8_lossy(&bytes).into_owned().into()),
            Form::CompoundText => compound_text::decode(&bytes).map(ClipboardContent::from),
            Form::Plain => Some(
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| latin1(error.as_bytes()))
                    .into(),
            ),
            Form::Latin1 => Some(latin1(&bytes).into()),
            Form::Image => ClipboardContent::image(bytes),
            Form::Html => Some(text_of_html(&bytes).into()),
        }
    }
}

/// The targets that are asked for one after the other if a program offers `offered`, the best first.
pub(super) fn choose(offered: &[Atom], atoms: Atoms) -> Vec<Atom> {
    let targets = known(atoms).into_iter().map(|(atom, _)| atom);
    targets.filter(|target| offered.contains(target)).collect()
}

/// The targets for a program that does not say what it offers.
pub(super) fn blind(atoms: Atoms) -> Vec<Atom> {
    vec![AtomEnum::STRING.into(), atoms.IMAGE_PNG]
}

/// The targets that we know, the best first.
fn known(atoms: Atoms) -> [(Atom, Form); 13] {
    [
        (atoms.UTF8_STRING, Form::Utf8),
        (atoms.TEXT_PLAIN_UTF8, Form::Utf8),
        (atoms.TEXT_PLAIN_UTF8_UPPER, Form::Utf8),
        (atoms.COMPOUND_TEXT, Form::CompoundText),
        (atoms.TEXT, Form::Plain),
        (atoms.TEXT_PLAIN, Form::Plain),
        (AtomEnum::STRING.into(), Form::Latin1),
        (atoms.IMAGE_PNG, Form::Image),
        (atoms.IMAGE_JPEG, Form::Image),
        (atoms.IMAGE_WEBP, Form::Image),
        (atoms.IMAGE_GIF, Form::Image),
        (atoms.IMAGE_BMP, Form::Image),
        (atoms.TEXT_HTML, Form::Html),
    ]
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_whatever_they_are_and_a_picture_only_if_they_are_one() {
        for (form, bytes, content) in [
            (Form::Utf8, "é中😀".as_bytes(), Some("é中😀".into())),
            (Form::Utf8, b"a\xff", Some("a\u{fffd}".into())),
            (Form::Latin1, b"\xe9!", Some("é!".into())),
            (Form::Plain, b"\xe9!", Some("é!".into())),
            (Form::Plain, "é中".as_bytes(), Some("é中".into())),
            (Form::CompoundText, b"\xe9!", Some("é!".into())),
            (Form::Html, b"<p>a<p>b", Some("a\nb".into())),
            (
                Form::Image,
                b"\x89PNG\r\n\x1a\n...",
                ClipboardContent::png(*b"\x89PNG\r\n\x1a\n..."),
            ),
            (Form::Image, b"GIF no", None),
        ] {
            assert_eq!(form.content(bytes.to_vec()), content);
        }
    }
}
