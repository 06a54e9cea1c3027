//! A page as a stream of tags, read without building a tree.
//!
//! Embedded data, links and totals stand in the markup itself, and a tree costs ten times what this scan does. What is
//! deliberately not here: the rules by which a browser repairs nesting; whoever needs them asks for the tree.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::clean;

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The decoded value of an attribute, empty for one without a value.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| clean::decode(value))
    }

    /// Names and undecoded values.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        Attributes(self.attributes)
    }
}

/// Iterates over the attributes of a tag.
pub(crate) struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        // All that ends a name or a value is ASCII, so bytes are enough, and every cut falls between characters.
        let bytes = self.0.as_bytes();
        let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b'/')?;
        let text = &self.0[start..];
        // A name is at least one character long, or a stray `=` would never be passed.
        let name_end = text
            .bytes()
            .skip(1)
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'/'))
            .map_or(text.len(), |at| at + 1);
        let (name, rest) = text.split_at(name_end);
        let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
            self.0 = rest;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let (value, rest) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = memchr(*quote, &value.as_bytes()[1..]).map_or(value.len(), |at| at + 1);
                (&value[1..end], value.get(end + 1..).unwrap_or(""))
            }
            _ => value.split_at(value.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        self.0 = rest;
        Some((name, value))
    }
}

/// Reads a page token by token; any text gives some tokens, and each byte is looked at a bounded number of times.
pub(crate) struct Tokens<'a> {
    html: &'a str,
    at: usize,
}

/// Elements whose content the parser takes as plain text.
const RAW: [&str; 8] = ["script", "style", "textarea", "title", "noscript", "iframe", "xmp", "noembed"];

impl<'a> Tokens<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { html, at: 0 }
    }

    fn skip_past(&mut self, end: &str, from: usize) {
        let rest = self.html.as_bytes().get(from..).unwrap_or_default();
        self.at = memmem::find(rest, end.as_bytes()).map_or(self.html.len(), |at| from + at + end.len());
    }

    /// The end of the tag that starts at `from`: the first `>` outside quotes that follow an `=`.
    fn tag_end(&self, from: usize) -> usize {
        let bytes = self.html.as_bytes();
        let mut at = from;
        while let Some(step) = bytes.get(at..).and_then(|rest| memchr2(b'>', b'=', rest)) {
            at += step;
            if bytes[at] == b'>' {
                return at;
            }
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            if let Some(quote @ (b'"' | b'\'')) = bytes.get(at) {
                at += 1;
                at += memchr(*quote, &bytes[at..]).map_or(bytes.len() - at, |end| end + 1);
            }
        }
        bytes.len()
    }

    /// The content of a raw element and the place after its end tag.
    fn raw_content(&self, name: &str, from: usize) -> (&'a str, usize) {
        let bytes = self.html.as_bytes();
        let mut at = from;
        while let Some(step) = bytes.get(at..).and_then(|rest| memchr(b'<', rest)) {
            at += step;
            let after = at + 2 + name.len();
            let ends = bytes.get(at + 1) == Some(&b'/')
                && bytes.get(at + 2..after).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
            if ends {
                return (&self.html[from..at], (self.tag_end(after) + 1).min(bytes.len()));
            }
            at += 1;
        }
        (&self.html[from..], bytes.len())
    }

    fn open_tag(&mut self, start: usize) -> Token<'a> {
        let bytes = self.html.as_bytes();
        let name_end = bytes[start..]
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
            .map_or(bytes.len(), |at| start + at);
        let end = self.tag_end(name_end);
        let tag = Tag { name: &self.html[start..name_end], attributes: &self.html[name_end..end] };
        self.at = (end + 1).min(bytes.len());
        let raw_initial = matches!(bytes[start].to_ascii_lowercase(), b's' | b't' | b'n' | b'i' | b'x');
        if raw_initial && RAW.iter().any(|raw| tag.is(raw)) {
            let (content, after) = self.raw_content(tag.name, self.at);
            self.at = after;
            return Token::Raw(tag, content);
        }
        Token::Open(tag)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let bytes = self.html.as_bytes();
            let start = self.at;
            let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
            if rest[0] != b'<' {
                self.at = memchr(b'<', rest).map_or(bytes.len(), |at| start + at);
                return Some(Token::Text(&self.html[start..self.at]));
            }
            match rest.get(1) {
                Some(b'!') if rest.starts_with(b"<!--") => self.skip_past("-->", start + 4),
                Some(b'!' | b'?') => self.skip_past(">", start),
                Some(b'/') => {
                    self.skip_past(">", start);
                    let inside = self.html[start + 2..self.at].trim_end_matches('>');
                    let end = inside.find(|c: char| c.is_ascii_whitespace()).unwrap_or(inside.len());
                    return Some(Token::Close(&inside[..end]));
                }
                Some(letter) if letter.is_ascii_alphabetic() => return Some(self.open_tag(start + 1)),
                _ => {
                    // A lone `<` is text, up to the next one.
                    self.at = memchr(b'<', &rest[1..]).map_or(bytes.len(), |at| start + 1 + at);
                    return Some(Token::Text(&self.html[start..self.at]));
                }
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

/// The scripts of a page, found by their opening tags alone: no other tag is read.
pub(crate) fn scripts(html: &str) -> Vec<Script<'_>> {
    const OPENING: &[u8] = b"<script";
    let bytes = html.as_bytes();
    let mut found = Vec::new();
    let mut tokens = Tokens::new(html);
    while let Some(step) = bytes.get(tokens.at..).and_then(|rest| memchr(b'<', rest)) {
        tokens.at += step;
        let rest = &bytes[tokens.at..];
        let opens = rest.get(..OPENING.len()).is_some_and(|start| start.eq_ignore_ascii_case(OPENING));
        if !opens && !rest.starts_with(b"<!--") {
            tokens.at += 1;
            continue;
        }
        if !opens {
            tokens.skip_past("-->", tokens.at + 4);
        } else if let Some(Token::Raw(tag, body)) = tokens.next()
            && !body.trim_ascii().is_empty()
        {
            found.push(Script { tag, body });
        }
    }
    found
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
        let found = scripts(html);
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
