//! The OpenAPI schema of `CompetitorUpdate`, written by hand: null empties a field, and one that is left out stays. A field of the
//! struct needs a line here.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema, Type,
        schema::{AdditionalProperties, SchemaType},
    },
};

use super::CompetitorUpdate;

impl PartialSchema for CompetitorUpdate {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let or_null = |kind: Type| ObjectBuilder::new().schema_type(SchemaType::from_iter([kind, Type::Null]));
        ObjectBuilder::new()
            .description(Some("Changes to a competitor; fields that are not given stay, and null empties a field."))
            .property("name", of(Type::String))
            .property("inventory_url", of(Type::String))
            .property("website_url", or_null(Type::String))
            .property("platform_type", or_null(Type::String))
            .property("scraper_config", or_null(Type::Object))
            .property("use_playwright", of(Type::Boolean))
            .property("active", of(Type::Boolean))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .into()
    }
}

impl ToSchema for CompetitorUpdate {}
