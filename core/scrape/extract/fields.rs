//! The fields that a page may name, and the filling of a listing from named values.
//!
//! Labels on a page (`Stock #:`), keys of embedded data (`stockNumber`) and data attributes (`data-stock-no`) are the same
//! words in different spellings, so they share one table (`field_names`). What is deliberately not here: where the values stand.

use super::{
    Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand, badges, clean,
    filler::is_filler,
    heading::{self, Heading},
    listing::ScrapedListing,
    makes,
    miles::{self, Unit},
    numbers, stock,
    value::Json,
    vins,
};
use crate::Money;

/// A field that a label or key may name. Prices carry their rank: the lowest is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    ExternalId,
    Vin,
    StockNumber,
    Year,
    Make,
    Model,
    Trim,
    Price(PriceRank),
    Mileage,
    /// A mileage whose number is of kilometres where it does not say otherwise.
    Kilometers,
    ExteriorColor,
    Transmission,
    FuelType,
    BodyStyle,
    /// A text that says where the vehicle stands.
    StockStatus,
    /// A name that is itself a status: it holds where its value is yes, and as a badge on a card.
    Standing(StockStatus),
    /// A text about the title: its brand, or that it is clean.
    TitleBrand,
    /// A text under the name `title`: the heading of the car, or the state of its title.
    Title,
    /// A name that is itself a brand: it holds where its value is yes, and as a badge on a card.
    Branded(TitleBrand),
    /// A text that says whether the car is new, used or certified.
    Condition,
    /// A name that is itself a condition.
    InCondition(Condition),
    /// A text that says whether the miles are those that the car has gone.
    OdometerStatus,
    /// A text that says how far its sale has come.
    SaleStatus,
    /// What a seller writes of the car, or says that it suffered: a brand of its title may stand there.
    Description,
    Damages,
    /// A label that is known and read into nothing; it ends the value before it.
    Other,
}

/// What kind of price a label announces, the most binding first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PriceRank {
    /// What the dealer asks in the end: internet, sale, our, final price.
    Asking,
    /// Just `price`.
    Plain,
    /// What the dealer would ask before its own discounts.
    Retail,
    /// What the maker suggests: better than nothing.
    Suggested,
}

/// A listing being filled; what was offered first stays, so callers offer the most trusted first.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) listing: ScrapedListing,
    price_rank: Option<PriceRank>,
    /// Whether the mileage was stated in kilometres: miles replace it.
    pub(super) mileage_is_converted: bool,
}

/// Puts a value where there is none; it is not looked for where there is one.
fn fill<T>(place: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if place.is_none() {
        *place = value();
    }
}

/// Whether the value of a name that is a status says that it holds.
fn says_yes(raw: &str) -> bool {
    ["true", "yes", "y", "1"].iter().any(|yes| raw.trim().eq_ignore_ascii_case(yes))
}

impl Draft {
    /// Whether this field still wants a value of this rank.
    fn wants_price(&self, rank: PriceRank) -> bool {
        self.price_rank.is_none_or(|found| rank < found)
    }

    /// Whether a field has its value, and one that is not bettered by another.
    pub(crate) fn has(&self, field: Field) -> bool {
        let listing = &self.listing;
        match field {
            Field::ExternalId => listing.external_id.is_some(),
            Field::Vin => listing.vin.is_some(),
            Field::StockNumber => listing.stock_number.is_some(),
            Field::Year => listing.year.is_some(),
            Field::Make => listing.make.is_some(),
            Field::Model => listing.model.is_some(),
            Field::Trim => listing.trim.is_some(),
            Field::Mileage | Field::Kilometers => listing.mileage.is_some() && !self.mileage_is_converted,
            Field::ExteriorColor => listing.exterior_color.is_some(),
            Field::Transmission => listing.transmission.is_some(),
            Field::FuelType => listing.fuel_type.is_some(),
            Field::BodyStyle => listing.body_style.is_some(),
            // These may be bettered.
            Field::Price(_)
            | Field::StockStatus
            | Field::Standing(_)
            | Field::SaleStatus
            | Field::TitleBrand
            | Field::Title
            | Field::Branded(_)
            | Field::Condition
            | Field::InCondition(_)
            | Field::OdometerStatus
            | Field::Description
            | Field::Damages
            | Field::Other => false,
        }
    }

