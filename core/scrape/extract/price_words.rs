//! What words say of an amount: a caption on a card, a class of an element, a kind of price in data.
//!
//! Each known word stands for one thing. What a text as a whole says follows from the things that it mentions, the ones that
//! make an amount no price first: `Lease Special` is a lease. What is deliberately not here: where the words stand.

use std::{iter::Peekable, sync::LazyLock};

use super::{
    card::mentions,
    fields::{Field, PriceRank},
    numbers,
    word_table::{Meanings, WordTable},
};

/// What is said of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated {
    Price(PriceRank),
    /// An amount for each month or week, of a loan or a lease.
    Rate,
    /// A part that is paid at first.
    Down,
    /// What is added to a price.
    Fee,
    /// What the state adds to a price, which is not in what a dealer asks.
    Tax,
    /// What is taken off a price.
    Saving,
    /// What somebody else thinks that the vehicle, or another one, is worth.
    Value,
    /// What words name that nobody here knows.
    Unknown,
}

impl Stated {
    pub(super) fn rank(self) -> Option<PriceRank> {
        match self {
            Self::Price(rank) => Some(rank),
            _ => None,
        }
    }

    /// The one of two statements about the same amount that claims less for it.
    pub(super) fn least(self, other: Self) -> Self {
        match (self, other) {
            (Self::Price(one), Self::Price(two)) => {
                // A plain price is what nothing more is said of.
                let more = if one == PriceRank::Plain { two } else { one };
                Self::Price(if more == PriceRank::Asking { more } else { one.max(two) })
            }
            (Self::Price(_), no_price) => no_price,
            (no_price, _) => no_price,
        }
    }
}

/// What one word mentions.
pub(super) mod thing {
    use super::super::word_table::bits;

    bits! {
        pub(in super::super) RATE,
        pub(in super::super) FINANCE,
        pub(in super::super) DOWN,
        pub(in super::super) FEE,
        pub(in super::super) SAVING,
        pub(in super::super) VALUE,
        /// A value, where no price is mentioned beside it.
        pub(in super::super) WORTH,
        pub(in super::super) MARKET,
        pub(in super::super) SUGGESTED,
        pub(in super::super) RETAIL,
        pub(in super::super) ASKING,
        /// Asking only beside the word price, or in a text of two words.
        pub(in super::super) ASKING_SHORT,
        pub(in super::super) CASH,
        pub(in super::super) PRICE,
        /// A text with this word is about something else.
        pub(in super::super) NEUTRAL,
        /// A text that begins with this word asks the visitor to do something, or is a remark.
        pub(in super::super) REMARK,
        /// Behind a price, this begins a remark about it.
        pub(in super::super) ASIDE,
        /// A lower price, or that it was lowered.
        pub(in super::super) DROP,
        pub(in super::super) BEFORE,
        pub(in super::super) AFTER,
        pub(in super::super) OFF,
        /// Of which the price is what stands in front.
        pub(in super::super) CONDITION,
        /// That a price was lowered: by how much, where `by` follows.
        pub(in super::super) LOWERED,
        pub(in super::super) BY,
        /// What a dealer does not do who names one price: `No-Haggle Price`.
        pub(in super::super) HAGGLING,
        /// What a badge thinks of a price: `Great Price`.
        pub(in super::super) RATING,
        /// What dealers sell with cars: `Warranty price`.
        pub(in super::super) THING,
        pub(in super::super) TAX,
        /// What not every buyer is: `Price if you qualify`.
        pub(in super::super) QUALIFYING,
    }
}
use thing::{
    AFTER, ASIDE, ASKING, ASKING_SHORT, BEFORE, BY, CASH, CONDITION, DOWN, DROP, FEE, FINANCE, HAGGLING, LOWERED,
    MARKET, NEUTRAL, OFF, PRICE, QUALIFYING, RATE, RATING, REMARK, RETAIL, SAVING, SUGGESTED, TAX, THING, VALUE, WORTH,
};

