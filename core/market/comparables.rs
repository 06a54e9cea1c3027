//! Which listings are fit to compare with, which of them are one vehicle, and which a tier of the search takes in.
//!
//! What is deliberately not here: prices beyond their bounds, and how the listings were loaded.

use std::{cmp::Ordering, collections::HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::vin;

use super::{Comparable, LeftOut, PricingRules, Source, Subject, Supply, TierLimits, config, quantile::Sorted};

const SECONDS_A_DAY: f64 = 86_400.0;

type VinKey = [u8; 17];

/// The VINs of our own stock, which are never compared with; load them once for any number of analyses.
#[derive(Clone, Debug, Default)]
pub struct OwnVins(HashSet<VinKey>);

impl<'a> FromIterator<&'a str> for OwnVins {
    fn from_iter<I: IntoIterator<Item = &'a str>>(vins: I) -> Self {
        Self(vins.into_iter().filter_map(vin::key).collect())
    }
}

/// What makes two listings one vehicle. A missing key is equal to nothing, so it is no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity<'a> {
    Vin(VinKey),
    Listing(Source, &'a str),
}

fn identity(comparable: &Comparable) -> Option<Identity<'_>> {
    fn present(text: Option<&String>) -> Option<&str> {
        text.map(|text| text.trim()).filter(|text| !text.is_empty())
    }
    let listing = || present(comparable.external_id.as_ref()).or_else(|| present(comparable.url.as_ref()));
    match comparable.vin.as_deref().and_then(vin::key) {
        Some(vin) => Some(Identity::Vin(vin)),
        None => listing().map(|name| Identity::Listing(comparable.source, name)),
    }
}

/// Whether a text names anything at all; what does not is the same as nothing.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Whether two names are the same but for case, spaces and punctuation: `F-150` and `f150`.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    let folded = |text| str::chars(text).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    is_name(a) && folded(a).eq(folded(b))
}

/// A name as [`same_name`] compares it.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether the words for a title say that it is branded, such as `Salvage` or `Lemon-law buyback`.
pub(super) fn is_branded_title(title_status: &str) -> bool {
    const BRANDS: [&str; 9] =
        ["branded", "buyback", "flood", "junk", "lemon", "rebuilt", "reconstructed", "salvage", "total loss"];
    let words = title_status.to_lowercase();
    BRANDS.iter().any(|brand| words.contains(brand))
}

