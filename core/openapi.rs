//! The schemas of values in the OpenAPI document of a server (the feature `openapi`).
//!
//! Structs derive theirs. Here are those of the values below them; `fields/schema.rs` has those of the records.

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type, schema::SchemaType},
};

use crate::{
    money::Money,
    vin::{ManufacturerIdentifier, SquishVin, Vin},
};

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^-?[0-9]+\.[0-9]{2}$"));
        text.description(Some("Dollars and cents.")).examples([json!("13500.00")]).into()
    }
}

impl ToSchema for Money {}

/// Gives values that are written as text their schema.
macro_rules! texts {
    ($($name:ident: $about:literal),+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).description(Some($about)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

texts!(
    Vin: "The 17 characters of a VIN.",
    SquishVin: "The characters of a VIN that tell its kind.",
    ManufacturerIdentifier: "The characters of a VIN that name its maker."
);
/// The schema of an amount that a client sends, also as a number.
pub(crate) fn sent_amount() -> RefOr<Schema> {
    let about = "Dollars and cents, as a text or as a number.";
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Number]))
        .pattern(Some(r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$"))
        .description(Some(about))
        .examples([json!("13500.00")])
        .into()
}

/// The schema of a whole number that a client sends also as a text, or leaves out.
pub(crate) fn sent_whole_number_or_null() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::String, Type::Null]))
        .description(Some("A whole number, as a number or as a text."))
        .into()
}

/// The schema of an amount that a client may leave out.
pub(crate) fn sent_amount_or_null() -> RefOr<Schema> {
    match sent_amount() {
        RefOr::T(Schema::Object(mut object)) => {
            object.schema_type = SchemaType::from_iter([Type::String, Type::Number, Type::Null]);
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// The schema of an id.
pub(crate) fn id() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
}

/// The schema of a closed set of words.
pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}