/// The known words by what they mention.
const WORDS: Meanings<29> = Meanings::of([
    (TAX, "tax taxes"),
    (
        RATE,
        "lease leases leased leasing monthly month months mo mos mensual weekly biweekly week weeks wk payment \
         payments pmt pmts pago pagos installment installments apr term terms rental rent semana semanal mes meses \
         quincenal cuota cuotas mthly emi paycheck mois semaine sem hebdomadaire mensualite mensuel \
         versement versements paiement paiements",
    ),
    (FINANCE, "finance financed financing financiado financiamiento"),
    (DOWN, "dn down deposit due enganche signing downpayment anticipo inicial acompte"),
    (
        FEE,
        "fee fees doc tax taxes registration handling delivery destination freight prep documentation processing \
         smog addendum accessories installed charge charges adjustment adjustments shipping transport \
         reconditioning protection package packages annual contract ttl dmv etch add adds addon addons markup impuestos cargo cargos frais",
    ),
    (
        SAVING,
        "save saved saves saving savings discount discounts rebate rebates incentive incentives bonus allowance \
         reduction ahorra ahorro ahorre descuento gift rabais economisez",
    ),
    (
        VALUE,
        "kbb kelley book nada edmunds trade appraisal appraised auction invoice bid average avg blackbook strikethrough compared comparable replacement loan \
         competitor competitors their",
    ),
    (WORTH, "worth value valued fair wholesale"),
    (MARKET, "market"),
    (SUGGESTED, "msrp sticker suggested srp manufacturer manufacturers sugerido pdsf sugg\u{e9}r\u{e9}"),
    (
        RETAIL,
        "retail list was regular reg orig original originally old previous previously antes lista cost military loyalty \
         conquest college conditional costco courant regulier r\u{e9}gulier r\u{c9}gulier habituel ordinaire anterior normal",
    ),
    (
        ASKING,
        "asking clearance internet sale selling discounted reduced eprice oferta ahora venta vente solde contado comptant",
    ),
    (
        ASKING_SHORT,
        "final now online our special today todays your net purchase best sales advertised adjusted pay dealer ours nuestro notre votre especial",
    ),
    (CASH, "cash"),
    (PRICE, "price prices priced pricing prc total subtotal precio prix"),
    (
        NEUTRAL,
        "available availability details breakdown history alert alerts pending calculator options appointment \
         test welcome guarantee guaranteed match policy disclaimer disclosure info information questions qualify \
         eligible approved preapproved approval quote included sold return returns former",
    ),
    (
        REMARK,
        "add apply ask build buy calculate call chat check choose claim click compare confirm contact customize \
         discover easy email estimate explore find free get hide home how inquire learn lock log login make my no \
         open order personalize print register request reserve reveal schedule see select send share shop show \
         sign sort start submit take tap text unlock update value view watch we what whats why without zero",
    ),
    (QUALIFYING, "qualify qualifies qualified qualifying eligible approved preapproved approval"),
    (ASIDE, "plus incl include includes including excl exclude excludes excluded excluding not reflects requires"),
    (DROP, "drop drops dropped cut"),
    (BEFORE, "before"),
    (AFTER, "after"),
    (OFF, "off"),
    (CONDITION, "with w if when"),
    (LOWERED, "reduced discounted lowered slashed"),
    (BY, "by"),
    (HAGGLING, "haggle hassle dicker negotiation"),
    (RATING, "great good fair high low excellent amazing hot awesome"),
    (
        THING,
        "accessory bedliner coating coverage detailing insurance maintenance plan tint upgrade warranty wheel wheels wrap",
    ),
]);

static KNOWN: LazyLock<WordTable> = LazyLock::new(|| WordTable::of(&WORDS));

pub(super) fn mentioned(word: &str) -> u32 {
    KNOWN.meanings(word)
}

/// Whether a text is a label that asks beside what it costs to hire or to finance: `Buy:`.
pub(super) fn asks_by_a_label(text: &str) -> bool {
    ["buy:", "ask:"].iter().any(|label| text.trim().eq_ignore_ascii_case(label))
}

