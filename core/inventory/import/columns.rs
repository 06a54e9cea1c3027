//! Which column of a file is which field: the usual names of columns, and a mapping that says otherwise. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DateOrder, VehicleStatus};
use crate::{
    error::{Error, ErrorCode, Faults, Result},
    fields::{Described as _, Field},
    inventory::{NewVehicle, Vehicle},
};

/// What a file's columns mean, where their usual names do not say it or say it wrongly.
///
/// ```
/// let mapping: jpauto::imports::Mapping = serde_json::from_str(r#"{
///     "columns": {"Our Ref": "stock_number", "Ask": "price", "Photos taken": null},
///     "statuses": {"RTL": "available"},
///     "dates": "day_first"
/// }"#)?;
/// assert_eq!(mapping.columns["Ask"].as_deref(), Some("price"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportMapping))]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The field of each column, by the column's name; `None` leaves the column out. Columns that are not named are found by
    /// their usual names.
    pub columns: BTreeMap<String, Option<String>>,
    /// What the words of the status column mean, beside the usual ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, VehicleStatus>,
    /// The order of the numbers in dates; found out from the file where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// The worksheet of a workbook; the one that has vehicles where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// What stands between the values of a text file; found out where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
}

/// What is done with a column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportedColumn {
    /// Its name in the file.
    pub name: String,
    /// The field that it is read as; `None` if it is not read.
    pub field: Option<&'static str>,
    /// Why it is not read.
    pub left_out: Option<LeftOut>,
}

/// Why a column is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ColumnLeftOut))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeftOut {
    /// Its name means nothing here.
    Unknown,
    /// It is a column that the library writes by itself.
    KeptByLibrary,
    /// The mapping leaves it out.
    ByMapping,
}

impl LeftOut {
    /// The reason, for people.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unknown => "its name means nothing here",
            Self::KeptByLibrary => "jpauto keeps this itself",
            Self::ByMapping => "the mapping leaves it out",
        }
    }
}

/// The fields that a file may give beside those that staff enter.
pub(super) const STATUS: &str = "status";
pub(super) const FEATURED: &str = "featured";
pub(super) const LISTED_AT: &str = "listed_at";
pub(super) const SOLD_AT: &str = "sold_at";

const KEPT: [&str; 4] = [STATUS, FEATURED, LISTED_AT, SOLD_AT];

/// The usual names of columns beside the names of the fields. Only letters and digits count, and `#` reads as `number`.
const SYNONYMS: [(&str, &[&str]); 34] = [
    (
        "vin",
        &[
            "vin number",
            "vin no",
            "vin code",
            "vehicle identification number",
            "chassis",
            "chassis number",
            "serial number",
        ],
    ),
    (
        "stock_number",
        &[
            "stock",
            "stock no",
            "stock num",
            "stock id",
            "stk",
            "stk number",
            "stk no",
            "inventory number",
            "unit number",
            "dealer stock number",
        ],
    ),
    ("year", &["yr", "model year", "vehicle year", "my"]),
    ("make", &["manufacturer", "brand", "vehicle make"]),
    ("model", &["model name", "vehicle model", "mdl"]),
    ("trim", &["trim level", "series", "trim name", "style name"]),
    (
        "price",
        &[
            "asking price",
            "list price",
            "internet price",
            "selling price",
            "sale price",
            "retail price",
            "retail",
            "web price",
            "advertised price",
            "online price",
            "our price",
            "price usd",
            "final price",
            "current price",
        ],
    ),
    (
        "mileage",
        &[
            "miles",
            "odometer",
            "odo",
            "odometer reading",
            "odometer miles",
            "odometer mi",
            "mileage mi",
            "current mileage",
            "vehicle mileage",
        ],
    ),
    (
        "cost",
        &[
            "dealer cost",
            "unit cost",
            "invoice",
            "invoice price",
            "acquisition cost",
            "purchase price",
            "total cost",
            "inventory cost",
        ],
    ),
    (
        "msrp",
        &[
            "sticker",
            "sticker price",
            "window sticker",
            "suggested retail price",
            "manufacturers suggested retail price",
        ],
    ),
    (
        "exterior_color",
        &["color", "colour", "ext color", "exterior colour", "ext colour", "outside color", "ext clr", "paint"],
    ),
    ("interior_color", &["int color", "interior colour", "int colour", "interior", "int clr"]),
    ("transmission", &["trans", "transmission type", "gearbox", "transmission description"]),
    ("engine", &["engine description", "motor", "engine type", "engine size"]),
    ("fuel_type", &["fuel", "fuel description"]),
    ("drivetrain", &["drive", "drive type", "drive line", "wheel drive"]),
    ("body_style", &["body", "body type", "vehicle type", "body description"]),
    ("doors", &["number of doors", "door count", "num doors", "no of doors"]),
    ("mpg_city", &["city mpg", "epa city", "city fuel economy"]),
    ("mpg_highway", &["highway mpg", "hwy mpg", "mpg hwy", "epa highway", "highway fuel economy"]),
    (
        "description",
        &[
            "comments",
            "dealer comments",
            "vehicle description",
            "seller comments",
            "ad text",
            "web ad description",
            "comment",
            "remarks",
        ],
    ),
    ("thumbnail", &["main image", "main photo", "primary photo", "primary image", "main picture", "thumbnail url"]),
    ("condition", &["vehicle condition"]),
    ("title_status", &["title", "title type", "title brand", "branded title"]),
    ("owners", &["previous owners", "number of owners", "owner count", "prior owners"]),
    ("accidents", &["accident count", "number of accidents", "reported accidents"]),
    ("service_records", &["service history", "has service records"]),
    ("warranty", &["warranty description"]),
    ("carfax_url", &["carfax", "carfax link", "carfax report"]),
    ("autocheck_url", &["autocheck", "autocheck link", "autocheck report"]),
    ("features", &["options", "equipment", "installed options", "option list", "standard equipment"]),
    (
        "images",
        &[
            "photos",
            "pictures",
            "image urls",
            "photo urls",
            "photo url list",
            "image list",
            "photo url",
            "image url",
            "pics",
            "picture urls",
        ],
    ),
    (STATUS, &["vehicle status", "inventory status", "stock status", "sales status"]),
    (
        LISTED_AT,
        &[
            "date in stock",
            "in stock date",
            "stock date",
            "date listed",
            "list date",
            "listed",
            "received date",
            "date received",
            "inventory date",
            "entry date",
            "date added",
        ],
    ),
];

