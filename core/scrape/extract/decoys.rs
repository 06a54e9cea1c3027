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
const GOODS: [&str; 53] = [
    "accessories",
    "accessory",
    "alternator",
    "assembly",
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
    "coating",
    "cover",
    "covers",
    "decal",
    "decals",
    "diecast",
    "ecu",
    "emblem",
    "exhaust",
    "fender",
    "filter",
    "floor",
    "fob",
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
    "tint",
    "wheels",
    "wiper",
    "wrap",
];

/// Parts of a vehicle that are sold as such where a heading ends in one.
const PARTS: [&str; 12] = [
    "axle",
    "clutch",
    "dashboard",
    "differential",
    "door",
    "engine",
    "hood",
    "seats",
    "starter",
    "tailgate",
    "transmission",
    "windshield",
];

/// Whether a heading names something else than a vehicle.
pub(super) fn is_no_vehicle(heading: &str) -> bool {
    names_a_text(heading) || names_goods(heading)
}

/// Whether a heading is that of a text about a vehicle, though it begins like one's: `2024 Ford Mustang Review`.
pub(super) fn names_a_text(heading: &str) -> bool {
    let lower = heading.to_lowercase();
    words(&lower).any(|word| ABOUT.contains(&word))
}

/// Whether a heading is that of a thing for a vehicle. What a car comes with is none: `w/ Tow Hitch`.
pub(super) fn names_goods(heading: &str) -> bool {
    const BOOKS: [&str; 7] = ["owner's", "owners", "repair", "service", "shop", "user", "workshop"];
    let lower = heading.to_lowercase();
    let mut before = "";
    for word in words(&lower) {
        if matches!(word, "w" | "with") && !before.is_empty() {
            return false;
        }
        let is_of_the_car = match word {
            "charger" => before == "dodge",
            "manual" => !BOOKS.contains(&before),
            // `Model 3 Long Range Battery`
            "battery" => before == "range",
            _ => false,
        };
        if GOODS.contains(&word) && !is_of_the_car {
            return true;
        }
        before = word;
    }
    ends_in_a_part(&lower)
}

/// `2019 Ford F-150 Transmission`, but not `2019 Ford F-150 Automatic Transmission` or `2019 Honda Civic 4 Door`.
fn ends_in_a_part(lower: &str) -> bool {
    const OF_CARS: [&str; 7] = ["auto", "automatic", "cvt", "manual", "speed", "two", "four"];
    let mut last = words(lower).collect::<Vec<_>>().into_iter().rev();
    let is_part = last.next().is_some_and(|word| PARTS.contains(&word));
    let before = last.next().unwrap_or_default();
    let is_of_a_car =
        OF_CARS.contains(&before) || (before.len() <= 2 && before.bytes().any(|byte| byte.is_ascii_digit()));
    is_part && !is_of_a_car
}

/// Whether a word is that of a part or of a thing for a car.
pub(super) fn is_part(word: &str) -> bool {
    GOODS.iter().chain(&PARTS).any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a heading ends in a part, which a few dollars are asked for.
pub(super) fn ends_in_any_part(heading: &str) -> bool {
    let lower = heading.to_lowercase();
    words(&lower).last().is_some_and(|word| PARTS.contains(&word) && word != "door")
}

fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split(|sign: char| !(sign.is_alphanumeric() || sign == '\'')).filter(|word| !word.is_empty())
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
    const WORDS: [&str; 38] = [
        "affected vin",
        "auction date",
        "bid to $",
        "bid history",
        "bids:",
        "claim #",
        "daily rate",
        "dyno",
        "ecu tune",
        "final bid",
        "hammer price",
        "lien amount",
        "open recall",
        "part out",
        "parting out",
        "parts from",
        "sale date",
        "settlement",
        "stage 1",
        "stolen",
        "per hour",
        "per night",
        "per ticket",
        "price as tested",
        "pull your own",
        "raffle",
        "rent this",
        "repair cost",
        "salary",
        "sold at auction",
        "sold for",
        "sold price",
        "we pay",
        "weekly rate",
        "win this",
        "winning bid",
        "we paid",
        "your bid",
    ];
    let counts =
        |words: &str| lower.match_indices(words).any(|(at, _)| lower[at + words.len()..].starts_with(is_digit));
    // `Third row seats` and `Labor Day sale` are of cars.
    let is_in_a_yard = || counts("row ") && lower.contains("arrived") && !lower.contains('$');
    let is_of_work =
        || counts("took ") || lower.match_indices("labor").any(|(at, _)| !lower[at..].starts_with("labor day"));
    WORDS.iter().any(|word| lower.contains(word)) || is_in_a_yard() || is_of_work() || says_what_it_brought(lower)
}

