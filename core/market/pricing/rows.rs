//! Subjects and comparables as tables and dictionaries of other programs hold them: by the names of columns, with texts for words.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    branded_title::{is_branded_listing, is_branded_title},
    comparables::{Comparable, Source},
    subject::Subject,
};
use crate::{
    Money,
    extract::{Condition, OdometerStatus, SaleStatus, TitleBrand},
};

/// A subject as a row: a vehicle of ours has these columns among others.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "the fields are those of a subject, and the columns of inventory that they follow from"
)]
pub struct SubjectRow {
    pub vin: Option<String>,
    pub year: Option<i32>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub trim: Option<String>,
    pub mileage: Option<i32>,
    pub price: Option<Money>,
    pub cost: Option<Money>,
    /// Without it, `title_status` and `title_brand` say it.
    pub branded: Option<bool>,
    /// Without it, `condition` says it.
    pub is_new: Option<bool>,
    pub title_status: Option<String>,
    pub title_brand: Option<String>,
    pub condition: Option<String>,
}

impl From<SubjectRow> for Subject {
    fn from(row: SubjectRow) -> Self {
        let says_branded = |text: &Option<String>| text.as_deref().is_some_and(is_branded_title);
        Self {
            branded: row.branded.unwrap_or_else(|| says_branded(&row.title_status) || says_branded(&row.title_brand)),
            is_new: row
                .is_new
                .unwrap_or_else(|| row.condition.as_deref().and_then(Condition::read) == Some(Condition::New)),
            vin: row.vin.filter(|vin| !vin.trim().is_empty()),
            year: row.year.unwrap_or_default(),
            make: row.make.unwrap_or_default(),
            model: row.model.unwrap_or_default(),
            trim: row.trim,
            mileage: row.mileage,
            price: row.price,
            cost: row.cost,
        }
    }
}

/// A comparable as a row: a competitor's listing has these columns among others.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "the fields are those of a comparable, and the columns of listings that they follow from"
)]
pub struct ComparableRow {
    /// By it, the listing is known; without it, by `external_id`, else by `stock_number`.
    pub id: Option<String>,
    /// `competitor` unless it is said.
    pub source: Option<String>,
    pub vin: Option<String>,
    pub external_id: Option<String>,
    pub stock_number: Option<String>,
    pub url: Option<String>,
    pub year: Option<i32>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub trim: Option<String>,
    pub price: Option<Money>,
    pub mileage: Option<i32>,
    pub distance_miles: Option<f64>,
    pub dealer: Option<String>,
    /// Now, unless it is said.
    pub first_seen_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Without it, a time of sale counts.
    pub is_sold: Option<bool>,
    pub sold_at: Option<DateTime<Utc>>,
    /// Without it, `title_brand`, `odometer_status`, the trim and the address say it.
    pub branded: Option<bool>,
    pub title_brand: Option<String>,
    pub condition: Option<String>,
    pub odometer_status: Option<String>,
    pub sale_status: Option<String>,
}

impl ComparableRow {
    /// The comparable at a time. One without a year, a make or a model is like no subject.
    #[must_use]
    pub fn into_comparable(self, now: DateTime<Utc>) -> Comparable {
        fn word<T: std::str::FromStr>(text: Option<String>) -> Option<T> {
            text.and_then(|text| text.parse().ok())
        }
        let title_brand: Option<TitleBrand> = word(self.title_brand);
        let odometer_status: Option<OdometerStatus> = word(self.odometer_status);
        let says_branded =
            || is_branded_listing(title_brand, odometer_status, self.trim.as_deref(), self.url.as_deref());
        let branded = self.branded.unwrap_or_else(says_branded);
        let last_seen_at = self.last_seen_at.or(self.sold_at).unwrap_or(now);
        Comparable {
            source: word(self.source).unwrap_or(Source::Competitor),
            vin: self.vin,
            external_id: self.id.or(self.external_id).or(self.stock_number),
            url: self.url,
            year: self.year.unwrap_or_default(),
            make: self.make.unwrap_or_default(),
            model: self.model.unwrap_or_default(),
            trim: self.trim,
            price: self.price,
            mileage: self.mileage.filter(|_| !odometer_status.is_some_and(OdometerStatus::is_wrong)),
            distance_miles: self.distance_miles,
            dealer: self.dealer,
            first_seen_at: self.first_seen_at.unwrap_or(last_seen_at),
            last_seen_at,
            sold_at: self.sold_at.filter(|_| self.is_sold != Some(false)),
            branded,
            title_brand,
            condition: word::<Condition>(self.condition),
            odometer_status,
            sale_status: word::<SaleStatus>(self.sale_status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).unwrap();

    #[test]
    fn a_row_says_what_its_columns_mean() {
        let text = |text: &str| Some(text.to_owned());
        let subject = |row: SubjectRow| Subject::from(row);
        assert!(subject(SubjectRow { title_status: text("Salvage"), ..SubjectRow::default() }).branded);
        assert!(!subject(SubjectRow { title_brand: text("clean"), ..SubjectRow::default() }).branded);
        assert!(subject(SubjectRow { condition: text("new"), ..SubjectRow::default() }).is_new);
        assert!(!subject(SubjectRow { condition: text("new"), is_new: Some(false), ..SubjectRow::default() }).is_new);
        let comparable = |row: ComparableRow| row.into_comparable(NOW);
        assert!(comparable(ComparableRow { trim: text("LE (rebuilt title)"), ..ComparableRow::default() }).branded);
        let wrong = ComparableRow { mileage: Some(5), odometer_status: text("tmu"), ..ComparableRow::default() };
        assert_eq!((comparable(wrong.clone()).mileage, comparable(wrong).branded), (None, true));
        let row = ComparableRow { is_sold: Some(false), sold_at: Some(NOW), ..ComparableRow::default() };
        assert_eq!(comparable(row.clone()).sold_at, None);
        assert_eq!(comparable(ComparableRow { is_sold: None, ..row }).sold_at, Some(NOW));
        assert_eq!(comparable(ComparableRow::default()).first_seen_at, NOW);
        assert_eq!(
            comparable(ComparableRow { source: text("auto.dev"), ..ComparableRow::default() }).source,
            Source::AutoDev
        );
    }
}
