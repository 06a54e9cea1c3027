//! What holds for cards of any structure: of a known price no other one is ever read.
//!
//! A few thousand cards are in every run, drawn from a fixed seed. The whole bar is a hundred thousand of a seed that nobody has tried,
//! none of them wrong and fewer than 2 % left open:
//!
//! ```sh
//! JPAUTO_CARDS=100000 JPAUTO_SEED=$RANDOM cargo test -p jpauto --lib of_a_known_price
//! ```
//!
//! `CARGO_PROFILE_TEST_OPT_LEVEL=2` in front makes it six times as fast, after one longer build.

use std::fmt::Write as _;

use super::{
    dealer_cards,
    random_cards::{self, Card, Draw},
    *,
};

/// Cards on one page: each with a structure of its own.
const CARDS_A_PAGE: usize = 5;
const CARDS: usize = 3_000;
const SEED: u64 = 7;

/// A number that the environment sets.
fn set<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|text| text.parse().ok().unwrap_or_else(|| panic!("{name} is no number: {text}")))
}

#[test]
fn of_a_known_price_no_other_one_is_read() {
    let shown_max = set("JPAUTO_SHOWN").unwrap_or(20);
    let cards = set("JPAUTO_CARDS").unwrap_or(CARDS);
    let mut draw = Draw(set("JPAUTO_SEED").unwrap_or(SEED));
    let (mut read, mut silent, mut wrong) = (0, 0, 0);
    let (mut shown_wrong, mut shown_silent) = (String::new(), String::new());
    while read < cards {
        let made: Vec<Card> =
            (0..CARDS_A_PAGE)
                .map(|at| {
                    if draw.chance(50) { dealer_cards::card(&mut draw, at) } else { random_cards::card(&mut draw, at) }
                })
                .collect();
        let page: String = made.iter().map(|card| &*card.html).collect();
        let found = listings(&format!("<body><div>{page}</div></body>"), LOT).unwrap().listings;
        assert_eq!(found.len(), made.len(), "{page}");
        for (card, listing) in made.iter().zip(&found) {
            read += 1;
            if card.miles.is_some() {
                assert_eq!(listing.mileage.map(i64::from), card.miles, "{}", card.html);
            }
            assert_eq!(
                (listing.model.as_deref(), listing.trim.as_deref()),
                (Some("F-150"), Some("XLT")),
                "{}",
                card.html
            );
            let price = listing.price.map(Money::cents);
            let (count, shown) = match price {
                cents if cents == card.price.map(|dollars| dollars * 100) => continue,
                Some(_) => (&mut wrong, &mut shown_wrong),
                None => (&mut silent, &mut shown_silent),
            };
            *count += 1;
            if *count <= shown_max {
                writeln!(shown, "{:?} read as {price:?}: {}", card.price, card.html.replace('\n', " ")).unwrap();
            }
        }
    }
    let shown = || format!("{wrong} of {read} cards wrong: {shown_wrong}\n{silent} left open: {shown_silent}");
    assert!(wrong == 0 && silent * 50 < read, "{}", shown());
}
