//! A list of texts in a JSON column: `features` and `images`.
//!
//! jpauto writes an array of texts. Other applications write the same list in other shapes, and a row of theirs must not
//! fail the list that it stands in. `texts_of` says which shapes are certain to mean a list; what is not certain reads as
//! empty. `adoption` rewrites the certain ones by the same function and names the others.

use std::fmt;

use diesel::{deserialize, serialize};
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::types::DbJson;

/// Keys under which an object has its text, foremost an address.
const ADDRESS_KEYS: [&str; 8] = ["url", "src", "href", "uri", "secure_url", "secureUrl", "image_url", "imageUrl"];
const NAME_KEYS: [&str; 5] = ["name", "label", "title", "text", "value"];

/// JSON within a text of JSON is followed this deep.
const DEEPEST: u32 = 4;

/// A list of texts, kept as a JSON array.
#[derive(Clone, Debug, Default, PartialEq, diesel::AsExpression, diesel::FromSqlRow)]
#[diesel(sql_type = DbJson)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl Texts {
    fn read(json: &[u8]) -> Self {
        // Nearly every row is clean and takes the first way.
        Self(array_of_texts(json).unwrap_or_else(|_other_shape| {
            serde_json::from_slice(json).ok().and_then(|document| texts_of(&document)).unwrap_or_default()
        }))
    }

    fn write(&self, out: impl std::io::Write) -> serialize::Result {
        serde_json::to_writer(out, &self.0)?;
        Ok(serialize::IsNull::No)
    }
}

/// An array of texts and nothing else. It has at most half as many as there are quotation marks, so the list need not grow.
fn array_of_texts(json: &[u8]) -> serde_json::Result<Vec<String>> {
    struct OfTexts(usize);

    impl<'de> Visitor<'de> for OfTexts {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an array of texts")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut texts = Vec::with_capacity(self.0);
            while let Some(text) = items.next_element()? {
                texts.push(text);
            }
            Ok(texts)
        }
    }

    let marks = json.iter().filter(|byte| **byte == b'"').count();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let texts = reader.deserialize_seq(OfTexts((marks / 2).min(1_024)))?;
    reader.end()?;
    Ok(texts)
}

/// The texts that a document lists, where its shape is certain.
///
/// | shape | read as |
/// | --- | --- |
/// | `["a", "b"]` | `a`, `b` |
/// | `null`, `{}`, `""`, `[null]`, `["", " "]` | nothing |
/// | `"a"` | `a` |
/// | `"[\"a\"]"` | `a` |
/// | `"https://a, https://b"`, `"a\nb"` | both |
/// | `[["a"], "b"]`, `{"0": "a", "1": "b"}` | both |
/// | `[{"url": "a"}]`, `{"src": "a"}` | `a` |
/// | anything else | uncertain |
pub(crate) fn texts_of(document: &Value) -> Option<Vec<String>> {
    of_value(document, DEEPEST)
}

fn of_value(value: &Value, depth: u32) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Object(members) if members.is_empty() => Some(Vec::new()),
        Value::Object(members) => numbered(members).or_else(|| Some(vec![of_object(members)?])),
        Value::Array(items) => {
            let mut texts = Vec::new();
            for item in items {
                match item {
                    Value::Null => {}
                    Value::Object(members) if members.is_empty() => {}
                    Value::String(text) if text.trim().is_empty() => {}
                    Value::String(text) => texts.push(text.clone()),
                    Value::Object(members) => texts.push(of_object(members)?),
                    Value::Array(_) => texts.extend(of_value(item, depth.checked_sub(1)?)?),
                    Value::Bool(_) | Value::Number(_) => return None,
                }
            }
            Some(texts)
        }
        Value::String(text) => of_text(text, depth),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

fn of_text(text: &str, depth: u32) -> Option<Vec<String>> {
    let text = text.trim();
    match text.chars().next() {
        None => Some(Vec::new()),
        Some('[' | '{' | '"') => of_value(&serde_json::from_str(text).ok()?, depth.checked_sub(1)?),
        Some(_) if text == "null" => Some(Vec::new()),
        Some(_) => Some(parts(text)),
    }
}

/// The lines of a text, or the addresses in it with commas between them, or the text.
fn parts(text: &str) -> Vec<String> {
    let split = |sign| text.split(sign).map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned);
    let addresses: Vec<String> = split(',').collect();
    let are_addresses = addresses.iter().all(|part| part.starts_with("https://") || part.starts_with("http://"));
    if are_addresses { addresses } else { split('\n').collect() }
}

/// The texts of an object whose keys count from zero, as some programs write an array.
fn numbered(members: &Map<String, Value>) -> Option<Vec<String>> {
    (0..members.len()).map(|number| Some(members.get(&number.to_string())?.as_str()?.to_owned())).collect()
}