    /// Offers a value as the page words it.
    pub(crate) fn offer(&mut self, field: Field, raw: &str) {
        if let Field::Price(rank) = field {
            if self.wants_price(rank) {
                self.offer_price(rank, numbers::price(raw));
            }
            return;
        }
        let listing = &mut self.listing;
        let text = |place: &mut Option<String>| fill(place, || clean::text(raw));
        match field {
            Field::Vin => fill(&mut listing.vin, || vins::parse(raw).or_else(|| vins::parse(&clean::text(raw)?))),
            Field::Year => fill(&mut listing.year, || numbers::year(raw)),
            Field::Mileage => self.offer_mileage(raw, Unit::Miles),
            Field::Kilometers => self.offer_mileage(raw, Unit::Kilometers),
            Field::Make => fill(&mut listing.make, || clean::text(raw).map(makes::as_usual)),
            Field::Model => text(&mut listing.model),
            Field::Trim => {
                text(&mut listing.trim);
                self.offer_brand(TitleBrand::said_in(raw));
            }
            Field::ExternalId => text(&mut listing.external_id),
            Field::StockNumber => fill(&mut listing.stock_number, || stock::number(raw)),
            Field::ExteriorColor => text(&mut listing.exterior_color),
            Field::Transmission => text(&mut listing.transmission),
            Field::FuelType => text(&mut listing.fuel_type),
            Field::BodyStyle => text(&mut listing.body_style),
            Field::StockStatus => {
                self.offer_status(StockStatus::read(raw));
                self.offer_sale(SaleStatus::read(raw));
            }
            Field::Standing(status) => self.offer_status(says_yes(raw).then_some(status)),
            Field::SaleStatus => self.offer_sale(SaleStatus::read(raw)),
            Field::TitleBrand => self.offer_brand(TitleBrand::of_status(raw)),
            Field::Title => self.offer_brand(TitleBrand::of_title(raw)),
            Field::Branded(brand) if says_yes(raw) => self.offer_brand(Some(brand)),
            Field::Branded(_) => self.offer_brand(TitleBrand::of_status(raw)),
            Field::Condition => {
                self.offer_condition(Condition::read(raw));
                // Some name the brand of the title there.
                self.offer_brand(TitleBrand::of_status(raw).filter(|brand| brand.is_brand()));
            }
            Field::InCondition(condition) if says_yes(raw) => self.offer_condition(Some(condition)),
            Field::InCondition(Condition::New) if badges::says_no(raw) => self.offer_condition(Some(Condition::Used)),
            Field::InCondition(_) => self.offer_condition(Condition::read(raw)),
            Field::OdometerStatus => self.offer_odometer(OdometerStatus::read(raw)),
            Field::Description => self.offer_brand(TitleBrand::in_prose(raw)),
            Field::Damages => self.offer_brand(TitleBrand::of_damages(raw)),
            Field::Price(_) | Field::Other => {}
        }
    }

    /// Offers where the vehicle stands; what says more replaces what was there.
    pub(crate) fn offer_status(&mut self, status: Option<StockStatus>) {
        self.listing.stock_status = StockStatus::more_telling(self.listing.stock_status, status);
        if status == Some(StockStatus::SalePending) {
            self.offer_sale(Some(SaleStatus::Pending));
        }
    }

    /// Offers a value of a record: a text as it is worded, a number as it would be written in one.
    pub(crate) fn offer_value(&mut self, field: Field, value: &Json<'_>) {
        match (field, value) {
            (_, Json::String(text)) => self.offer(field, text),
            (Field::Year, Json::Number(number)) => fill(&mut self.listing.year, || numbers::year_of_number(number)),
            (Field::Mileage, Json::Number(number)) => {
                self.offer_reading(miles::reading_of_number(number, Unit::Miles));
            }
            (Field::Kilometers, Json::Number(number)) => {
                self.offer_reading(miles::reading_of_number(number, Unit::Kilometers));
            }
            (Field::Price(rank), Json::Number(number)) if self.wants_price(rank) => {
                self.offer_price(rank, numbers::price_of_number(number));
            }
            (Field::Standing(status), Json::Bool(true)) => self.offer_status(Some(status)),
            (Field::Branded(_) | Field::InCondition(_), Json::Bool(holds)) => {
                self.offer(field, if *holds { "true" } else { "false" });
            }
            (Field::TitleBrand | Field::Damages, Json::Array(brands)) => {
                brands.iter().filter_map(Json::as_str).for_each(|brand| self.offer(field, brand));
            }
            (_, Json::Number(number)) => self.offer(field, &number.to_string()),
            _ => {}
        }
    }