/// What the words of a text mention together, and how many words they are; `None` where it speaks of no amount.
fn mentioned_in(text: &str) -> Option<(u32, usize)> {
    let text = text.trim_start_matches([' ', '*', '|', '-', ':', '\u{2022}']);
    if asks_by_a_label(text) {
        return Some((ASKING, 1));
    }
    // `+ tax` is what comes on top of the price.
    if text.starts_with(['+', '&']) {
        return None;
    }
    let mut words = text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let (mut all, mut count) = (if mentions(text, "m.s.r.p") { SUGGESTED } else { 0 }, 0);
    let mut before = "";
    let mut is_of_a_thing = false;
    while let Some(word) = words.next() {
        // `Deal of the week` is for a time, and no payment.
        let last = std::mem::replace(&mut before, word);
        let mut things = mentioned_behind(last, word);
        if things & RATE != 0 && (last.eq_ignore_ascii_case("the") || counts_a_warranty(words.clone())) {
            things &= !RATE;
        }
        let next = || words.clone().next().unwrap_or_default();
        match things {
            _ if things & PRICE != 0 => things = of_a_price(things, last, is_of_a_thing),
            // `Cash discount price`
            SAVING if word.eq_ignore_ascii_case("discount") && next().eq_ignore_ascii_case("price") => things = ASKING,
            _ => {}
        }
        // `Coating special price`
        is_of_a_thing = things & THING != 0 || (is_of_a_thing && things & (ASKING | ASKING_SHORT) != 0);
        count += 1;
        // `Pre-tax price`
        if passes_over_what_comes_on_top(word, things, &mut words) {
            continue;
        }
        if count == 1 && compares(word, words.peek().copied()) {
            all |= VALUE;
            continue;
        }
        if count == 1 && things & (REMARK | ASIDE) != 0 && is_remark(text, word, things, words.peek().copied()) {
            return None;
        }
        let is_about_a_price = all & (PRICE | ASKING | CASH) != 0;
        if is_about_a_price && things & (ASIDE | BEFORE | AFTER | CONDITION) != 0 {
            let behind = words.fold(0, |behind, word| behind | mentioned(word));
            return Some((with_aside(all, things, behind), count));
        }
        match things {
            ASIDE => return None,
            BEFORE if count == 1 => return Some((RETAIL, count)),
            BY if all & (LOWERED | DROP) != 0 => all |= SAVING,
            OFF if !words.peek().is_some_and(|next| is_no_discount_behind_off(next)) => all |= SAVING,
            OFF if words.next().is_some() => count += 1,
            _ => all |= things,
        }
    }
    (all & NEUTRAL == 0).then_some((all, count))
}

/// `Off-Road`, `Off Lease`
fn is_no_discount_behind_off(word: &str) -> bool {
    ["road", "lease"].iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// What a word mentions behind another one.
fn mentioned_behind(last: &str, word: &str) -> u32 {
    let things = mentioned(word);
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    match () {
        // `Drive-out price` is what is paid with taxes.
        () if is(last, &["drive"]) && is(word, &["out"]) => RETAIL,
        // `Your cost` is asked, `cost new` was.
        () if is(word, &["cost"]) && is(last, &["final", "net", "our", "total", "your"]) => ASKING,
        // `$49,916 purchase` asks beside what a lease costs, `fair purchase price` and `with purchase` do not.
        () if is(word, &["purchase"]) && !(last.is_empty() || is(last, &["cash", "for", "or", "outright", "to"])) => {
            if is(last, &["fair"]) {
                VALUE
            } else {
                0
            }
        }
        () => things,
    }
}

/// Whether the first word of a text and the next one ask the visitor to do something, or begin a remark.
fn is_remark(text: &str, word: &str, things: u32, next: Option<&str>) -> bool {
    // `Value Your Trade` asks for something, `Value` labels an amount.
    let is_label = things & WORTH != 0 && next.is_none_or(|next| mentioned(next) & ASKING_SHORT == 0);
    // `Buy Now Price` asks for it.
    let is_offer = word.eq_ignore_ascii_case("buy") && text.trim_end().to_ascii_lowercase().ends_with("price");
    let is_no_haggling = things & REMARK != 0 && next.is_some_and(|next| mentioned(next) == HAGGLING);
    !is_label && !is_no_haggling && !is_offer
}

/// `Compare at` names what others ask.
fn compares(word: &str, next: Option<&str>) -> bool {
    word.eq_ignore_ascii_case("compare") && next.is_some_and(|next| next.eq_ignore_ascii_case("at"))
}

/// What a word for a price mentions behind another word.
fn of_a_price(things: u32, last: &str, is_of_a_thing: bool) -> u32 {
    if is_of_a_thing {
        return FEE;
    }
    // It is asked where no other amount is.
    let is_of_another = ["fair", "last", "wholesale"].iter().any(|known| last.eq_ignore_ascii_case(known));
    if is_of_another { things | RETAIL } else { things }
}

/// Whether what counts months goes on to what they are of: `12 month warranty`, `3 mo / 3,000 mi limited warranty`.
fn counts_a_warranty<'t>(behind: impl Iterator<Item = &'t str>) -> bool {
    const WORDS_BETWEEN: usize = 5;
    let is_warranty = |word: &str| ["warranty", "guarantee"].iter().any(|known| word.eq_ignore_ascii_case(known));
    behind.take(WORDS_BETWEEN).any(is_warranty)
}

