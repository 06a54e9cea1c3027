//! Which words mean which field, and the filling of a listing from named values.
//!
//! Labels on a page (`Stock #:`), keys of embedded data (`stockNumber`) and data attributes (`data-stock-no`) are the same
//! words in different spellings, so they share one table. What is deliberately not here: where the values stand.

use super::{clean, heading, listing::ScrapedListing, vins};
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
    ExteriorColor,
    Transmission,
    FuelType,
    BodyStyle,
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

impl Field {
    /// The field that a label, a key or an attribute's name means.
    pub(crate) fn named(name: &str) -> Option<Self> {
        // Letters and digits alone: `Stock #`, `stock_number`, `data-stock-no` lose what tells them apart.
        let mut buffer = [0_u8; 32];
        let mut length = 0;
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        let word = std::str::from_utf8(&buffer[..length]).ok()?;
        Some(match word {
            "vin" | "vinnumber" | "vehicleidentificationnumber" | "vehiclevin" | "ffvin" => Self::Vin,
            "stock" | "stockno" | "stocknum" | "stocknumber" | "stk" | "stkno" | "stockid" | "vehiclestocknumber" => {
                Self::StockNumber
            }
            "year" | "modelyear" | "vehicleyear" | "vehiclemodeldate" => Self::Year,
            "make" | "vehiclemake" | "manufacturer" | "brand" => Self::Make,
            "model" | "vehiclemodel" => Self::Model,
            "trim" | "trimlevel" | "vehicletrim" | "vehicleconfiguration" => Self::Trim,
            "mileage" | "miles" | "odometer" | "odometerreading" | "vehiclemileage" | "mileagefromodometer" => {
                Self::Mileage
            }
            "color" | "colour" | "extcolor" | "exteriorcolor" | "exteriorcolour" | "exterior" | "ext"
            | "exteriorcolorlabel" => Self::ExteriorColor,
            "transmission" | "trans" | "vehicletransmission" => Self::Transmission,
            "fuel" | "fueltype" => Self::FuelType,
            "body" | "bodystyle" | "bodytype" => Self::BodyStyle,
            "vehicleid" | "listingid" | "inventoryid" | "uuid" => Self::ExternalId,
            "internetprice" | "saleprice" | "salesprice" | "sellingprice" | "ourprice" | "finalprice" | "yourprice"
            | "specialprice" | "eprice" | "nowprice" | "bestprice" | "dealerprice" | "askingprice" | "cashprice"
            | "onlineprice" | "specialoffer" => Self::Price(PriceRank::Asking),
            "price" | "vehicleprice" | "listprice" | "now" => Self::Price(PriceRank::Plain),
            "retailprice" | "retail" | "regularprice" | "marketprice" | "wasprice" => Self::Price(PriceRank::Retail),
            "msrp" | "vehiclemsrp" | "totalmsrp" | "stickerprice" => Self::Price(PriceRank::Suggested),
            "engine" | "drivetrain" | "drive" | "drivetype" | "interior" | "interiorcolor" | "intcolor" | "mpg"
            | "condition" | "doors" | "savings" | "savingsupto" | "discount" | "discounts" | "rebate" | "rebates"
            | "dealerdiscount" | "youSave" | "docfee" | "type" | "location" | "status" | "certified" | "payment"
            | "warranty" | "title" | "seats" | "cylinders" | "options" | "features" | "description" | "phone"
            | "hwympg" | "citympg" => Self::Other,
            _ => return None,
        })
    }
}

/// A listing being filled; what was offered first stays, so callers offer the most trusted first.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) listing: ScrapedListing,
    price_rank: Option<PriceRank>,
}

impl Draft {
    /// Whether this field still wants a value of this rank.
    fn wants_price(&self, rank: PriceRank) -> bool {
        self.price_rank.is_none_or(|found| rank < found)
    }

    /// Offers a value as the page words it.
    pub(crate) fn offer(&mut self, field: Field, raw: &str) {
        fn fill<T>(place: &mut Option<T>, value: Option<T>) {
            if place.is_none() {
                *place = value;
            }
        }
        let listing = &mut self.listing;
        match field {
            Field::Vin => fill(&mut listing.vin, clean::text(raw).and_then(|text| vins::parse(&text))),
            Field::Year => fill(&mut listing.year, clean::year(raw)),
            Field::Mileage => fill(&mut listing.mileage, clean::mileage(raw)),
            Field::Price(rank) => self.offer_price(rank, clean::price(raw)),
            Field::Make => fill(&mut listing.make, clean::text(raw).map(heading::make_as_usual)),
            Field::Model => fill(&mut listing.model, clean::text(raw)),
            Field::Trim => fill(&mut listing.trim, clean::text(raw)),
            Field::ExternalId => fill(&mut listing.external_id, clean::text(raw)),
            Field::StockNumber => fill(&mut listing.stock_number, clean::text(raw)),
            Field::ExteriorColor => fill(&mut listing.exterior_color, clean::text(raw)),
            Field::Transmission => fill(&mut listing.transmission, clean::text(raw)),
            Field::FuelType => fill(&mut listing.fuel_type, clean::text(raw)),
            Field::BodyStyle => fill(&mut listing.body_style, clean::text(raw)),
            Field::Other => {}
        }
    }

    /// Offers a price of a rank; a more binding one replaces what was there.
    pub(crate) fn offer_price(&mut self, rank: PriceRank, price: Option<Money>) {
        if let Some(price) = price
            && price > Money::ZERO
            && self.wants_price(rank)
        {
            self.listing.price = Some(price);
            self.price_rank = Some(rank);
        }
    }

    /// Reads year, make, model and trim from a heading, for what no field has said.
    pub(crate) fn offer_heading(&mut self, raw: &str) {
        let Some(heading) = heading::split(raw) else { return };
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
    pub(crate) fn offer_record(&mut self, record: &serde_json::Map<String, serde_json::Value>) {
        for (key, value) in record {
            let Some(field) = Field::named(key) else { continue };
            match value {
                serde_json::Value::String(text) => self.offer(field, text),
                serde_json::Value::Number(number) => self.offer(field, &number.to_string()),
                _ => {}
            }
        }
    }
}
