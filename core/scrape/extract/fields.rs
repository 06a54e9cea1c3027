//! Which words mean which field, and the filling of a listing from named values.
//!
//! Labels on a page (`Stock #:`), keys of embedded data (`stockNumber`) and data attributes (`data-stock-no`) are the same
//! words in different spellings, so they share one table. What is deliberately not here: where the values stand.

use super::{
    Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand, badges, clean,
    filler::is_filler,
    heading::{self, Heading},
    listing::ScrapedListing,
    miles, numbers,
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
        let mut letters = name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        let mut letter = || letters.next()?.checked_sub(b'a').map(usize::from);
        let (initial, second) = (letter()?, letter()?);
        // Most names mean no field, and their first two letters say so.
        if PAIRS.get(initial)? >> second & 1 == 0 {
            return None;
        }
        let mut buffer = [0_u8; 32];
        let mut length = 0;
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        let word = buffer.get(..length)?;
        let alike = NAMES.get(*STARTS.get(initial)?..*STARTS.get(initial + 1)?)?;
        alike.iter().find(|(name, _)| name.as_bytes() == word).map(|(_, field)| *field)
    }
}

/// Which letters come second in [`NAMES`], behind each first letter: a bit a letter.
const PAIRS: [u32; 26] = {
    let mut pairs = [0; 26];
    let mut at = 0;
    while at < NAMES.len() {
        let name = NAMES[at].0.as_bytes();
        pairs[(name[0] - b'a') as usize] |= 1 << (name[1] - b'a');
        at += 1;
    }
    pairs
};

/// Where in [`NAMES`] each first letter begins, and where the last ends.
const STARTS: [usize; 27] = {
    let mut starts = [NAMES.len(); 27];
    let mut letter = 26;
    while letter > 0 {
        letter -= 1;
        let mut start = starts[letter + 1];
        while start > 0 && NAMES[start - 1].0.as_bytes()[0] as usize >= letter + b'a' as usize {
            start -= 1;
        }
        starts[letter] = start;
    }
    starts
};