/// Passes over what comes on top of a price where a word says that it is not in it: `before taxes and fees`.
fn passes_over_what_comes_on_top<'t>(
    word: &str,
    things: u32,
    words: &mut Peekable<impl Iterator<Item = &'t str>>,
) -> bool {
    let is = |next: &str, known: &[&str]| known.iter().any(|known| next.eq_ignore_ascii_case(known));
    let is_on_top = |next: &str| match things & BEFORE {
        0 => is(word, &["pre"]) && is(next, &["tax", "taxes"]),
        _ => mentioned(next) & FEE != 0,
    };
    let is_passed = words.next_if(|next| is_on_top(next)).is_some();
    if is_passed {
        while words.next_if(|next| is_on_top(next) || is(next, &["and"])).is_some() {}
    }
    is_passed
}

/// What a price is that something is remarked about: `Price before discount`, `Price with financing`, `Price plus tax`.
fn with_aside(price: u32, aside: u32, behind: u32) -> u32 {
    let is_conditional = behind & (RATE | FINANCE | VALUE | SAVING | RETAIL | QUALIFYING) != 0;
    match aside {
        BEFORE if behind & SAVING != 0 => RETAIL | PRICE,
        AFTER if behind & SAVING != 0 => price | ASKING,
        CONDITION if is_conditional => RETAIL | PRICE,
        _ => price,
    }
}

/// Whether words behind a price begin a remark about it, such as what comes on top.
pub(super) fn begins_an_aside(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '(', '*', ',']);
    let first = text.split(|sign: char| !sign.is_alphanumeric()).next().unwrap_or_default();
    text.starts_with('+') || mentioned(first) == ASIDE
}

/// Whether words in front of an amount call a price what it is under a condition, which the amount begins: `Price after`, as in `Price
/// after $2,000 trade assistance`.
pub(super) fn ends_in_a_condition(front: &str) -> bool {
    let mut words = front.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_condition = words.next_back().is_some_and(|last| mentioned(last) & (AFTER | BEFORE | CONDITION) != 0);
    is_condition && !front.trim_end().ends_with(':') && words.any(|word| mentioned(word) & (PRICE | ASKING) != 0)
}

/// Whether words in front of an amount say that it is a part of a price, or comes on top of it: `Price includes`, `plus`.
pub(super) fn ends_in_an_aside(text: &str) -> bool {
    let mut words = text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.next_back().is_some_and(|word| mentioned(word) == ASIDE && !word.eq_ignore_ascii_case("not"))
}

/// Whether the last word in front of an amount calls it a price.
pub(super) fn ends_in_a_price(front: &str) -> bool {
    let last = front.split(|sign: char| !sign.is_alphanumeric()).rfind(|word| !word.is_empty());
    last.is_some_and(|last| mentioned(last) & (PRICE | ASKING | ASKING_SHORT) != 0)
}

