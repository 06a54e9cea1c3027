//! A vendor's records of vehicles, read by a table that says which key holds which field.
//!
//! What is deliberately not here: where the records stand, and which of them are no vehicles; that is the platform's.

use memchr::memchr;
use serde_json::{Map, Value};
use url::Url;

use super::{
    fields::{Draft, Field, PriceRank},
    filler::first_price,
    listing::ScrapedListing,
    numbers,
    page::absolute,
    value::{Json, Wanted},
};
use crate::Money;

/// Which keys of a vendor's records hold what, the most trusted first. A key is a path: `media.images.0.url`.
pub(crate) struct Layout {
    pub(crate) fields: &'static [(Field, &'static str)],
    /// The price is the first of these that is one; no other key is ever taken for it.
    pub(crate) prices: &'static [&'static str],
    /// Texts such as `2019 Ford F-150 XLT`, for what no field says.
    pub(crate) headings: &'static [&'static str],
    pub(crate) links: &'static [&'static str],
    pub(crate) images: &'static [&'static str],
    /// Whose vehicle it is, where one website lists those of several stores; the first that is a text or a number counts.
    pub(crate) store: &'static [&'static str],
    /// What is kept as it was said for a person to see: condition, status.
    pub(crate) kept: &'static [&'static str],
}

impl Layout {
    /// Wants of a record what this table looks at.
    pub(crate) fn want(&self, record: &mut Wanted) {
        let fields = self.fields.iter().map(|(_, path)| path);
        let others = [self.prices, self.headings, self.links, self.images, self.store, self.kept];
        fields.chain(others.into_iter().flatten()).for_each(|path| record.whole(path));
    }

    /// Reads one record; `base` is the page that its links are relative to.
    pub(crate) fn read(&self, record: &Json<'_>, base: &Url) -> ScrapedListing {
        let mut draft = Draft::default();
        let values = |path: &&str| value_at(record, path);
        let texts = |path: &&str| values(path).and_then(Json::text);
        for (field, path) in self.fields {
            // Most fields stand under the first of their keys; a price is offered apart.
            if !draft.has(*field)
                && let Some(value) = values(path)
            {
                draft.offer_value(*field, value);
            }
        }
        draft.offer_price(PriceRank::Asking, first_price(self.prices.iter().filter_map(values).filter_map(price_of)));
        for heading in self.headings.iter().filter_map(texts) {
            draft.offer_heading(&heading);
        }
        // What is kept for a person to see is read for what prices depend on, by the last key of its path.
        for path in self.kept {
            let name = path.rsplit('.').next().unwrap_or(path);
            draft.offer_facts(values(path).map(|value| (name, value)));
        }
        let mut listing = draft.listing;
        listing.url = self.links.iter().filter_map(texts).find_map(|link| absolute(base, &link));
        listing.image_url = self.images.iter().filter_map(texts).find_map(|link| absolute(base, &link));
        // One by one: collecting a map sorts first.
        let mut kept = Map::new();
        for path in self.kept {
            if let Some(value) = values(path) {
                kept.insert((*path).to_owned(), value.to_value());
            }
        }
        if let Some(store) = self.store.iter().filter_map(texts).find(|store| !store.trim().is_empty()) {
            kept.insert(STORE.to_owned(), Value::String(store.into()));
        }
        listing.raw_data = (!kept.is_empty()).then_some(Value::Object(kept));
        listing
    }
}

/// The price that a value of a record states, if it states one.
pub(crate) fn price_of(value: &Json<'_>) -> Option<Money> {
    match value {
        Json::Number(number) => numbers::price_of_number(number),
        other => numbers::price(other.as_str()?),
    }
}

/// The key in [`ScrapedListing::raw_data`] of the store that a vehicle stands at, as its website names it.
pub(crate) const STORE: &str = "store";

/// The store that a vehicle stands at, where its website says so.
pub(crate) fn store_of(listing: &ScrapedListing) -> Option<&str> {
    listing.raw_data.as_ref()?.get(STORE)?.as_str().map(str::trim).filter(|store| !store.is_empty())
}

/// The value at the end of a path of keys and places.
pub(crate) fn value_at<'v, 'a>(record: &'v Json<'a>, path: &str) -> Option<&'v Json<'a>> {
    let found = record.get(path);
    // Most keys are no path, and few of those that are lead into a list.
    if found.is_some() || memchr(b'.', path.as_bytes()).is_none() {
        return found;
    }
    let (mut value, mut rest) = (record, Some(path));
    while let Some(path) = rest {
        let (step, behind) =
            memchr(b'.', path.as_bytes()).map_or((path, None), |dot| (&path[..dot], Some(&path[dot + 1..])));
        rest = behind;
        value = match value {
            Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            other => other.get(step)?,
        };
    }
    Some(value)
}

/// A whole number, also where it is written as a text such as `"1,204"`.
pub(crate) fn count_at(record: &Json<'_>, path: &str) -> Option<u32> {
    count_of(value_at(record, path)?)
}

/// A whole number, also where it is written as a text.
pub(crate) fn count_of(value: &Json<'_>) -> Option<u32> {
    match value {
        Json::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Json::String(text) => text.trim().replace(',', "").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LAYOUT: Layout = Layout {
        fields: &[(Field::Vin, "VIN"), (Field::Mileage, "odo.value"), (Field::StockNumber, "stock")],
        prices: &["internet", "selling"],
        headings: &["title"],
        links: &["link"],
        images: &["photos.0.url"],
        store: &["dealer.name", "dealer"],
        kept: &["kind"],
    };

    #[test]
    fn a_record_is_read_by_its_table_and_by_nothing_else() {
        let base = Url::parse("https://lot.example/used").unwrap();
        let record = json!({"VIN": "1FTEW1EP6KFA10001", "odo": {"value": 48200}, "internet": 0, "selling": "$31,995", "msrp": 40000,
            "title": "2019 Ford F-150 XLT", "link": "/v/1", "photos": [{"url": "//cdn.example/1.jpg"}], "kind": "used", "stock": null,
            "dealer": {"name": "Valley"}});
        let read = LAYOUT.read(&Json::from(&record), &base);
        assert_eq!((read.price, read.mileage), (Some(Money::from_dollars(31_995)), Some(48_200)));
        assert_eq!((read.model.as_deref(), read.stock_number.as_deref()), (Some("F-150"), None));
        assert_eq!(read.url.as_deref(), Some("https://lot.example/v/1"));
        assert_eq!(read.image_url.as_deref(), Some("https://cdn.example/1.jpg"));
        assert_eq!(read.raw_data, Some(json!({"kind": "used", "store": "Valley"})));
        assert_eq!(store_of(&read), Some("Valley"));
        assert_eq!(LAYOUT.read(&Json::from(&json!([1, "a"])), &base), ScrapedListing::default());
        assert_eq!(count_at(&Json::from(&json!({"n": "1,204"})), "n"), Some(1_204));
    }
}