/// Whether a free text, such as a trim or the path of a page, says in so many words that the title is branded.
///
/// `salvage` says it alone; other words only beside `title`, as an engine may be rebuilt, and none where it is denied just
/// before.
///
/// What says nothing is no clean title, but nothing is known against it.
pub(super) fn says_branded(text: &str) -> bool {
    const BESIDE_TITLE: [&str; 8] =
        ["branded", "flood", "junk", "lemon", "rebuilt", "reconstructed", "restored", "salvaged"];
    const DENIALS: [&str; 6] = ["no", "non", "not", "never", "without", "zero"];
    // Nearly every text is done with here, and a search reads those of thousands of listings.
    let has = |word: &[u8]| text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    if !has(b"title") && !has(b"salvage") {
        return false;
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let word = |place: usize| words.get(place).map(String::as_str);
    let before = |place: usize| place.checked_sub(1).and_then(word);
    (0..words.len()).any(|place| {
        let is_brand = word(place).is_some_and(|brand| {
            let beside_title = word(place + 1) == Some("title") || before(place) == Some("title");
            brand == "salvage" || (beside_title && BESIDE_TITLE.contains(&brand))
        });
        is_brand && !before(place).is_some_and(|before| DENIALS.contains(&before))
    })
}

/// Whether the page of a listing says so in its path; the name of its host belongs to the dealer.
pub(super) fn path_says_branded(url: &str) -> bool {
    let after_host = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    after_host.is_some_and(says_branded)
}

/// Whether what else a page gave about a listing says so: a field that is about the title or the condition by its word, a
/// yes to being branded, any other text by [`says_branded`]. What can not be read says nothing.
pub(super) fn record_says_branded(record: &str) -> bool {
    const OF_THE_TITLE: [&str; 5] = ["condition", "titlebrand", "titlecondition", "titlestatus", "titletype"];
    const YES_OR_NO: [&str; 6] = ["branded", "brandedtitle", "hasbrandedtitle", "isbranded", "issalvage", "salvage"];
    fn says(name: &str, value: &Value) -> bool {
        let is_one_of = |names: &[&str]| names.contains(&name);
        match value {
            Value::Bool(yes) => *yes && is_one_of(&YES_OR_NO),
            Value::String(words) if is_one_of(&OF_THE_TITLE) => is_branded_title(words),
            Value::String(words) => says_branded(words),
            Value::Array(items) => items.iter().any(|item| says(name, item)),
            Value::Object(fields) => fields.iter().any(|(name, value)| says(&folded(name), value)),
            Value::Null | Value::Number(_) => false,
        }
    }
    serde_json::from_str::<Value>(record).is_ok_and(|record| says("", &record))
}

/// The mileage, where it is one.
pub(super) fn known_mileage(mileage: Option<i32>) -> Option<i32> {
    mileage.filter(|miles| *miles >= 0)
}

/// When the listing was sold, as far as is known at the time.
fn sold_by(comparable: &Comparable, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    comparable.sold_at.filter(|sold_at| *sold_at <= now)
}

/// The listings fit to compare with, still with duplicates, each with its identity.
pub(super) struct Sound<'a>(Vec<(Option<Identity<'a>>, &'a Comparable)>);

impl<'a> Sound<'a> {
    /// Leaves out what no tier may use and counts it. Placeholder prices go before duplicates are compared: they would win.
    pub(super) fn among(
        candidates: &'a [Comparable],
        subject: &Subject,
        own: &OwnVins,
        rules: &PricingRules,
        now: DateTime<Utc>,
    ) -> (Self, LeftOut) {
        let mut left_out = LeftOut::default();
        let subject_vin = subject.vin.as_deref().and_then(vin::key);
        // One page may say of a title what another leaves out.
        let branded: HashSet<VinKey> =
            candidates.iter().filter(|one| one.branded).filter_map(|one| vin::key(one.vin.as_deref()?)).collect();
        let mut sound = Vec::with_capacity(candidates.len());
        for comparable in candidates {
            let identity = identity(comparable);
            let is_own =
                matches!(identity, Some(Identity::Vin(vin)) if own.0.contains(&vin) || Some(vin) == subject_vin);
            let reason = if is_own {
                &mut left_out.own
            } else if !same_name(&comparable.make, &subject.make) || !same_name(&comparable.model, &subject.model) {
                &mut left_out.unlike
            } else if !has_believable_price(comparable, rules) {
                &mut left_out.price
            } else if !subject.branded
                && (comparable.branded || matches!(identity, Some(Identity::Vin(vin)) if branded.contains(&vin)))
            {
                &mut left_out.branded
            } else if !is_fresh(comparable, rules, now) {
                &mut left_out.stale
            } else if comparable.distance_miles.is_some_and(|miles| miles > rules.radius_miles) {
                &mut left_out.distant
            } else {
                sound.push((identity, comparable));
                continue;
            };
            *reason += 1;
        }
        (Self(sound), left_out)
    }

    /// One listing a vehicle: the lower price, then the newer sighting. Without an identity each is a vehicle of its own.
    pub(super) fn vehicles(&self) -> Vec<&'a Comparable> {
        self.distinct(|a, b| a.price.cmp(&b.price).then(b.last_seen_at.cmp(&a.last_seen_at)))
    }

    /// The supply among the competitors' listings that a tier takes in, each vehicle as it was last seen.
    pub(super) fn supply(
        &self,
        takes: impl Fn(&Comparable) -> bool,
        rules: &PricingRules,
        now: DateTime<Utc>,
    ) -> Supply {
        let watched =
            self.0.iter().filter(|(_, comparable)| comparable.source == Source::Competitor && takes(comparable));
        let watched = Self(watched.copied().collect());
        let vehicles = watched.distinct(|a, b| b.last_seen_at.cmp(&a.last_seen_at));
        let days_to_sell: Vec<f64> = vehicles
            .iter()
            .filter_map(|vehicle| Some((sold_by(vehicle, now)? - vehicle.first_seen_at).num_seconds().max(0) as f64))
            .map(|seconds| seconds / SECONDS_A_DAY)
            .collect();
        let sold = days_to_sell.len();
        let active = vehicles.len() - sold;
        Supply {
            active,
            sold,
            days: (sold > 0).then(|| active as f64 * rules.sold_within_days as f64 / sold as f64),
            days_to_sell: (sold >= rules.days_to_sell_sample)
                .then(|| Sorted::new(days_to_sell))
                .flatten()
                .map(|days| days.median()),
        }
    }

    fn distinct(&self, prefer: impl Fn(&Comparable, &Comparable) -> Ordering) -> Vec<&'a Comparable> {
        let mut ordered = self.0.clone();
        ordered.sort_unstable_by(|(a_identity, a), (b_identity, b)| {
            a_identity.cmp(b_identity).then_with(|| prefer(a, b)).then_with(|| settled_order(a, b))
        });
        ordered.dedup_by(|(later, _), (earlier, _)| later.is_some() && later == earlier);
        ordered.into_iter().map(|(_, comparable)| comparable).collect()
    }
}

