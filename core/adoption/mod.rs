//! Databases that another application has written: finds values that jpauto would not have written, and repairs those whose
//! meaning is certain.
//!
//! Rows are read whatever they hold: an unknown word is `unknown`, a list of another shape is read where the shape is clear and
//! empty where it is not, and a row without an id is left out. `migrate` repairs what is certain, in its own transaction, and
//! reports every kind that it found. `check` finds the same again at any time and changes nothing. `faults.rs` is the table of what
//! is looked for, `rules.rs` what holds between columns and rows.

mod faults;
mod repository;
mod rules;
mod service;
mod text;

use std::fmt;

use serde::Serialize;

pub(crate) use service::{alert_of, alert_of_check, check, left_out, migrate};

/// What a call of `migrate` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MigrationReport {
    /// The names of the migrations that were applied, in order; empty where the schema was current.
    pub applied: Vec<String>,
    /// The version of the schema afterwards.
    pub version: String,
    /// What was found in the rows, and what became of it; empty where they are as jpauto writes them.
    pub findings: Vec<Finding>,
}

/// What `check` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// A finding for each kind and column; empty where all rows are as jpauto writes them.
    pub findings: Vec<Finding>,
}

/// Rows that are not as jpauto writes them, of one kind and in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What is the matter with them.
    pub kind: FindingKind,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// How many rows.
    pub count: u64,
    /// The ids of the first rows, at most three. What is no id stands as SQLite writes it: `X'616263'`, `'text'`, or the number of
    /// the row where there is none: `rowid 7`.
    pub ids: Vec<String>,
    /// Of unknown words, the first ones in order, at most three. Of a table of another name, the name.
    pub words: Vec<String>,
    /// What became of it, or what is to be done.
    pub remedy: Remedy,
    /// Where `migrate` could repair the rows but the table takes no such value: what would be written into the first row, and what the
    /// database said, which names the condition. Then the remedy is [`Remedy::ByHand`].
    pub refusal: Option<String>,
}

impl Finding {
    /// How many ids and words a finding has at most.
    pub const SAMPLE: usize = 3;

    /// The words for people to read: one of no letters stands as two quotation marks.
    #[must_use]
    pub fn named_words(&self) -> Vec<&str> {
        self.words.iter().map(|word| if word.trim().is_empty() { "\"\"" } else { word.as_str() }).collect()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.count == 1 { "row" } else { "rows" };
        write!(f, "{}.{}: {} {rows}, {}", self.table, self.column, self.count, self.kind.sentence())?;
        if !self.words.is_empty() {
            write!(f, " ({})", self.named_words().join(", "))?;
        }
        if let Some(refusal) = &self.refusal {
            write!(f, "; {refusal}")?;
        }
        Ok(())
    }
}

/// What became of a finding, or what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remedy {
    /// This migration repaired it.
    Repaired,
    /// `migrate` repairs it.
    Migrate,
    /// Nobody but a person knows what it should be. The rows are kept as they are.
    ByHand,
}

impl Remedy {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::Migrate => "migrate",
            Self::ByHand => "by_hand",
        }
    }
}

/// Gives the kinds their words and sentences.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident: $word:literal, $sentence:literal;)+) => {
        /// What is the matter with rows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum FindingKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl FindingKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }

            /// What is the matter, to go on a sentence about the rows.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$kind => $sentence,)+
                }
            }
        }
    };
}

