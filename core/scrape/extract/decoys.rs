//! What is named like a vehicle and is none on offer: articles, models, parts, rentals, cars that are sold.
//!
//! These words are asked only where no VIN proves a vehicle. What is deliberately not here: prices and labels.

use crate::Money;

/// Fewer dollars ask for a part, a day or a month, not for a car.
pub(super) const LEAST_PRICE: Money = Money::from_dollars(500);

/// Words of texts about a vehicle.
const ABOUT: [&str; 33] = [
    "announced",
    "awards",
    "buyer's",
    "comparison",
    "debuts",
    "explained",
    "faq",
    "forum",
    "giveaway",
    "guide",
    "how",
    "lease",
    "leasing",
    "news",
    "overview",
    "podcast",
    "pricing",
    "problems",
    "rates",
    "recall",
    "recalls",
    "rental",
    "rentals",
    "report",
    "review",
    "reviewed",
    "reviews",
    "revealed",
    "specs",
    "test",
    "tested",
    "versus",
    "vs",
];
/// Words of things for a vehicle.
const GOODS: [&str; 46] = [
    "accessories",
    "accessory",
    "alternator",
    "battery",
    "bearing",
    "bracket",
    "brake",
    "brakes",
    "bumper",
    "cable",
    "caliper",
    "carpet",
    "charger",
    "cover",
    "covers",
    "decal",
    "ecu",
    "emblem",
    "exhaust",
    "fender",
    "filter",
    "floor",
    "gasket",
    "grille",
    "headlight",
    "headlights",
    "hitch",
    "hubcap",
    "kit",
    "kits",
    "liner",
    "manual",
    "mat",
    "mats",
    "mirror",
    "muffler",
    "oem",
    "pads",
    "parts",
    "radiator",
    "rotor",
    "rotors",
    "spoiler",
    "supercharger",
    "wheels",
    "wiper",
];

/// Whether a heading names something else than a vehicle, though it begins like one: `2024 Ford Mustang Review`.
pub(super) fn is_no_vehicle(heading: &str) -> bool {
    let lower = heading.to_lowercase();
    let mut words = lower.split(|sign: char| !(sign.is_alphanumeric() || sign == '\''));
    words.any(|word| ABOUT.contains(&word) || GOODS.contains(&word))
}

/// Whether an address leads to articles, parts, rentals, jobs or what was sold.
pub(super) fn leads_elsewhere(url: &str) -> bool {
    const PLACES: [&str; 20] = [
        "article",
        "articles",
        "blogs",
        "compare",
        "comparison",
        "forum",
        "forums",
        "guide",
        "guides",
        "part",
        "post",
        "posts",
        "recall",
        "recalls",
        "research",
        "review",
        "sold",
        "value",
        "values",
        "videos",
    ];
    // These say so as a part of a name as well: `/rental-cars/`.
    const WORDS: [&str; 14] = [
        "accessories",
        "blog",
        "careers",
        "insurance",
        "jobs",
        "news",
        "parts",
        "quote",
        "rent",
        "rental",
        "rentals",
        "reviews",
        "warranties",
        "warranty",
    ];
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let is_any = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    path.split('/')
        .skip(3)
        .any(|place| is_any(place, &PLACES) || place.split(['-', '_']).any(|word| is_any(word, &WORDS)))
}

/// Whether the words of a card say that it sells no car, whatever else it shows.
pub(super) fn sells_no_car(lower: &str) -> bool {
    const WORDS: [&str; 34] = [
        "/day",
        "/month",
        "/week",
        "/wk",
        "/year",
        "/yr",
        "a day",
        "a year",
        "add to bag",
        "add to basket",
        "add to cart",
        "cash offer",
        "daily rate",
        "hammer price",
        "per day",
        "per hour",
        "per night",
        "per ticket",
        "per week",
        "per year",
        "raffle",
        "rent this",
        "rental",
        "salary",
        "sold at auction",
        "sold for",
        "sold price",
        "we buy",
        "we pay",
        "weekly rate",
        "win this",
        "winning bid",
        "we paid",
        "your bid",
    ];
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether the heads of a table are those of rates.
pub(super) fn is_of_rates(heads: &str) -> bool {
    const WORDS: [&str; 8] = ["coverage", "daily", "hourly", "monthly", "nightly", "rate", "rates", "weekly"];
    heads
        .split(|sign: char| !sign.is_alphanumeric())
        .any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// Whether the words of a card speak of a model or of a market rather than of one car. They count where only an amount speaks for
/// a car.
pub(super) fn speaks_of_a_model(lower: &str) -> bool {
    const WORDS: [&str; 27] = [
        "annual",
        "as low as",
        "as shown",
        "average",
        "base price",
        "book value",
        "coverage",
        "insurance",
        "build &",
        "build and price",
        "build your",
        "configure",
        "estimate",
        "explore",
        "fair market",
        "fair purchase",
        "from $",
        "learn more",
        "min read",
        "msrp",
        "price range",
        "private party",
        "published",
        "read more",
        "starting",
        "starts at",
        "trade-in",
    ];
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether the words of a card say that its price is told by phone, or that the car is nearly or just gone.
pub(super) fn asks_to_call(lower: &str) -> bool {
    const WORDS: [&str; 9] = [
        "call",
        "inquire",
        "contact us",
        "contact dealer",
        "on request",
        "request price",
        "sale pending",
        "coming soon",
        "sold",
    ];
    WORDS.iter().any(|word| lower.contains(word))
}
