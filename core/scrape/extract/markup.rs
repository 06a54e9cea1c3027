//! A page as a stream of tags, read without building a tree.
//!
//! Embedded data, links and totals can be read from the markup, and a tree costs ten times as much as this scan. What is
//! deliberately not here: the rules by which a browser repairs nesting, which `tree` follows.

use std::{borrow::Cow, ops::Range};

use memchr::{memchr, memchr2, memmem};

use super::entities;

/// One piece of markup, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    /// A start tag, `<a href=...>`.
    Open(Tag<'a>),
    /// An end tag's name.
    Close(&'a str),
    /// Text between tags, entities undecoded.
    Text(&'a str),
    /// An element whose content is no markup (`script`, `style`, ...) with that content.
    Raw(Tag<'a>, &'a str),
}

/// A start tag: its name as written and its attributes unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// Whether its attributes, as they are written, hold a text, given in lower case, in any case.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        super::card::mentions(self.attributes, text)
    }

    pub(crate) fn has_attributes(&self) -> bool {
        self.attributes().next().is_some()
    }

    /// Whether its content is never markup.
    fn is_raw(&self) -> bool {
        let initial = self.name.as_bytes()[0].to_ascii_lowercase();
        matches!(initial, b's' | b't' | b'n' | b'i' | b'x') && RAW.iter().any(|raw| self.is(raw))
    }

    /// Whether it ends itself, `<path/>`; a slash that ends an unquoted value does not.
    pub(crate) fn closes_itself(&self) -> bool {
        if !self.attributes.ends_with('/') {
            return false;
        }
        let mut attributes = self.attributes();
        let mut read = 0;
        while attributes.span().is_some() {
            read = attributes.at;
        }
        self.attributes[read..].ends_with('/')
    }

    /// The decoded value of an attribute, empty for one without a value.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| entities::decode(value))
    }

    /// Names and undecoded values.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        Attributes { text: self.attributes, at: 0 }
    }
}

/// Iterates over the attributes of a tag, up to the `>` that ends it.
pub(crate) struct Attributes<'a> {
    text: &'a str,
    at: usize,
}

/// What a byte means between the name of a tag and its end, one bit each.
static MEANING: [u8; 256] = {
    let mut meaning = [OTHER; 256];
    let blanks = b" \t\n\x0c\r";
    let mut at = 0;
    while at < blanks.len() {
        meaning[blanks[at] as usize] = BLANK;
        at += 1;
    }
    meaning[b'/' as usize] = SLASH;
    meaning[b'=' as usize] = EQUALS;
    meaning[b'>' as usize] = END;
    meaning
};
const BLANK: u8 = 1;
const SLASH: u8 = 2;
const EQUALS: u8 = 4;
const END: u8 = 8;
const OTHER: u8 = 16;

/// The first place from `at` whose byte means something else than `meanings`.
fn passed(bytes: &[u8], mut at: usize, meanings: u8) -> usize {
    while bytes.get(at).is_some_and(|byte| MEANING[usize::from(*byte)] & meanings != 0) {
        at += 1;
    }
    at
}

impl Attributes<'_> {
    /// Where the next attribute's name and value stand; `None` at the end of the tag.
    fn span(&mut self) -> Option<(Range<usize>, Range<usize>)> {
        // All that ends a name or a value is ASCII, so bytes are enough, and every cut falls between characters.
        let bytes = self.text.as_bytes();
        let name = passed(bytes, self.at, BLANK | SLASH);
        self.at = name;
        if matches!(bytes.get(name), None | Some(b'>')) {
            return None;
        }
        // A name is at least one character long, be it a `=`.
        let name_end = passed(bytes, name + 1, !(BLANK | SLASH | EQUALS | END));
        self.at = name_end;
        let equals = passed(bytes, name_end, BLANK);
        if bytes.get(equals) != Some(&b'=') {
            return Some((name..name_end, name_end..name_end));
        }
        let value = passed(bytes, equals + 1, BLANK);
        let value = match bytes.get(value) {
            Some(quote @ (b'"' | b'\'')) => {
                let end = memchr(*quote, &bytes[value + 1..]).map_or(bytes.len(), |length| value + 1 + length);
                self.at = bytes.len().min(end + 1);
                value + 1..end
            }
            _ => {
                self.at = passed(bytes, value, !(BLANK | END));
                value..self.at
            }
        };
        Some((name..name_end, value))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.span()?;
        Some((&self.text[name], &self.text[value]))
    }
}

/// A piece of markup, before it is known whether its content is markup as well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    Open(Tag<'a>),
    Close(&'a str),
    Text(&'a str),
    Comment,
    /// `</>`, which means nothing.
    Nothing,
    /// From its `<` to its `>`.
    Doctype(&'a str),
}

/// How the content of an element that holds no markup ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// At its end tag, unless a comment in it holds another script.
    Script,
    /// At its end tag.
    Text,
    /// Never.
    Rest,
}

/// Reads a page token by token, cut as browsers cut it; any text gives some tokens, and each byte is looked at a bounded
/// number of times.
pub(crate) struct Tokens<'a> {
    html: &'a str,
    at: usize,
}

