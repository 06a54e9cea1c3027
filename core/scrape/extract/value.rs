//! A JSON value that borrows its texts from the page or answer that it is read from.
//!
//! A list holds a hundred vehicles, of which a dozen fields each are wanted. Only those become texts of their own. The methods
//! are those of `serde_json::Value`. A caller that knows which members it needs names them by [`Wanted`]; the rest is skipped.
//! What is deliberately not here: JSON that is not strict (`json`).

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// The members of an object in the order of the text; of two alike the last counts, as in JavaScript.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// A member of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(crate) fn is_string(&self) -> bool {
        self.as_str().is_some()
    }

    pub(crate) fn is_array(&self) -> bool {
        self.as_array().is_some()
    }

    /// A text or a number as it would be written in a text.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// As [`Object::weighed`].
    pub(crate) fn weighed(&self, left: usize) -> Option<usize> {
        const TEXT_BYTES: usize = 32;
        match self {
            Self::Object(members) => members.weighed(left),
            Self::Array(items) => items.iter().try_fold(left.checked_sub(1)?, |left, item| item.weighed(left)),
            Self::String(text) => left.checked_sub(1 + text.len() / TEXT_BYTES),
            Self::Null | Self::Bool(_) | Self::Number(_) => left.checked_sub(1),
        }
    }

    /// The same value, to be kept.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Number(number) => Value::Number(number.clone()),
            Self::String(text) => Value::String(text.to_string()),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(members) => members.iter().map(|(key, value)| (key.to_owned(), value.to_value())).collect(),
        }
    }

    /// The same value, independent of the text that it was read from.
    pub(crate) fn into_owned(self) -> Json<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => Json::Bool(truth),
            Self::Number(number) => Json::Number(number),
            Self::String(text) => Json::String(owned(text)),
            Self::Array(items) => Json::Array(items.into_iter().map(Self::into_owned).collect()),
            Self::Object(Object(members)) => {
                let members = members.into_iter().map(|(key, value)| (owned(key), value.into_owned()));
                Json::Object(Object(members.collect()))
            }
        }
    }
}

impl<'a> From<&'a Value> for Json<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::String(Cow::Borrowed(text)),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let members = members.iter().map(|(key, value)| (Cow::Borrowed(key.as_str()), Self::from(value)));
                Self::Object(Object(members.collect()))
            }
        }
    }
}

impl<'a> Object<'a> {
    /// Looks through the members: there are few, and most of a record's are never asked for.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.0.iter().rev().find(|(name, _)| is_same(name, key)).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// The same, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'a>)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Json<'a>> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Takes its weight, in values and stretches of text, from what is left; `None` where it is heavier.
    pub(crate) fn weighed(&self, left: usize) -> Option<usize> {
        self.values().try_fold(left.checked_sub(1)?, |left, value| value.weighed(left))
    }

    pub(crate) fn push(&mut self, key: Cow<'a, str>, value: Json<'a>) {
        self.0.push((key, value));
    }
}

/// A bit for the length of a name; all long ones share one.
fn bit_of_length(name: &str) -> u64 {
    1 << name.len().min(63)
}

/// Whether two names are one. Names of one length mostly begin otherwise, which is seen without comparing them whole.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().first() == other.as_bytes().first() && one == other
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members.iter()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WHOLE.deserialize(deserializer)
    }
}

/// Which members of a value are read; the rest is passed over without being kept, as by a struct that has no field for it.
///
/// Read with it, a value looks as if it had only those members: [`Json::get`] of another finds nothing.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Everything that stands here.
    whole: bool,
    /// Of an object, the members so called; of a list, the items at these places, which begin with the first.
    members: Vec<(&'static str, Wanted)>,
    /// The lengths of their names, a bit a length: most names that are not wanted are as long as none that is.
    lengths: u64,
    /// Of a list, the same of each item.
    each: Option<Box<Wanted>>,
    /// Of an object, every member whose name passes, whole.
    named: Option<fn(&str) -> bool>,
}

static WHOLE: Wanted = Wanted { whole: true, members: Vec::new(), lengths: 0, each: None, named: None };

impl Wanted {
    /// The step of a path that stands for each item of a list.
    pub(crate) const EACH: &'static str = "*";

    /// What is wanted at the end of a path of names, places and [`Wanted::EACH`], to be said more of.
    pub(crate) fn at(&mut self, path: &'static str) -> &mut Self {
        path.split('.').filter(|step| !step.is_empty()).fold(self, |wanted, step| {
            if step == Self::EACH {
                return wanted.each.get_or_insert_default();
            }
            let place = wanted.members.iter().position(|(name, _)| *name == step);
            let place = place.unwrap_or_else(|| {
                wanted.members.push((step, Self::default()));
                wanted.lengths |= bit_of_length(step);
                wanted.members.len() - 1
            });
            &mut wanted.members[place].1
        })
    }

