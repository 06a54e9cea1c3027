//! Fields given by name: as options, as `--set field=value` and as a JSON object, read into the library's own structs.
//!
//! The library describes its fields, so each has an option without a table of fields here. Its structs ask for their types:
//! `--set year=2019` is a number, and `--set model=300` a text. Money and numbers may be typed as `$7,995` and `112,345`. What is
//! deliberately not here: any judgement about a value.

use std::{fmt, marker::PhantomData, path::PathBuf, str::FromStr};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use jpauto::{
    ErrorCode, FieldError,
    fields::{Described, FieldType},
    typed,
};
use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeOwned, IntoDeserializer, MapAccess, Visitor, value::MapDeserializer, value::SeqDeserializer,
    },
};
use serde_json::{Map, Value};

use crate::{failure::Failure, source};

/// The largest JSON input. A vehicle with all its texts and picture URLs is far smaller.
const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Fields by name, for any command.
#[derive(Args, Debug, Default)]
pub(crate) struct FieldOptions {
    /// Set a field by its column name; `FIELD=` clears it. Repeatable
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<Assignment>,
    /// Read fields from a JSON object in a file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl FieldOptions {
    /// Reads what was given. `--set` overrides `options`, and these override the file.
    pub(crate) fn read<'a>(&self, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Fields, Failure> {
        let mut fields = match &self.json {
            Some(path) => Fields::from_json(&source::read_whole(path, JSON_BYTES_MAX)?)?,
            None => Fields::default(),
        };
        for (name, value) in options {
            fields.set(name, Given::Text(value.to_owned()));
        }
        for Assignment { field, value } in &self.set {
            fields.set(field, Given::Text(value.clone()));
        }
        Ok(fields)
    }
}

/// One `field=value`.
#[derive(Clone, Debug)]
struct Assignment {
    field: String,
    value: String,
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, value) = text.split_once('=').ok_or("expected FIELD=VALUE, or FIELD= to clear the field")?;
        Ok(Self { field: field.trim().to_owned(), value: value.to_owned() })
    }
}

