//! Which price is believed.

use rstest::rstest;

use super::*;

/// Prices read on successive days, and what is stored and written for them: price, unconfirmed price, price points.
#[rstest]
#[case::first(&["20000"], Some(20_000), None, &[20_000])]
#[case::unchanged(&["20000", "20000"], Some(20_000), None, &[20_000])]
#[case::cut(&["20000", "19000"], Some(19_000), None, &[20_000, 19_000])]
#[case::missing_keeps(&["20000", "-"], Some(20_000), None, &[20_000])]
#[case::zero_is_missing(&["20000", "0"], Some(20_000), None, &[20_000])]
#[case::a_rate_is_doubted(&["20000", "299"], Some(20_000), Some(299), &[20_000])]
#[case::a_jump_is_doubted(&["20000", "32001"], Some(20_000), Some(32_001), &[20_000])]
#[case::just_no_jump(&["20000", "32000"], Some(32_000), None, &[20_000, 32_000])]
#[case::a_fall_is_doubted(&["20000", "7999"], Some(20_000), Some(7_999), &[20_000])]
#[case::confirmed(&["20000", "7999", "7999"], Some(7_999), None, &[20_000, 7_999])]
#[case::confirmed_after_a_gap(&["20000", "7999", "-", "7999"], Some(7_999), None, &[20_000, 7_999])]
#[case::refuted(&["20000", "7999", "20000"], Some(20_000), None, &[20_000])]
#[case::another_doubt(&["20000", "7999", "7998"], Some(20_000), Some(7_998), &[20_000])]
#[case::first_is_doubted(&["499"], None, Some(499), &[])]
#[case::a_daily_rate_is_never_one(&["20000", "199", "199", "199"], Some(20_000), None, &[20_000])]
#[case::nor_at_first(&["1", "1", "200", "200"], Some(200), None, &[200])]
#[case::first_at_the_floor(&["500"], Some(500), None, &[500])]
#[case::first_is_confirmed(&["499", "499"], Some(499), None, &[499])]
#[case::known_later(&["-", "20000"], Some(20_000), None, &[20_000])]
fn a_price_is_believed_when_it_is_plausible_or_confirmed(
    #[case] prices: &[&str],
    #[case] price: Option<i32>,
    #[case] unconfirmed: Option<i32>,
    #[case] points: &[i32],
) {
    let mut lot = lot();
    for (on_day, price) in (0..).zip(prices) {
        lot.see(on_day, &cars(&[&format!("stock=1 price={price}")]));
    }
    let listing = &lot.stored[0];
    assert_eq!(listing.price, price.map(Money::from_dollars));
    assert_eq!(listing.unconfirmed_price, unconfirmed.map(Money::from_dollars));
    assert_eq!(listing.lowest_price, points.iter().min().copied().map(Money::from_dollars));
    let written: Vec<Money> = lot.history.get(&0).into_iter().flatten().map(|(_, price)| *price).collect();
    assert_eq!(written, points.iter().copied().map(Money::from_dollars).collect::<Vec<_>>());
}

#[test]
fn a_first_price_is_no_price_change() {
    let mut lot = lot();
    assert_eq!(lot.see(0, &cars(&["stock=1 price=20000"])).price_changes(), 0);
    let cut = lot.see(1, &cars(&["stock=1 price=19000"]));
    assert_eq!(cut.price_changes(), 1);
    assert_eq!(lot.see(2, &cars(&["stock=1 price=19500"])).price_points[0].lowest_price, Money::from_dollars(19_000));
}
