//! What phrases say of a card, a title or a main heading: that it sells cars, or what else it is about.
//!
//! All phrases are looked for at once. What is deliberately not here: what follows from them (`decoys`), and single words
//! (`car_words`).

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::word_table::bits;

bits! {
    /// That a card sells no car, whatever else it shows.
    pub(super) SELLS_NO_CAR,
    /// The same, unless a price stands beside it: a dealer's card may say it of the car or of a contest.
    pub(super) MAY_SELL_NO_CAR,
    /// That something is looked up by its VIN, or what was: an auction, a lien.
    pub(super) LOOKS_UP,
    /// The same, unless cars are offered beside it: a theft, a recall.
    pub(super) MAY_LOOK_UP,
    /// Begins to say what a car was sold for, where an amount follows.
    pub(super) BROUGHT,
    /// Of any shop, which sells parts as well as cars.
    pub(super) SHOP,
    /// In a title, that its page is a list of vehicles for sale.
    pub(super) OFFERS,
    /// In a title, that it is a list of other things.
    pub(super) OFFERS_OTHERS,
    /// A payment of a loan.
    pub(super) PAYMENT,
    /// That a car is lent.
    pub(super) LENT,
    /// Of a lease, as words of their own.
    pub(super) LEASES,
    /// Of hiring a car, or of buying one from the visitor.
    pub(super) HIRING,
    /// Of the name of a dealer, as words of their own.
    pub(super) DEALER,
    /// In a main heading, that the page lists what is done to cars, paid for them or taken out of them.
    pub(super) OTHER_HEADING,
    /// In a main heading, that the VINs below it are those of parts, of wrecks or of reports.
    pub(super) LOOKS_UP_BELOW,
    /// That somebody buys cars.
    pub(super) BUYS,
    /// That any car has its payment estimated.
    pub(super) ESTIMATE,
    /// Of a model or of a market rather than of one car.
    pub(super) MODEL,
    /// Of a model, of an article or of a car of a shop: what its page is tells.
    pub(super) MAYBE_MODEL,
    /// An invitation to learn more.
    pub(super) LEARN_MORE,
    /// That a price is told by phone, or that the car is nearly or just gone.
    pub(super) CALL,
    /// The first alone: whoever says it has a price.
    pub(super) PRICE_BY_PHONE,
    /// Of what is paid at first, as a word of its own.
    pub(super) DOWN,
    /// Where a wreck stands in a yard, where a number follows.
    pub(super) YARD,
    /// When it came there.
    pub(super) ARRIVED,
    /// What work took, where a number follows.
    pub(super) WORK,
    /// Of work.
    pub(super) LABOR,
}

