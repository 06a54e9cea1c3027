//! Checks the file of a feed against the rules of its columns. Any program may have written the file.

use std::{collections::HashSet, ops::ControlFlow, path::Path};

use serde::Serialize;

use super::{
    FeedFormat, Platform,
    feed::{Column, Feed},
    following::Follower,
    reading::{self, ReadRow, Unreadable},
};
use crate::{
    error::{Error, ErrorCode, Result},
    sheets::shortened,
};

/// At most this many faults of a file are listed; the rest is counted.
const MOST_FAULTS: usize = 1_000;

/// What stands at a fault is shown with at most this many characters.
const SHOWN: usize = 80;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct CheckedFeed {
    /// The feed whose rules were applied.
    pub platform: Platform,
    /// The form in which the file was read.
    pub format: FeedFormat,
    /// The vehicles in it.
    pub vehicle_count: u64,
    /// What is wrong, in the order of the file; the first of it where there is very much.
    pub faults: Vec<FeedFault>,
    /// All faults, those that are not listed included.
    pub fault_count: u64,
}

impl CheckedFeed {
    /// Whether the platform takes the file, as far as is known.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.fault_count == 0
    }
}

/// A fault of a feed's file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct FeedFault {
    /// The line of the file; in XML, JSON-LD and pages the number of the vehicle. 0 for the file as a whole.
    pub row: u64,
    /// The name of the page, where the feed consists of pages.
    pub page: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// What was expected.
    pub rule: String,
    /// What stands there, shortened.
    pub found: Option<String>,
}

/// Reads a file and applies the rules of the feed to it.
///
/// # Errors
/// `feed_unreadable` where there is no such file, or the disk does not give it.
pub(super) fn check(path: &Path, feed: &Feed, format: FeedFormat) -> Result<CheckedFeed> {
    checked(path, feed, format, |visitor| reading::read(path, feed, format, visitor))
}

/// The same while the file is being written, in a form that is read through.
pub(super) fn check_behind(bytes: Follower, path: &Path, feed: &Feed, format: FeedFormat) -> Result<CheckedFeed> {
    checked(path, feed, format, |visitor| reading::read_through(Box::new(bytes), feed, format, visitor))
}

fn checked(
    path: &Path,
    feed: &Feed,
    format: FeedFormat,
    read: impl FnOnce(&mut reading::Visitor<'_>) -> std::result::Result<reading::Head, Unreadable>,
) -> Result<CheckedFeed> {
    let mut findings = Findings::new(feed);
    let outcome = read(&mut |row| findings.look_at(row));
    let rows = findings.rows;
    let vehicle_count = match outcome {
        Ok(head) => {
            findings.look_at_head(&head.missing, &head.repeated);
            head.rows
        }
        Err(Unreadable::At(row, rule)) => {
            findings.add(FeedFault { row, page: None, column: None, rule, found: None });
            rows
        }
        Err(Unreadable::Io(reason)) => {
            let message = format!("cannot read {}: {reason}", path.display());
            return Err(Error::new(ErrorCode::FeedUnreadable, message).with_source(reason));
        }
    };
    let Findings { mut faults, count, .. } = findings;
    // What the head lacks was found last, and stands first.
    faults.sort_by_key(|fault| fault.row);
    Ok(CheckedFeed { platform: feed.platform, format, vehicle_count, faults, fault_count: count })
}

struct Findings<'f> {
    feed: &'f Feed,
    faults: Vec<FeedFault>,
    count: u64,
    rows: u64,
    seen: Seen,
}

impl<'f> Findings<'f> {
    fn new(feed: &'f Feed) -> Self {
        Self { feed, faults: Vec::new(), count: 0, rows: 0, seen: Seen::new(&feed.columns) }
    }

    fn add(&mut self, fault: FeedFault) {
        self.count += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    fn look_at(&mut self, row: &ReadRow<'_>) -> ControlFlow<()> {
        self.rows += 1;
        let feed = self.feed;
        for (place, column) in feed.columns.iter().enumerate() {
            let text = row.cells.get(place).copied().flatten();
            let fault = fault_of(column, text).or_else(|| self.seen.fault_of(place, column, text));
            if let Some(rule) = fault {
                self.add(FeedFault {
                    row: row.place,
                    page: row.name.map(str::to_owned),
                    column: Some(column.name.to_string()),
                    rule,
                    found: text.map(|text| shortened(text, SHOWN)),
                });
            }
        }
        self.look_at_whole(row);
        ControlFlow::Continue(())
    }

    /// Looks at the values of a row beside each other.
    fn look_at_whole(&mut self, row: &ReadRow<'_>) {
        let feed = self.feed;
        let text_of = |name: &str| {
            let place = feed.columns.iter().position(|column| column.name == name)?;
            row.cells.get(place).copied().flatten().filter(|text| !text.trim().is_empty())
        };
        if let Some((column, rule)) = (feed.mismatch)(&text_of) {
            self.add(FeedFault {
                row: row.place,
                page: row.name.map(str::to_owned),
                column: Some(column.to_owned()),
                rule: rule.to_owned(),
                found: text_of(column).map(|text| shortened(text, SHOWN)),
            });
        }
    }

    fn look_at_head(&mut self, missing: &[String], repeated: &[String]) {
        let feed = self.feed;
        for name in missing.iter().filter(|name| feed.columns.iter().any(|it| it.is_required && it.name == **name)) {
            // Said once, and not of each row.
            self.faults.retain(|fault| fault.column.as_ref() != Some(name));
            self.count -= self.rows;
            let rule = "expected this column, which is required".to_owned();
            self.add(FeedFault { row: 0, page: None, column: Some(name.clone()), rule, found: None });
        }
        for name in repeated {
            let rule = "expected this column once".to_owned();
            self.add(FeedFault { row: 0, page: None, column: Some(name.clone()), rule, found: None });
        }
    }
}

/// What is wrong with the text of a column.
pub(super) fn fault_of(column: &Column, text: Option<&str>) -> Option<String> {
    match text.filter(|text| !text.trim().is_empty()) {
        None if column.is_required => Some("expected a value, which is required".to_owned()),
        None => None,
        Some(text) => column.rule.fault(text, &column.separator).or_else(|| excess(column, text)),
    }
}

/// What a text has too much of.
fn excess(column: &Column, text: &str) -> Option<String> {
    let too_long = column.longest.filter(|longest| text.len() > *longest && text.chars().count() > *longest);
    let too_many = column.most.filter(|most| text.split(&*column.separator).count() > *most);
    let characters = too_long.map(|longest| format!("expected at most {longest} characters"));
    characters.or_else(|| too_many.map(|most| format!("expected at most {most} values")))
}

/// The values of columns of which two rows are not to have the same.
pub(super) struct Seen(Vec<Option<HashSet<Box<str>>>>);

impl Seen {
    /// Of those in which no two rows may have the same.
    pub(super) fn new(columns: &[Column]) -> Self {
        Self::of(columns, |column| column.is_unique)
    }

    /// Of these columns.
    pub(super) fn of(columns: &[Column], is_one: fn(&Column) -> bool) -> Self {
        Self(columns.iter().map(|column| is_one(column).then(HashSet::new)).collect())
    }

    /// Remembers the value, unless an earlier row has it.
    pub(super) fn fault_of(&mut self, place: usize, column: &Column, text: Option<&str>) -> Option<String> {
        let seen = self.0.get_mut(place)?.as_mut()?;
        let is_new = seen.insert(text?.to_ascii_uppercase().into());
        (!is_new).then(|| format!("another vehicle has this {}", column.name))
    }
}
