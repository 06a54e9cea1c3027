//! One list of fields for each record: its types, its row, its help texts and its Python class are made from that list.
//!
//! The lists are `vehicle_fields!` in `inventory/fields.rs` and `submission_fields!` in `submissions/fields.rs`. Each is a
//! macro that passes its lines to another macro: `vehicle_fields! { record_types Vehicle, NewVehicle, VehicleUpdate }`.
//! One line is one column:
//!
//! ```text
//! /// What the dealership paid.
//! staff cost: nullable Money [amount],
//! ```
//!
//! - `/// ...` documents the field in Rust, in `--help` and in Python.
//! - `staff` is its [`Audience`]: `public`, `staff`, `personal` or `silent`.
//! - `nullable` is its [`Presence`]: `required`, `nullable` or `defaulted`.
//! - `Money` is the type of its values; a type that no list has yet needs a `FieldValue` here and a `Stored` in `db/row.rs`.
//! - `[amount]` is the check of its values, a function of `inventory/limits.rs`.
//!
//! The lines stand in groups: `key` has the id, `kept` what the library writes, `given` what clients write. `derived` has what
//! follows from the other fields and is not stored; its line ends with the function that computes it.

#[cfg(feature = "openapi")]
pub(crate) mod schema;

use chrono::{DateTime, Utc};

use crate::{
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
};

/// A type whose fields are described as data, for forms, help texts and stubs.
///
/// ```
/// use jpauto::{
///     NewVehicle,
///     fields::{Described, FieldType},
/// };
///
/// let doors = NewVehicle::FIELDS.iter().find(|field| field.name == "doors").unwrap();
/// assert_eq!((doors.about, doors.r#type), ("Number of doors.", FieldType::Number));
/// ```
pub trait Described {
    /// Every field, in order.
    const FIELDS: &'static [Field];
}

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// The name of the column, the JSON member and the attribute.
    pub name: &'static str,
    /// What it means, in one sentence or two.
    pub about: &'static str,
    /// What its values are.
    pub r#type: FieldType,
    /// Whether it may be empty.
    pub presence: Presence,
    /// Who sees it.
    pub audience: Audience,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldType {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Truth,
    /// An amount of money.
    Money,
    /// A list of texts.
    Texts,
    /// An instant.
    Instant,
    /// The id of a row.
    Id,
    /// A word of a closed set.
    Word,
    /// A list of structs.
    Structs,
}

/// Whether a field may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// Always there: `T`, in a column that is `NOT NULL`.
    Required,
    /// May be empty: `Option<T>`, in a column that may be null.
    Nullable,
    /// Always there, and the type's default where nothing is given: `T`, in a column whose null reads as the default.
    Defaulted,
}

/// Who sees a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Audience {
    /// Anybody.
    Public,
    /// Staff.
    Staff,
    /// Staff; the audit trail says that the field changed, but not its values.
    Personal,
    /// Staff; the audit trail leaves it out, because it changes with every write.
    Silent,
}

/// A required number that was not given: what the `Default` of a new record has there, so that a rule can ask for it. Zero is
/// a mileage.
pub const NOT_GIVEN: i32 = i32::MIN;

/// A type that a field may have.
pub(crate) trait FieldValue {
    /// How it is described.
    const TYPE: FieldType;

    /// The schema of its values.
    #[cfg(feature = "openapi")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        schema::of_type(Self::TYPE)
    }

    /// The schema of the values that a client sends.
    #[cfg(feature = "openapi")]
    fn sent_schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        match Self::TYPE {
            FieldType::Money => crate::openapi::sent_amount(),
            _ => Self::schema(),
        }
    }

    /// Adds the schemas that this one refers to.
    #[cfg(feature = "openapi")]
    fn parts(_parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {}

    /// What a required field of this type holds before a value is given.
    fn not_given() -> Self
    where
        Self: Default,
    {
        Self::default()
    }
}

impl FieldValue for i32 {
    const TYPE: FieldType = FieldType::Number;

    fn not_given() -> Self {
        NOT_GIVEN
    }
}

macro_rules! field_values {
    ($($type:ty => $kind:ident,)+) => {$(
        impl FieldValue for $type {
            const TYPE: FieldType = FieldType::$kind;
        }
    )+};
}

field_values! {
    String => Text,
    bool => Truth,
    Money => Money,
    Vec<String> => Texts,
    DateTime<Utc> => Instant,
    UserId => Id,
    SubmissionId => Id,
    VehicleId => Id,
}

