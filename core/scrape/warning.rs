//! Warnings about what was read from a website, as data.
//!
//! A [`Warning`] is a case with its facts. Programs match on the case or on its stable [`code`](Warning::code); people read
//! its sentence, which `Display` writes. As JSON, a warning is one object: `code`, `message`, then the facts. The table in
//! this file holds each case with its code and its sentence; a new warning is one more entry.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::ScrapeErrorType;
use crate::money::Money;

/// Makes [`Warning`] of a table: `Case { facts } = code => sentence;`. The facts are in scope for the code and the sentence.
macro_rules! warnings {
    ($(
        $(#[$doc:meta])*
        $case:ident $({ $($(#[$fact_doc:meta])* $fact:ident: $type:ty,)+ })? = $code:expr => $sentence:expr;
    )+) => {
        /// What a person should know before trusting what was read from a website.
        ///
        /// ```
        /// use jpauto::extract::{self, Warning};
        ///
        /// let page = extract::listings("<p>Nothing here</p>", "https://lot.example/used")?;
        /// assert_eq!(page.warnings, [Warning::NoListings]);
        /// assert_eq!(page.warnings[0].code(), "no_listings");
        /// # Ok::<(), jpauto::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged, remote = "Self")]
        #[non_exhaustive]
        pub enum Warning {
            $($(#[$doc])* $case $({ $($(#[$fact_doc])* $fact: $type,)+ })?,)+
        }

        #[allow(unused_variables, reason = "neither a code nor a sentence names every fact")]
        impl Warning {
            /// The stable word for it, such as `no_listings`.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$case $({ $($fact,)+ })? => $code,)+
                }
            }

            /// The sentence for it, in lower case and without a full stop.
            fn sentence(&self) -> Cow<'_, str> {
                match self {
                    $(Self::$case $({ $($fact,)+ })? => Cow::from($sentence),)+
                }
            }
        }
    };
}

warnings! {
    // About one page.

    /// Nothing on the page reads like a vehicle.
    NoListings = "no_listings"
        => "no vehicle was found on the page: an empty lot usually says so, so this may be another page or an error page";

    /// The page carries the marks of a platform, but its listings are not where that platform puts them.
    PlatformLayoutUnknown {
        /// The platform.
        platform: &'static str,
    } = "platform_layout_unknown"
        => format!("the page looks like {platform}, but its listings are in no known place; it was read like any other page");

    /// A field that most lists of a platform, or of any website, have is missing on every vehicle.
    FieldMissing {
        /// The platform, or the technique as in [`Extraction::platform`](super::extract::Extraction::platform).
        platform: &'static str,
        /// The field, by its name in a listing, such as `price`.
        field: &'static str,
        /// Vehicles that were found.
        found: usize,
    } = "field_missing"
        => super::extract::field_missing(platform, field, *found);

    /// The page claims fewer vehicles than it shows.
    ClaimsLessThanFound {
        /// Vehicles that it claims.
        claimed: u32,
        /// Vehicles that it shows.
        found: usize,
    } = "claims_less_than_found" => format!("the page claims {claimed} vehicles and shows {found}");

    /// The page says that nothing was found.
    SaysNone {
        /// Vehicles that it shows nevertheless.
        found: usize,
    } = "says_none"
        => match found {
            0 => "the page says that nothing was found".to_owned(),
            found => format!("the page says that nothing was found and shows {found} vehicles"),
        };

    /// A script shows the rest of the list when a button is pressed.
    MoreByScript {
        /// The text of the button.
        button: String,
    } = "more_by_script"
        => format!(
            "the list goes on behind the button {button:?}, which a script answers: the rest is not read, and what is \
             missing is found sold only much later; configure an endpoint or a pagination in the scraper_config"
        );

    /// Vehicles of the list were not filled in yet.
    ListingsUnsettled {
        /// How many.
        unsettled: u32,
    } = "listings_unsettled"
        => format!("{unsettled} of its vehicles were not filled in yet: the list was not read whole");

    /// Cards state several prices, and nothing says plainly which one is asked.
    PricesUnclear {
        /// How many vehicles have no price for it.
        unclear: usize,
        /// Of how many.
        found: usize,
    } = "prices_unclear"
        => format!(
            "{unclear} of {found} vehicles have no price, though their cards state amounts: several could be it, or rows do not \
             add up; `fields/price` in the scraper_config says which one is asked"
        );

    /// Cards were made like those of vehicles, and say too little to be one, or name none.
    CardsLeftOut {
        /// How many.
        left_out: usize,
        /// Vehicles that were found beside them.
        found: usize,
    } = "cards_left_out"
        => format!("{left_out} cards like those of {found} vehicles say no price, mileage or number, or no name: they were left out");

    /// Amounts stand in the place of prices that are none, such as $1 or $9,999,999.
    PricesFilledIn {
        /// How many vehicles have no price for it.
        fillers: usize,
        /// Of how many.
        found: usize,
    } = "prices_filled_in"
        => format!("{fillers} of {found} vehicles have no price: a placeholder such as $1 or $9,999,999 stands in its place");

    /// A selector of the configuration finds nothing that can be read.
    SelectorMatchesNothing {
        /// Its place in the `scraper_config`, such as `fields/price`.
        key: String,
        /// The cards that it was tried on; `None` for one that is looked for on the page as a whole.
        cards: Option<usize>,
    } = "selector_matches_nothing"
        => match cards {
            Some(cards) => format!("scraper_config/{key} finds nothing that can be read on any of {cards} cards"),
            None => format!("scraper_config/{key} finds nothing that can be read on this page"),
        };

    /// Vehicles have nothing by which a later scrape could recognise them.
    NoIdentity {
        /// How many.
        unknown: usize,
        /// Of how many.
        found: usize,
        /// Where in the answer of a configured endpoint they stand; `None` for vehicles of a page.
        place: Option<String>,
    } = "no_identity"
        => match place {
            Some(place) => format!(
                "{unknown} of {found} records at {place} have nothing that identifies a vehicle, and are left out: `listings` of \
                 the configuration says where the list is, and the fields vin, external_id and stock_number what identifies a \
                 vehicle"
            ),
            None => format!("{unknown} of {found} vehicles have nothing that identifies them, and cannot be recorded"),
        };

    // About the pages of one list.

    /// None of the saved pages is the first of the list.
    BeginsLate = "begins_late"
        => "none of the pages is the first of the list, judging by the pages that they link to: they count as a part of the list, \
            and vehicles that are not on them are found sold only much later";

    /// The list that the website gives as data could not stand for its pages.
    DataNotEnough {
        /// Why, in words.
        reason: String,
    } = "data_not_enough" => format!("the list that the website gives as data was not enough: {reason}");

    /// The next page is on another website.
    NextPageElsewhere {
        /// Its address.
        url: String,
    } = "next_page_elsewhere"
        => format!("the next page, {url}, is on another website: it is not read, so the lot is not whole");

    /// Pages that were linked to show no other vehicles than those before them.
    PageRepeats {
        /// How many pages.
        repeats: u32,
    } = "page_repeats" => format!("{repeats} of the linked pages showed only vehicles of the pages before them");

    /// A page could not be fetched or read, or is no page of the list.
    PageFailed {
        /// Why, in words.
        reason: String,
    } = "page_failed" => reason;

    /// A page seemed to end the list, but the page after it shows more. Its code is `page_failed`.
    EndedEarly {
        /// The page that seemed to end the list.
        url: String,
    } = "page_failed" => format!("{url} seemed to end the list, but the page after it shows more");

    /// The list shows the vehicles of several stores, and all of them count.
    GroupList {
        /// How many stores.
        stores: usize,
        /// The first of them.
        named: Vec<StoreCount>,
    } = "group_list"
        => format!(
            "the list belongs to a group of {stores} stores, and the vehicles of all of them count: {}; `store` in the \
             scraper_config takes those of one",
            store_names(named, *stores)
        );

    /// No vehicle is from the store that the configuration names.
    StoreNotFound {
        /// The store that is meant.
        meant: String,
        /// How many stores the website names.
        stores: usize,
        /// The first of them.
        named: Vec<StoreCount>,
    } = "store_not_found"
        => format!("no vehicle is from the store {meant:?}; the website names {}", store_names(named, *stores));

    /// Vehicles name no store where one is meant, and are left out.
    StoreMissing {
        /// The store that is meant.
        meant: String,
        /// How many vehicles.
        unnamed: usize,
    } = "store_missing"
        => format!("{unnamed} vehicles name no store and are left out: they may or may not be from {meant:?}");

    // About a lot, compared with what is known of it.

    /// Many vehicles are called sold the first time that the website is looked at. Its code is `called_sold`.
    CalledSoldAtFirst {
        /// Vehicles that are called sold.
        sold: usize,
        /// All vehicles.
        found: usize,
    } = "called_sold"
        => format!(
            "{sold} of {found} vehicles are called sold: every card may carry a hidden mark, or a field may mean something else; \
             `is_sold` in the scraper_config says where to look"
        );

    /// The website calls a large part of the known lot sold at once.
    CalledSold = "called_sold"
        => "the website calls a large part of the lot sold at once: this is believed only after it has said so for some days";

    /// More vehicles are missing at once than may have gone since the last whole lot.
    ManyMissing {
        /// Vehicles that are missing.
        missing: usize,
        /// Vehicles of the last whole lot.
        known: usize,
    } = "many_missing"
        => format!(
            "{missing} of the {known} vehicles of the last whole lot are missing at once, more than may have gone since: none of \
             them counts as sold until the list has looked like this for some days; `check_missing` in the scraper_config looks \
             for their own pages"
        );

    /// The website counts vehicles that it does not show.
    ClaimsMore {
        /// Vehicles that it claims.
        claimed: u32,
        /// Vehicles of the last whole lot that are missing.
        missing: usize,
    } = "claims_more"
        => format!(
            "the website claims {claimed} vehicles, and {missing} of the last whole lot are not shown: those that it still counts \
             do not count as sold until this has lasted for some days"
        );

    /// The list ends with a full page, earlier than the last whole lot.
    LastPageFull {
        /// The number of the last page, where pages were counted.
        last_page: Option<u32>,
        /// Vehicles of the last whole lot that are missing.
        missing: usize,
    } = "last_page_full"
        => format!(
            "the list ends with a full page{}, a page earlier than the last whole lot, and {missing} vehicles of that are missing: \
             the pages after it may have failed, so what is missing is found sold only after the list has looked like this for some days; \
             `check_missing` in the scraper_config looks for their own pages",
            last_page.map_or_else(String::new, |page| format!(", number {page}"))
        );

    /// The address leads to a narrower list than before.
    ListNarrowed {
        /// Where it leads, where that is known.
        url: Option<String>,
        /// Vehicles of the last whole lot that are missing.
        missing: usize,
    } = "list_narrowed"
        => format!(
            "the address leads to {}, a narrower list than before, and {missing} vehicles of the last whole lot are missing there: \
             what is missing is found sold only after this has lasted for some days; if that is the whole list, make it the inventory address",
            url.as_deref().unwrap_or("another address")
        );

    /// The list changed its order while it was read.
    ListMoved {
        /// Vehicles that stand on several pages.
        on_several_pages: u32,
    } = "list_moved"
        => format!(
            "{on_several_pages} vehicles stand on several pages: the website orders the list anew for each page, so other vehicles \
             may stand on no page; an address that asks for a fixed order, such as by price, may help"
        );

    /// Few vehicles of the last whole lot were recognised.
    LotReplaced {
        /// Vehicles that were recognised.
        recognised: usize,
        /// Vehicles of the last whole lot.
        known: usize,
    } = "lot_replaced"
        => format!(
            "only {recognised} of the {known} vehicles of the last whole lot were recognised: the address may lead to another \
             list, or the website has numbered its vehicles anew"
        );

    /// The website says that it found nothing, and shows vehicles.
    ClaimsNone = "claims_none"
        => "the website says that it found no vehicle, but shows some: they may be others than were asked for, so what is \
            missing is found sold only much later";

    /// Vehicles are missing since the address or the configuration was changed.
    ListChanged {
        /// Vehicles that are missing.
        missing: usize,
        /// Vehicles of the last whole lot.
        known: usize,
    } = "list_changed"
        => format!(
            "{missing} of the {known} vehicles of the last whole lot are missing since the address or the configuration was \
             changed: they do not count as sold until the list has looked like this for some days"
        );

    /// A scrape is recorded at a time that is still to come.
    ClockWentBack {
        /// That time.
        ahead_at: DateTime<Utc>,
    } = "clock_went_back"
        => format!(
            "a scrape is recorded at {}, which is still to come: the clock was wrong then, or is wrong now; that scrape does not \
             count until its time comes",
            ahead_at.format("%Y-%m-%d %H:%M:%S UTC")
        );

    // About a website that is tried out.

    /// The address shows no list of vehicles, nor do those that it links to.
    ListNotFound {
        /// The addresses that were tried.
        tried: Vec<String>,
    } = "list_not_found" => format!("no list of vehicles at {} either", tried.join(", "));

    /// The address leads elsewhere, and the list is read there.
    MovedElsewhere {
        /// Where it leads, in words.
        reason: String,
        /// Where the list is read.
        url: String,
    } = "moved_elsewhere" => format!("{reason}; the list is read at {url}");

    /// The website could not be read, or not to the end. Its code is that of the error, such as `scrape_blocked`.
    ScrapeFailed {
        /// What kind of failure it was.
        error_type: ScrapeErrorType,
        /// Why, in words.
        reason: String,
    } = error_type.code().as_str() => reason;

    /// The page carries the marks of another platform than the one that was named.
    AnotherPlatform {
        /// The platform that was named.
        said: String,
        /// The platform whose marks it carries.
        detected: &'static str,
    } = "another_platform"
        => format!("the website is said to be {said}, but its page carries the marks of {detected}");

    /// The vendor's terms forbid reading its websites.
    TermsAgainstReading {
        /// What is known of the terms.
        terms: &'static str,
    } = "terms_against_reading" => *terms;

    /// The page is empty until its scripts fill it.
    ShellPage = "shell_page"
        => "the page is empty until its scripts fill it: it needs a browser (use_playwright), or a configured endpoint";

    /// Prices are too low to be taken for prices.
    PricesBelowLeast {
        /// How many prices.
        prices: usize,
        /// Of how many vehicles.
        found: usize,
        /// The lowest amount that is taken for a price.
        least: Money,
    } = "prices_below_least"
        => format!(
            "{prices} of {found} prices are below {least} dollars and are not taken for prices: they may be monthly rates"
        );

    /// Prices are so low that they must be read twice to be believed.
    PricesBelowFloor {
        /// How many prices.
        prices: usize,
        /// Of how many vehicles.
        found: usize,
        /// The lowest price that is believed at once.
        floor: Money,
    } = "prices_below_floor"
        => format!("{prices} of {found} prices are below {floor} dollars and are not believed until they are read twice");

    /// The website claims more vehicles than were read, and no page follows.
    NextPageMissing {
        /// Vehicles that it claims.
        claimed: u32,
        /// Vehicles that were read.
        found: usize,
    } = "next_page_missing" => format!("the website claims {claimed} vehicles, and no page follows these {found}");
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

/// A store of a group, and how many vehicles of the list are from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoreCount {
    /// What the website calls the store.
    pub store: String,
    /// Vehicles of the list.
    pub vehicles: usize,
}

/// The stores of a list in words: those that are named, and how many more there are.
fn store_names(named: &[StoreCount], stores: usize) -> String {
    if stores == 0 {
        return "none".to_owned();
    }
    let shown = named.iter().map(|StoreCount { store, vehicles }| format!("{store} ({vehicles})"));
    let more = stores.checked_sub(named.len()).filter(|more| *more > 0).map(|more| format!("{more} more"));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

/// A warning about a list, with the pages that it was met on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListWarning {
    /// The warning.
    pub warning: Warning,
    /// The numbers of the pages, from 1 and rising; empty where it is about the list as a whole.
    pub pages: Vec<usize>,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ListWarning {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, Type};

        let text = || ObjectBuilder::new().schema_type(Type::String);
        ObjectBuilder::new()
            .description(Some("A warning with its facts, and the `pages` that it was met on where these are known."))
            .property("code", text())
            .property("message", text())
            .required("code")
            .required("message")
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ListWarning {}

impl ListWarning {
    /// The stable word for it, as [`Warning::code`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.warning.code()
    }
}

impl From<Warning> for ListWarning {
    fn from(warning: Warning) -> Self {
        Self { warning, pages: Vec::new() }
    }
}

impl fmt::Display for ListWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pages.as_slice() {
            [] => {}
            [page] => write!(f, "page {page}: ")?,
            pages => write!(f, "pages {}: ", ranges(pages))?,
        }
        self.warning.fmt(f)
    }
}

/// Rising numbers as a person writes them: `1 to 3, 7`.
fn ranges(numbers: &[usize]) -> String {
    let rows = numbers.chunk_by(|one, next| one + 1 == *next);
    let rows = rows.map(|row| match row {
        [first, .., last] => format!("{first} to {last}"),
        alone => alone.iter().map(ToString::to_string).collect(),
    });
    rows.collect::<Vec<_>>().join(", ")
}

/// A warning as JSON shows it.
#[derive(Serialize)]
struct Shown<'w> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "<[usize]>::is_empty")]
    pages: &'w [usize],
    #[serde(flatten, serialize_with = "facts")]
    warning: &'w Warning,
}

/// Writes the facts of a warning.
fn facts<S: Serializer>(warning: &&Warning, serializer: S) -> Result<S::Ok, S::Error> {
    Warning::serialize(warning, serializer)
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shown { code: self.code(), message: self.to_string(), pages: &[], warning: self }.serialize(serializer)
    }
}

