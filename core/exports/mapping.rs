//! A mapping: the columns of a feed as they were agreed with the platform, written in a file.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{
    FeedFormat,
    feed::{Column, Feed, Source},
    fields,
    rule::Rule,
    value::Lines,
};
use crate::{
    error::{ErrorCode, Faults, Result},
    inventory::VehicleStatus,
};

/// At most this many columns.
const MOST_COLUMNS: usize = 500;

/// The columns of a feed, and how it is written.
///
/// ```
/// let mapping: jpauto::exports::Mapping = serde_json::from_str(r#"{
///     "file": "stock.csv",
///     "columns": [
///         {"name": "Stock #", "field": "stock_number", "required": true},
///         {"name": "Type", "value": "Used"},
///         {"name": "Body", "field": "body_style", "words": {"4dr SUV": "SUV"}, "one_of": ["SUV", "Sedan"]},
///         {"name": "Photos", "field": "images", "separator": ";"}
///     ]
/// }"#)?;
/// assert_eq!(mapping.columns.len(), 4);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The form of the file; CSV where nothing is said.
    pub format: Option<FeedFormat>,
    /// The name of the file, without a folder.
    pub file: Option<String>,
    /// Whether the columns' names stand above the rows; they do where nothing is said.
    pub header: Option<bool>,
    /// The statuses of the vehicles that are taken; `available` where nothing is said.
    pub statuses: Vec<VehicleStatus>,
    /// The columns in their order.
    pub columns: Vec<MappedColumn>,
}

/// A column of a mapping: a field of the vehicle, or the same value for all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MappedColumn {
    /// What the platform calls it.
    pub name: String,
    /// The field of the vehicle or of the dealership; `docs/exports.md` lists them.
    pub field: Option<String>,
    /// The value for every vehicle, instead of a field.
    pub value: Option<String>,
    /// Values of the field that the platform calls otherwise. The case of letters does not matter.
    pub words: BTreeMap<String, String>,
    /// A vehicle without a value here is left out.
    pub required: bool,
    /// No other value is taken.
    pub one_of: Vec<String>,
    /// At most this many characters; more are cut off.
    pub longest: Option<usize>,
    /// What parts several values; `|` where nothing is said.
    pub separator: Option<String>,
}

impl Mapping {
    /// The feed with these columns instead of its own.
    ///
    /// # Errors
    /// `invalid_mapping`, naming each fault.
    pub(super) fn applied_to(&self, mut feed: Feed) -> Result<Feed> {
        let mut faults = Faults::default();
        let format = self.format.unwrap_or(feed.formats[0]);
        let takes = |format| feed.formats.contains(&format);
        faults.check(takes(format), "/format", format!("this feed is not written as {format}"));
        let count = self.columns.len();
        faults.check((1..=MOST_COLUMNS).contains(&count), "/columns", format!("expected 1 to {MOST_COLUMNS} columns"));
        let is_known =
            |status: &VehicleStatus| VehicleStatus::ALL.contains(status) && *status != VehicleStatus::Unknown;
        faults.check(self.statuses.iter().all(is_known), "/statuses", "expected available, pending, hold or sold");
        let is_name = |name: &String| is_file_name(name);
        faults.check(self.file.iter().all(is_name), "/file", "expected the name of a file, without a folder");
        let mut columns: Vec<Column> = Vec::with_capacity(count);
        for (place, mapped) in self.columns.iter().enumerate().take(MOST_COLUMNS) {
            let pointer = |field: &str| format!("/columns/{place}/{field}");
            let is_double = columns.iter().any(|column| column.name == mapped.name);
            faults.check(!is_double, &pointer("name"), "another column has this name");
            if format == FeedFormat::Xml {
                faults.check(is_xml_name(&mapped.name), &pointer("name"), XML_NAME);
            }
            columns.extend(mapped.column(&pointer, &mut faults));
        }
        faults.into_result(ErrorCode::InvalidMapping)?;
        feed.columns = columns;
        feed.has_header = self.header.unwrap_or(true);
        if !self.statuses.is_empty() {
            feed.statuses.clone_from(&self.statuses);
        }
        feed.named.clone_from(&self.file);
        Ok(feed)
    }
}