/// How many of the fields have this audience.
pub(crate) const fn count(fields: &[Field], audience: Audience) -> usize {
    let (mut index, mut found) = (0, 0);
    while index < fields.len() {
        if fields[index].audience as u8 == audience as u8 {
            found += 1;
        }
        index += 1;
    }
    found
}

/// The names of the fields that have this audience; `N` is their [`count`].
pub(crate) const fn names<const N: usize>(fields: &[Field], audience: Audience) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut index, mut found) = (0, 0);
    while index < fields.len() {
        if fields[index].audience as u8 == audience as u8 {
            names[found] = fields[index].name;
            found += 1;
        }
        index += 1;
    }
    names
}

/// The type of a field in the record, and in an update of the record.
macro_rules! field_type {
    (record nullable $type:ty) => { Option<$type> };
    (record $presence:ident $type:ty) => { $type };
    (update nullable $type:ty) => { $crate::change::Change<$type> };
    (update $presence:ident $type:ty) => { Option<$type> };
}
pub(crate) use field_type;

/// What a new record has in a field for which nothing is given.
macro_rules! not_given {
    (required $type:ty) => {
        <$type as $crate::fields::FieldValue>::not_given()
    };
    ($presence:ident $type:ty) => {
        Default::default()
    };
}
pub(crate) use not_given;

/// Describes lines of a list as an array of [`Field`].
macro_rules! described {
    ($(
        $(#[doc = $doc:literal])+
        $audience:ident $name:ident: $presence:ident $type:ty $([$($limit:tt)+])? $(= $derive:path)?,
    )+) => {
        &[$($crate::fields::Field {
            name: stringify!($name),
            about: concat!($($doc),+).trim_ascii(),
            r#type: <$type as $crate::fields::FieldValue>::TYPE,
            presence: $crate::fields::described!(@ $presence),
            audience: $crate::fields::described!(@ $audience),
        },)+]
    };
    (@ required) => { $crate::fields::Presence::Required };
    (@ nullable) => { $crate::fields::Presence::Nullable };
    (@ defaulted) => { $crate::fields::Presence::Defaulted };
    (@ public) => { $crate::fields::Audience::Public };
    (@ staff) => { $crate::fields::Audience::Staff };
    (@ personal) => { $crate::fields::Audience::Personal };
    (@ silent) => { $crate::fields::Audience::Silent };
}
pub(crate) use described;

/// The schema of a record.
#[cfg(feature = "openapi")]
macro_rules! record_schema {
    (@ Answer $of:ty) => { <$of as $crate::fields::FieldValue>::schema() };
    (@ $use:ident $of:ty) => { <$of as $crate::fields::FieldValue>::sent_schema() };
    ($type:ident, $fields:expr, $use:ident { $($name:ident: $of:ty,)+ }) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let properties = vec![$((stringify!($name), $crate::fields::record_schema!(@ $use $of)),)+];
                $crate::fields::schema::record($fields, properties, $crate::fields::schema::Use::$use)
            }
        }

        impl utoipa::ToSchema for $type {
            fn schemas(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                $(<$of as $crate::fields::FieldValue>::parts(parts);)+
            }
        }
    };
}
#[cfg(not(feature = "openapi"))]
macro_rules! record_schema {
    ($($anything:tt)*) => {};
}
pub(crate) use record_schema;