    /// Wants the value at the end of a path with all that it holds.
    pub(crate) fn whole(&mut self, path: &'static str) {
        self.at(path).whole = true;
    }

    /// Wants every member with a name that passes, whole.
    pub(crate) fn named(&mut self, passes: fn(&str) -> bool) {
        self.named = Some(passes);
    }

    /// What is wanted of the member `name`, if anything, and its name for as long as the value is kept.
    fn member<'w, 'a>(&'w self, name: Cow<'a, str>) -> Option<(Cow<'a, str>, &'w Self)> {
        if self.whole {
            return Some((name, self));
        }
        let may_be_wanted = self.lengths & bit_of_length(&name) != 0;
        let mut members = self.members.iter();
        match may_be_wanted.then(|| members.find(|(wanted, _)| is_same(wanted, &name))).flatten() {
            Some((wanted, of_it)) => Some((Cow::Borrowed(*wanted), of_it)),
            None => self.named.filter(|passes| passes(&name)).map(|_| (name, &WHOLE)),
        }
    }

    /// What is wanted of the item at a place.
    fn item(&self, place: usize) -> Option<&Self> {
        if self.whole {
            return Some(self);
        }
        let at_the_place = || self.members.iter().find(|(name, _)| name.parse() == Ok(place)).map(|(_, wanted)| wanted);
        self.each.as_deref().or_else(at_the_place)
    }
}

impl<'de> DeserializeSeed<'de> for &Wanted {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Wanted {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Json<'de>, S::Error> {
        let mut read = Vec::new();
        while let Some(wanted) = self.item(read.len()) {
            match items.next_element_seed(wanted)? {
                Some(item) => read.push(item),
                None => return Ok(Json::Array(read)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::Array(read))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Json<'de>, M::Error> {
        // Of several spellings that are wanted, one is there.
        let mut read = Object(Vec::with_capacity(self.members.len().min(32)));
        while let Some(member) = members.next_key_seed(Name { of: self })? {
            match member {
                Some((name, wanted)) => read.push(name, members.next_value_seed(wanted)?),
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Json::Object(read))
    }
}

/// Reads a member's name, and whether the member is wanted.
struct Name<'w> {
    of: &'w Wanted,
}

impl<'de, 'w> DeserializeSeed<'de> for Name<'w> {
    type Value = Option<(Cow<'de, str>, &'w Wanted)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, 'w> Visitor<'de> for Name<'w> {
    type Value = Option<(Cow<'de, str>, &'w Wanted)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(self.of.member(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.of.member(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_serde_json_reads_it_and_borrows_what_has_no_escapes() {
        let text = r#"{"a": [1, -2, 2.50, true, null, "plain"], "b": {"c\n": "\u00e9"}, "twice": 1, "twice": 2}"#;
        let read: Json<'_> = serde_json::from_str(text).unwrap();
        let same: Value = serde_json::from_str(text).unwrap();
        assert_eq!(read.to_value(), same);
        assert_eq!(serde_json::to_value(&read).unwrap(), same);
        assert_eq!(Json::from(&same).to_value(), same);
        assert_eq!(read.get("twice").and_then(Json::as_u64), Some(2), "the last counts");
        assert!(matches!(read.get("a").unwrap().as_array().unwrap()[5], Json::String(Cow::Borrowed("plain"))));
        assert_eq!(read.clone().into_owned(), read);
        for cut in (1..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert!(serde_json::from_str::<Json<'_>>(&text[..cut]).is_err(), "{}", &text[..cut]);
        }
    }

    #[test]
    fn what_is_not_wanted_is_as_if_it_were_not_there() {
        let text = r#"{"skip": {"deep": [1, {"a": "\ud800"}]}, "list": [{"vin": "A", "x": 1}, {"vin": ["B", {"c": 1}]}, 3],
            "photos": ["one", "two"], "dealer": {"name": "N", "place": "P"}, "st\u006fck": 7, "gone": null, "place": [[1], [2]]}"#;
        let mut wanted = Wanted::default();
        wanted.whole("list.*.vin");
        for path in ["photos.0", "dealer.name", "stock", "never"] {
            wanted.whole(path);
        }
        wanted.at("").named(|name| name == "gone");
        let read = wanted.deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap();
        let expected = serde_json::json!({"list": [{"vin": "A"}, {"vin": ["B", {"c": 1}]}, 3], "photos": ["one"],
            "dealer": {"name": "N"}, "stock": 7, "gone": null});
        assert_eq!(read.to_value(), expected, "a text that stands where members are wanted stays");
        for cut in (1..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let cut = &text[..cut];
            assert!(wanted.deserialize(&mut serde_json::Deserializer::from_str(cut)).is_err(), "{cut}");
        }
    }
}