impl MappedColumn {
    fn column(&self, pointer: &dyn Fn(&str) -> String, faults: &mut Faults) -> Option<Column> {
        let is_plain = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
        faults.check(is_plain(&self.name), &pointer("name"), "expected a name in one line");
        let separator = self.separator.as_deref().unwrap_or("|");
        faults.check(!separator.is_empty(), &pointer("separator"), "expected one or more characters");
        faults.check(self.longest != Some(0), &pointer("longest"), "expected one or more characters");
        let is_cut = self.longest.is_none() || self.field.as_deref().is_none_or(fields::is_text);
        let expected = "expected a field with a text: numbers, amounts, yes or no and lists are not cut off";
        faults.check(is_cut, &pointer("longest"), expected);
        let words: Vec<_> = self.words.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        let source = match (&self.field, &self.value) {
            (Some(field), None) => match fields::named(field) {
                Some(value) if words.is_empty() => Source::Of(value),
                Some(value) => Source::Reworded(value, words),
                None => {
                    let known: Vec<_> = fields::FIELDS.iter().map(|(name, _)| *name).collect();
                    faults.add(pointer("field"), format!("expected one of {}", known.join(" ")));
                    return None;
                }
            },
            (None, Some(value)) => Source::Constant(value.clone()),
            _ => {
                faults.add(pointer("field"), "expected either a field or a value");
                return None;
            }
        };
        let mut column = Column::from(Cow::Owned(self.name.clone()), source);
        (column.is_required, column.longest, column.lines) = (self.required, self.longest, Lines::One);
        column.separator = Cow::Owned(separator.to_owned());
        column.is_told_twice = self.field.as_deref() == Some("url");
        if !self.one_of.is_empty() {
            column.rule = Rule::OneOfThese(self.one_of.clone());
        }
        Some(column)
    }
}

/// Whether the text names a file and no folder.
pub(super) fn is_file_name(name: &str) -> bool {
    let is_plain = !name.contains(['/', '\\', ':']) && !name.chars().any(char::is_control);
    is_plain && !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && !name.ends_with(".part")
}

/// Refuses columns that cannot be elements, where a mapping is written as XML although it does not say so itself.
///
/// # Errors
/// `invalid_mapping`, naming each of them.
pub(super) fn ensure_elements(columns: &[Column]) -> Result<()> {
    let mut faults = Faults::default();
    for (place, column) in columns.iter().enumerate() {
        faults.check(is_xml_name(&column.name), &format!("/columns/{place}/name"), XML_NAME);
    }
    faults.into_result(ErrorCode::InvalidMapping)
}

const XML_NAME: &str = "expected a letter, then letters, digits, dots, hyphens and underscores, as XML wants it";

fn is_xml_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::{Platform, feeds};

    fn refused(mapping: &str) -> Vec<String> {
        let mapping: Mapping = serde_json::from_str(mapping).unwrap();
        let Err(refusal) = feeds::of(Platform::Custom, Some(&mapping)) else { panic!("{mapping:?} is taken") };
        assert_eq!(refusal.code(), "invalid_mapping");
        refusal.fields().iter().map(|field| field.pointer.clone()).collect()
    }

    #[test]
    fn each_fault_of_a_mapping_is_named() {
        for (mapping, pointers) in [
            (r#"{}"#, &["/columns"][..]),
            (r#"{"columns": [{"name": "a", "field": "cost"}]}"#, &["/columns/0/field"]),
            (r#"{"columns": [{"name": "a"}]}"#, &["/columns/0/field"]),
            (r#"{"columns": [{"name": "a", "field": "vin", "value": "x"}]}"#, &["/columns/0/field"]),
            (r#"{"columns": [{"name": "a", "field": "vin"}, {"name": "a", "value": "x"}]}"#, &["/columns/1/name"]),
            (r#"{"format": "xml", "columns": [{"name": "Stock #", "field": "vin"}]}"#, &["/columns/0/name"]),
            (r#"{"format": "zip", "columns": [{"name": "a", "field": "vin"}]}"#, &["/format"]),
            (r#"{"columns": [{"name": "a", "field": "vin", "longest": 0}]}"#, &["/columns/0/longest"]),
            (r#"{"columns": [{"name": "a", "field": "price", "longest": 3}]}"#, &["/columns/0/longest"]),
            (r#"{"columns": [{"name": "a", "field": "images", "longest": 300}]}"#, &["/columns/0/longest"]),
            (r#"{"file": "../x.csv", "columns": [{"name": "a", "field": "vin"}]}"#, &["/file"]),
            (r#"{"statuses": ["unknown"], "columns": [{"name": "a", "field": "vin"}]}"#, &["/statuses"]),
        ] {
            assert_eq!(refused(mapping), pointers, "{mapping}");
        }
    }
}
