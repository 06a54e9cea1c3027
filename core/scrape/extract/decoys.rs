//! What is named like a vehicle and is none on offer: articles, models, parts, rentals, cars that are sold.
//!
//! It is asked only where no VIN proves a vehicle. What is deliberately not here: prices and labels, and the words and phrases
//! themselves (`car_words`, `car_phrases`).

use super::{
    car_phrases::{
        ARRIVED, BROUGHT, BUYS, CALL, DEALER, DOWN, ESTIMATE, HIRING, LABOR, LEARN_MORE, LEASES, LENT, LOOKS_UP,
        LOOKS_UP_BELOW, MAY_LOOK_UP, MAY_SELL_NO_CAR, MAYBE_MODEL, MODEL, OFFERS, OFFERS_OTHERS, OTHER_HEADING,
        PAYMENT, PRICE_BY_PHONE, SELLS_NO_CAR, SHOP, WORK, YARD, phrases_of, said_in,
    },
    car_words::{ABOUT, BOOK, DRIVETRAIN, GOODS, PART, PLACE, RATE, SECTION, STOCKED, TRADE, VEHICLES, WARES, means},
    numbers,
};
use crate::Money;

/// Fewer dollars ask for a part, a day or a month, not for a car.
pub(super) const LEAST_PRICE: Money = Money::from_dollars(500);
/// More dollars are asked for a car, whatever the heading of its page names.
pub(super) const MOST_FOR_GOODS: Money = Money::from_dollars(10_000);
/// Fewer dollars in a shop ask for a part.
pub(super) const LEAST_PRICE_IN_A_SHOP: Money = Money::from_dollars(2_500);

/// Whether a heading names something else than a vehicle.
pub(super) fn is_no_vehicle(heading: &str) -> bool {
    names_a_text(heading) || names_goods(heading)
}

/// Whether a heading is that of a text about a vehicle, though it begins like one's: `2024 Ford Mustang Review`.
pub(super) fn names_a_text(heading: &str) -> bool {
    words(heading).any(|word| means(word, ABOUT))
}

/// Whether a heading is that of a thing for a vehicle. What a car comes with is none: `w/ Tow Hitch`.
pub(super) fn names_goods(heading: &str) -> bool {
    let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
    let mut before = "";
    for word in words(heading) {
        if (is(word, "w") || is(word, "with")) && !before.is_empty() {
            return false;
        }
        if means(word, GOODS) {
            let is_of_the_car = match () {
                // `2015 CHARGER R/T`
                () if is(word, "charger") => is(before, "dodge") || numbers::year(before).is_some(),
                () if is(word, "manual") => !means(before, BOOK),
                // `Model 3 Long Range Battery`
                () if is(word, "battery") => is(before, "range"),
                () => false,
            };
            if !is_of_the_car {
                return true;
            }
        }
        before = word;
    }
    ends_in_a_part(heading)
}

/// Whether the things that a heading names are such as a car has: wheels, seats, a hitch. An engine is sold with the miles that it ran.
pub(super) fn names_equipment(heading: &str) -> bool {
    let is_seats = || words(heading).last().is_some_and(|word| word.eq_ignore_ascii_case("seats"));
    names_goods(heading) && !names_a_text(heading) && (!ends_in_a_part(heading) || is_seats())
}

/// `2019 Ford F-150 Transmission`, but not `2019 Ford F-150 Automatic Transmission` or `2019 Honda Civic 4 Door`.
fn ends_in_a_part(heading: &str) -> bool {
    let (mut before, mut last) = ("", "");
    words(heading).for_each(|word| before = std::mem::replace(&mut last, word));
    let is_of_a_car =
        means(before, DRIVETRAIN) || (before.len() <= 2 && before.bytes().any(|byte| byte.is_ascii_digit()));
    means(last, PART) && !is_of_a_car
}

/// Whether a word is that of a part or of a thing for a car.
pub(super) fn is_part(word: &str) -> bool {
    means(word, GOODS | PART)
}

