//! What the fields of a vehicle or of an offered car may hold. No I/O.
//!
//! Each line of a list of fields ends with the name of a check in brackets, and that is a function here: `[text(100)]` calls
//! [`text`] with 100. `check_given!` makes of a list the method that calls them all. A check also brings its text into the form in
//! which it is kept, so that every way in leads to the same rows.

use chrono::{DateTime, Datelike as _, Utc};
use url::Url;

use crate::{
    error::{ErrorCode, Faults, FieldError},
    fields::NOT_GIVEN,
    money::Money,
};

/// What the fields of a vehicle or of an offered car may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VehicleLimits {
    /// The oldest model year (1900); the newest is next year's.
    pub oldest_year: i32,
    /// The highest mileage (2,000,000).
    pub highest_mileage: i32,
    /// The most pictures (40).
    pub most_images: usize,
    /// The most lines of equipment (500).
    pub most_features: usize,
    /// The most characters of a free text (20,000).
    pub longest_text: usize,
    /// A price below this one is doubted: a placeholder or a typing error ($200).
    pub lowest_usual_price: Money,
    /// A price above this one is doubted ($500,000).
    pub highest_usual_price: Money,
    /// A price is doubted if it is this many times another price of the vehicle, or the other this many times it (8). A digit
    /// too many or too few makes ten; the rest is for a price that was changed as well.
    pub doubtful_price_factor: i64,
}

impl Default for VehicleLimits {
    fn default() -> Self {
        Self {
            oldest_year: 1900,
            highest_mileage: 2_000_000,
            most_images: 40,
            most_features: 500,
            longest_text: 20_000,
            lowest_usual_price: Money::from_dollars(200),
            highest_usual_price: Money::from_dollars(500_000),
            doubtful_price_factor: 8,
        }
    }
}

const LONGEST_URL: usize = 500;
const LONGEST_LISTED_TEXT: usize = 2_000;

impl VehicleLimits {
    /// What of the year, the price and the mileage of a stored vehicle is none that a vehicle has.
    pub(crate) fn impossible(
        &self,
        (year, stored, mileage): (i32, Money, i32),
        now: DateTime<Utc>,
    ) -> Option<FieldError> {
        let mut faults = Faults::default();
        self.check_year(&mut faults, year, now);
        price(&mut faults, "/price", stored);
        self.check_mileage(&mut faults, mileage);
        faults.into_result(ErrorCode::InvalidVehicle).err()?.fields().first().cloned()
    }

    /// Whether a price is a usual one for a vehicle.
    pub(crate) fn is_usual(&self, price: Money) -> bool {
        (self.lowest_usual_price..=self.highest_usual_price).contains(&price)
    }

    /// Whether a price is a large multiple of another one, as a digit too many makes it.
    pub(crate) fn is_far(&self, price: Money, other: Money) -> bool {
        price.cents() >= other.cents().saturating_mul(self.doubtful_price_factor)
    }

    pub(crate) fn check_year(&self, faults: &mut Faults, year: i32, now: DateTime<Utc>) {
        if year == NOT_GIVEN {
            return faults.add("/year", "is missing: give the model year");
        }
        let newest = now.year() + 1;
        let expected = format!("expected a model year from {} to {newest}", self.oldest_year);
        faults.check((self.oldest_year..=newest).contains(&year), "/year", expected);
    }

    /// Checks a mileage that must be given.
    pub(crate) fn check_mileage(&self, faults: &mut Faults, mileage: i32) {
        if mileage == NOT_GIVEN {
            return faults.add("/mileage", "is missing: give the miles on the odometer");
        }
        let expected = format!("expected miles from 0 to {}", self.highest_mileage);
        faults.check((0..=self.highest_mileage).contains(&mileage), "/mileage", expected);
    }
}

/// A text of one line as it is kept: without blanks at its ends, and with blanks for control characters, of which a line has none. A NUL
/// stays, because it is refused.
pub(crate) fn line_of(text: &str) -> String {
    let plain = |sign: char| if sign.is_control() && sign != '\0' { ' ' } else { sign };
    text.chars().map(plain).collect::<String>().trim().to_owned()
}

/// The same of a text that need not be given. One that says nothing is none: a form sends it for a field that is left empty.
pub(crate) fn given_line(text: Option<&str>) -> Option<String> {
    text.map(line_of).filter(|text| !text.is_empty())
}

