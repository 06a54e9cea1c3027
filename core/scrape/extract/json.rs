//! JSON as pages carry it: strict where it is, else read as the JavaScript literal it was meant to be.
//!
//! Pages hold bare keys, single quotes, trailing commas, raw line ends, `\x26` and `\-`. What is deliberately not here:
//! evaluating anything. An expression where a value should stand is passed over and becomes null.

use std::borrow::Cow;

use serde_json::Number;

use super::value::{Json, Object};

/// Values nested deeper are passed over, so that no reader of the result can run out of stack.
const DEPTH_MAX: usize = 100;

/// The value at the start of `text`, and how many bytes it takes; `None` where there is none.
pub(crate) fn value_at_start(text: &str) -> Option<(Json<'_>, usize)> {
    let mut strict = serde_json::Deserializer::from_str(text).into_iter::<Json<'_>>();
    if let Some(Ok(value)) = strict.next() {
        return Some((value, strict.byte_offset()));
    }
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    Some((value, reader.at))
}

/// A longer path names nothing; without a bound, a script that repeats the name would be searched again from each place.
const PATH_BYTES_MAX: usize = 200;

/// The value assigned by the first `marker ... = value` of a script that is no empty object, where the marker names the place.
pub(crate) fn assigned<'a>(script: &'a str, marker: &str) -> Option<Json<'a>> {
    let (mut rest, mut empty) = (script, None);
    while let Some(at) = rest.find(marker) {
        rest = &rest[at + marker.len()..];
        // Between the name and the `=` stands at most the rest of a path: `["bus1"]` or `.vehicles`.
        let path_end = rest.bytes().take(PATH_BYTES_MAX).position(|byte| matches!(byte, b'=' | b';' | b'\n' | b'{'));
        let Some(value) = path_end.and_then(|end| rest[end..].strip_prefix('=')) else { continue };
        if value.starts_with('=') {
            continue;
        }
        let value = value.trim_start();
        if let Some(encoded) = value.strip_prefix("JSON.parse(") {
            let (text, _) = value_at_start(encoded.trim_start())?;
            return value_at_start(text.as_str()?).map(|(value, _)| value.into_owned());
        }
        if value.starts_with(['{', '[']) {
            let (value, _) = value_at_start(value)?;
            // `state = {}` makes room for what is assigned to its parts.
            if value.as_object().is_none_or(|object| object.iter().next().is_some()) {
                return Some(value);
            }
            empty = empty.or(Some(value));
        }
    }
    empty
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.at += trimmed.find("*/").map_or(trimmed.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        self.skip_blank();
        match self.peek()? {
            b'{' | b'[' if depth >= DEPTH_MAX => {
                self.skip_expression();
                Some(Json::Null)
            }
            b'{' => Some(self.object(depth)),
            b'[' => Some(self.array(depth)),
            b'"' | b'\'' | b'`' => Some(Json::String(self.string())),
            _ => Some(self.bare()),
        }
    }

    fn object(&mut self, depth: usize) -> Json<'a> {
        let mut fields = Object::default();
        self.at += 1;
        loop {
            self.skip_blank();
            match self.peek() {
                None => break,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let key = self.key();
                    self.skip_blank();
                    if self.peek() != Some(b':') {
                        // No field after all: on to the next one.
                        self.skip_expression();
                        if !matches!(self.peek(), None | Some(b',' | b'}')) {
                            self.at += 1;
                        }
                        continue;
                    }
                    self.at += 1;
                    let Some(value) = self.value(depth + 1) else { break };
                    fields.push(key, value);
                    self.skip_expression();
                    if matches!(self.peek(), Some(b']' | b')')) {
                        self.at += 1;
                    }
                }
            }
        }
        Json::Object(fields)
    }

    fn array(&mut self, depth: usize) -> Json<'a> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_blank();
            match self.peek() {
                None => break,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let Some(value) = self.value(depth + 1) else { break };
                    items.push(value);
                    self.skip_expression();
                    // Whatever ends an expression and is of no use in an array is passed, or the loop would stand still.
                    if matches!(self.peek(), Some(b'}' | b')' | b';')) {
                        self.at += 1;
                    }
                }
            }
        }
        Json::Array(items)
    }

    fn key(&mut self) -> Cow<'a, str> {
        if matches!(self.peek(), Some(b'"' | b'\'' | b'`')) {
            return self.string();
        }
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$' | '-')).unwrap_or(rest.len());
        self.at += end;
        Cow::Borrowed(&rest[..end])
    }

    /// A number, a word, or an expression, which is passed over.
    fn bare(&mut self) -> Json<'a> {
        let start = self.at;
        self.skip_expression();
        let passed = &self.text[start..self.at];
        let word = passed[..passed.find("/*").or_else(|| passed.find("//")).unwrap_or(passed.len())].trim();
        match word {
            "true" | "!0" => Json::Bool(true),
            "false" | "!1" => Json::Bool(false),
            _ => word.parse::<Number>().map_or(Json::Null, Json::Number),
        }
    }

    /// Passes everything up to the `,` or closing bracket of this level, whatever brackets and strings stand in between.
    fn skip_expression(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'\'' | b'`' => {
                    self.string();
                    continue;
                }
                b'/' if self.text[self.at..].starts_with("//") || self.text[self.at..].starts_with("/*") => {
                    self.skip_blank();
                    continue;
                }
                b'{' | b'[' | b'(' => open += 1,
                b'}' | b']' | b')' if open > 0 => open -= 1,
                b'}' | b']' | b')' | b',' if open == 0 => return,
                b';' if open == 0 => return,
                _ => {}
            }
            self.at += 1;
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
    }

    /// A string in any quotes. One that is never closed ends with the text.
    fn string(&mut self) -> Cow<'a, str> {
        let quote = self.peek();
        self.at += 1;
        let mut content = Cow::Borrowed("");
        while let Some(byte) = self.peek() {
            if Some(byte) == quote {
                self.at += 1;
                return content;
            }
            if byte == b'\\' {
                self.escape(content.to_mut());
                continue;
            }
            let rest = &self.text.as_bytes()[self.at..];
            let plain = rest.iter().position(|byte| *byte == b'\\' || Some(*byte) == quote).unwrap_or(rest.len());
            let piece = &self.text[self.at..self.at + plain];
            if content.is_empty() {
                content = Cow::Borrowed(piece);
            } else {
                content.to_mut().push_str(piece);
            }
            self.at += plain;
        }
        content
    }

    fn escape(&mut self, content: &mut String) {
        self.at += 1;
        let Some(letter) = self.text[self.at..].chars().next() else { return };
        self.at += letter.len_utf8();
        match letter {
            'n' => content.push('\n'),
            't' => content.push('\t'),
            'r' => content.push('\r'),
            'b' | 'f' | 'v' | '0' => content.push(' '),
            '\n' => {}
            'x' => match self.hex(2) {
                Some(code) => content.extend(char::from_u32(code)),
                None => content.push('x'),
            },
            'u' => match self.hex(4) {
                Some(high @ 0xd800..=0xdbff) => {
                    let low = self.text[self.at..].starts_with("\\u").then(|| {
                        self.at += 2;
                        self.hex(4)
                    });
                    let joined = low.flatten().filter(|low| (0xdc00..0xe000).contains(low));
                    let code = joined.map(|low| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                    content.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some(code) => content.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
                None => content.push('u'),
            },
            // `\-`, `\/`, `\'` and whatever else a template has escaped without need.
            other => content.push(other),
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.text.get(self.at..self.at + digits)?;
        let code = text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())??;
        self.at += digits;
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::processor_time;

    #[test]
    fn strict_json_and_what_pages_make_of_it_are_read() {
        for (text, expected) in [
            (r#"{"a": [1, 2.5, "x"], "b": null}; next()"#, json!({"a": [1, 2.5, "x"], "b": null})),
            (r"{a: 'it\'s', b_1: [1,2,,], $c: undefined,}", json!({"a": "it's", "b_1": [1, 2], "$c": null})),
            (
                r#"{"a": "F\-150 \x26 \u00e9\ud83d\ude97", // colour
                 "b": (x < 3) ? "m" : "d", c: f({k: 1}, 2), d: -7 /* end */}"#,
                json!({"a": "F-150 & é🚗", "b": null, "c": null, "d": -7}),
            ),
            ("{\"a\": \"two\nlines\", \"b\": 1,}", json!({"a": "two\nlines", "b": 1})),
            (r#"[{"a": !0}, {"b": 1}"#, json!([{"a": true}, {"b": 1}])),
            (r#"["\ud83d", "\ud83d\u0041", "\xZZ"]"#, json!(["\u{fffd}", "\u{fffd}", "xZZ"])),
        ] {
            assert_eq!(value_at_start(text).map(|(value, _)| value.to_value()), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_assignment_is_found_by_its_name() {
        let script = r#"if (x.vehicles == 1) {} DDC.dataLayer['vehicles'] = [
            {"vin": "A", }, ]; DDC.WS.state = {}; DDC.WS.state["bus"]['x'] = JSON.parse("{\"a\":1}");"#;
        let read = |marker: &str| assigned(script, marker).map(|value| value.to_value());
        assert_eq!(read("DDC.dataLayer['vehicles']"), Some(json!([{"vin": "A"}])));
        assert_eq!(read("DDC.WS.state"), Some(json!({"a": 1})));
        assert_eq!(read("DDC.nothing"), None);
        assert_eq!(assigned("x = {};", "x").map(|value| value.to_value()), Some(json!({})));
    }

    #[test]
    fn hostile_text_ends_soon_and_never_nests_deep() {
        for text in [
            "",
            "{",
            "[",
            "{a",
            "{a:",
            "{'a",
            "[\"\\",
            "{:}",
            "{]}",
            "[}]",
            "[;",
            "[;;]",
            "{a:;}",
            "{;",
            "[a;b]",
            "{(}",
            "\\",
            "[\\u12",
            "{é:é,ü}",
            "{\"a\":\"\\ud83d\\",
        ] {
            let _ = value_at_start(text);
        }
        for opener in ["[", "{a:", "(", "[{a:"] {
            let deep = opener.repeat(200_000);
            let started = processor_time();
            let _ = value_at_start(&deep);
            assert!((processor_time() - started).as_secs() < 5, "{opener}");
        }
    }
}
