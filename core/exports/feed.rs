//! The shape that all feeds have: which vehicles it takes, its columns with their rules, and how it is written.
//!
//! A feed is data. What a column says of a vehicle is a pure function; the time is in [`Surroundings`].

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{
    FeedFormat, Platform,
    config::DealershipDetails,
    rule::Rule,
    value::{Lines, Value},
};
use crate::{
    inventory::{Vehicle, VehicleLimits, VehicleStatus},
    zone::Zone,
};

/// Everything that a column may look at beside the vehicle.
pub(super) struct Surroundings<'a> {
    pub(super) dealership: &'a DealershipDetails,
    pub(super) dealer_id: Option<&'a str>,
    pub(super) store_code: Option<&'a str>,
    /// The pattern of the address of a vehicle's page.
    pub(super) vehicle_url: Option<&'a str>,
    pub(super) now: DateTime<Utc>,
    /// Where its days begin.
    pub(super) zone: Zone,
    pub(super) limits: VehicleLimits,
}

impl Surroundings<'_> {
    /// The day of the export, as names of files have it.
    pub(super) fn day(&self) -> String {
        self.zone.day(self.now).format("%Y%m%d").to_string()
    }

    /// The day of a time, as the dealership's calendar has it.
    pub(super) fn day_of(&self, time: DateTime<Utc>) -> String {
        self.zone.day(time).to_string()
    }
}

/// What a column says of a vehicle.
pub(super) type ColumnValue = for<'v> fn(&'v Vehicle, &'v Surroundings<'_>) -> Value<'v>;

/// Where the value of a column comes from.
#[derive(Clone)]
pub(super) enum Source {
    Of(ColumnValue),
    /// The picture at this place, the first one being 0.
    Picture(usize),
    /// The same for every vehicle.
    Constant(String),
    /// The value of another source, replaced by the word that stands beside it.
    Reworded(ColumnValue, Vec<(String, String)>),
}

/// A column, an element or a field of a feed.
#[derive(Clone)]
pub(super) struct Column {
    /// Its name. In a JSON-LD document it is a path, such as `offers.price`.
    pub(super) name: Cow<'static, str>,
    pub(super) source: Source,
    /// A vehicle without it is left out.
    pub(super) is_required: bool,
    pub(super) rule: Rule,
    /// What parts several values in one cell.
    pub(super) separator: Cow<'static, str>,
    /// At most this many characters.
    pub(super) longest: Option<usize>,
    /// At most this many values in one cell.
    pub(super) most: Option<usize>,
    pub(super) lines: Lines,
    /// The configuration that a missing value is a matter of.
    pub(super) configured_by: Option<&'static str>,
    /// No two rows have the same.
    pub(super) is_unique: bool,
    /// Two rows with the same are worth telling of.
    pub(super) is_told_twice: bool,
}

impl Column {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, value: ColumnValue) -> Self {
        Self::from(name.into(), Source::Of(value))
    }

    pub(super) fn constant(name: impl Into<Cow<'static, str>>, value: &str) -> Self {
        Self::from(name.into(), Source::Constant(value.to_owned()))
    }

    pub(super) fn from(name: Cow<'static, str>, source: Source) -> Self {
        Self {
            name,
            source,
            is_required: false,
            rule: Rule::Any,
            separator: Cow::Borrowed("|"),
            longest: None,
            most: None,
            lines: Lines::One,
            configured_by: None,
            is_unique: false,
            is_told_twice: false,
        }
    }

    /// The same, without which a vehicle is left out.
    pub(super) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    pub(super) fn separated_by(mut self, separator: &'static str) -> Self {
        self.separator = Cow::Borrowed(separator);
        self
    }

    pub(super) fn at_most(mut self, characters: usize) -> Self {
        self.longest = Some(characters);
        self
    }

    /// The same with this many values in a cell at most.
    pub(super) fn of_at_most(mut self, values: usize) -> Self {
        self.most = Some(values);
        self
    }

    pub(super) fn with_lines(mut self) -> Self {
        self.lines = Lines::Kept;
        self
    }

    /// The same with its texts as they are stored, to be read back.
    pub(super) fn exact(mut self) -> Self {
        self.lines = Lines::Exact;
        self
    }

    pub(super) fn unique(mut self) -> Self {
        self.is_unique = true;
        self
    }

    /// The same, of which the report tells where two vehicles have one.
    pub(super) fn told_twice(mut self) -> Self {
        self.is_told_twice = true;
        self
    }

    /// The same, required of the configuration rather than of a vehicle.
    pub(super) fn configured_by(mut self, key: &'static str) -> Self {
        self.configured_by = Some(key);
        self.is_required = true;
        self
    }

    /// What the column says of a vehicle, cleaned.
    pub(super) fn value<'v>(&'v self, vehicle: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
        let value = match &self.source {
            Source::Of(value) => value(vehicle, surroundings),
            Source::Picture(place) => Value::text_of(super::fields::pictures(vehicle).nth(*place)),
            Source::Constant(text) => Value::text(text.as_str()),
            Source::Reworded(value, words) => reworded(value(vehicle, surroundings), words),
        };
        if self.lines == Lines::Exact { value } else { value.cleaned(self.lines, self.longest) }
    }
}