/// Whether a heading ends in a part, which a few dollars are asked for.
pub(super) fn ends_in_any_part(heading: &str) -> bool {
    words(heading).last().is_some_and(|word| means(word, PART) && !word.eq_ignore_ascii_case("door"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !(sign.is_alphanumeric() || sign == '\'')).filter(|word| !word.is_empty())
}

/// Whether a main heading or a title names what is listed below it, and these are parts, work or rentals: `Used Transmission
/// Inventory`, `Axles and differentials`, `Turbo kits by vehicle`. `Cars with manual transmission` are cars.
pub(super) fn lists_other_goods(heading: &str, is_title: bool) -> bool {
    // What else a dealer does may be a part of its name.
    const WORDS_MAX: usize = 2;
    let all: Vec<&str> = words(heading).take_while(|word| !word.eq_ignore_ascii_case("by")).collect();
    let stocked = all.iter().rev().take_while(|word| means(word, STOCKED)).count();
    let named = &all[..all.len() - stocked];
    let Some(last) = named.last().filter(|_| !named.iter().any(|word| means(word, VEHICLES))) else { return false };
    let is_short = named.len() <= WORDS_MAX;
    // `Charger`, `Manual` and `Door` are of cars.
    let is_part = means(last, WARES) || (stocked > 0 && is_part_in_stock(last));
    (is_part && (!is_title || stocked > 0)) || (means(last, TRADE) && is_short && (!is_title || stocked > 0))
}

fn is_part_in_stock(word: &str) -> bool {
    const OF_CARS: [&str; 4] = ["charger", "door", "manual", "wrap"];
    is_part(word) && !OF_CARS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether an address leads to articles, parts, rentals, jobs or what was sold.
pub(super) fn leads_elsewhere(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.split('/').skip(3).any(|place| means(place, PLACE) || place.split(['-', '_']).any(|word| means(word, SECTION)))
}

/// Whether the heads of a table are those of rates.
pub(super) fn is_of_rates(heads: &str) -> bool {
    heads.split(|sign: char| !sign.is_alphanumeric()).any(|word| means(word, RATE))
}

/// Whether the heads of a table are those of what was paid or offered to somebody, below a main heading that says so.
pub(super) fn is_of_what_was_paid(heads: &str) -> bool {
    words(heads).any(|word| matches!(word, "offer" | "offered" | "paid" | "payout" | "result"))
}

/// Whether the heads of a table are those of how far vehicles go, and not of how far they went.
pub(super) fn is_of_ranges(heads: &str) -> bool {
    let mut words = words(heads);
    words.any(|word| word == "range") && !["mile", "odometer", "odo"].iter().any(|known| heads.contains(known))
}

/// A text with what its phrases say.
pub(super) struct Told {
    lower: String,
    said: u32,
}

impl Told {
    pub(super) fn of(lower: String) -> Self {
        let said = said_in(&lower);
        Self { lower, said }
    }

    pub(super) fn lower(&self) -> &str {
        &self.lower
    }

    fn says(&self, any_of: u32) -> bool {
        self.said & any_of != 0
    }

    pub(super) fn states_money(&self) -> bool {
        self.lower.contains('$')
    }

    /// `C$ 21,995`, `CA$21,995`
    pub(super) fn states_foreign_dollars(&self) -> bool {
        self.lower.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1] == b'$')
    }

    /// Whether the words of a card say that it sells no car, whatever else it shows.
    pub(super) fn sells_no_car(&self) -> bool {
        let lower = &*self.lower;
        let counts =
            |words: &str| lower.match_indices(words).any(|(at, _)| lower[at + words.len()..].starts_with(is_digit));
        // `Third row seats` and `Labor Day sale` are of cars.
        let is_in_a_yard = || self.says(YARD) && self.says(ARRIVED) && counts("row ") && !self.states_money();
        let is_of_work = || {
            (self.says(WORK) && counts("took "))
                || (self.says(LABOR)
                    && lower.match_indices("labor").any(|(at, _)| !lower[at..].starts_with("labor day")))
        };
        self.says(SELLS_NO_CAR) || is_in_a_yard() || is_of_work()
    }

    /// Whether the words of a card may say that it sells no car: a dealer's card may have them beside a price, of a contest or of the
    /// car, `Never stolen`, `Shipped to you for $499`.
    pub(super) fn may_sell_no_car(&self) -> bool {
        self.says(MAY_SELL_NO_CAR) || self.says_what_it_brought()
    }

    /// Whether words say for how much a car was sold, or sent somewhere: `Sold: $41,000`, `Sold in 12 days at $20,000`, `Shipped to Ohio
    /// for $900`. A card of a car that is marked as sold has its price beside the mark: `SOLD $41,000`.
    fn says_what_it_brought(&self) -> bool {
        const BYTES_BETWEEN: usize = 40;
        let lower = &*self.lower;
        let is_amount_behind = |words: &str| {
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
        };
        self.says(BROUGHT) && phrases_of(BROUGHT).any(is_amount_behind)
    }

    /// Whether the words of cards with a VIN say that they look something up, or what was: an auction, a theft, a recall.
    pub(super) fn looks_up(&self) -> bool {
        self.says(LOOKS_UP)
    }

    /// Whether they may: cards of cars for sale have such words as well, `Check for recalls`.
    pub(super) fn may_look_up(&self) -> bool {
        self.says(MAY_LOOK_UP) || self.says_what_it_brought()
    }

    /// Whether the words of a card are those of any shop, which sells parts as well as cars.
    pub(super) fn is_of_a_shop(&self) -> bool {
        self.says(SHOP)
    }

    /// Whether words ask a part at first, as those who sell on credit do: nobody pays one who hires a car.
    pub(super) fn pays_down(&self) -> bool {
        self.says(DOWN) && !self.says(LENT)
    }

    /// Whether the words of a card state what a lease or a loan costs.
    pub(super) fn is_of_a_lease(&self) -> bool {
        self.says(PAYMENT) || self.says(LEASES)
    }

    /// Whether miles are what a lease that the words of a card speak of allows for each year.
    pub(super) fn allows_miles(&self, miles: i32) -> bool {
        const ALLOWED: [i32; 7] = [5_000, 7_500, 10_000, 12_000, 15_000, 18_000, 20_000];
        ALLOWED.contains(&miles) && self.says(LEASES)
    }

    /// Whether the words of a card state a payment of a loan.
    pub(super) fn states_a_payment(&self) -> bool {
        self.says(PAYMENT) && !self.says(LENT) && self.states_money()
    }

    /// Whether the words of a card speak of hiring a car or of buying one from the visitor.
    ///
    /// Cards of cars on offer have such words beside their price as well: `$289/month`, `Get a cash offer`, `Former rental: no`.
    pub(super) fn speaks_of_hiring_or_buying(&self) -> bool {
        let is_of_a_way =
            || self.lower.match_indices("distance ").any(|(at, _)| self.lower[at + 9..].starts_with(is_digit));
        self.says(HIRING) || is_of_a_way()
    }

    /// Whether the words of a card say that somebody buys cars: a button on cards of dealers, and what a page that buys cars shows.
    pub(super) fn speaks_of_buying(&self) -> bool {
        self.says(BUYS)
    }

    /// Whether the words of a card speak of a model or of a market rather than of one car. They count where only an amount speaks for
    /// a car.
    pub(super) fn speaks_of_a_model(&self) -> bool {
        if !self.says(MODEL) {
            return false;
        }
        // Any car has its payment estimated.
        let estimate = phrases_of(ESTIMATE).find(|words| self.says(ESTIMATE) && self.lower.contains(words));
        estimate.is_none_or(|words| said_in(&self.lower.replace(words, "")) & MODEL != 0)
    }

    /// Whether the words of a card are those of a model, of an article or of a car of a shop: what its page is tells.
    pub(super) fn may_speak_of_a_model(&self) -> bool {
        self.says(MAYBE_MODEL)
    }

    /// Whether the words of a card invite to learn more, as those of a model do, and those of a car of many a small website.
    pub(super) fn invites_to_learn_more(&self) -> bool {
        self.says(LEARN_MORE)
    }

    /// Whether the words of a card say that its price is told by phone, or that the car is nearly or just gone.
    pub(super) fn asks_to_call(&self) -> bool {
        self.says(CALL)
    }

    /// Whether they say that the car has a price, which is told by phone.
    pub(super) fn has_a_price_by_phone(&self) -> bool {
        self.says(PRICE_BY_PHONE)
    }
}