/// Every spelling, letters and digits alone, sorted for the search.
static NAMES: [(&str, Field); 203] = [
    ("askingprice", Field::Price(PriceRank::Asking)),
    ("availability", Field::StockStatus),
    ("bestprice", Field::Price(PriceRank::Asking)),
    ("body", Field::BodyStyle),
    ("bodystyle", Field::BodyStyle),
    ("bodytype", Field::BodyStyle),
    ("brand", Field::Make),
    ("branded", Field::Branded(TitleBrand::Branded)),
    ("brandedtitle", Field::Branded(TitleBrand::Branded)),
    ("buildphase", Field::Standing(StockStatus::InProduction)),
    ("cashprice", Field::Price(PriceRank::Asking)),
    ("certified", Field::InCondition(Condition::Certified)),
    ("certifiedpreowned", Field::InCondition(Condition::Certified)),
    ("citympg", Field::Other),
    ("cleantitle", Field::Branded(TitleBrand::Clean)),
    ("color", Field::ExteriorColor),
    ("colour", Field::ExteriorColor),
    ("condition", Field::Condition),
    ("cpo", Field::InCondition(Condition::Certified)),
    ("cylinders", Field::Other),
    ("dealerdiscount", Field::Other),
    ("dealerprice", Field::Price(PriceRank::Asking)),
    ("dealpending", Field::Standing(StockStatus::SalePending)),
    ("depositpending", Field::Standing(StockStatus::SalePending)),
    ("depositreceived", Field::Standing(StockStatus::SalePending)),
    ("deposittaken", Field::Standing(StockStatus::SalePending)),
    ("description", Field::Other),
    ("discount", Field::Other),
    ("discounts", Field::Other),
    ("docfee", Field::Other),
    ("doors", Field::Other),
    ("drive", Field::Other),
    ("drivetrain", Field::Other),
    ("drivetype", Field::Other),
    ("engine", Field::Other),
    ("eprice", Field::Price(PriceRank::Asking)),
    ("ext", Field::ExteriorColor),
    ("extcolor", Field::ExteriorColor),
    ("exterior", Field::ExteriorColor),
    ("exteriorcolor", Field::ExteriorColor),
    ("exteriorcolorlabel", Field::ExteriorColor),
    ("exteriorcolour", Field::ExteriorColor),
    ("features", Field::Other),
    ("ffvin", Field::Vin),
    ("finalprice", Field::Price(PriceRank::Asking)),
    ("flooddamage", Field::Branded(TitleBrand::Flood)),
    ("floodtitle", Field::Branded(TitleBrand::Flood)),
    ("fuel", Field::FuelType),
    ("fueltype", Field::FuelType),
    ("hasbrandedtitle", Field::Branded(TitleBrand::Branded)),
    ("hassalvagetitle", Field::Branded(TitleBrand::Salvage)),
    ("hwympg", Field::Other),
    ("inproduction", Field::Standing(StockStatus::InProduction)),
    ("instock", Field::Standing(StockStatus::InStock)),
    ("intcolor", Field::Other),
    ("interior", Field::Other),
    ("interiorcolor", Field::Other),
    ("internetprice", Field::Price(PriceRank::Asking)),
    ("intransit", Field::Standing(StockStatus::InTransit)),
    ("inventoryid", Field::ExternalId),
    ("inventorystatus", Field::StockStatus),
    ("inventorytype", Field::Condition),
    ("isbranded", Field::Branded(TitleBrand::Branded)),
    ("isbrandedtitle", Field::Branded(TitleBrand::Branded)),
    ("iscertified", Field::InCondition(Condition::Certified)),
    ("iscpo", Field::InCondition(Condition::Certified)),
    ("isflood", Field::Branded(TitleBrand::Flood)),
    ("isinproduction", Field::Standing(StockStatus::InProduction)),
    ("isinstock", Field::Standing(StockStatus::InStock)),
    ("isintransit", Field::Standing(StockStatus::InTransit)),
    ("islemon", Field::Branded(TitleBrand::Lemon)),
    ("isnew", Field::InCondition(Condition::New)),
    ("isoemcertified", Field::InCondition(Condition::Certified)),
    ("ispreowned", Field::InCondition(Condition::Used)),
    ("isrebuilt", Field::Branded(TitleBrand::Rebuilt)),
    ("isrebuilttitle", Field::Branded(TitleBrand::Rebuilt)),
    ("issalepending", Field::Standing(StockStatus::SalePending)),
    ("issalvage", Field::Branded(TitleBrand::Salvage)),
    ("isused", Field::InCondition(Condition::Used)),
    ("itemcondition", Field::Condition),
    ("lemonlaw", Field::Branded(TitleBrand::Lemon)),
    ("lemontitle", Field::Branded(TitleBrand::Lemon)),
    ("listingid", Field::ExternalId),
    ("listprice", Field::Price(PriceRank::Plain)),
    ("location", Field::Other),
    ("make", Field::Make),
    ("manufacturer", Field::Make),
    ("marketprice", Field::Price(PriceRank::Retail)),
    ("mileage", Field::Mileage),
    ("mileagefromodometer", Field::Mileage),
    ("mileagestatus", Field::OdometerStatus),
    ("mileagetype", Field::OdometerStatus),
    ("miles", Field::Mileage),
    ("millaje", Field::Mileage),
    ("millas", Field::Mileage),
    ("model", Field::Model),
    ("modelyear", Field::Year),
    ("mpg", Field::Other),
    ("msrp", Field::Price(PriceRank::Suggested)),
    ("neworused", Field::Condition),
    ("newused", Field::Condition),
    ("newusedtype", Field::Condition),
    ("now", Field::Price(PriceRank::Plain)),
    ("nowprice", Field::Price(PriceRank::Asking)),
    ("odo", Field::Mileage),
    ("odometer", Field::Mileage),
    ("odometerbrand", Field::OdometerStatus),
    ("odometercondition", Field::OdometerStatus),
    ("odometerdisclosure", Field::OdometerStatus),
    ("odometerindicator", Field::OdometerStatus),
    ("odometerreading", Field::Mileage),
    ("odometerstatus", Field::OdometerStatus),
    ("odometertype", Field::OdometerStatus),
    ("oemcertified", Field::InCondition(Condition::Certified)),
    ("onhold", Field::Standing(StockStatus::SalePending)),
    ("onlineprice", Field::Price(PriceRank::Asking)),
    ("onorder", Field::Standing(StockStatus::InProduction)),
    ("options", Field::Other),
    ("ourprice", Field::Price(PriceRank::Asking)),
    ("payment", Field::Other),
    ("pendingsale", Field::Standing(StockStatus::SalePending)),
    ("phone", Field::Other),
    ("preowned", Field::InCondition(Condition::Used)),
    ("price", Field::Price(PriceRank::Plain)),
    ("rebate", Field::Other),
    ("rebates", Field::Other),
    ("rebuilttitle", Field::Branded(TitleBrand::Rebuilt)),
    ("reconstructedtitle", Field::Branded(TitleBrand::Rebuilt)),
    ("regularprice", Field::Price(PriceRank::Retail)),
    ("reserved", Field::Standing(StockStatus::SalePending)),
    ("retail", Field::Price(PriceRank::Retail)),
    ("retailprice", Field::Price(PriceRank::Retail)),
    ("saleinprogress", Field::Standing(StockStatus::SalePending)),
    ("salepending", Field::Standing(StockStatus::SalePending)),
    ("saleprice", Field::Price(PriceRank::Asking)),
    ("salesprice", Field::Price(PriceRank::Asking)),
    ("salestatus", Field::SaleStatus),
    ("salvage", Field::Branded(TitleBrand::Salvage)),
    ("salvagetitle", Field::Branded(TitleBrand::Salvage)),
    ("savings", Field::Other),
    ("savingsupto", Field::Other),
    ("seats", Field::Other),
    ("sellingprice", Field::Price(PriceRank::Asking)),
    ("specialoffer", Field::Price(PriceRank::Asking)),
    ("specialprice", Field::Price(PriceRank::Asking)),
    ("status", Field::StockStatus),
    ("stickerprice", Field::Price(PriceRank::Suggested)),
    ("stk", Field::StockNumber),
    ("stkno", Field::StockNumber),
    ("stock", Field::StockNumber),
    ("stockid", Field::StockNumber),
    ("stockno", Field::StockNumber),
    ("stocknum", Field::StockNumber),
    ("stocknumber", Field::StockNumber),
    ("stockstatus", Field::StockStatus),
    ("stocktype", Field::Condition),
    ("title", Field::Title),
    ("titlebrand", Field::TitleBrand),
    ("titlebranding", Field::TitleBrand),
    ("titlebrands", Field::TitleBrand),
    ("titlecondition", Field::TitleBrand),
    ("titlestatus", Field::TitleBrand),
    ("titletype", Field::TitleBrand),
    ("totalmsrp", Field::Price(PriceRank::Suggested)),
    ("trans", Field::Transmission),
    ("transmission", Field::Transmission),
    ("trim", Field::Trim),
    ("trimlevel", Field::Trim),
    ("type", Field::Condition),
    ("undercontract", Field::Standing(StockStatus::SalePending)),
    ("used", Field::InCondition(Condition::Used)),
    ("usedornew", Field::Condition),
    ("uuid", Field::ExternalId),
    ("vehiclecertified", Field::InCondition(Condition::Certified)),
    ("vehiclecondition", Field::Condition),
    ("vehicleconfiguration", Field::Trim),
    ("vehiclecpo", Field::InCondition(Condition::Certified)),
    ("vehicleid", Field::ExternalId),
    ("vehicleidentificationnumber", Field::Vin),
    ("vehiclemake", Field::Make),
    ("vehiclemileage", Field::Mileage),
    ("vehiclemodel", Field::Model),
    ("vehiclemodeldate", Field::Year),
    ("vehiclemsrp", Field::Price(PriceRank::Suggested)),
    ("vehicleprice", Field::Price(PriceRank::Plain)),
    ("vehiclestatus", Field::StockStatus),
    ("vehiclestocknumber", Field::StockNumber),
    ("vehicletitle", Field::Title),
    ("vehicletitlebrand", Field::TitleBrand),
    ("vehicletitlestatus", Field::TitleBrand),
    ("vehicletitletype", Field::TitleBrand),
    ("vehicletransmission", Field::Transmission),
    ("vehicletrim", Field::Trim),
    ("vehicletype", Field::Condition),
    ("vehiclevin", Field::Vin),
    ("vehicleyear", Field::Year),
    ("vin", Field::Vin),
    ("vinnumber", Field::Vin),
    ("warranty", Field::Other),
    ("wasprice", Field::Price(PriceRank::Retail)),
    ("year", Field::Year),
    ("yourprice", Field::Price(PriceRank::Asking)),
    ("yousave", Field::Other),
];