fn reworded<'v>(value: Value<'v>, words: &'v [(String, String)]) -> Value<'v> {
    let mut text = String::new();
    value.write_to(&mut text, "|");
    match words.iter().find(|(from, _)| from.eq_ignore_ascii_case(&text)) {
        Some((_, to)) => Value::text(to.as_str()),
        None => value,
    }
}

/// Why a vehicle is no matter of a feed: the field, and the reason.
pub(super) type Refusal = (Cow<'static, str>, String);

/// The text of the column of this name in a row.
pub(super) type TextOf<'r> = dyn Fn(&str) -> Option<&'r str> + 'r;

/// What is wrong with the values of a row beside each other: the column, and what was expected.
pub(super) type Mismatch = (&'static str, &'static str);

/// A feed.
#[derive(Clone)]
pub(super) struct Feed {
    pub(super) platform: Platform,
    /// The forms in which it may be written, the usual one first.
    pub(super) formats: &'static [FeedFormat],
    /// Whether the columns' names stand above the rows.
    pub(super) has_header: bool,
    /// Vehicles in these statuses are taken.
    pub(super) statuses: Vec<VehicleStatus>,
    /// Sold vehicles are taken for this many days after their sale.
    pub(super) days_after_sale: Option<i64>,
    pub(super) columns: Vec<Column>,
    /// Columns without which a vehicle goes, and the report says so, with what they are of a vehicle.
    pub(super) expects: &'static [(&'static str, ColumnValue)],
    /// What else a feed does not carry.
    pub(super) refuses: fn(&Vehicle) -> Option<Refusal>,
    /// What the rules of single columns cannot say. What leaves never has such a fault, for `refuses` knows of it.
    pub(super) mismatch: fn(&TextOf<'_>) -> Option<Mismatch>,
    /// The name of the file, without its folder.
    pub(super) file_name: fn(&Surroundings<'_>, FeedFormat) -> String,
    /// A name that the configuration gives instead.
    pub(super) named: Option<String>,
    /// The text below the front matter of a page.
    pub(super) body: Option<ColumnValue>,
}

impl Feed {
    pub(super) fn new(platform: Platform, formats: &'static [FeedFormat], columns: Vec<Column>) -> Self {
        Self {
            platform,
            formats,
            has_header: true,
            statuses: vec![VehicleStatus::Available],
            days_after_sale: None,
            columns,
            expects: &[],
            refuses: |_| None,
            mismatch: |_| None,
            file_name: |_, _| String::new(),
            named: None,
            body: None,
        }
    }

    /// The name of the feed's file.
    pub(super) fn file_name(&self, surroundings: &Surroundings<'_>, format: FeedFormat) -> String {
        if let Some(name) = &self.named {
            return name.clone();
        }
        let name = (self.file_name)(surroundings, format);
        if name.is_empty() { format!("{}.{}", self.platform, format.extension()) } else { name }
    }
}