    /// Offers a price of a rank; a more binding one replaces what was there.
    pub(crate) fn offer_price(&mut self, rank: PriceRank, price: Option<Money>) {
        if let Some(price) = price
            && price > Money::ZERO
            && self.wants_price(rank)
        {
            // What only fills the place of a price stands back behind any price.
            if !is_filler(price) {
                self.listing.price = Some(price);
                self.price_rank = Some(rank);
            } else if self.listing.price.is_none() {
                self.listing.price = Some(price);
            }
        }
    }

    /// Forgets a price that only the maker or the past names: the card says that the one asked is told by phone.
    pub(super) fn withhold_price(&mut self) {
        if self.price_rank.is_some_and(|rank| rank > PriceRank::Plain) {
            self.listing.price = None;
            self.price_rank = None;
        }
    }

    /// Whether the price is what the dealer asks, and not what the maker suggests.
    pub(super) fn price_is_asked(&self) -> bool {
        self.price_rank.is_some_and(|rank| rank < PriceRank::Suggested)
    }

    /// Reads year, make, model and trim from a heading, for what no field has said.
    pub(crate) fn offer_heading(&mut self, raw: &str) {
        self.offer_brand(TitleBrand::of_badge(raw));
        self.offer_condition(Condition::of_heading(raw));
        if let Some(heading) = (!self.is_named()).then(|| heading::split(raw)).flatten() {
            self.offer_split(heading);
        }
    }

    /// Whether it has all that a heading may say.
    pub(super) fn is_named(&self) -> bool {
        let ScrapedListing { year, make, model, trim, .. } = &self.listing;
        year.is_some() && make.is_some() && model.is_some() && trim.is_some()
    }

    /// The same of a heading that is split already.
    pub(super) fn offer_split(&mut self, heading: Heading) {
        let listing = &mut self.listing;
        let same_make = match (&listing.make, &heading.make) {
            (Some(known), Some(read)) => known.eq_ignore_ascii_case(read),
            _ => true,
        };
        listing.year = listing.year.or(Some(heading.year));
        if !same_make {
            return;
        }
        if listing.make.is_none() {
            listing.make = heading.make;
        }
        let model_as_field = match (&listing.model, &heading.model) {
            (None, _) => {
                listing.model = heading.model;
                true
            }
            (Some(known), Some(read)) => known.eq_ignore_ascii_case(read),
            (Some(_), None) => false,
        };
        if model_as_field && listing.trim.is_none() {
            listing.trim = heading.trim;
        }
    }
}

impl Draft {
    /// Offers every value of a record whose key names a field.
    pub(crate) fn offer_record<'r>(&mut self, record: impl IntoIterator<Item = (&'r str, &'r Json<'r>)>) {
        for (key, value) in record {
            let Some(field) = Field::named(key) else { continue };
            self.offer_value(field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_binding_price_wins_and_the_first_of_anything_else() {
        let mut draft = Draft::default();
        for (field, value) in [
            (Field::Price(PriceRank::Suggested), "$40,000"),
            (Field::Price(PriceRank::Asking), "$31,995"),
            (Field::Price(PriceRank::Plain), "$35,000"),
            (Field::StockNumber, "N/A"),
            (Field::StockNumber, "P1"),
            (Field::StockNumber, "P2"),
            (Field::Make, "CHEVY"),
        ] {
            draft.offer(field, value);
        }
        draft.offer_heading("2019 Chevrolet Tahoe LT");
        let listing = draft.listing;
        assert_eq!(listing.price, Some(Money::from_dollars(31_995)));
        assert_eq!(listing.stock_number.as_deref(), Some("P1"));
        assert_eq!((listing.make.as_deref(), listing.model.as_deref()), (Some("Chevrolet"), Some("Tahoe")));
    }
}
