//! Pages of auto.dev's listings read into comparables: `/listings` of version 2 and of version 1.
//!
//! Any field may be missing, null, or of another type than documented; unknown ones are ignored. Known traps: a price of zero
//! is none; the VIN stands at the top, within `vehicle`, in both or nowhere; `location` is longitude first; times are UTC
//! without a zone; `data` is a list or one listing alone; with `select` the keys are flat and dotted; `vdp` may be a fragment;
//! new cars are among the used ones; `history` tells of accidents, not of titles; version 1 writes prices and mileages as texts
//! (`"$28,500"`, `"32,227 Miles"`).

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::Value;
use url::Url;

use super::{AutoDevVersion, Coordinates, refusal::Refusal};
use crate::{
    Money,
    market::{
        Comparable, Source,
        pricing::branded_title::{is_branded, path_says_branded, says_branded},
    },
    scrape::extract::{self, Condition, OdometerStatus, SaleStatus, TitleBrand},
};

/// A page with at least this many rows, none of them readable, is taken for a change of the format.
const ROWS_TO_JUDGE: usize = 3;

/// Listings of one page of version 1, whatever limit is sent.
const V1_PAGE: usize = 20;

/// What a page is read with.
pub(super) struct Reading<'a> {
    pub(super) version: AutoDevVersion,
    /// When it was answered. Unknown times are taken for this.
    pub(super) now: DateTime<Utc>,
    /// Where we are.
    pub(super) place: Option<Coordinates>,
    /// Takes the key out of what the service wrote.
    pub(super) hide: &'a dyn Fn(&str) -> String,
}

/// A page that was read.
#[derive(Debug)]
pub(super) struct ListingPage {
    pub(super) comparables: Vec<Comparable>,
    /// Rows of the page, read or not.
    pub(super) rows: usize,
    /// How the next page is asked for; `None` after the last.
    pub(super) next: Option<Next>,
}

/// How the next page is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Next {
    Page(String),
    Cursor(String),
}

/// Why a body is no page of listings.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It holds an error, under a status of success.
    Refusal(Refusal),
    /// It has another shape; the text says where.
    Shape(String),
}