/// Makes of a list the record, what a client gives for a new one, and an update of it.
macro_rules! record_types {
    (
        [
            $(#[$about:meta])* $record:ident,
            $(#[$about_new:meta])* $new:ident,
            $(#[$about_update:meta])* $update:ident $(,)?
        ]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $(derived { $($derived:tt)+ })?
    ) => {
        $crate::fields::record_types! { @record
            $(#[$about])* $record { $($key)+ $($before)* $($given)+ $($after)* $($($derived)+)? }
        }
        $crate::fields::record_types! { @version $record $($key)+ $($before)* $($given)+ $($after)* }
        $crate::fields::record_types! { @input
            $(#[$about_new])* $new, $(#[$about_update])* $update of $record
            [ $($key)+ ] [ $($before)* $($after)* $($($derived)+)? ] { $($given)+ }
        }
    };
    (@record $(#[$about:meta])* $record:ident { $(
        $(#[doc = $doc:literal])+
        $audience:ident $name:ident: $presence:ident $type:ty $([$($limit:tt)+])? $(= $derive:path)?,
    )+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $record {
            $($(#[doc = $doc])+ pub $name: $crate::fields::field_type!(record $presence $type),)+
        }

        impl $crate::fields::Described for $record {
            const FIELDS: &'static [$crate::fields::Field] = $crate::fields::described! {
                $($(#[doc = $doc])+ $audience $name: $presence $type,)+
            };
        }

        $crate::fields::record_schema! { $record, <Self as $crate::fields::Described>::FIELDS, Answer { $($name: $type,)+ } }
    };
    (@version $record:ident $(
        $(#[doc = $doc:literal])+
        $audience:ident $name:ident: $presence:ident $type:ty $([$($limit:tt)+])?,
    )+) => {
        impl $record {
            /// The version of the row, for `if_version` of its noun.
            #[must_use]
            pub fn version(&self) -> $crate::version::Version {
                $crate::version::Version::of(&[$($crate::version::Version::of(&self.$name)),+])
            }
        }
    };
    (@input
        $(#[$about_new:meta])* $new:ident, $(#[$about_update:meta])* $update:ident of $record:ident
        [ $(#[doc = $id_doc:literal])+ $id_audience:ident $id:ident: required $id_type:ty, ]
        [ $(
            $(#[doc = $kept_doc:literal])+
            $kept_audience:ident $kept:ident: $kept_presence:ident $kept_type:ty $(= $derive:path)?,
        )* ]
        { $(
            $(#[doc = $doc:literal])+
            $audience:ident $name:ident: $presence:ident $type:ty [$($limit:tt)+],
        )+ }
    ) => {
        $(#[$about_new])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $new {
            $($(#[doc = $doc])+ pub $name: $crate::fields::field_type!(record $presence $type),)+
        }

        impl Default for $new {
            fn default() -> Self {
                Self { $($name: $crate::fields::not_given!($presence $type),)+ }
            }
        }

        $(#[$about_update])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $update {
            $(
                $(#[doc = $doc])+
                #[serde(deserialize_with = "crate::change::sent")]
                pub $name: $crate::fields::field_type!(update $presence $type),
            )+
        }

        impl $new {
            /// The record of these fields; what the library keeps is empty, and no rule has been applied yet.
            pub(crate) fn into_record(self, $id: $id_type) -> $record {
                $record { $id, $($name: self.$name,)+ $($kept: Default::default(),)* }
            }
        }

        impl $update {
            /// The record with the named fields changed; no rule has been applied yet.
            pub(crate) fn apply_to(&self, mut record: $record) -> $record {
                $($crate::change::Apply::apply(&self.$name, &mut record.$name);)+
                record
            }
        }

        impl $crate::fields::Described for $new {
            const FIELDS: &'static [$crate::fields::Field] = $crate::fields::described! {
                $($(#[doc = $doc])+ $audience $name: $presence $type,)+
            };
        }

        impl $crate::fields::Described for $update {
            const FIELDS: &'static [$crate::fields::Field] = $new::FIELDS;
        }

        $crate::fields::record_schema! { $new, <Self as $crate::fields::Described>::FIELDS, New { $($name: $type,)+ } }
        $crate::fields::record_schema! { $update, <Self as $crate::fields::Described>::FIELDS, Update { $($name: $type,)+ } }
    };
}
pub(crate) use record_types;

/// Makes of a list a struct of the fields that are `public`, and the way to it from the record.
macro_rules! public_view {
    (
        [$(#[$about:meta])* $view:ident of $record:ident]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $(derived { $($derived:tt)+ })?
    ) => {
        $crate::fields::public_view! { @ $(#[$about])* $view $record $($key)+ $($before)* $($given)+ $($after)* }
    };
    // Of the four words before a name, only `public` leaves a `$name`.
    (@ $(#[$about:meta])* $view:ident $record:ident $(
        $(#[doc = $doc:literal])+
        $(public $name:ident)? $(staff $staff:ident)? $(personal $personal:ident)? $(silent $silent:ident)?:
            $presence:ident $type:ty $([$($limit:tt)+])?,
    )+) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each field is the record's")]
        pub struct $view {
            $($(pub $name: $crate::fields::field_type!(record $presence $type),)?)+
        }

        $crate::fields::record_schema! { $view, <$record as $crate::fields::Described>::FIELDS, Answer {
            $($($name: $type,)?)+
        } }

        impl From<$record> for $view {
            fn from(record: $record) -> Self {
                Self { $($($name: record.$name,)?)+ }
            }
        }
    };
}
pub(crate) use public_view;