fn of_object(members: &Map<String, Value>) -> Option<String> {
    let under = |keys: &[&str]| keys.iter().find_map(|key| members.get(*key));
    let text = under(&ADDRESS_KEYS).or_else(|| under(&NAME_KEYS))?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::io::Write as _;

    use diesel::{
        deserialize::FromSql,
        pg::{Pg, PgValue},
        serialize::{Output, ToSql},
    };

    use super::{DbJson, Texts, deserialize, serialize};

    impl ToSql<DbJson, Pg> for Texts {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            // The one version of the binary form of jsonb.
            out.write_all(&[1])?;
            self.write(out)
        }
    }

    impl FromSql<DbJson, Pg> for Texts {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            Ok(Self::read(value.as_bytes().get(1..).unwrap_or_default()))
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::{
        backend::Backend,
        deserialize::FromSql,
        serialize::{Output, ToSql},
        sqlite::Sqlite,
    };

    use super::{DbJson, Texts, deserialize, serialize};

    impl ToSql<DbJson, Sqlite> for Texts {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            let mut json = Vec::new();
            let is_null = self.write(&mut json)?;
            out.set_value(String::from_utf8(json)?);
            Ok(is_null)
        }
    }

    impl FromSql<DbJson, Sqlite> for Texts {
        fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Self::read(value.read_text().as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_is_read_where_it_is_certain() {
        let url = "https://example.com/1.jpg";
        for (json, expected) in [
            (r#"["a", "b"]"#.to_owned(), Some(vec!["a", "b"])),
            (r#"["a", "", " ", "\u00a0", null]"#.to_owned(), Some(vec!["a"])),
            ("[]".to_owned(), Some(vec![])),
            ("null".to_owned(), Some(vec![])),
            ("{}".to_owned(), Some(vec![])),
            (r#""""#.to_owned(), Some(vec![])),
            (r#"" null ""#.to_owned(), Some(vec![])),
            (r#"[null, "a", {}]"#.to_owned(), Some(vec!["a"])),
            (r#""Heated seats, Sunroof""#.to_owned(), Some(vec!["Heated seats, Sunroof"])),
            (r#""[\"a\", \"b\"]""#.to_owned(), Some(vec!["a", "b"])),
            (r#""\"[\\\"a\\\"]\"""#.to_owned(), Some(vec!["a"])),
            (format!(r#"[{{"url": "{url}"}}, {{"src": "b"}}]"#), Some(vec![url, "b"])),
            (format!(r#"{{"secure_url": "{url}", "name": "front"}}"#), Some(vec![url])),
            (r#"[{"name": "Sunroof"}]"#.to_owned(), Some(vec!["Sunroof"])),
            (r#""[{\"url\": \"a\"}]""#.to_owned(), Some(vec!["a"])),
            (r#"[{"url": null, "name": "front"}]"#.to_owned(), None),
            (r#"[{"id": 7}]"#.to_owned(), None),
            (r#"{"Sunroof": true}"#.to_owned(), None),
            ("[1, 2]".to_owned(), None),
            (r#"[["a"], "b"]"#.to_owned(), Some(vec!["a", "b"])),
            (r#"[[[7]]]"#.to_owned(), None),
            (r#"{"0": "a", "1": "b"}"#.to_owned(), Some(vec!["a", "b"])),
            (r#"{"0": "a", "2": "b"}"#.to_owned(), None),
            (
                r#""https://a.example/1.jpg, http://b.example/2.jpg""#.to_owned(),
                Some(vec!["https://a.example/1.jpg", "http://b.example/2.jpg"]),
            ),
            (r#""https://a.example/1,2.jpg""#.to_owned(), Some(vec!["https://a.example/1,2.jpg"])),
            (r#""ABS\nRoof rack\n""#.to_owned(), Some(vec!["ABS", "Roof rack"])),
            ("7".to_owned(), None),
            ("true".to_owned(), None),
            (r#""[\"a\", ""#.to_owned(), None),
        ] {
            let document: Value = serde_json::from_str(&json).unwrap();
            let texts = texts_of(&document);
            let expected = expected.map(|texts| texts.into_iter().map(ToOwned::to_owned).collect::<Vec<_>>());
            assert_eq!(texts, expected, "{json}");
            assert_eq!(Texts::read(json.as_bytes()).0, expected.unwrap_or_default(), "{json}");
        }
        // What is a list of texts already is read as it stands, until it is repaired or changed.
        assert_eq!(Texts::read(br#"["a", ""]"#).0, ["a", ""]);
        assert_eq!(texts_of(&serde_json::json!(["a", ""])), Some(vec!["a".to_owned()]));
        for broken in ["", "[", "\u{0}", r#"["a""#] {
            assert_eq!(Texts::read(broken.as_bytes()), Texts::default(), "{broken:?}");
        }
    }

    #[test]
    fn json_within_json_without_end_is_not_followed() {
        let mut json = r#"["a"]"#.to_owned();
        for _ in 0..10 {
            json = serde_json::to_string(&json).unwrap();
        }
        assert_eq!(texts_of(&serde_json::from_str(&json).unwrap()), None);
    }
}