kinds! {
    /// A known word in other letters or between blanks. Repaired.
    WordCase: "word_case", "a known word in other letters";
    /// A competitor's listing of a year, make and model that pricing does not know of: another program wrote it. `migrate` notes it.
    UnnotedModel: "unnoted_model", "of a year, make and model that pricing does not know of";
    /// A word that jpauto does not know. It reads as `unknown`.
    UnknownWord: "unknown_word", "a word that jpauto does not know";
    /// A VIN that is not in upper case, or stands between blanks. Repaired.
    VinCase: "vin_case", "a VIN in lower case or between blanks";
    /// An e-mail address that is not in lower case, or stands between blanks. Repaired.
    EmailCase: "email_case", "an e-mail address in upper case or between blanks";
    /// Blanks at the ends of a text. Repaired.
    Blanks: "blanks", "blanks at the ends";
    /// A text whose UTF-8 was read as Latin-1 or Windows-1252: `CitroÃ«n`. Repaired.
    Encoding: "encoding", "UTF-8 that was read in another encoding";
    /// Values that must be unique and are the same but for case or blanks. One of them is not repaired, so that both stay.
    Duplicate: "duplicate", "the same value as another row but for case or blanks";
    /// A list in another shape that is clear. Repaired.
    ListShape: "list_shape", "a list in another shape";
    /// A document that is no list. It reads as empty.
    UnreadableList: "unreadable_list", "a document that is no list of texts";
    /// The time is in a column of another name. Carried over.
    OtherColumn: "other_column", "the time stands in a column of another name";
    /// No instant that can be reckoned with, such as `infinity` or a 31 February.
    UnreadableTime: "unreadable_time", "no instant that can be reckoned with";
    /// No amount: `NaN`, or on SQLite a text or a fraction of a cent. It reads as unknown, or as zero where each row has one.
    UnreadableAmount: "unreadable_amount", "not a number";
    /// No number: on SQLite a text, a blob or a fraction. It reads as unknown, or as zero where each row has one.
    UnreadableNumber: "unreadable_number", "not a whole number";
    /// No document: on SQLite a text that is no JSON. It reads as null.
    UnreadableDocument: "unreadable_document", "no document of JSON";
    /// On SQLite, bytes that are no text. They read as replacement characters.
    UnreadableText: "unreadable_text", "bytes that are no text";
    /// On SQLite, a text that is written as Windows-1252, as a blob or as a number, or that ends in zero bytes. Repaired.
    TextForm: "text_form", "a text in another form";
    /// Null where each row has a value. It reads as empty.
    MissingValue: "missing_value", "no value where each row has one";
    /// A row that has no id, or lacks what each row of its table has. It is left out of every list.
    UnreadableRow: "unreadable_row", "no id, or no value where each row has one, so the row is left out";
    /// An instant that is written otherwise than jpauto writes it. Repaired.
    TimeForm: "time_form", "an instant in another form";
    /// A value that no vehicle has: a year 0 or 3000, a price below zero or above a hundred million, a VIN that is none, no make.
    Implausible: "implausible", "a value that no vehicle has";
    /// The id of a row that does not exist.
    MissingReference: "missing_reference", "the id of a row that does not exist";
    /// It is called sold, and nothing says when it was sold.
    Undated: "undated", "sold, and no time of the sale";
    /// It is not sold, and has the time of a sale.
    NotSold: "not_sold", "not sold, with the time of a sale";
    /// A time that has not come: a vehicle that is listed in the year 2030.
    FutureTime: "future_time", "a time that has not come";
    /// It is called approved, there is no vehicle of it, and the audit trail does not say what became of that.
    NoVehicle: "no_vehicle", "approved, and neither a vehicle nor the audit trail says so";
    /// It is called approved or rejected, and nothing says when that was done.
    Unreviewed: "unreviewed", "approved or rejected, and no time of the review";
    /// The audit trail has no entry of what the row says was done at that time: another program wrote it, or entries were removed.
    Unrecorded: "unrecorded", "no entry of it in the audit trail";
    /// Rows in a table that is named otherwise than ours, such as `"Inventory"` or `inventories`. They are not read. The words of the
    /// finding name the table.
    OtherTable: "other_table", "in a table of another name, which is not read";
    /// A vehicle without a status. It reads as available.
    NoStatus: "no_status", "no status, which reads as available";
    /// Two cars on one dealer's lot with one VIN. A scrape knows one of them again; the other waits to be found sold.
    RepeatedVin: "repeated_vin", "the VIN of another car on the same lot";
    /// Another application has marked the row as deleted. jpauto shows it.
    MarkedDeleted: "marked_deleted", "marked as deleted by another application, and shown here";
}

impl FindingKind {
    /// Whether jpauto keeps it so with each of its own writes.
    pub(crate) const fn is_of_a_rule(self) -> bool {
        matches!(
            self,
            Self::MissingReference
                | Self::Undated
                | Self::NotSold
                | Self::FutureTime
                | Self::NoVehicle
                | Self::Unreviewed
                | Self::Unrecorded
        )
    }

    /// Whether rows of this kind read as less than they hold. An alert names them.
    pub(crate) const fn is_unreadable(self) -> bool {
        matches!(
            self,
            Self::UnknownWord
                | Self::UnreadableList
                | Self::UnreadableTime
                | Self::UnreadableAmount
                | Self::UnreadableNumber
                | Self::UnreadableDocument
                | Self::UnreadableText
                | Self::UnreadableRow
                | Self::OtherTable
        )
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_the_one_in_json() {
        for kind in FindingKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for remedy in [Remedy::Repaired, Remedy::Migrate, Remedy::ByHand] {
            assert_eq!(serde_json::to_value(remedy).unwrap(), remedy.as_str());
        }
    }

    #[test]
    fn the_words_of_rooms_that_use_this_one_are_theirs() {
        assert_eq!(faults::RUN_STATUSES, crate::jobs::RunStatus::ALL.map(|status| status.as_str()));
        let theirs = crate::notifications::NotificationStatus::ALL.map(|status| status.as_str());
        assert_eq!(faults::NOTIFICATION_STATUSES, theirs);
    }
}