/// Whether words say for how much a car was sold, or sent somewhere: `Sold: $41,000`, `Sold in 12 days at $20,000`, `Shipped to Ohio for
/// $900`. A card of a car that is marked as sold has its price beside the mark: `SOLD $41,000`.
pub(super) fn says_what_it_brought(lower: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["sold:", "sold in ", "sold on ", "sold after ", "sold at $", "shipped "];
    const BYTES_BETWEEN: usize = 40;
    BEGINNINGS.iter().any(|words| {
        lower.match_indices(words).any(|(at, _)| {
            let behind = lower[at..].char_indices().take_while(|(place, _)| *place < words.len() + BYTES_BETWEEN);
            let mut before = ' ';
            let mut is_amount = false;
            for (_, sign) in behind {
                is_amount |= sign == '$' && matches!(before, ' ' | ':' | '-');
                before = sign;
            }
            is_amount
        })
    })
}

/// Whether the words of cards with a VIN say that they look something up, or what was: an auction, a theft, a recall.
pub(super) fn looks_up(lower: &str) -> bool {
    const WORDS: [&str; 16] = [
        "affected vin",
        "bid history",
        "lien amount",
        "pull your own",
        "final bid",
        "hammer price",
        "open recall",
        "recalls",
        "sold for",
        "stolen",
        "winning bid",
        "theft",
        "towed",
        "impound",
        "last serviced",
        "next service",
    ];
    WORDS.iter().any(|word| lower.contains(word)) || says_what_it_brought(lower)
}

/// Whether the words of a card are those of any shop, which sells parts as well as cars.
pub(super) fn is_of_a_shop(lower: &str) -> bool {
    ["add to bag", "add to basket", "add to cart"].iter().any(|words| lower.contains(words))
}

/// Fewer dollars in a shop ask for a part.
pub(super) const LEAST_PRICE_IN_A_SHOP: Money = Money::from_dollars(2_500);

/// Whether the title of a page says that it is a list of vehicles for sale.
pub(super) fn offers_cars(title: &str) -> bool {
    const OFFERS: [&str; 22] = [
        "autos usag\u{e9}es",
        "boats for sale",
        "d'occasion",
        "d\u{2019}occasion",
        "inventaire",
        "motorcycles for sale",
        "rvs for sale",
        "trailers for sale",
        "v\u{e9}hicules \u{e0} vendre",
        "vehicles in stock",
        "cars for sale",
        "inventory",
        "in stock",
        "pre-owned",
        "preowned",
        "suvs for sale",
        "trucks for sale",
        "used cars",
        "used suvs",
        "used trucks",
        "used vehicles",
        "vehicles for sale",
    ];
    const OTHERS: [&str; 14] = [
        "accessories",
        "auction",
        "best",
        "guide",
        "insurance",
        "parts",
        "recall",
        "rent",
        "review",
        "sell your",
        "service",
        "sold",
        "value",
        "wanted",
    ];
    let lower = title.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    says(&OFFERS) && !says(&OTHERS)
}

/// Whether words ask a part at first, as those who sell on credit do: nobody pays one who hires a car.
pub(super) fn pays_down(lower: &str) -> bool {
    let is_word = |word: &str| {
        lower.match_indices(word).any(|(at, _)| {
            let is_apart = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric());
            is_apart(lower[..at].chars().next_back()) && is_apart(lower[at + word.len()..].chars().next())
        })
    };
    ["down", "enganche"].into_iter().any(is_word) && !is_lent(lower)
}

/// Whether the words of a card state a payment of a loan.
pub(super) fn states_a_payment(lower: &str) -> bool {
    const WORDS: [&str; 7] = ["/mo", "bi-weekly", "biweekly", "monthly", "per month", "weekly payment", "/bi"];
    lower.contains('$') && WORDS.iter().any(|word| lower.contains(word)) && !is_lent(lower)
}