const SOLD_SYNONYMS: [&str; 4] = ["sold date", "date sold", "sale date", "sold on"];

const FEATURED_SYNONYMS: [&str; 2] = ["featured vehicle", "on homepage"];

/// The letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for sign in name.chars() {
        match sign {
            '#' | '№' => plain.push_str("number"),
            sign if sign.is_alphanumeric() => plain.extend(sign.to_lowercase()),
            _ => {}
        }
    }
    plain
}

/// The field that a column of this name usually is, also one that the library keeps.
fn field_named(name: &str) -> Option<&'static str> {
    let name = plain(name);
    let is_called = |other: &&'static str| plain(other) == name;
    if let Some(field) = Vehicle::FIELDS.iter().map(|field| field.name).find(is_called) {
        return Some(field);
    }
    let usual = SYNONYMS.iter().find(|(_, names)| names.iter().any(is_called));
    usual
        .map(|(field, _)| *field)
        .or_else(|| SOLD_SYNONYMS.iter().any(is_called).then_some(SOLD_AT))
        .or_else(|| FEATURED_SYNONYMS.iter().any(is_called).then_some(FEATURED))
}

/// Whether a cell reads as the name of a column that is imported.
pub(super) fn is_known(name: &str, mapping: &Mapping) -> bool {
    mapping.of(name).is_some_and(|field| field.is_some())
        || (name.len() <= 100 && field_named(name).is_some_and(is_importable))
}

fn is_importable(field: &'static str) -> bool {
    KEPT.contains(&field) || given(field).is_some()
}

/// A field that staff enter.
pub(super) fn given(name: &str) -> Option<&'static Field> {
    NewVehicle::FIELDS.iter().find(|field| field.name == name)
}

impl Mapping {
    /// What it says of a column.
    fn of(&self, name: &str) -> Option<&Option<String>> {
        let is_it = |(other, _): &(&String, &Option<String>)| other.trim() == name.trim();
        self.columns.iter().find(is_it).map(|(_, field)| field)
    }
}

/// What is done with each column.
///
/// # Errors
/// `invalid_import_mapping` for a field that there is not, a column that the file has not, or two columns for one field;
/// `sheet_without_header` if neither VIN nor stock number has a column.
pub(super) fn resolve(names: &[String], mapping: &Mapping) -> Result<Vec<ImportedColumn>> {
    let mut faults = Faults::default();
    for (column, field) in &mapping.columns {
        if !names.iter().any(|name| name.trim() == column.trim()) {
            faults.add(pointer(column), format!("the file has no column {column:?}"));
        }
        if let Some(field) = field
            && field_of_mapping(field).is_none()
        {
            faults.add(pointer(column), format!("{field} is no field; expected one of {}", all_fields().join(", ")));
        }
    }
    let columns: Vec<_> = names.iter().map(|name| column(name, mapping)).collect();
    for (place, column) in columns.iter().enumerate() {
        let Some(field) = column.field else { continue };
        if let Some(other) = columns[..place].iter().find(|other| other.field == Some(field)) {
            let message = format!(
                "the columns {:?} and {:?} are both {field}: leave one out with a mapping",
                other.name, column.name
            );
            faults.add(pointer(&column.name), message);
        }
    }
    faults.into_result(ErrorCode::InvalidImportMapping)?;
    if !columns.iter().any(|column| matches!(column.field, Some("vin" | "stock_number"))) {
        let message = "no column is the VIN or the stock number: name it in a mapping";
        return Err(Error::new(ErrorCode::SheetWithoutHeader, message));
    }
    Ok(columns)
}