impl Reading<'_> {
    /// Reads a body; `page` is the number of the page that was asked for, from 1.
    pub(super) fn page(&self, body: &[u8], page: usize) -> Result<ListingPage, Unreadable> {
        let body: Value = serde_json::from_slice(body).map_err(|reason| Unreadable::Shape(reason.to_string()))?;
        if let Some(refusal) = Refusal::of(&body, self.hide) {
            return Err(Unreadable::Refusal(refusal));
        }
        let name = match self.version {
            AutoDevVersion::V1 => "records",
            AutoDevVersion::V2 => "data",
        };
        let rows: &[Value] = match body.get(name) {
            Some(Value::Array(rows)) => rows,
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            Some(Value::Null) => &[],
            Some(_) => return Err(Unreadable::Shape(format!("{name} is neither a list nor a listing"))),
            None => return Err(Unreadable::Shape(format!("it has no {name}"))),
        };
        let read = |row| match self.version {
            AutoDevVersion::V1 => self.v1(row),
            AutoDevVersion::V2 => self.v2(row),
        };
        let next = match self.version {
            AutoDevVersion::V1 => {
                let total = number(body.get("totalCount")).unwrap_or(f64::INFINITY);
                let more = rows.len() >= V1_PAGE && total > (page * V1_PAGE) as f64;
                more.then(|| Next::Page((page + 1).to_string()))
            }
            AutoDevVersion::V2 => body.pointer("/links/next").and_then(Value::as_str).and_then(next_of),
        };
        let comparables: Vec<_> = rows.iter().filter_map(read).collect();
        let offered = rows.iter().filter(|row| is_used_and_on_offer(Row(row))).count();
        // One row may lack something. Where all do, the format has changed, and that must not look like "no such cars".
        if comparables.is_empty() && offered >= ROWS_TO_JUDGE {
            return Err(Unreadable::Shape(format!(
                "no row of its {name} names year, make and model where they belong"
            )));
        }
        Ok(ListingPage { comparables, rows: rows.len(), next })
    }

    /// `None` for a row without year, make or model, for one that is off the market, and for a new car.
    fn v2(&self, row: &Value) -> Option<Comparable> {
        let row = Row(row);
        if !is_used_and_on_offer(row) {
            return None;
        }
        let location = row.get("location").and_then(Value::as_array);
        let place = location.and_then(|both| match both.as_slice() {
            [longitude, latitude, ..] => Coordinates::known(number(Some(latitude))?, number(Some(longitude))?),
            _ => None,
        });
        let first_seen_at = row.time("createdAt").unwrap_or(self.now).min(self.now);
        let trim = row.text("vehicle.trim");
        let said = ["vehicle.trim", "vehicle.series", "vehicle.style"].into_iter().filter_map(|name| row.text(name));
        let facts = Facts::of(row);
        let branded = facts.are_branded()
            || said.into_iter().any(|words| says_branded(&words))
            || row.address("retailListing.vdp").is_some_and(|page| path_says_branded(&page));
        Some(Comparable {
            source: Source::AutoDev,
            vin: row.text("vin").or_else(|| row.text("vehicle.vin")),
            external_id: row.text("@id").or_else(|| row.text("id")),
            url: row.address("retailListing.vdp").or_else(|| row.address("@id")),
            year: row.year("vehicle.year")?,
            make: row.text("vehicle.make")?,
            model: row.text("vehicle.model")?,
            trim,
            price: row.price("retailListing.price"),
            mileage: facts.mileage(row.mileage("retailListing.miles")),
            distance_miles: self.place.zip(place).map(|(ours, theirs)| ours.miles_to(theirs)),
            dealer: row.text("retailListing.dealer"),
            first_seen_at,
            last_seen_at: row.time("updatedAt").unwrap_or(self.now).clamp(first_seen_at, self.now),
            sold_at: None,
            branded,
            title_brand: facts.title_brand,
            condition: facts.condition,
            odometer_status: facts.odometer_status,
            sale_status: facts.sale_status,
        })
    }

    fn v1(&self, row: &Value) -> Option<Comparable> {
        let row = Row(row);
        if row.get("active") == Some(&Value::Bool(false)) || !is_used_and_on_offer(row) {
            return None;
        }
        let place = number(row.get("lat"))
            .zip(number(row.get("lon")))
            .and_then(|(north, east)| Coordinates::known(north, east));
        let from_here = self.place.zip(place).map(|(ours, theirs)| ours.miles_to(theirs));
        let facts = Facts::of(row);
        let told = || number(row.get("distanceFromOrigin")).filter(|miles| *miles > 0.0);
        let first_seen_at = row.time("createdAt").unwrap_or(self.now).min(self.now);
        Some(Comparable {
            source: Source::AutoDev,
            vin: row.text("vin"),
            external_id: row.text("id"),
            url: row.address("clickoffUrl").or_else(|| row.address("vdpUrl")),
            year: row.year("year")?,
            make: row.text("make")?,
            model: row.text("model")?,
            trim: row.text("trim"),
            price: row.price("priceUnformatted").or_else(|| row.price("price")),
            mileage: facts.mileage(row.mileage("mileageUnformatted").or_else(|| row.mileage("mileage"))),
            distance_miles: from_here.or_else(told),
            dealer: row.text("dealerName"),
            first_seen_at,
            last_seen_at: row.time("updatedAt").unwrap_or(self.now).clamp(first_seen_at, self.now),
            sold_at: None,
            branded: facts.are_branded() || row.text("trim").is_some_and(|words| says_branded(&words)),
            title_brand: facts.title_brand,
            condition: facts.condition,
            odometer_status: facts.odometer_status,
            sale_status: facts.sale_status,
        })
    }
}

/// What a listing tells of title, condition, odometer and sale, in whichever of its parts it stands.
#[derive(Clone, Copy)]
struct Facts {
    title_brand: Option<TitleBrand>,
    condition: Option<Condition>,
    odometer_status: Option<OdometerStatus>,
    sale_status: Option<SaleStatus>,
}