/// An order by content alone, so that the order of loading never shows in a result.
pub(super) fn settled_order(a: &Comparable, b: &Comparable) -> Ordering {
    fn texts(c: &Comparable) -> [Option<&str>; 5] {
        [&c.external_id, &c.url, &c.vin, &c.dealer, &c.trim].map(Option::as_deref)
    }
    let miles = |c: &Comparable| c.distance_miles.unwrap_or(f64::INFINITY);
    (a.source, a.price, a.mileage, a.year)
        .cmp(&(b.source, b.price, b.mileage, b.year))
        .then_with(|| (a.last_seen_at, a.first_seen_at, a.sold_at).cmp(&(b.last_seen_at, b.first_seen_at, b.sold_at)))
        .then_with(|| miles(a).total_cmp(&miles(b)))
        .then_with(|| texts(a).cmp(&texts(b)))
}

fn has_believable_price(comparable: &Comparable, rules: &PricingRules) -> bool {
    comparable
        .price
        .is_some_and(|price| price.cents() > 0 && price >= rules.lowest_price && price <= rules.highest_price)
}

/// Whether it was not on offer for too long, and not sold too long ago.
fn is_fresh(comparable: &Comparable, rules: &PricingRules, now: DateTime<Utc>) -> bool {
    let sold_at = sold_by(comparable, now);
    let offered_for = sold_at.unwrap_or(now) - comparable.first_seen_at;
    offered_for <= config::days(rules.listed_within_days)
        && sold_at.is_none_or(|sold_at| now - sold_at <= config::days(rules.sold_within_days))
}

/// One try of the search: a tier, perhaps narrowed to the subject's trim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    /// From 1.
    pub(super) tier: usize,
    pub(super) limits: TierLimits,
    pub(super) trim: Option<&'a str>,
}

impl<'a> Search<'a> {
    /// The searches in the order they are tried; the trim narrows the first tier only.
    pub(super) fn in_order(subject: &'a Subject, rules: &PricingRules) -> Vec<Self> {
        let tiers = if rules.tiers.is_empty() { vec![rules.widest()] } else { rules.tiers.clone() };
        let trim = subject.trim.as_deref().map(str::trim).filter(|trim| !trim.is_empty());
        let narrowed = tiers.first().filter(|_| trim.is_some()).map(|&limits| Self { tier: 1, limits, trim });
        let plain = (1..).zip(&tiers).map(|(tier, &limits)| Self { tier, limits, trim: None });
        narrowed.into_iter().chain(plain).collect()
    }

