//! The forms in which other programs hand over a selection. Pure.

use x11rb::protocol::xproto::{Atom, AtomEnum};

use super::atoms::Atoms;
use crate::desktop::clipboard_content::ClipboardContent;

/// The forms of the content, the best first.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Utf8,
    Latin1,
    Png,
}

impl Form {
    /// The target with which a program is asked for this form.
    pub(super) fn target(self, atoms: Atoms) -> Atom {
        match self {
            Form::Utf8 => atoms.UTF8_STRING,
            Form::Latin1 => AtomEnum::STRING.into(),
            Form::Png => atoms.IMAGE_PNG,
        }
    }

    /// The form of a property of this type. `None` if we do not know it: some programs answer every request with the
    /// one thing that they have.
    pub(super) fn of(kind: Atom, atoms: Atoms) -> Option<Form> {
        if kind == atoms.UTF8_STRING || kind == atoms.TEXT_PLAIN_UTF8 {
            Some(Form::Utf8)
        } else if kind == atoms.IMAGE_PNG {
            Some(Form::Png)
        } else {
            (kind == Atom::from(AtomEnum::STRING)).then_some(Form::Latin1)
        }
    }

    /// Decodes the content. `None`: the bytes are not in this form.
    pub(super) fn content(self, bytes: Vec<u8>) -> Option<ClipboardContent> {
        match self {
            Form::Utf8 => Some(String::from_utf8_lossy(&bytes).into_owned().into()),
            Form::Latin1 => Some(bytes.into_iter().map(char::from).collect::<String>().into()),
            Form::Png => ClipboardContent::png(bytes),
        }
    }
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
            (
                Form::Png,
                b"\x89PNG\r\n\x1a\n...",
                ClipboardContent::png(*b"\x89PNG\r\n\x1a\n..."),
            ),
            (Form::Png, b"GIF89a", None),
        ] {
            assert_eq!(form.content(bytes.to_vec()), content);
        }
    }
}
