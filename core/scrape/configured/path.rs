//! Paths into JSON, as a configuration writes them: `data.items[0].price`, `["odd key"].value`.
//!
//! What is deliberately not here: wildcards and filters. A path leads to one place or to none.

use std::fmt;

use serde_json::Value;

use crate::scrape::extract::Json;

/// Longer paths are no paths into any answer met so far.
const PATH_CHARS_MAX: usize = 200;
const STEPS_MAX: usize = 16;

/// A path that was read; the empty one leads to the whole document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl JsonPath {
    /// Reads a path, or says what was expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > PATH_CHARS_MAX {
            return Err(format!("expected a path of at most {PATH_CHARS_MAX} characters"));
        }
        // `$` is the whole document, as elsewhere.
        let mut rest = text.trim().strip_prefix('$').unwrap_or(text.trim());
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
                bracketed(inside)?
            } else {
                let key = rest.strip_prefix('.').unwrap_or(rest);
                let end = key.find(['.', '[', ']']).unwrap_or(key.len());
                if end == 0 {
                    return Err(expected("a key behind each dot"));
                }
                let place = key[..end].parse().ok().filter(|place: &usize| place.to_string() == key[..end]);
                let step = place.map_or_else(|| Step::Key(key[..end].to_owned()), Step::Index);
                (step, &key[end..])
            };
            steps.push(step);
            if !(after.is_empty() || after.starts_with(['.', '['])) {
                return Err(expected("a dot or a bracket behind each bracket"));
            }
            rest = after;
        }
        if steps.len() > STEPS_MAX {
            return Err(format!("expected a path of at most {STEPS_MAX} steps"));
        }
        Ok(Self(steps))
    }

    /// The value at the end of the path.
    pub(super) fn find<'v, 'a>(&self, document: &'v Json<'a>) -> Option<&'v Json<'a>> {
        self.0.iter().try_fold(document, |value, step| match (step, value) {
            (Step::Index(place), Json::Array(items)) => items.get(*place),
            (Step::Index(place), Json::Object(members)) => members.get(&place.to_string()),
            (Step::Key(key), Json::Object(members)) => members.get(key),
            _ => None,
        })
    }

    /// The place at the end of the path. Missing objects are made. `None` if another value is in the way.
    pub(super) fn place<'v>(&self, document: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(document, |value, step| {
            if value.is_null() {
                *value = Value::Object(serde_json::Map::new());
            }
            match (step, value) {
                (Step::Index(place), Value::Array(items)) => items.get_mut(*place),
                (Step::Index(place), Value::Object(members)) => {
                    Some(members.entry(place.to_string()).or_insert(Value::Null))
                }
                (Step::Key(key), Value::Object(members)) => Some(members.entry(key.clone()).or_insert(Value::Null)),
                _ => None,
            }
        })
    }

    pub(super) fn is_whole_document(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(place) => write!(f, "[{place}]")?,
                Step::Key(key) if key.contains(['.', '[', ']']) => write!(f, "[\"{key}\"]")?,
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn expected(what: &str) -> String {
    format!("expected a path such as data.items[0].price: {what}")
}

/// A place or a quoted key, and what stands behind its bracket.
fn bracketed(inside: &str) -> Result<(Step, &str), String> {
    if let Some(quote @ ('"' | '\'')) = inside.chars().next() {
        let (key, after) = inside[1..].split_once(quote).ok_or_else(|| expected("every quote is closed"))?;
        let after = after.strip_prefix(']').ok_or_else(|| expected("every bracket is closed"))?;
        return Ok((Step::Key(key.to_owned()), after));
    }
    let (place, after) = inside.split_once(']').ok_or_else(|| expected("every bracket is closed"))?;
    let place = place.trim().parse().map_err(|_no_number| expected("a number or a quoted key within brackets"))?;
    Ok((Step::Index(place), after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_to_one_place_or_to_none() {
        let document = json!({"data": {"items": [{"a.b": 1}, {"price": "9"}]}, "7": "seven"});
        for (path, value) in [
            ("", Some(document.clone())),
            ("$", Some(document.clone())),
            ("$.data.items[1].price", Some(json!("9"))),
            ("data.items.1.price", Some(json!("9"))),
            ("data['items'][0][\"a.b\"]", Some(json!(1))),
            ("7", Some(json!("seven"))),
            ("data.items[2]", None),
            ("data.items.price", None),
            ("data.items[1].price.more", None),
        ] {
            let path = &JsonPath::parse(path).unwrap().to_string();
            assert_eq!(
                JsonPath::parse(path).unwrap().find(&Json::from(&document)).map(Json::to_value),
                value,
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_what_was_expected() {
        for path in [
            "a..b",
            "a.",
            ".",
            "a[",
            "a[x]",
            "a['b",
            "a['b'",
            "a[1]b",
            "a]b",
            &"a.".repeat(120),
            &format!("a{}", "[1]".repeat(20)),
        ] {
            assert!(JsonPath::parse(path).unwrap_err().starts_with("expected a path"), "{path}");
        }
    }

    #[test]
    fn a_place_is_made_where_there_is_room_for_it() {
        let mut document = json!({"list": [1], "text": "x"});
        let mut set = |path: &str| {
            let place = JsonPath::parse(path).unwrap();
            place.place(&mut document).map(|place| *place = json!(2)).is_some()
        };
        assert!(set("page.number") && set("list[0]"));
        assert!(!set("text.more") && !set("list[4]"));
        assert_eq!(document, json!({"list": [2], "text": "x", "page": {"number": 2}}));
    }
}