/// Makes of a list the method `check_given` of the record, which checks each field that clients write and brings it into its form.
macro_rules! check_given {
    (
        [$record:ident]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $(
            $(#[doc = $doc:literal])+
            $audience:ident $name:ident: $presence:ident $type:ty [$limit:ident $(($argument:expr))?],
        )+ }
        $($rest:tt)*
    ) => {
        impl $record {
            fn check_given(&mut self, faults: &mut $crate::error::Faults, limits: &$crate::inventory::VehicleLimits) {
                $($crate::inventory::limits::$limit(
                    faults,
                    concat!("/", stringify!($name)),
                    &mut self.$name,
                    $($argument,)?
                    limits,
                );)+
            }
        }
    };
}
pub(crate) use check_given;

/// Nothing to check here: the noun's `rules.rs` does.
pub(crate) fn own_rule<T>(_: &mut Faults, _: &str, _: &mut T, _: &VehicleLimits) {}

/// Nothing to check: every value is acceptable.
pub(crate) fn any<T>(_: &mut Faults, _: &str, _: &mut T, _: &VehicleLimits) {}

/// One line of at most this many characters.
pub(crate) fn text(faults: &mut Faults, pointer: &str, text: &mut Option<String>, longest: usize, _: &VehicleLimits) {
    *text = given_line(text.as_deref());
    fits(faults, pointer, text.as_deref(), longest);
}

/// At most `longest_text` characters, as they are.
pub(crate) fn long_text(faults: &mut Faults, pointer: &str, text: &mut Option<String>, limits: &VehicleLimits) {
    fits(faults, pointer, text.as_deref(), limits.longest_text);
}

fn fits(faults: &mut Faults, pointer: &str, text: Option<&str>, longest: usize) {
    let fits = text.is_none_or(|text| is_storable(text, longest));
    faults.check(fits, pointer, format!("expected at most {longest} characters"));
}

/// At most this many characters, and not blank.
pub(crate) fn required_text(faults: &mut Faults, pointer: &str, text: &str, longest: usize) {
    let fits = !text.trim().is_empty() && is_storable(text, longest);
    faults.check(fits, pointer, format!("expected 1 to {longest} characters"));
}

/// From 0 to this number.
pub(crate) fn number(faults: &mut Faults, pointer: &str, number: &mut Option<i32>, most: i32, _: &VehicleLimits) {
    let fits = number.is_none_or(|number| (0..=most).contains(&number));
    faults.check(fits, pointer, format!("expected a number from 0 to {most}"));
}

/// A price, see [`price`].
pub(crate) fn amount(faults: &mut Faults, pointer: &str, amount: &mut Option<Money>, _: &VehicleLimits) {
    amount.iter().for_each(|amount| price(faults, pointer, *amount));
}

/// An amount that fits the column.
pub(crate) fn price(faults: &mut Faults, pointer: &str, price: Money) {
    faults.check(price.fits_a_price(), pointer, format!("expected an amount from 0.00 to {}", Money::MAX));
}

/// A web address.
pub(crate) fn url(faults: &mut Faults, pointer: &str, url: &mut Option<String>, _: &VehicleLimits) {
    url.iter().for_each(|url| web_address(faults, pointer, url, LONGEST_URL));
}

/// The web addresses of at most `most_images` pictures.
pub(crate) fn images(faults: &mut Faults, pointer: &str, images: &mut [String], limits: &VehicleLimits) {
    let most = limits.most_images;
    faults.check(images.len() <= most, pointer, format!("expected at most {most} pictures"));
    for (index, image) in images.iter().enumerate().take(most) {
        web_address(faults, &format!("{pointer}/{index}"), image, LONGEST_LISTED_TEXT);
    }
}

/// At most `most_features` lines. A blank one is none.
pub(crate) fn lines(faults: &mut Faults, pointer: &str, lines: &mut Vec<String>, limits: &VehicleLimits) {
    lines.iter_mut().for_each(|line| *line = line_of(line));
    lines.retain(|line| !line.is_empty());
    let most = limits.most_features;
    let fits = lines.len() <= most && lines.iter().all(|line| is_storable(line, LONGEST_LISTED_TEXT));
    faults.check(fits, pointer, format!("expected at most {most} lines of at most {LONGEST_LISTED_TEXT} characters"));
}

fn web_address(faults: &mut Faults, pointer: &str, text: &str, longest: usize) {
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let fits = is_web && is_storable(text, longest);
    faults.check(fits, pointer, format!("expected an http or https URL of at most {longest} characters"));
}

/// PostgreSQL has no text that holds a NUL character.
fn is_storable(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.contains('\0')
}