/// Whether a text asks for a number of dollars without their sign: `Asking 15,995`.
pub(super) fn asks_without_a_sign(text: &str) -> bool {
    ["asking", "price", "precio", "prix"].iter().any(|word| mentions(text, word))
        && numbers::behind_asking(text).is_some()
}

/// What kind of price a label or a name announces, if any: `Internet Price`, `internetPrice`.
pub(crate) fn rank_of_price(label: &str) -> Option<PriceRank> {
    by_name(label).and_then(Stated::rank)
}

/// The same of a caption that may name what all payments of a loan come to.
pub(super) fn or_of_a_loan(stated: Stated, caption: &str) -> Stated {
    let is_sum = stated == Stated::Rate && mentions(caption, "of payments");
    if is_sum { Stated::Value } else { stated }
}

/// What words say of the amount that they belong to.
pub(super) fn by_words(text: &str) -> Option<Stated> {
    mentioned_in(text).and_then(|(things, count)| concluded(things, count))
}

/// The same of a text of its own; one that a price was lowered (`Price Drop`) says nothing of the amount beside it.
pub(super) fn by_caption(text: &str) -> Option<Stated> {
    let (things, count) = mentioned_in(text).filter(|(things, _)| *things != 0)?;
    let is_badge = || {
        things & DROP != 0 || ends_lowered(text) || (things & RATING != 0 && things & (MARKET | VALUE | ASKING) == 0)
    };
    // `Below Market` praises the price, too.
    let is_compared = || ["below", "under"].iter().any(|word| mentions(text, word));
    if (things & PRICE != 0 && is_badge()) || (things & (MARKET | VALUE) != 0 && is_compared()) {
        return None;
    }
    concluded(things, count)
}

/// Whether a text of its own praises the car or the seller, and names no amount: `Great value!`, `Cash only`, `Book value report`.
fn is_a_slogan(text: &str) -> bool {
    const OF_CASH: [&str; 5] = ["accepted", "deals", "only", "or", "welcome"];
    const OF_PRAISE: [&str; 8] = ["best", "excellent", "good", "great", "more", "public", "range", "report"];
    let words = || text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let things = words().fold(0, |things, word| things | mentioned(word));
    if text.trim_end().ends_with('!') {
        return true;
    }
    if things & CASH != 0 && things & (PRICE | ASKING) == 0 && words().any(|word| is(word, &OF_CASH)) {
        return true;
    }
    // `KBB best value`, `Your trade is worth more here`
    let is_value = things & (VALUE | WORTH | MARKET) != 0 && things & (RATE | DOWN | FEE | SAVING) == 0;
    is_value && !text.trim_end().ends_with(':') && words().any(|word| is(word, &OF_PRAISE))
}

