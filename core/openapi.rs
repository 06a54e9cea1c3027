//! The schemas of values in the OpenAPI document of a server (the feature `openapi`).
//!
//! Structs derive theirs. Here are those of the values below them; `fields/schema.rs` has those of the records.

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::money::Money;

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^-?[0-9]+\.[0-9]{2}$"));
        text.description(Some("Dollars and cents.")).examples([json!("13500.00")]).into()
    }
}

impl ToSchema for Money {}

/// The schema of an id.
pub(crate) fn id() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
}

/// The schema of a closed set of words.
pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}