/// The known phrases by what they say, in lower case.
const PHRASES: [(u32, &[&str]); 27] = [
    (
        SELLS_NO_CAR,
        &[
            "affected vin",
            "bid history",
            "bid to $",
            "bids:",
            "final bid",
            "hammer price",
            "lien amount",
            "price as tested",
            "pull your own",
            "winning bid",
        ],
    ),
    (
        MAY_SELL_NO_CAR,
        &[
            "advertised at",
            "auction date",
            "budget $",
            "budget:",
            "cash alternative",
            "claim #",
            "cost to date",
            "daily rate",
            "dealer asks",
            "dealer is asking",
            "dealer wants",
            "draw date",
            "draw on",
            "draws on",
            "dyno",
            "ecu tune",
            "enter to win",
            "entries close",
            "max budget",
            "max mileage",
            "max price",
            "max. price",
            "maximum price",
            "open recall",
            "part out",
            "parting out",
            "parts from",
            "pays $",
            "per entry",
            "per hour",
            "per night",
            "per ticket",
            "quoted $",
            "raffle",
            "rent this",
            "repair cost",
            "salary",
            "sale date",
            "settlement",
            "sold at auction",
            "sold for",
            "sold price",
            "stage 1",
            "stolen",
            "ticket price",
            "tickets $",
            "tickets from",
            "tickets: $",
            "we paid",
            "we pay",
            "weekly rate",
            "went for",
            "what would you pay",
            "win this",
            "would pay",
            "your bid",
        ],
    ),
    (
        LOOKS_UP,
        &["affected vin", "bid history", "final bid", "hammer price", "lien amount", "pull your own", "winning bid"],
    ),
    (
        MAY_LOOK_UP,
        &[
            "assessed damage",
            "damage estimate",
            "date of loss",
            "estimated damage",
            "impound",
            "last serviced",
            "next service",
            "open recall",
            "recalls",
            "sold for",
            "stolen",
            "theft",
            "towed",
        ],
    ),
    (BROUGHT, &["sold:", "sold in ", "sold on ", "sold after ", "sold at $", "shipped "]),
    (SHOP, &["add to bag", "add to basket", "add to cart"]),
    (
        OFFERS,
        &[
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
        ],
    ),
    (
        OFFERS_OTHERS,
        &[
            "accessories",
            "auction",
            "best",
            "guide",
            "insurance",
            "parts",
            "recall",
            "rent",
            "rental",
            "renting",
            "review",
            "sell your",
            "service",
            "sold",
            "value",
            "wanted",
        ],
    ),
    (PAYMENT, &["/mo", "bi-weekly", "biweekly", "monthly", "per month", "weekly payment", "/bi"]),
    (LENT, &["lease", "rent", "subscri", "due at signing", "per day", "/day", "included"]),
    (LEASES, &["lease", "leases", "leasing", "due at signing"]),
    (
        HIRING,
        &[
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
        ],
    ),
    (
        DEALER,
        &[
            "auto",
            "autohaus",
            "automotive",
            "autoplex",
            "autos",
            "carros",
            "cars for sale",
            "dealer",
            "dealership",
            "en venta",
            "for sale",
            "imports",
            "inventory",
            "motorcar",
            "motors",
            "sales",
            "seminuevos",
            "\u{e0} vendre",
        ],
    ),
    (
        OTHER_HEADING,
        &[
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
            "hold their value",
            "residual value",
            "resale value",
            "stolen",
            "worth after",
            "donated",
            "engines",
            "impound",
            "junkyard",
            "junk yard",
            "lien sale",
            "load board",
            "long-term",
            "owner complaints",
            "owners paid",
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
            "we offered",
            "we paid",
            "wraps",
        ],
    ),
    (
        LOOKS_UP_BELOW,
        &[
            "history report",
            "notice of lien",
            "pull your own",
            "recall campaign",
            "self-service yard",
            "u-pull",
            "window sticker",
            "you pull",
        ],
    ),
    (BUYS, &["we buy"]),
    (
        ESTIMATE,
        &[
            "build my deal",
            "build your deal",
            "estimate payment",
            "estimate your payment",
            "estimate my payment",
            "explore payment",
        ],
    ),
    (
        MODEL,
        &[
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
            "price new",
            "price range",
            "private party",
            "published",
            "starting",
            "starts at",
            "trade-in",
        ],
    ),
    (MAYBE_MODEL, &["from $", "read more"]),
    (LEARN_MORE, &["learn more", "explore"]),
    (
        CALL,
        &[
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
            "ask for",
            "text us",
            "email us",
            "sale pending",
            "coming soon",
            "sold",
        ],
    ),
    (
        PRICE_BY_PHONE,
        &[
            "ask for price",
            "call for price",
            "call for pricing",
            "call for our price",
            "contact for price",
            "inquire for price",
            "llame para precio",
            "price on request",
            "prix sur demande",
            "request price",
            "text us for the price",
        ],
    ),
    (DOWN, &["down", "enganche"]),
    (YARD, &["row "]),
    (ARRIVED, &["arrived"]),
    (WORK, &["took "]),
    (LABOR, &["labor"]),
];

/// The phrases in one search, with what each says.
static SEARCH: LazyLock<Option<(AhoCorasick, Vec<u32>)>> = LazyLock::new(|| {
    let mut known: BTreeMap<&str, u32> = BTreeMap::new();
    for (says, phrases) in PHRASES {
        phrases.iter().for_each(|phrase| *known.entry(phrase).or_default() |= says);
    }
    let search = AhoCorasick::new(known.keys()).ok()?;
    Some((search, known.into_values().collect()))
});

/// What counts only where it is not denied: `never stolen`, `open recalls: 0`.
const DENIABLE: u32 = MAY_SELL_NO_CAR | MAY_LOOK_UP;
/// What counts only where it stands apart from the letters around it: `withdraw on`, `anti-theft` and `recall` say nothing.
const APART: u32 = DENIABLE | SELLS_NO_CAR | LOOKS_UP | CALL | DEALER | OFFERS_OTHERS | LEASES | DOWN;

