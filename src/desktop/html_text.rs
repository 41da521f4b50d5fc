//! The text of an HTML document, for programs that copy nothing else. Pure.

use encoding_rs::{Encoding, UTF_8};

/// Returns the text as a browser would show it: without tags, scripts and styles, and with a line for each block.
pub(super) fn text_of_html(bytes: &[u8]) -> String {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let html = encoding.decode_without_bom_handling(&bytes[mark..]).0;
    let mut lines = Lines::default();
    let mut rest: &str = html.trim_end_matches('\0');
    while let Some((before, after)) = rest.split_once('<') {
        lines.push(before);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            lines.push("<");
            rest = after;
            continue;
        }
        let tag;
        (tag, rest) = split_tag(after);
        let name = name_of(tag);
        if HIDDEN.contains(&name.as_str()) {
            rest = after_end_tag(rest, &name);
        }
        match name.trim_start_matches('/') {
            "br" if !name.starts_with('/') => lines.end(true),
            "td" | "th" if name.starts_with('/') => lines.line.push('\t'),
            block if BLOCKS.contains(&block) => lines.end(false),
            _ => {}
        }
    }
    lines.push(rest);
    lines.finish()
}

/// Splits the tag that has begun from what follows. A `>` in a quoted attribute does not end it.
fn split_tag(html: &str) -> (&str, &str) {
    let mut quote = None;
    let is_end = |c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None => return c == '>',
            Some(_) => {}
        }
        false
    };
    html.split_once(is_end).unwrap_or((html, ""))
}

/// The text behind the end tag of the element `name`; nothing if it has none.
fn after_end_tag<'a>(mut html: &'a str, name: &str) -> &'a str {
    while let Some((_, after)) = html.split_once("</") {
        if name_of(after) == name {
            return split_tag(after).1;
        }
        html = after;
    }
    ""
}

/// The name of a tag in lower case, with a slash if it is an end tag.
fn name_of(tag: &str) -> String {
    let name = tag
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '/'))
        .next();
    name.unwrap_or_default()
        .trim_end_matches('/')
        .to_ascii_lowercase()
}

/// Lines in which white space is collapsed.
#[derive(Default)]
struct Lines {
    text: String,
    line: String,
}

impl Lines {
    fn push(&mut self, html: &str) {
        let text = html_escape::decode_html_entities(html);
        let mut before = self.line.chars().next_back();
        for c in text.chars() {
            // A no-break space stays.
            let c = if c.is_ascii_whitespace() { ' ' } else { c };
            let is_blank = c == ' ' && before.is_none_or(|before| before == ' ' || before == '\t');
            if !is_blank {
                self.line.push(c);
                before = Some(c);
            }
        }
    }

    /// Ends the line; an empty one counts only if `is_forced`.
    fn end(&mut self, is_forced: bool) {
        let line = self.line.trim_matches([' ', '\t']);
        if is_forced || !line.is_empty() {
            self.text.push_str(line);
            self.text.push('\n');
        }
        self.line.clear();
    }

    fn finish(mut self) -> String {
        self.end(false);
        self.text.trim_end_matches('\n').to_owned()
    }
}

/// The elements whose content is not shown.
const HIDDEN: &[&str] = &["head", "script", "style", "title", "template", "noscript"];
/// The elements that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_the_text_that_a_browser_shows() {
        for (html, text) in [
            ("plain", "plain"),
            ("<b>bold</b> and <i>not</i>", "bold and not"),
            ("a  \n b", "a b"),
            (
                "<p>one</p>\n<p>two<br>three<br><br>four</p>",
                "one\ntwo\nthree\n\nfour",
            ),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            (
                "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>",
                "1\t2\n3",
            ),
            ("<b>a</b>\t<b>b</b><td>c</td>\t<td>d</td>", "a bc\td"),
            ("&lt;b&gt; &amp;amp; &eacute;&#x4e2d;&#128512;", "<b> &amp; é中😀"),
            (
                "<html><head><title>x</title><meta charset='utf-8'></head><body>y</body></html>",
                "y",
            ),
            ("<style>p > a {}</style><script>if (a < b) {}</script>z", "z"),
            ("<!-- <b>no</b> -->yes<!--", "yes"),
            ("<a title=\"a > b\" href='<'>link</a>", "link"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<p", ""),
            ("", ""),
        ] {
            assert_eq!(text_of_html(html.as_bytes()), text, "{html}");
        }
    }

    #[test]
    fn a_byte_order_mark_names_the_encoding() {
        let units = "\u{feff}<p>é中".encode_utf16();
        let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        assert_eq!(text_of_html(&bytes), "é中");
        assert_eq!(text_of_html("\u{feff}é".as_bytes()), "é");
    }
}
