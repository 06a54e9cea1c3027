//! Classes of the library's lists of fields, such as `jpauto::vehicle_fields!`: a column there is an attribute here.

/// The Python types for the types in the library's lists of fields.
///
/// [`record_of_fields`] makes a class of a list such as `jpauto::vehicle_fields!`. Rust looks up the types in the list where that
/// macro is called, so a file that imports these names gets Python's types.
pub(crate) mod listed {
    use uuid::Uuid;

    pub(crate) type Money = crate::record::Amount;
    pub(crate) type VehicleId = Uuid;
    pub(crate) type SubmissionId = Uuid;
    pub(crate) type UserId = Uuid;
    pub(crate) type VehicleStatus = &'static str;
    pub(crate) type SubmissionStatus = &'static str;
}

/// Makes a frozen Python class of a list of fields, and of the fields in braces that the list does not have.
macro_rules! record_of_fields {
    (
        [$(#[$about:meta])* $name:ident of $core:ty, $part:tt $({ $($beside:tt)+ })?]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $(derived { $($derived:tt)+ })?
    ) => {
        record_of_fields! { @ $(#[$about])* $name of $core, $part
            { $($key)+ $($before)* $($given)+ $($after)* $($($derived)+)? }
            { $($($beside)+)? }
        }
    };
    (@ $(#[$about:meta])* $name:ident of $core:ty, $part:tt
        { $(
            $(#[doc = $doc:literal])+
            $audience:ident $field:ident: $presence:ident $type:ty $([$($limit:tt)+])? $(= $derive:path)?,
        )+ }
        { $( $(#[$beside_about:meta])* $beside:ident: $beside_type:ty, )* }
    ) => {
        record! {
            $(#[$about])*
            $name of $core {
                $part { $($(#[doc = $doc])+ $field: $crate::record::field_type!($presence $type),)+ }
                () { $($(#[$beside_about])* $beside: $beside_type,)* }
            }
        }
    };
}
pub(crate) use record_of_fields;

/// Makes a frozen Python class of those fields of a list that are public.
macro_rules! record_of_public_fields {
    (
        [$($about:tt)*]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $(derived { $($derived:tt)+ })?
    ) => {
        record_of_public_fields! { @ [$($about)*] {} $($key)+ $($before)* $($given)+ $($after)* }
    };
    (@ [$($about:tt)*] { $($kept:tt)* }
        $(#[doc = $doc:literal])+ public $field:ident: $presence:ident $type:ty $([$($limit:tt)+])?, $($rest:tt)*
    ) => {
        record_of_public_fields! { @ [$($about)*] {
            $($kept)*
            $(#[doc = $doc])+ $field: $crate::record::field_type!($presence $type),
        } $($rest)* }
    };
    (@ [$($about:tt)*] { $($kept:tt)* }
        $(#[doc = $doc:literal])+ $audience:ident $field:ident: $presence:ident $type:ty $([$($limit:tt)+])?, $($rest:tt)*
    ) => {
        record_of_public_fields! { @ [$($about)*] { $($kept)* } $($rest)* }
    };
    (@ [$($about:tt)*] { $($kept:tt)* }) => {
        record! { $($about)* { () { $($kept)* } } }
    };
}
pub(crate) use record_of_public_fields;

/// The type of a field in a class.
macro_rules! field_type {
    (nullable $type:ty) => { Option<$type> };
    ($presence:ident $type:ty) => { $type };
}
pub(crate) use field_type;