fn is_lent(lower: &str) -> bool {
    ["lease", "rent", "subscri", "due at signing", "per day", "/day", "included"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether the words of a card speak of hiring a car or of buying one from the visitor.
///
/// Cards of cars on offer have such words beside their price as well: `$289/month`, `Get a cash offer`, `Former rental: no`.
pub(super) fn speaks_of_hiring_or_buying(lower: &str) -> bool {
    const WORDS: [&str; 16] = [
        " pay: $",
        " our offer",
        "payout",
        "/day",
        "/month",
        "/week",
        "/wk",
        "/year",
        "/yr",
        "a day",
        "a year",
        "cash offer",
        "per day",
        "per week",
        "per year",
        "rental",
    ];
    let is_of_a_way = || lower.match_indices("distance ").any(|(at, _)| lower[at + 9..].starts_with(is_digit));
    WORDS.iter().any(|word| lower.contains(word)) || is_of_a_way()
}

fn is_digit(sign: char) -> bool {
    sign.is_ascii_digit()
}

/// Whether the main heading of a page says that what it lists is done to cars, paid for them or taken out of them: `Recent shipments`,
/// `Transmissions`, `Cars we bought`. The name of a dealer may hold any of these words.
pub(super) fn heads_other_things(heading: &str) -> bool {
    const DEALERS: [&str; 8] = ["auto", "autos", "cars for sale", "dealer", "for sale", "inventory", "motors", "sales"];
    const OTHERS: [&str; 39] = [
        "cost to own",
        "cost of ownership",
        "dyno results",
        "dyno runs",
        "upfits",
        "upfitting",
        "auction results",
        "before & after",
        "before and after",
        "brochures",
        "completed listings",
        "depreciation",
        "engines",
        "impound",
        "junkyard",
        "junk yard",
        "lien sale",
        "long-term",
        "paint jobs",
        "past auctions",
        "projects",
        "rebates",
        "recall",
        "repairs",
        "repair stories",
        "road test",
        "routes",
        "salvage yard",
        "settlements",
        "shipments",
        "shipped",
        "trade-in examples",
        "transmissions",
        "transport",
        "tuning",
        "wanted",
        "we bought",
        "we paid",
        "wraps",
    ];
    let lower = heading.to_lowercase();
    let is_dealer = || {
        DEALERS.iter().any(|name| {
            lower.match_indices(name).any(|(at, _)| {
                let is_apart = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric());
                is_apart(lower[..at].chars().next_back()) && is_apart(lower[at + name.len()..].chars().next())
            })
        })
    };
    looks_up_in_a_heading(&lower) || (OTHERS.iter().any(|words| lower.contains(words)) && !is_dealer())
}

/// Whether a heading says that the VINs below it are those of parts, of wrecks or of reports.
pub(super) fn looks_up_in_a_heading(lower: &str) -> bool {
    const WORDS: [&str; 7] = [
        "history report",
        "notice of lien",
        "pull your own",
        "recall campaign",
        "self-service yard",
        "u-pull",
        "you pull",
    ];
    WORDS.iter().any(|words| lower.contains(words))
}

/// Whether the words of a card say that somebody buys cars: a button on cards of dealers, and what a page that buys cars shows.
pub(super) fn speaks_of_buying(lower: &str) -> bool {
    lower.contains("we buy")
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
    // Any car has its payment estimated.
    const OF_PAYMENTS: [&str; 6] = [
        "build my deal",
        "build your deal",
        "estimate payment",
        "estimate your payment",
        "estimate my payment",
        "explore payment",
    ];
    const WORDS: [&str; 23] = [
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
        "fair market",
        "fair purchase",
        "min read",
        "msrp",
        "price range",
        "private party",
        "published",
        "starting",
        "starts at",
        "trade-in",
    ];
    let without_payments =
        OF_PAYMENTS.iter().find(|words| lower.contains(**words)).map(|words| lower.replace(words, ""));
    let lower = without_payments.as_deref().unwrap_or(lower);
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether the words of a card are those of a model, of an article or of a car of a shop: what its page is tells.
pub(super) fn may_speak_of_a_model(lower: &str) -> bool {
    ["from $", "read more"].iter().any(|words| lower.contains(words))
}

/// Whether the words of a card invite to learn more, as those of a model do, and those of a car of many a small website.
pub(super) fn invites_to_learn_more(lower: &str) -> bool {
    ["learn more", "explore"].iter().any(|words| lower.contains(words))
}

/// Whether the words of a card say that its price is told by phone, or that the car is nearly or just gone.
pub(super) fn asks_to_call(lower: &str) -> bool {
    const WORDS: [&str; 13] = [
        "call",
        "appelez",
        "contactez",
        "sur demande",
        "llame",
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
