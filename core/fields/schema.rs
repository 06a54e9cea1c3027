//! The schemas of the records that `fields.rs` makes of a list.

use utoipa::{
    PartialSchema as _,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, ArrayBuilder, SchemaType},
    },
};

use super::{Field, FieldType, Presence};
use crate::{money::Money, openapi};

/// The schema of the values of a field, where its type alone says it.
pub(crate) fn of_type(of: FieldType) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    match of {
        FieldType::Text | FieldType::Word => text.into(),
        FieldType::Number => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .into(),
        FieldType::Truth => ObjectBuilder::new().schema_type(Type::Boolean).into(),
        FieldType::Money => Money::schema(),
        FieldType::Texts => ArrayBuilder::new().items(text).into(),
        FieldType::Instant => text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into(),
        FieldType::Id => openapi::id(),
        FieldType::Structs => ArrayBuilder::new().items(ObjectBuilder::new()).into(),
    }
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is an answer, which has every field.
    Answer,
    /// It makes a row, and must have what is required.
    New,
    /// It changes a row; what is not named stays.
    Update,
}

/// The schema of a record: its properties, with what their fields say of them.
pub(crate) fn record(fields: &[Field], properties: Vec<(&'static str, RefOr<Schema>)>, used: Use) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new();
    if used != Use::Answer {
        object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    }
    for (name, schema) in properties {
        let Some(field) = fields.iter().find(|field| field.name == name) else { continue };
        let may_be_null = field.presence == Presence::Nullable || used == Use::Update;
        let schema = described(if may_be_null { nullable(schema) } else { schema }, field.about);
        object = object.property(name, schema);
        if used == Use::Answer || (used == Use::New && field.presence == Presence::Required) {
            object = object.required(name);
        }
    }
    object.into()
}

/// The schema that takes `null`, too.
fn nullable(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) if object.enum_values.is_none() => {
            object.schema_type = match object.schema_type {
                SchemaType::Type(of) => SchemaType::from_iter([of, Type::Null]),
                SchemaType::Array(of) => of.into_iter().chain([Type::Null]).collect(),
                SchemaType::AnyValue => SchemaType::AnyValue,
            };
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
            RefOr::T(Schema::Array(array))
        }
        other => OneOfBuilder::new().item(other).item(ObjectBuilder::new().schema_type(Type::Null)).into(),
    }
}

fn described(mut schema: RefOr<Schema>, about: &str) -> RefOr<Schema> {
    match &mut schema {
        RefOr::T(Schema::Object(object)) => object.description = Some(about.to_owned()),
        RefOr::T(Schema::Array(array)) => array.description = Some(about.to_owned()),
        RefOr::T(Schema::OneOf(one_of)) => one_of.description = Some(about.to_owned()),
        RefOr::Ref(reference) => reference.description = about.to_owned(),
        RefOr::T(_) => {}
    }
    schema
}