impl Serialize for ListWarning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shown { code: self.code(), message: self.to_string(), pages: &self.pages, warning: &self.warning }
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_warning_is_shown_with_its_code_its_sentence_and_its_facts() {
        let claims_less = "the page claims 3 vehicles and shows 5";
        let blocked = Warning::ScrapeFailed { error_type: ScrapeErrorType::Blocked, reason: "a bot check".to_owned() };
        for (warning, expected) in [
            (Warning::CalledSold, json!({"code": "called_sold", "message": Warning::CalledSold.to_string()})),
            (
                Warning::ClaimsLessThanFound { claimed: 3, found: 5 },
                json!({"code": "claims_less_than_found", "message": claims_less, "claimed": 3, "found": 5}),
            ),
            (
                blocked,
                json!({"code": "scrape_blocked", "message": "a bot check", "error_type": "blocked", "reason": "a bot check"}),
            ),
        ] {
            assert_eq!(serde_json::to_value(&warning).unwrap(), expected);
            let of_a_list = ListWarning { warning, pages: vec![1, 2, 4] };
            let shown = serde_json::to_value(&of_a_list).unwrap();
            assert_eq!((&shown["code"], &shown["pages"]), (&expected["code"], &json!([1, 2, 4])));
            let message = format!("pages 1 to 2, 4: {}", expected["message"].as_str().unwrap());
            assert_eq!(shown["message"], message);
        }
    }

    #[test]
    fn few_stores_are_named_and_the_others_are_counted() {
        let store = |store: &str, vehicles| StoreCount { store: store.to_owned(), vehicles };
        let named = [store("Hill", 2), store("Valley", 1)];
        assert_eq!(store_names(&named, 2), "Hill (2), Valley (1)");
        assert_eq!(store_names(&named, 5), "Hill (2), Valley (1), 3 more");
        assert_eq!(store_names(&[], 0), "none");
    }
}