/// Elements whose content the parser takes as plain text.
const RAW: [&str; 9] = ["script", "style", "textarea", "title", "noscript", "iframe", "xmp", "noembed", "noframes"];

impl<'a> Tokens<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { html, at: 0 }
    }

    /// How many bytes are read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next piece, without regard to the one before it.
    pub(crate) fn piece(&mut self) -> Option<Piece<'a>> {
        loop {
            let bytes = self.html.as_bytes();
            let start = self.at;
            let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
            if rest[0] != b'<' {
                return Some(self.text(start));
            }
            match rest.get(1) {
                Some(b'!') if rest.starts_with(b"<!--") => {
                    self.skip_comment();
                    return Some(Piece::Comment);
                }
                Some(b'!') if rest.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype")) => {
                    self.skip_past(b'>');
                    return Some(Piece::Doctype(&self.html[start..self.at]));
                }
                Some(b'!' | b'?') => {
                    self.skip_past(b'>');
                    return Some(Piece::Comment);
                }
                Some(b'/') => match rest.get(2) {
                    Some(letter) if letter.is_ascii_alphabetic() => {
                        if let Some(tag) = self.tag(start + 2) {
                            return Some(Piece::Close(tag.name));
                        }
                    }
                    Some(b'>') => {
                        self.at += 3;
                        return Some(Piece::Nothing);
                    }
                    Some(_) => {
                        self.skip_past(b'>');
                        return Some(Piece::Comment);
                    }
                    None => return Some(self.text(start)),
                },
                Some(letter) if letter.is_ascii_alphabetic() => {
                    if let Some(tag) = self.tag(start + 1) {
                        return Some(Piece::Open(tag));
                    }
                }
                // A lone `<` is text, up to the next one.
                _ => return Some(self.text(start)),
            }
        }
    }

    /// Text from one byte, whatever it is, up to the next `<`.
    fn text(&mut self, start: usize) -> Piece<'a> {
        let bytes = self.html.as_bytes();
        self.at = memchr(b'<', &bytes[start + 1..]).map_or(bytes.len(), |at| start + 1 + at);
        Piece::Text(&self.html[start..self.at])
    }

    fn skip_past(&mut self, end: u8) {
        let bytes = self.html.as_bytes();
        self.at = memchr(end, &bytes[self.at..]).map_or(bytes.len(), |at| self.at + at + 1);
    }

    /// Comments end at `-->`, at `--!>`, and at once where they begin with `>` or `->`.
    fn skip_comment(&mut self) {
        let bytes = self.html.as_bytes();
        let start = self.at + "<!--".len();
        self.at = start;
        while self.at < bytes.len() {
            self.skip_past(b'>');
            let inside = &bytes[start..self.at - 1];
            if inside.is_empty() || inside == b"-" || inside.ends_with(b"--") || inside.ends_with(b"--!") {
                return;
            }
        }
    }

    /// The section `<![CDATA[...]]>` that begins here, which only drawings and formulas may hold.
    pub(crate) fn character_data(&mut self) -> Option<&'a str> {
        let content = self.html[self.at..].strip_prefix("<![CDATA[")?;
        let end = memmem::find(content.as_bytes(), b"]]>");
        let content = &content[..end.unwrap_or(content.len())];
        self.at = (self.at + "<![CDATA[".len() + content.len() + "]]>".len()).min(self.html.len());
        Some(content)
    }

    /// The tag whose name begins at `start`; `None` if the page ends within it.
    fn tag(&mut self, start: usize) -> Option<Tag<'a>> {
        let text = &self.html[start..];
        let name_end = text
            .bytes()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(name_end);
        let mut attributes = Attributes { text: rest, at: 0 };
        while attributes.span().is_some() {}
        let length = attributes.at;
        self.at = start + name_end + length;
        rest[length..].starts_with('>').then(|| {
            self.at += 1;
            Tag { name, attributes: &rest[..length] }
        })
    }

    /// The text up to the end of an element that holds no markup. `Tokens` skips the end tag; otherwise it is the next
    /// piece.
    pub(crate) fn content(&mut self, name: &str, kind: Content) -> &'a str {
        let start = self.at;
        self.at = match kind {
            Content::Rest => self.html.len(),
            Content::Text => self.end_tag(name),
            Content::Script => self.script_end(),
        };
        &self.html[start..self.at]
    }

    /// Where the end tag of this name stands.
    fn end_tag(&self, name: &str) -> usize {
        let bytes = self.html.as_bytes();
        let mut at = self.at;
        while let Some(step) = memchr(b'<', &bytes[at..]) {
            at += step;
            if bytes.get(at + 1) == Some(&b'/') && is_word(bytes, at + 2, name) {
                return at;
            }
            at += 1;
        }
        bytes.len()
    }

    /// Where a script ends. Within `<!--` of a script, the end tag of a nested script is skipped.
    fn script_end(&self) -> usize {
        const NAME: &str = "script";
        let end = self.end_tag(NAME);
        let bytes = self.html.as_bytes();
        let Some(comment) = memmem::find(&bytes[self.at..end], b"<!--") else { return end };
        let mut at = self.at + comment + "<!".len();
        let (mut commented, mut nested) = (true, false);
        while let Some(step) = memchr2(b'<', b'-', &bytes[at..]) {
            at += step;
            let rest = &bytes[at..];
            if rest.starts_with(b"</") && is_word(bytes, at + 2, NAME) {
                if !nested {
                    return at;
                }
                nested = false;
            } else if commented && rest.starts_with(b"-->") {
                (commented, nested) = (false, false);
            } else if commented && rest[0] == b'<' && is_word(bytes, at + 1, NAME) {
                nested = true;
            } else if rest.starts_with(b"<!--") {
                commented = true;
                at += 1;
            }
            at += 1;
        }
        bytes.len()
    }
}

