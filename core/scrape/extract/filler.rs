//! Amounts that fill the place of a price and are none, such as $1 and $9,999,999.
//!
//! Every reader hands them on as it hands on a price, so that another price of the same vehicle may come in their place; what is
//! left of them in the end is dropped, and a warning counts them. What is deliberately not here: which prices a dealer's own rules
//! believe (`tracking/price`).

use crate::Money;

/// No vehicle is sold for less, and no payment a month is less.
const LEAST: Money = Money::from_dollars(100);
/// No website's list asks as much for a car.
const MOST: Money = Money::from_dollars(10_000_000);
/// From so many digits on, equal or counting ones are no coincidence: $11,111 is a price.
const DIGITS: usize = 6;

/// Whether an amount only fills the place of a price.
pub(crate) fn is_filler(price: Money) -> bool {
    if price < LEAST || price >= MOST {
        return true;
    }
    let (mut rest, mut count) = (price.cents() / 100, 0);
    let (mut are_equal, mut are_counting) = (true, true);
    let last = rest % 10;
    while rest > 0 {
        let digit = rest % 10;
        are_equal &= digit == last;
        // `1234567`, read from its end.
        are_counting &= digit == last - count;
        count += 1;
        rest /= 10;
    }
    usize::try_from(count).is_ok_and(|count| count >= DIGITS) && (are_equal || (are_counting && count == last))
}

/// The first of several prices that is no filler; else the first.
pub(crate) fn first_price(prices: impl IntoIterator<Item = Money>) -> Option<Money> {
    let mut filler = None;
    for price in prices {
        if !is_filler(price) {
            return Some(price);
        }
        filler = filler.or(Some(price));
    }
    filler
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_the_place_of_a_price_is_told_from_prices() {
        for cents in [1, 100, 999, 9_999, 99_999_900, 999_999_999, 11_111_100, 88_888_800, 12_345_600, 123_456_700] {
            assert!(is_filler(Money::from_cents(cents)), "{cents}");
        }
        for dollars in [100_000_000 / 10, 99_999_999, 12_345_678] {
            assert!(is_filler(Money::from_dollars(dollars)), "{dollars}");
        }
        for dollars in [100, 199, 500, 1_111, 9_999, 11_111, 12_345, 99_999, 123_450, 234_567, 499_999, 1_000_000] {
            assert!(!is_filler(Money::from_dollars(dollars)), "{dollars}");
        }
        let prices = |dollars: &[i32]| first_price(dollars.iter().map(|dollars| Money::from_dollars(*dollars)));
        assert_eq!(prices(&[1, 15_995, 14_995]), Some(Money::from_dollars(15_995)));
        assert_eq!((prices(&[1, 999_999]), prices(&[])), (Some(Money::from_dollars(1)), None));
    }
}
