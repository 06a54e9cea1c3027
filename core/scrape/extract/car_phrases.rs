//! What phrases say of a card, a title or a main heading: that it sells cars, or what else it is about.
//!
//! All phrases are looked for at once. What is deliberately not here: what follows from them (`decoys`), and single words
//! (`car_words`).

use std::{collections::BTreeMap, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::word_table::bits;

bits! {
    /// That a card sells no car, whatever else it shows.
    pub(super) SELLS_NO_CAR,
    /// That something is looked up by its VIN, or what was: an auction, a theft, a recall.
    pub(super) LOOKS_UP,
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
const PHRASES: [(u32, &[&str]); 24] = [
    (
        SELLS_NO_CAR,
        &[
            "affected vin",
            "auction date",
            "bid to $",
            "bid history",
            "bids:",
            "cash alternative",
            "claim #",
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
            "final bid",
            "hammer price",
            "lien amount",
            "open recall",
            "part out",
            "parting out",
            "parts from",
            "pays $",
            "sale date",
            "settlement",
            "stage 1",
            "stolen",
            "ticket price",
            "tickets $",
            "tickets from",
            "tickets: $",
            "per entry",
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
            "what would you pay",
            "win this",
            "winning bid",
            "we paid",
            "your bid",
        ],
    ),
    (
        LOOKS_UP,
        &[
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
    (DEALER, &["auto", "autos", "cars for sale", "dealer", "for sale", "inventory", "motors", "sales"]),
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
            "sale pending",
            "coming soon",
            "sold",
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

/// What the phrases of a text in lower case say.
pub(super) fn said_in(lower: &str) -> u32 {
    let Some((search, says)) = &*SEARCH else { return 0 };
    search.find_overlapping_iter(lower).fold(0, |said, found| said | says[found.pattern().as_usize()])
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
}