/// Whether a text says nothing of another trade than selling cars, of a model or of a payment.
pub(super) fn is_of_no_other_trade(text: &str) -> bool {
    const OTHERS: u32 = SELLS_NO_CAR | MAY_SELL_NO_CAR | BROUGHT | HIRING | MODEL | PAYMENT | LENT;
    said_in(&text.to_lowercase()) & OTHERS == 0
}

fn is_digit(sign: char) -> bool {
    sign.is_ascii_digit()
}

/// Whether the title of a page says that it is a list of vehicles for sale.
pub(super) fn offers_cars(title: &str) -> bool {
    let said = said_in(&title.to_lowercase());
    said & OFFERS != 0 && said & OFFERS_OTHERS == 0
}

/// Whether a title or a main heading has words of the name of a dealer.
pub(super) fn names_a_dealer(text: &str) -> bool {
    Told::of(text.to_lowercase()).says(DEALER)
}

/// Whether the name of a host is that of a dealer: `lakesidemotors.com`. Some tell of cars alone: `autonews.com`.
pub(super) fn is_host_of_a_dealer(host: &str) -> bool {
    const PARTS: [&str; 7] = ["automotive", "autosales", "carsales", "motorcars", "motors", "usedautos", "usedcars"];
    PARTS.iter().any(|part| host.contains(part))
}

/// Whether the main heading of a page says that it lists leases: `Lease Specials`, `New Honda lease deals`.
pub(super) fn lists_leases(heading: &str) -> bool {
    const LISTED: [&str; 8] = ["deal", "deals", "event", "offer", "offers", "programs", "special", "specials"];
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let is_lease = |word: &str| is(word, &["lease", "leases", "leasing"]);
    let begins = words(heading).next().is_some_and(is_lease);
    let mut behind = words(heading).skip_while(|word| !is_lease(word));
    begins || behind.any(|word| is(word, &LISTED))
}

/// Whether the main heading of a page says that what it lists is done to cars, paid for them or taken out of them: `Recent shipments`,
/// `Transmissions`, `Cars we bought`. The name of a dealer may hold any of these words.
pub(super) fn heads_other_things(heading: &str) -> bool {
    let told = Told::of(heading.to_lowercase());
    told.says(LOOKS_UP_BELOW) || (told.says(OTHER_HEADING) && !told.says(DEALER))
}