/// What the phrases of a text in lower case say.
pub(super) fn said_in(lower: &str) -> u32 {
    let Some((search, says)) = &*SEARCH else { return 0 };
    search
        .find_overlapping_iter(lower)
        .fold(0, |said, found| said | (says[found.pattern().as_usize()] & !unsaid(lower, found.range())))
}

/// What a phrase does not say where it stands within words, or where it is denied.
fn unsaid(lower: &str, place: Range<usize>) -> u32 {
    let (before, phrase, behind) = (&lower[..place.start], &lower[place.clone()], &lower[place.end..]);
    let is_word = phrase.ends_with(char::is_alphabetic);
    let more = if is_word { behind.strip_prefix('s').unwrap_or(behind) } else { behind };
    let begins_within = phrase.starts_with(char::is_alphanumeric)
        && before.ends_with(|sign: char| sign.is_alphanumeric() || sign == '-');
    let ends_within = phrase.ends_with(char::is_alphanumeric) && more.starts_with(char::is_alphanumeric);
    if begins_within || ends_within {
        APART
    } else if is_word && is_denied(before, more) {
        DENIABLE
    } else {
        0
    }
}

/// Whether the words of a clause in front of a phrase deny it, or the word behind it, as an answer does.
fn is_denied(before: &str, behind: &str) -> bool {
    const WORDS_BETWEEN: usize = 3;
    const BYTES_BETWEEN: usize = 40;
    const DENYING: [&str; 15] = [
        "0", "aren't", "clear", "free", "hasn't", "isn't", "never", "no", "non", "none", "nor", "not", "wasn't",
        "without", "zero",
    ];
    /// Of what a car has against it: `theft deterrent`.
    const EQUIPMENT: [&str; 5] = ["alarm", "deterrent", "protection", "recovery", "system"];
    let denies = |word: &str| DENYING.contains(&word);
    let mut start = before.len().saturating_sub(BYTES_BETWEEN);
    while !before.is_char_boundary(start) {
        start += 1;
    }
    let clause = before[start..].rsplit(['.', '!', '?', ';', ':', '|', '\u{2022}']).next().unwrap_or_default();
    let mut answer =
        behind.trim_start_matches([' ', ':', '-', '=', '?', '(']).split(|sign: char| !sign.is_alphanumeric());
    clause.split_ascii_whitespace().rev().take(WORDS_BETWEEN).any(|word| denies(word.trim_matches(',')))
        || answer.next().is_some_and(|word| denies(word) || EQUIPMENT.contains(&word))
}

/// The phrases that say something.
pub(super) fn phrases_of(says: u32) -> impl Iterator<Item = &'static str> {
    PHRASES.into_iter().filter(move |(known, _)| known & says != 0).flat_map(|(_, phrases)| phrases).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_all_of_its_phrases_say() {
        for (says, phrases) in PHRASES {
            for phrase in phrases {
                assert_eq!(said_in(&format!("a {phrase} b")) & says, says, "{phrase}");
                assert_eq!(*phrase, phrase.to_lowercase());
            }
        }
        assert_eq!(said_in("2019 ford f-150 xlt, 45,678 miles"), 0);
    }

    #[test]
    fn what_stands_within_words_or_is_denied_is_not_said() {
        for text in [
            "withdraw on request",
            "anti-theft alarm",
            "theft-deterrent system",
            "theft recovery",
            "never stolen, clean title",
            "not reported stolen",
            "no open recalls",
            "no accidents, theft or damage",
            "open recalls: 0",
            "stolen? no",
            "reclaim #7",
            "it has never been stolen",
        ] {
            assert_eq!(said_in(text) & DENIABLE, 0, "{text}");
        }
        for text in ["no haggling. stolen in ohio", "1 open recall", "recalls: 3", "stolen 11/20", "stolen"] {
            assert_ne!(said_in(text) & DENIABLE, 0, "{text}");
        }
        assert_eq!(said_in("3 recalls") & CALL, 0);
        assert_eq!(said_in("used cars in brentwood") & OFFERS_OTHERS, 0);
    }
}