/// Whether words in front of an amount praise it and say no other amount: `Great value!`.
pub(super) fn praises(front: &str) -> bool {
    const PRAISE: [&str; 8] = ["amazing", "awesome", "best", "excellent", "good", "great", "incredible", "super"];
    let front = front.trim_end();
    front.ends_with('!')
        && front
            .split(|sign: char| !sign.is_alphanumeric())
            .any(|word| PRAISE.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// Whether a text ends in that something was lowered, and does not say to what: `Price reduced`.
pub(super) fn ends_lowered(text: &str) -> bool {
    let last = text.split(|sign: char| !sign.is_alphanumeric()).rfind(|word| !word.is_empty());
    !text.trim_end().ends_with([':', '-']) && last.is_some_and(|word| mentioned(word) & LOWERED != 0)
}

fn concluded(things: u32, count: usize) -> Option<Stated> {
    let says = |thing: u32| things & thing != 0;
    let rank = |rank| Some(Stated::Price(rank));
    match () {
        // `Down Payment` is paid once.
        () if says(DOWN) => Some(Stated::Down),
        () if says(FINANCE) && says(PRICE) && !says(RATE) => rank(PriceRank::Retail),
        () if says(RATE | FINANCE) => Some(Stated::Rate),
        () if says(SAVING | DROP) => Some(Stated::Saving),
        () if says(TAX) => Some(Stated::Tax),
        () if says(FEE) => Some(Stated::Fee),
        // `Customer Cash` is a rebate, `Cash Price` what is paid.
        () if says(CASH) && !says(PRICE | ASKING | ASKING_SHORT) && count > 1 => Some(Stated::Saving),
        () if says(MARKET) && says(PRICE) && !says(WORTH | VALUE) => rank(PriceRank::Retail),
        () if says(VALUE | MARKET) => Some(Stated::Value),
        () if says(WORTH) && !says(PRICE | ASKING | ASKING_SHORT | CASH) => Some(Stated::Value),
        () if says(SUGGESTED) => rank(PriceRank::Suggested),
        () if says(RETAIL) => rank(PriceRank::Retail),
        () if says(ASKING | CASH) || (says(ASKING_SHORT) && (says(PRICE) || count <= 2)) => rank(PriceRank::Asking),
        () if says(PRICE) => rank(PriceRank::Plain),
        () => None,
    }
}

/// What a name of a kind of price says, as data has it: `SalePrice`, `MonthlyPayment`.
pub(super) fn by_name(name: &str) -> Option<Stated> {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for sign in name.chars().take(NAME_CHARS_MAX) {
        if sign.is_uppercase() && was_lower {
            words.push(' ');
        }
        was_lower = sign.is_lowercase();
        words.push(sign);
    }
    by_words(&words)
}

/// A longer name is prose.
const NAME_CHARS_MAX: usize = 64;

const PLAIN: Stated = Stated::Price(PriceRank::Plain);

/// The prices that a label for a field names, for the few that no word alone tells.
pub(super) fn by_label(text: &str) -> Option<Stated> {
    let named = match Field::named(text) {
        Some(Field::Price(rank)) => Some(Stated::Price(rank)),
        _ => None,
    };
    match by_caption(text) {
        Some(stated) if stated.rank().is_none() && is_a_slogan(text) => None,
        // `E-Price`, `Best Price`
        Some(Stated::Price(PriceRank::Plain)) => {
            named.filter(|named| named.rank() < Some(PriceRank::Plain)).or(Some(PLAIN))
        }
        stated => stated.or(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_an_amount_is() {
        let asking = Some(Stated::Price(PriceRank::Asking));
        let plain = Some(Stated::Price(PriceRank::Plain));
        let retail = Some(Stated::Price(PriceRank::Retail));
        let suggested = Some(Stated::Price(PriceRank::Suggested));
        for (text, stated) in [
            ("Sale Price", asking),
            ("OUR PRICE:", asking),
            ("Internet Special", asking),
            ("Your Price", asking),
            ("Now", asking),
            ("Cash Price", asking),
            ("Smith Sales Price", asking),
            ("Price", plain),
            ("Total Price", plain),
            ("Price plus tax", plain),
            ("Price excl. taxes & fees", plain),
            ("Price after rebates", asking),
            ("Pre-tax price", plain),
            ("Before-tax price", plain),
            ("Sale price before taxes and fees", asking),
            ("Pre-delivery inspection", Some(Stated::Fee)),
            ("Price before discount", retail),
            ("Price with financing", retail),
            ("Finance Price", retail),
            ("Retail Price", retail),
            ("List Price", retail),
            ("Costco member price", retail),
            ("Price if you qualify", retail),
            ("Price with conditional offers", retail),
            ("Price for qualified buyers", plain),
            ("Prix courant", retail),
            ("PRIX R\u{c9}GULIER", retail),
            ("Was", retail),
            ("Market Price", retail),
            ("Buy Now Price", asking),
            ("Before savings", retail),
            ("MSRP", suggested),
            ("M.S.R.P.", suggested),
            ("Original MSRP", suggested),
            ("Sticker Price", suggested),
        ] {
            assert_eq!(by_words(text), stated, "{text}");
        }
        assert_eq!((by_words("Price Drop"), by_caption("Price Drop")), (Some(Stated::Saving), None));
        assert_eq!(by_name("MonthlyPayment"), Some(Stated::Rate));
    }
}