/// A listing being filled; what was offered first stays, so callers offer the most trusted first.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) listing: ScrapedListing,
    price_rank: Option<PriceRank>,
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
            Field::Mileage => listing.mileage.is_some(),
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
            Field::Mileage => {
                fill(&mut listing.mileage, || miles::mileage(raw));
                fill(&mut listing.odometer_status, || OdometerStatus::of_mileage(raw));
            }
            Field::Make => fill(&mut listing.make, || clean::text(raw).map(heading::make_as_usual)),
            Field::Model => text(&mut listing.model),
            Field::Trim => {
                text(&mut listing.trim);
                self.offer_brand(TitleBrand::said_in(raw));
            }
            Field::ExternalId => text(&mut listing.external_id),
            Field::StockNumber => text(&mut listing.stock_number),
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
                fill(&mut self.listing.mileage, || miles::mileage_of_number(number));
            }
            (Field::Price(rank), Json::Number(number)) if self.wants_price(rank) => {
                self.offer_price(rank, numbers::price_of_number(number));
            }
            (Field::Standing(status), Json::Bool(true)) => self.offer_status(Some(status)),
            (Field::Branded(_) | Field::InCondition(_), Json::Bool(holds)) => {
                self.offer(field, if *holds { "true" } else { "false" });
            }
            (Field::TitleBrand, Json::Array(brands)) => {
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
    fn spellings_are_sorted_and_found_whatever_their_punctuation() {
        assert!(NAMES.is_sorted_by(|(one, _), (other, _)| one < other));
        for (name, field) in NAMES {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        for (name, field) in [
            ("Stock #", Some(Field::StockNumber)),
            ("data-stock-no", None),
            ("stock_number", Some(Field::StockNumber)),
            ("Ext. Color", Some(Field::ExteriorColor)),
            ("Internet Price", Some(Field::Price(PriceRank::Asking))),
            ("VIN", Some(Field::Vin)),
            ("Savings Up To", Some(Field::Other)),
            ("", None),
            ("4x4", None),
            ("zebra", None),
            ("a text far too long to be the label of anything", None),
        ] {
            assert_eq!(Field::named(name), field, "{name}");
        }
    }

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