/// What is done with each column, where nothing is checked: of two columns for one field, the second is left out.
pub(super) fn first_of_each(names: &[String], mapping: &Mapping) -> Vec<ImportedColumn> {
    let mut columns: Vec<ImportedColumn> = Vec::with_capacity(names.len());
    for name in names {
        let mut column = column(name, mapping);
        if column.field.is_some() && columns.iter().any(|other| other.field == column.field) {
            (column.field, column.left_out) = (None, Some(LeftOut::ByMapping));
        }
        columns.push(column);
    }
    columns
}

/// The mapping that says of each column what is done with it, for whoever wants to correct it.
pub(super) fn written_out(columns: &[ImportedColumn], mapping: &Mapping) -> Mapping {
    let columns = columns.iter().filter(|column| !column.name.trim().is_empty());
    let columns = columns.map(|column| (column.name.clone(), column.field.map(ToOwned::to_owned))).collect();
    Mapping { columns, ..mapping.clone() }
}

fn pointer(column: &str) -> String {
    format!("/columns/{}", column.replace('~', "~0").replace('/', "~1"))
}

fn field_of_mapping(field: &str) -> Option<&'static str> {
    all_fields().into_iter().find(|name| *name == field)
}

fn all_fields() -> Vec<&'static str> {
    NewVehicle::FIELDS.iter().map(|field| field.name).chain(KEPT).collect()
}

fn column(name: &str, mapping: &Mapping) -> ImportedColumn {
    let (field, left_out) = match mapping.of(name) {
        Some(None) => (None, Some(LeftOut::ByMapping)),
        Some(Some(field)) => (field_of_mapping(field), None),
        None => match field_named(name) {
            Some(field) if is_importable(field) => (Some(field), None),
            Some(_) => (None, Some(LeftOut::KeptByLibrary)),
            None => (None, Some(LeftOut::Unknown)),
        },
    };
    ImportedColumn { name: name.to_owned(), field, left_out }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_usual_name_means_one_field_that_there_is() {
        let mut meanings: HashMap<String, &str> = HashMap::new();
        let all = SYNONYMS.iter().map(|(field, names)| (*field, *names));
        for (field, names) in all.chain([(SOLD_AT, &SOLD_SYNONYMS[..]), (FEATURED, &FEATURED_SYNONYMS[..])]) {
            assert!(is_importable(field), "{field}");
            for name in names {
                assert_eq!(field_named(name), Some(field), "{name}");
                assert_eq!(meanings.insert(plain(name), field), None, "{name} stands twice");
            }
        }
        for field in all_fields() {
            assert_eq!(field_named(field), Some(field));
        }
    }

    #[test]
    fn columns_are_found_by_their_usual_names() {
        let header =
            names(&["Stock #", "VIN", "Yr", "Odometer (mi)", "List Price", " ext. color ", "Lot row", "id", ""]);
        let fields: Vec<_> =
            resolve(&header, &Mapping::default()).unwrap().iter().map(|it| (it.field, it.left_out)).collect();
        let found = |field| (Some(field), None);
        assert_eq!(
            fields,
            [
                found("stock_number"),
                found("vin"),
                found("year"),
                found("mileage"),
                found("price"),
                found("exterior_color"),
                (None, Some(LeftOut::Unknown)),
                (None, Some(LeftOut::KeptByLibrary)),
                (None, Some(LeftOut::Unknown)),
            ]
        );
        assert!(field_named("Odometer (km)").is_none());
    }

    #[test]
    fn a_mapping_says_otherwise_and_is_checked() {
        let mapping = |columns: &[(&str, Option<&str>)]| Mapping {
            columns: columns.iter().map(|(name, field)| ((*name).into(), field.map(Into::into))).collect(),
            ..Mapping::default()
        };
        let header = names(&["VIN", "Price", "Internet Price", "Ref"]);
        let twice = resolve(&header, &Mapping::default()).unwrap_err();
        assert_eq!(
            (twice.code(), twice.fields()[0].pointer.as_str()),
            ("invalid_import_mapping", "/columns/Internet Price")
        );
        let said = mapping(&[("Price", Some("msrp")), ("Ref", Some("stock_number"))]);
        let columns = resolve(&header, &said).unwrap();
        let fields: Vec<_> = columns.iter().filter_map(|column| column.field).collect();
        assert_eq!(fields, ["vin", "msrp", "price", "stock_number"]);
        assert_eq!(
            resolve(&header, &written_out(&columns, &said)).unwrap(),
            columns,
            "what is written out reads as the same"
        );
        for wrong in
            [mapping(&[("Price", Some("prize")), ("Ref", None)]), mapping(&[("Prize", Some("price")), ("Price", None)])]
        {
            assert_eq!(resolve(&header, &wrong).unwrap_err().code(), "invalid_import_mapping");
        }
        let without = resolve(&names(&["Price", "Miles"]), &Mapping::default()).unwrap_err();
        assert_eq!(without.code(), "sheet_without_header");
    }
}