/// An option for each field of `T`, named as the column, with `--set` and `--json` beside them.
#[derive(Debug)]
pub(crate) struct OptionsOf<T> {
    given: Vec<(&'static str, String)>,
    more: FieldOptions,
    of: PhantomData<T>,
}

impl<T> OptionsOf<T> {
    /// Reads what was given. `--set` overrides the options, and these override the file.
    pub(crate) fn read(&self) -> Result<Fields, Failure> {
        self.more.read(self.given.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

impl<T: Described> Args for OptionsOf<T> {
    fn augment_args(command: Command) -> Command {
        let options = T::FIELDS.iter().map(|field| {
            Arg::new(field.name)
                .long(field.name.replace('_', "-"))
                .value_name(value_name(field.r#type))
                .help(field.about.trim_end_matches('.'))
                .allow_hyphen_values(true)
                .action(if field.r#type == FieldType::Texts { ArgAction::Append } else { ArgAction::Set })
        });
        FieldOptions::augment_args(command.next_help_heading("Fields").args(options))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: Described> FromArgMatches for OptionsOf<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // A list may be given text by text.
        let given = |name| {
            let values: Vec<_> = matches.get_many::<String>(name)?.map(String::as_str).collect();
            Some((name, values.join("\n")))
        };
        Ok(Self {
            given: T::FIELDS.iter().filter_map(|field| given(field.name)).collect(),
            more: FieldOptions::from_arg_matches(matches)?,
            of: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What a field's option takes, in `--help`.
fn value_name(of: FieldType) -> &'static str {
    match of {
        FieldType::Number => "NUMBER",
        FieldType::Truth => "true|false",
        FieldType::Money => "DOLLARS",
        FieldType::Texts => "LIST",
        _ => "TEXT",
    }
}

/// The last value that was given for each field.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, Given)>);

/// A value as it was given.
#[derive(Debug)]
enum Given {
    Text(String),
    Json(Value),
}

impl Fields {
    /// The members of a JSON object. One that is given twice is refused.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, Failure> {
        let Members(members) = serde_json::from_slice(bytes)
            .map_err(|reason| Failure::new(ErrorCode::InvalidJson, format!("expected a JSON object: {reason}")))?;
        Ok(Self(members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect()))
    }

    fn set(&mut self, name: &str, value: Given) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }

    /// Builds the struct of these fields. An error names every field at fault.
    pub(crate) fn build<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.check(None, |_: &T| false)?;
        read(self.0.iter()).map_err(|fault| Failure::new(ErrorCode::InvalidValue, fault.to_string()))
    }

    /// Builds the update of these fields. Refuses to clear a field that cannot be empty: it would silently keep its value.
    pub(crate) fn build_update<T: DeserializeOwned + Default + PartialEq>(mut self) -> Result<T, Failure> {
        let nothing = T::default();
        for entry in &mut self.0 {
            // An empty text clears a field, but for a list it takes an empty list.
            let clears_nothing = || read(std::iter::once(&*entry)).map_or(true, |alone: T| alone == nothing);
            if is_empty_text(&entry.1) && clears_nothing() {
                let emptied = (entry.0.clone(), Given::Json(Value::Array(Vec::new())));
                if read(std::iter::once(&emptied)).is_ok_and(|alone: T| alone != nothing) {
                    *entry = emptied;
                }
            }
        }
        self.check(Some("cannot be cleared"), |alone: &T| *alone == nothing)?;
        read(self.0.iter()).map_err(|fault| Failure::new(ErrorCode::InvalidValue, fault.to_string()))
    }

    /// Reads each field alone, so that each error can name its field. The objection is made to those that are nothing, and to empty texts
    /// that are no value.
    fn check<T: DeserializeOwned>(
        &self,
        objection: Option<&'static str>,
        is_nothing: impl Fn(&T) -> bool,
    ) -> Result<(), Failure> {
        let mut code = ErrorCode::InvalidValue;
        let mut fields = Vec::new();
        for entry in &self.0 {
            let message = match read(std::iter::once(entry)) {
                Ok(alone) => objection.filter(|_| is_nothing(&alone)).map(ToOwned::to_owned),
                Err(fault)
                    if is_empty_text(&entry.1) && !matches!(fault, Fault::UnknownField(_)) && objection.is_some() =>
                {
                    objection.map(ToOwned::to_owned)
                }
                Err(fault) => {
                    if let Fault::UnknownField(_) = fault {
                        code = ErrorCode::UnknownField;
                    }
                    let message = fault.to_string();
                    // Some of the library's readers name their field themselves.
                    Some(message.strip_prefix(&format!("{}: ", entry.0)).unwrap_or(&message).to_owned())
                }
            };
            fields.extend(message.map(|message| FieldError { pointer: format!("/{}", entry.0), message }));
        }
        if fields.is_empty() {
            return Ok(());
        }
        let messages: Vec<_> = fields
            .iter()
            .map(|field| format!("{}: {}", field.pointer.trim_start_matches('/'), field.message))
            .collect();
        Err(Failure::Own { code, message: messages.join("; "), fields })
    }
}

/// Whether a person gave a field nothing.
fn is_empty_text(given: &Given) -> bool {
    matches!(given, Given::Text(text) if text.is_empty())
}

fn read<'a, T: DeserializeOwned>(entries: impl Iterator<Item = &'a (String, Given)>) -> Result<T, Fault> {
    T::deserialize(MapDeserializer::new(entries.map(|(name, given)| (name.as_str(), Reader { name, given }))))
}

/// The members of a JSON object, each named once.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;

        impl<'de> Visitor<'de> for OfObject {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = object.next_entry::<String, Value>()? {
                    if members.contains_key(&name) {
                        return Err(de::Error::custom(format!("{name:?} is given twice")));
                    }
                    members.insert(name, value);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(OfObject)
    }
}

/// Why a field cannot be read.
#[derive(Debug)]
enum Fault {
    UnknownField(&'static [&'static str]),
    Other(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField(known) => write!(f, "is no field; expected one of {}", known.join(", ")),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Other(reason.to_string())
    }

    fn unknown_field(_field: &str, expected: &'static [&'static str]) -> Self {
        Self::UnknownField(expected)
    }
}

/// A given value, read as the type that the struct asks for.
struct Reader<'a> {
    name: &'a str,
    given: &'a Given,
}

impl<'de> IntoDeserializer<'de, Fault> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A number without its dollar sign, its commas and the blanks around it; `None` for a text that is none, or has none of these.
fn plain_number(text: &str) -> Option<String> {
    if let Some(number) = text.contains(',').then(|| typed::whole_number(text)).flatten() {
        return Some(number.to_string());
    }
    (text.contains(['$', ',', 'U', 'u', 'D', 'd']) || text.trim() != text)
        .then(|| typed::money(text).ok())
        .flatten()
        .map(|amount| amount.to_string())
}

impl Reader<'_> {
    /// The text, also where JSON holds it.
    fn text(&self) -> Option<&str> {
        match self.given {
            Given::Text(text) => Some(text),
            Given::Json(Value::String(text)) => Some(text),
            Given::Json(_) => None,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Fault;

    /// If any type is accepted, a text that begins like a JSON object is read as one, and an amount as people type it as the amount.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(plain) = self.text().and_then(plain_number) {
            return visitor.visit_string(plain);
        }
        match self.given {
            Given::Text(text) if text.trim_start().starts_with('{') => match serde_json::from_str::<Value>(text) {
                Ok(value) => value.deserialize_any(visitor).map_err(de::Error::custom),
                Err(reason) => Err(Fault::Other(format!("expected a JSON object: {reason}"))),
            },
            Given::Text(text) => visitor.visit_str(text),
            Given::Json(value) => value.deserialize_any(visitor).map_err(de::Error::custom),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.given {
            Given::Text(text) => visitor.visit_str(text),
            Given::Json(value) => value.deserialize_str(visitor).map_err(de::Error::custom),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.given {
            Given::Text(text) if text.is_empty() => visitor.visit_none(),
            Given::Json(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A list is a JSON array, or one as people type it.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.given {
            Given::Text(text) if text.is_empty() => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<&str>())),
            Given::Text(text) if text.starts_with('[') => {
                serde_json::Deserializer::from_str(text).deserialize_seq(visitor).map_err(de::Error::custom)
            }
            Given::Text(text) => {
                let texts = typed::list(text).map_err(|reason| Fault::Other(reason.to_string()))?;
                visitor.visit_seq(SeqDeserializer::new(texts.into_iter()))
            }
            Given::Json(value) => value.deserialize_seq(visitor).map_err(de::Error::custom),
        }
    }

    /// A number may be typed with commas between its thousands, and a mileage with its unit, in JSON as well.
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let (number, expected): (fn(&str) -> Option<i32>, _) = match self.name {
            "mileage" => (typed::miles, typed::EXPECTED_MILES),
            _ => (typed::whole_number, "expected a whole number"),
        };
        match (self.given, self.text().map(number)) {
            (_, Some(Some(number))) => visitor.visit_i32(number),
            (Given::Text(text), _) => Err(Fault::Other(format!("{expected}, not {text:?}"))),
            (Given::Json(value), _) => value.deserialize_i32(visitor).map_err(de::Error::custom),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.given {
            Given::Text(text) => match text.trim().parse() {
                Ok(truth) => visitor.visit_bool(truth),
                Err(_not_one) => Err(Fault::Other(format!("expected true or false, not {text:?}"))),
            },
            Given::Json(value) => value.deserialize_bool(visitor).map_err(de::Error::custom),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use jpauto::{Change, Money, NewSubmission, VehicleUpdate, competitors::CompetitorUpdate};

    use super::*;

    fn set(assignments: &[&str]) -> Fields {
        let set = assignments.iter().map(|text| text.parse().unwrap()).collect();
        FieldOptions { set, json: None }.read([]).unwrap()
    }

    fn refusal<T: fmt::Debug>(result: Result<T, Failure>) -> (&'static str, String) {
        match result.unwrap_err() {
            Failure::Own { code, message, .. } => (code.as_str(), message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_struct_chooses_the_types() {
        let update: VehicleUpdate = set(&[
            "model=300",
            "year=2019",
            "price=13500.5",
            "trim=",
            "stock_number=007",
            "doors=4",
            "service_records=true",
            "features=[\"Tow, heavy\", \"Roof\"]",
            "images=https://lot.example/a,b.jpg\n\n https://lot.example/c.jpg\n",
        ])
        .build_update()
        .unwrap();
        let expected = VehicleUpdate {
            model: Some("300".into()),
            year: Some(2019),
            price: Some(Money::from_cents(1_350_050)),
            trim: Change::Clear,
            stock_number: Change::Set("007".into()),
            doors: Change::Set(4),
            service_records: Change::Set(true),
            features: Some(vec!["Tow, heavy".into(), "Roof".into()]),
            images: Some(vec!["https://lot.example/a,b.jpg".into(), "https://lot.example/c.jpg".into()]),
            ..VehicleUpdate::default()
        };
        assert_eq!(update, expected);
    }

    #[test]
    fn money_and_numbers_are_read_as_people_type_them() {
        let update: VehicleUpdate =
            set(&["price=$7,995", "msrp=24,500.00", "mileage=112,345", "stock_number=1,000"]).build_update().unwrap();
        let expected = VehicleUpdate {
            price: Some(Money::from_dollars(7_995)),
            msrp: Change::Set(Money::from_dollars(24_500)),
            mileage: Some(112_345),
            stock_number: Change::Set("1,000".into()),
            ..VehicleUpdate::default()
        };
        assert_eq!(update, expected);
        let json = br#"{"price": "$7,995", "mileage": "112,345", "msrp": 24500, "stock_number": "1,000"}"#;
        assert_eq!(Fields::from_json(json).unwrap().build_update::<VehicleUpdate>().unwrap(), expected);
        for typed in ["7,995 USD", "7995$", "$ 7995", "USD 7995", "7995 USD", "7,995 dollars"] {
            let update: VehicleUpdate = set(&[&format!("price={typed}")]).build_update().unwrap();
            assert_eq!(update.price, Some(Money::from_dollars(7_995)), "{typed}");
        }
        assert_eq!(
            set(&["price= 7995"]).build_update::<VehicleUpdate>().unwrap().price,
            Some(Money::from_dollars(7_995))
        );
        for wrong in ["price=7,99", "price=7995 CAD", "price=7.995,00", "mileage=1,12", "mileage=112.345"] {
            assert_eq!(refusal(set(&[wrong]).build_update::<VehicleUpdate>()).0, "invalid_value", "{wrong}");
        }
        assert_eq!(refusal(Fields::from_json(br#"{"price": 1, "price": 2}"#)).0, "invalid_json");
    }

    #[test]
    fn a_list_is_read_as_people_type_it() {
        let images = |text: &str| set(&[text]).build_update::<VehicleUpdate>().unwrap().images.unwrap();
        let both = ["https://lot.example/a.jpg", "https://lot.example/b.jpg"];
        for text in [
            "images=https://lot.example/a.jpg,https://lot.example/b.jpg",
            "images=https://lot.example/a.jpg\nhttps://lot.example/b.jpg",
        ] {
            assert_eq!(images(text), both, "{text}");
        }
        let features =
            set(&["features=Tow hitch, Roof rack"]).build_update::<VehicleUpdate>().unwrap().features.unwrap();
        assert_eq!(features, ["Tow hitch", "Roof rack"]);
    }

    #[test]
    fn an_object_is_given_as_json_where_one_belongs() {
        let update: CompetitorUpdate =
            set(&["scraper_config={\"check_missing\": 10}", "name={Motors}"]).build_update().unwrap();
        assert_eq!(update.scraper_config, Change::Set(serde_json::json!({"check_missing": 10})));
        assert_eq!(update.name.as_deref(), Some("{Motors}"));
        let cleared: CompetitorUpdate = set(&["scraper_config="]).build_update().unwrap();
        assert_eq!(cleared.scraper_config, Change::Clear);
        let (code, message) = refusal(set(&["scraper_config={10"]).build_update::<CompetitorUpdate>());
        assert_eq!(code, "invalid_value");
        assert!(message.starts_with("scraper_config: expected a JSON object: "), "{message}");
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let (code, message) = refusal(set(&["year=soon", "colour=red", "price=cheap"]).build::<NewSubmission>());
        assert_eq!(code, "unknown_field");
        assert!(message.contains("year: expected a whole number, not \"soon\""), "{message}");
        assert!(message.contains("colour: is no field; expected one of year, make, model"), "{message}");
        let (code, message) = refusal(set(&["price=cheap"]).build_update::<VehicleUpdate>());
        assert_eq!(code, "invalid_value");
        assert!(message.starts_with("price: ") && message.contains("an amount in dollars"), "{message}");
    }

    #[test]
    fn a_field_that_cannot_be_empty_is_not_cleared_silently() {
        let (code, message) = refusal(set(&["price="]).build_update::<VehicleUpdate>());
        assert_eq!((code, message.as_str()), ("invalid_value", "price: cannot be cleared"));
        assert_eq!(set(&["images="]).build_update::<VehicleUpdate>().unwrap().images, Some(Vec::new()));
    }

    #[test]
    fn later_values_override_earlier_ones_and_the_file() {
        let mut fields = Fields::from_json(br#"{"year": 2018, "make": "Ford", "trim": null}"#).unwrap();
        fields.set("year", Given::Text("2019".into()));
        let submission: NewSubmission = fields.build().unwrap();
        assert_eq!((submission.year, submission.make.as_str(), submission.trim), (2019, "Ford", None));
        let wrong = Fields::from_json(br#"{"year": "x"}"#).unwrap();
        assert!(refusal(wrong.build::<NewSubmission>()).1.starts_with("year: invalid type"));
        assert_eq!(refusal(Fields::from_json(b"[1]")).0, "invalid_json");
    }
}