impl Facts {
    fn of(row: Row<'_>) -> Self {
        const PARTS: [&str; 4] = ["", "retailListing.", "vehicle.", "history."];
        let texts = |names: &'static [&'static str]| {
            let paths = PARTS.into_iter().flat_map(|part| names.iter().map(move |name| format!("{part}{name}")));
            paths.filter_map(move |path| row.text(&path))
        };
        let holds = |names: &[&str]| {
            let is_so = |path: String| row.get(&path) == Some(&Value::Bool(true));
            PARTS.into_iter().any(|part| names.iter().any(|name| is_so(format!("{part}{name}"))))
        };
        let of_title = texts(&["titleBrand", "titleStatus", "titleType", "title_status", "condition"]);
        let mut title_brand = of_title
            .filter_map(|words| TitleBrand::of_status(&words))
            .fold(None, |known, brand| TitleBrand::more_telling(known, Some(brand)));
        for (names, brand) in [
            (["salvage", "isSalvage", "salvageTitle"], TitleBrand::Salvage),
            (["brandedTitle", "titleBranded", "isBranded"], TitleBrand::Branded),
        ] {
            title_brand = TitleBrand::more_telling(title_brand, holds(&names).then_some(brand));
        }
        let said = texts(&["condition"]).find_map(|words| Condition::read(&words));
        let used = holds(&["used"]).then_some(Condition::Used);
        let condition = if holds(&["cpo", "certified"]) { Some(Condition::Certified) } else { said.or(used) };
        Self {
            title_brand,
            condition,
            odometer_status: texts(&["odometerStatus", "odometerType"]).find_map(|words| OdometerStatus::read(&words)),
            sale_status: texts(&["saleStatus", "status"]).find_map(|words| SaleStatus::read(&words)),
        }
    }

    fn are_branded(&self) -> bool {
        is_branded(self.title_brand, self.odometer_status)
    }

    /// The miles, where they are those that the car has gone.
    fn mileage(&self, shown: Option<i32>) -> Option<i32> {
        shown.filter(|_| !self.odometer_status.is_some_and(OdometerStatus::is_wrong))
    }
}

/// Whether it is a used car on offer. Prices of new cars say nothing about used ones.
fn is_used_and_on_offer(row: Row<'_>) -> bool {
    let is_new = row.get("retailListing.used") == Some(&Value::Bool(false))
        || row.text("condition").is_some_and(|condition| condition.eq_ignore_ascii_case("new"));
    row.get("online") != Some(&Value::Bool(false)) && !is_new
}

/// A listing whose fields are found by their dotted names, nested or flat.
#[derive(Clone, Copy)]
struct Row<'a>(&'a Value);

impl<'a> Row<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        let nested = || name.split('.').try_fold(self.0, |value, key| value.get(key));
        self.0.get(name).or_else(nested).filter(|value| !value.is_null())
    }

    /// A text, or a number as text; `None` where it is empty.
    fn text(self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => extract::text(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn year(self, name: &str) -> Option<i32> {
        let text = self.text(name)?;
        text.split(['.', '-']).next()?.parse().ok().filter(|year| (1_900..=2_100).contains(year))
    }

    fn price(self, name: &str) -> Option<Money> {
        let price = match self.get(name)? {
            Value::String(text) => extract::price(text),
            other => number(Some(other)).and_then(Money::from_dollars_rounded),
        };
        price.filter(|price| price.cents() > 0)
    }

    fn mileage(self, name: &str) -> Option<i32> {
        match self.get(name)? {
            Value::String(text) => extract::mileage(text),
            other => {
                #[expect(clippy::cast_possible_truncation, reason = "the cast stops at the ends of the range")]
                let miles = number(Some(other))?.round() as i32;
                (0..i32::MAX).contains(&miles).then_some(miles)
            }
        }
    }

    /// `2025-09-14 14:04:06` in UTC, the same as RFC 3339, or a day.
    fn time(self, name: &str) -> Option<DateTime<Utc>> {
        let text: Cow<'_, str> = self.get(name)?.as_str()?.into();
        let text = text.trim();
        let with_zone = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        let without = || {
            let text = text.replace('T', " ");
            NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|time| time.and_utc())
        };
        let day = || {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(day.and_time(NaiveTime::MIN).and_utc())
        };
        with_zone().or_else(without).or_else(day)
    }

    fn address(self, name: &str) -> Option<String> {
        let url = Url::parse(self.get(name)?.as_str()?.trim()).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
    }
}

/// A number, or a text that is one.
fn number(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// The page or the cursor that a link names, absolute or relative.
///
/// Nothing else is taken from a link, so it cannot lead to another server.
fn next_of(link: &str) -> Option<Next> {
    let query = link.split_once('?')?.1.split('#').next()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut page = None;
    for (name, value) in pairs.by_ref() {
        match &*name {
            "cursor" if !value.is_empty() => return Some(Next::Cursor(value.into_owned())),
            "page" if !value.is_empty() => page = Some(Next::Page(value.into_owned())),
            _ => {}
        }
    }
    page
}