    /// Whether the search takes the listing in. An unknown mileage is within any window.
    pub(super) fn takes(&self, comparable: &Comparable, subject: &Subject) -> bool {
        let within = |a: i32, b: i32, window: i32| (i64::from(a) - i64::from(b)).abs() <= i64::from(window);
        let mileage_fits = match (known_mileage(subject.mileage), known_mileage(comparable.mileage)) {
            (Some(ours), Some(theirs)) => within(ours, theirs, self.limits.mileage_window),
            _ => true,
        };
        mileage_fits
            && within(subject.year, comparable.year, self.limits.year_window)
            && self.trim.is_none_or(|trim| comparable.trim.as_deref().is_some_and(|other| same_name(trim, other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_but_for_case_and_punctuation() {
        for (a, b, same) in [
            ("F-150", "f150", true),
            ("C-Class", "C Class", true),
            ("Camry", "Camry LE", false),
            ("", "", false),
            ("-", "--", false),
            ("ŠKODA", "škoda", true),
        ] {
            assert_eq!(same_name(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn titles_are_branded_by_their_words() {
        for (title, branded) in [
            ("Salvage", true),
            ("REBUILT", true),
            ("Lemon-law buyback", true),
            ("Clean", false),
            ("", false),
            ("lien", false),
        ] {
            assert_eq!(is_branded_title(title), branded, "{title}");
        }
    }

    #[test]
    fn free_texts_are_believed_where_they_are_explicit() {
        for (text, branded) in [
            ("SE *Salvage Title*", true),
            ("LE REBUILT TITLE", true),
            ("title: rebuilt", true),
            ("Limited (branded title)", true),
            ("salvage", true),
            ("Sport, rebuilt engine", false),
            ("no salvage title", false),
            ("Non-salvage", false),
            ("never flood title", false),
            ("Clean title", false),
            ("Lemon Yellow", false),
            ("title", false),
            ("", false),
        ] {
            assert_eq!(says_branded(text), branded, "{text}");
        }
        for (url, branded) in [
            ("https://x.example/used/2019-toyota-camry-salvage-title-123", true),
            ("https://salvage.example/used/2019-toyota-camry", false),
            ("https://salvage.example", false),
            ("/used/rebuilt-title", false),
        ] {
            assert_eq!(path_says_branded(url), branded, "{url}");
        }
    }

    #[test]
    fn records_are_read_by_what_their_fields_are_about() {
        for (record, branded) in [
            (r#"{"title_status": "Rebuilt"}"#, true),
            (r#"{"titleStatus": "clean"}"#, false),
            (r#"{"title": "2019 Jeep Wrangler Lemon"}"#, false),
            (r#"{"title": "2019 Jeep Wrangler, salvage title"}"#, true),
            (r#"{"is_salvage": true}"#, true),
            (r#"{"salvage": false}"#, false),
            (r#"{"notes": ["one owner", {"more": "rebuilt title"}]}"#, true),
            (r#"{"condition": "used"}"#, false),
            ("not json, salvage title", false),
        ] {
            assert_eq!(record_says_branded(record), branded, "{record}");
        }
    }

    #[test]
    fn placeholders_are_no_vins() {
        assert_eq!(vin::key(" 1m8gdm9axkp042788 "), Some(*b"1M8GDM9AXKP042788"));
        for text in
            ["", "N/A", "00000000000000000", "XXXXXXXXXXXXXXXXX", "1M8GDM9A-KP042788", "1M8GDM9AXKP04278", "ééééééééé"]
        {
            assert_eq!(vin::key(text), None, "{text}");
        }
    }
}