/// Whether a tag's name stands here, whole.
fn is_word(bytes: &[u8], at: usize, name: &str) -> bool {
    let end = at + name.len();
    bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(end).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.piece()? {
                Piece::Open(tag) if tag.is_raw() => {
                    let kind = if tag.is("script") { Content::Script } else { Content::Text };
                    let content = self.content(tag.name, kind);
                    // Its own end tag, or the end of the page.
                    let _end = self.piece();
                    return Some(Token::Raw(tag, content));
                }
                Piece::Open(tag) => return Some(Token::Open(tag)),
                Piece::Close(name) => return Some(Token::Close(name)),
                Piece::Text(text) => return Some(Token::Text(text)),
                Piece::Comment | Piece::Nothing | Piece::Doctype(_) => {}
            }
        }
    }
}

/// A `script` element that carries its text in the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script<'a> {
    pub(crate) tag: Tag<'a>,
    pub(crate) body: &'a str,
}

impl Script<'_> {
    /// Whether the `type` is the one of JSON-LD, with or without parameters.
    pub(crate) fn is_json_ld(&self) -> bool {
        self.tag.attribute("type").is_some_and(|kind| {
            let kind = kind.trim();
            kind.get(..19).is_some_and(|start| start.eq_ignore_ascii_case("application/ld+json"))
        })
    }
}

/// The scripts of a page that are not empty.
pub(crate) fn scripts<'a>(tokens: &[Token<'a>]) -> Vec<Script<'a>> {
    let script = |token: &Token<'a>| match token {
        Token::Raw(tag, body) if tag.is("script") && !body.trim_ascii().is_empty() => Some(Script { tag: *tag, body }),
        _ => None,
    };
    tokens.iter().filter_map(script).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_attributes_and_text_come_in_order() {
        let html =
            r#"<!-- <a href=no> --><!doctype html><a class='x y' href="/a?b=1&amp;c=2" data-flag rel=next>Go > on</a>"#;
        let tokens: Vec<_> = Tokens::new(html).collect();
        let Token::Open(link) = tokens[0] else { panic!("{tokens:?}") };
        assert!(link.is("A"));
        assert_eq!(link.attribute("HREF").as_deref(), Some("/a?b=1&c=2"));
        assert_eq!(link.attribute("class").as_deref(), Some("x y"));
        assert_eq!(link.attribute("data-flag").as_deref(), Some(""));
        assert_eq!(link.attribute("rel").as_deref(), Some("next"));
        assert_eq!(link.attribute("missing"), None);
        assert_eq!(tokens[1..], [Token::Text("Go > on"), Token::Close("a")]);
    }

    #[test]
    fn a_script_is_raw_until_its_own_end_tag() {
        let html = "<!-- <script>old</script> --><b title='<i>'><SCRIPT type='application/ld+json; charset=utf-8'>if (a<b) { '</p>' }</Script><p>";
        let tokens: Vec<_> = Tokens::new(html).collect();
        let found = scripts(&tokens);
        assert_eq!(found.len(), 1);
        assert!(found[0].is_json_ld());
        assert_eq!(found[0].body, "if (a<b) { '</p>' }");
    }

    #[test]
    fn broken_markup_ends_and_stays_within_the_page() {
        for html in [
            "<",
            "<a",
            "<a href=\"x",
            "</",
            "<!--",
            "<script>",
            "<a =>x",
            "a < b <1",
            "<a/b=c d>",
            "<é>",
            "<a é='ü",
            "</é",
        ] {
            let length: usize = Tokens::new(html).map(|token| format!("{token:?}").len()).sum();
            assert!(length < 400, "{html}");
            for token in Tokens::new(html) {
                if let Token::Open(tag) = token {
                    assert!(tag.attributes().count() < 5, "{html}");
                }
            }
        }
    }
}
