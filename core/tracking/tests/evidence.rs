//! Which scrapes are believed.

use rstest::rstest;

use super::*;

/// A scrape of that time that nothing is known before.
fn unknown(observed_at: DateTime<Utc>) -> EarlierScrapes<'static> {
    EarlierScrapes {
        counts: &[],
        alike: None,
        observed_at,
        recognition: Recognition::default(),
        distrusted: None,
        moved: None,
        pages: None,
        list: &ListShape { page_vehicles: None, last_page: None, url: None, redirected: false },
        claimed: None,
        is_narrowed: false,
        list_changed: false,
        doubts_its_word: false,
    }
}

#[rstest]
#[case::first_scrape(1, &[], None)]
#[case::empty(0, &[], Some(IncompleteReason::Empty))]
#[case::half_is_enough(50, &[100], None)]
#[case::below_half(49, &[100], Some(IncompleteReason::TooFewVehicles))]
#[case::median_of_two(75, &[100, 200], None)]
#[case::below_the_median_of_two(74, &[100, 200], Some(IncompleteReason::TooFewVehicles))]
#[case::one_peak_counts_little(40, &[1_000, 60, 70, 80, 50], None)]
#[case::only_the_last_seven(50, &[100, 100, 100, 100, 90, 90, 90, 5_000, 5_000], None)]
fn a_scrape_is_complete_when_its_count_is_credible(
    #[case] vehicles: usize,
    #[case] earlier: &[usize],
    #[case] reason: Option<IncompleteReason>,
) {
    let earlier = EarlierScrapes { counts: earlier, alike: None, ..unknown(day(0)) };
    assert_eq!(Completeness::judge(&whole_lot(), vehicles, &earlier, &TrackingRules::default()).reason(), reason);
}

#[rstest]
#[case::all_of_it(58, 58, true)]
#[case::a_few_are_counted_twice(53, 58, true)]
#[case::more_than_claimed(60, 58, true)]
#[case::two_of_a_small_lot(3, 5, true)]
#[case::three_of_fifteen(3, 15, false)]
#[case::the_first_page(35, 58, false)]
#[case::nearly_a_page(52, 58, false)]
fn a_list_is_whole_when_it_holds_about_what_the_website_claims(
    #[case] vehicles: usize,
    #[case] claimed: u32,
    #[case] is_whole: bool,
) {
    let reading = ScrapeReading { total_claimed: Some(claimed), ..whole_lot() };
    // However long it has been like that.
    let alike = Some(AlikeScrapes { count: 30, since: day(0) });
    let earlier = EarlierScrapes { counts: &[vehicles], alike, ..unknown(day(30)) };
    let reason = Completeness::judge(&reading, vehicles, &earlier, &TrackingRules::default()).reason();
    assert_eq!(reason, (!is_whole).then_some(IncompleteReason::FewerThanClaimed));
}

#[rstest]
#[case::long_and_often_enough(5, 5, None)]
#[case::too_few_scrapes(4, 9, Some(IncompleteReason::TooFewVehicles))]
#[case::too_few_days(30, 4, Some(IncompleteReason::TooFewVehicles))]
fn a_small_lot_is_believed_in_time(
    #[case] scrapes: usize,
    #[case] days: i64,
    #[case] reason: Option<IncompleteReason>,
) {
    let alike = Some(AlikeScrapes { count: scrapes - 1, since: day(0) });
    let earlier = EarlierScrapes { counts: &[100], alike, ..unknown(day(days)) };
    assert_eq!(Completeness::judge(&whole_lot(), 40, &earlier, &TrackingRules::default()).reason(), reason);
}

#[rstest]
#[case::a_page_is_missing(40, Some(10), &[50], Some(IncompleteReason::LastPageFull))]
#[case::less_than_a_page(41, Some(10), &[50], None)]
#[case::it_was_as_small_already(40, Some(10), &[40, 50], None)]
#[case::the_last_page_is_short(40, None, &[50], None)]
#[case::the_first_scrape(40, Some(10), &[], None)]
#[case::half_of_it_on_one_page(20, Some(20), &[40], Some(IncompleteReason::LastPageFull))]
fn a_list_may_go_on_behind_a_full_page(
    #[case] vehicles: usize,
    #[case] full_last_page: Option<u32>,
    #[case] earlier: &[usize],
    #[case] reason: Option<IncompleteReason>,
) {
    let reading = ScrapeReading { full_last_page, ..whole_lot() };
    let earlier = EarlierScrapes { counts: earlier, alike: None, ..unknown(day(0)) };
    assert_eq!(Completeness::judge(&reading, vehicles, &earlier, &TrackingRules::default()).reason(), reason);
}

#[test]
fn a_page_that_stays_away_is_believed_to_be_gone_in_the_end() {
    let whole: Vec<_> = (0..50).map(|number| car(&format!("stock={number}"))).collect();
    let ends_full = ScrapeReading { full_last_page: Some(10), ..whole_lot() };
    let mut lot = lot();
    for on_day in 0..10 {
        lot.record(day(on_day), whole.clone(), ends_full.clone());
    }
    let seen = (10..30).map(|on_day| (on_day, lot.record(day(on_day), whole[..40].to_vec(), ends_full.clone())));
    let sold: Vec<_> = seen.filter(|(_, plan)| plan.sold() > 0).map(|(on_day, plan)| (on_day, plan.sold())).collect();
    // The 50 of the days before do not speak for the 40: believed with the fifth such count over five days, on day 15.
    assert_eq!(sold, [(17, 10)]);
}

#[test]
fn a_lot_that_halves_for_good_sells_what_is_gone_in_the_end() {
    let whole: Vec<_> = (0..100).map(|number| car(&format!("stock={number}"))).collect();
    let mut lot = lot();
    for on_day in 0..10 {
        lot.see(on_day, &whole);
    }
    let mut sold_on = Vec::new();
    for on_day in 10..40 {
        // Empty and half-read days between say nothing of the size.
        let plan = match on_day % 5 {
            0 => lot.see(on_day, &[]),
            1 => lot.record(day(on_day), whole[..10].to_vec(), ScrapeReading::part_of_a_lot()),
            _ => lot.see(on_day, &whole[..40]),
        };
        if plan.sold() > 0 {
            sold_on.push((on_day, plan.sold()));
        }
    }
    // Small from day 12, believed on day 18 with the fifth such count, and missed by the third complete scrape on day 22.
    assert_eq!(sold_on, [(22, 60)]);
}

#[test]
fn a_lot_that_grows_back_was_never_small() {
    let whole: Vec<_> = (0..100).map(|number| car(&format!("stock={number}"))).collect();
    let mut lot = lot();
    for on_day in 0..60 {
        // Six days of a broken list, then a good one.
        let seen = if on_day % 7 == 0 { &whole[..] } else { &whole[..30] };
        assert_eq!(lot.see(on_day, seen).sold(), 0, "day {on_day}");
    }
}

#[rstest]
#[case::a_few_stand_twice(35, 2, None, None)]
#[case::many_stand_twice(23, 12, None, Some(IncompleteReason::ListMoved))]
#[case::few_of_many(100, 5, None, None)]
#[case::more_of_many(100, 6, None, Some(IncompleteReason::ListMoved))]
#[case::all_that_it_claims(35, 12, Some(35), None)]
#[case::fewer_than_it_claims(23, 12, Some(35), Some(IncompleteReason::FewerThanClaimed))]
#[case::more_than_it_claims(23, 12, Some(12), Some(IncompleteReason::ListMoved))]
#[case::some_fewer_than_it_claims(91, 12, Some(100), Some(IncompleteReason::ListMoved))]
fn a_list_ordered_anew_for_each_page_may_hide_as_many_as_stand_there_twice(
    #[case] vehicles: usize,
    #[case] on_several_pages: u32,
    #[case] total_claimed: Option<u32>,
    #[case] reason: Option<IncompleteReason>,
) {
    let reading = ScrapeReading { on_several_pages, total_claimed, ..whole_lot() };
    assert_eq!(Completeness::judge(&reading, vehicles, &unknown(day(0)), &TrackingRules::default()).reason(), reason);
}

#[rstest]
#[case::half_of_them(35, 18, 1, None)]
#[case::a_minority(35, 17, 1, Some(IncompleteReason::LotReplaced))]
#[case::two_of_a_small_lot(3, 1, 1, None)]
#[case::a_small_lot_at_once(4, 1, 1, Some(IncompleteReason::LotReplaced))]
#[case::a_small_lot_after_days(4, 1, 7, None)]
#[case::a_small_lot_gone_within_a_week(4, 0, 7, None)]
#[case::a_large_lot_gone_within_a_week(35, 0, 7, Some(IncompleteReason::LotReplaced))]
#[case::a_large_lot_after_two_weeks(35, 0, 14, None)]
#[case::the_first_scrape(0, 0, 0, None)]
fn a_lot_of_other_vehicles_is_distrusted_unless_they_may_have_gone(
    #[case] known: usize,
    #[case] recognised: usize,
    #[case] days: i64,
    #[case] reason: Option<IncompleteReason>,
) {
    let recognition = Recognition { known, recognised, standing: 0, unwatched: TimeDelta::days(days) };
    let earlier = EarlierScrapes { counts: &[known], recognition, ..unknown(day(0)) };
    let completeness = Completeness::judge(&whole_lot(), known.max(1), &earlier, &TrackingRules::default());
    assert_eq!(completeness.reason(), reason);
}

/// Cars with a number of their own each, from one to another, numbered anew from a day on.
fn numbered(cars: std::ops::Range<u32>, prefix: &str) -> Vec<ScrapedListing> {
    cars.map(|number| car(&format!("stock={prefix}{number} miles={}", 1_000 * number))).collect()
}

#[test]
fn many_that_vanish_at_once_do_not_shorten_their_own_time() {
    let mut lot = lot();
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..60, "S"));
    }
    // Nobody knows yet what becomes of the cars that this dealer no longer shows.
    let seen = (3..15).map(|on_day| (on_day, lot.see(on_day, &numbered(0..48, "S")).sold()));
    assert_eq!(seen.filter(|(_, sold)| *sold > 0).collect::<Vec<_>>(), [(9, 12)]);
}

#[test]
fn cars_that_always_stand_on_two_pages_are_believed_in_the_end() {
    let mut lot = lot();
    let moving = || ScrapeReading { on_several_pages: 4, ..whole_lot() };
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..40, "S"));
    }
    let seen = (3..40).map(|on_day| (on_day, lot.record(day(on_day), numbered(0..38, "S"), moving())));
    let seen: Vec<_> = seen.map(|(on_day, plan)| (on_day, plan.completeness.reason(), plan.sold())).collect();
    assert!(seen[..21].iter().all(|(_, reason, _)| *reason == Some(IncompleteReason::ListMoved)));
    let sold: Vec<_> = seen.iter().filter(|(.., sold)| *sold > 0).map(|(on_day, _, sold)| (*on_day, *sold)).collect();
    assert_eq!(sold, [(26, 2)]);
}

#[test]
fn a_lot_of_strangers_is_believed_in_time() {
    let mut lot = lot();
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..25, "S"));
    }
    let seen = (3..20).map(|on_day| (on_day, lot.see(on_day, &numbered(100..125, "T"))));
    let seen: Vec<_> = seen.map(|(on_day, plan)| (on_day, plan.completeness.is_complete(), plan.sold())).collect();
    // Another since day 3, believed on day 8 by the sixth scrape over five days, and missed by the third on day 10.
    let complete: Vec<_> = seen.iter().filter(|(_, is_complete, _)| *is_complete).map(|(on_day, ..)| *on_day).collect();
    assert_eq!(complete, (8..20).collect::<Vec<_>>());
    let sold: Vec<_> = seen.iter().filter(|(.., sold)| *sold > 0).map(|(on_day, _, sold)| (*on_day, *sold)).collect();
    assert_eq!(sold, [(10, 25)]);
}

#[test]
fn what_a_changed_address_leaves_out_is_not_sold_before_it_is_believed() {
    let mut lot = lot();
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..35, "S"));
    }
    lot.list_changed_at = Some(day(3) - TimeDelta::hours(1));
    let seen: Vec<_> = (3..15).map(|on_day| (on_day, lot.see(on_day, &numbered(0..21, "S")))).collect();
    assert!(seen[..5].iter().all(|(_, plan)| plan.completeness.reason() == Some(IncompleteReason::ListChanged)));
    let sold: Vec<_> = seen.iter().filter(|(_, plan)| plan.sold() > 0).map(|(on, plan)| (*on, plan.sold())).collect();
    assert_eq!(sold, [(10, 14)], "as late as those of a lot that shrank");
}

#[test]
fn what_the_list_before_showed_speaks_for_no_other() {
    let mut lot = lot();
    lot.see(0, &numbered(0..100, "S"));
    let few = (1..7).map(|on_day| lot.see(on_day, &numbered(0..40, "S")).completeness.reason());
    assert!(few.take(5).all(|reason| reason == Some(IncompleteReason::TooFewVehicles)));
    // Mended, but not to the whole of it.
    lot.list_changed_at = Some(day(6) - TimeDelta::hours(1));
    let seen: Vec<_> = (6..20).map(|on_day| (on_day, lot.see(on_day, &numbered(0..60, "S")))).collect();
    assert!(seen[..5].iter().all(|(_, plan)| plan.completeness.reason() == Some(IncompleteReason::ListChanged)));
    let sold = seen.iter().find(|(_, plan)| plan.sold() > 0).map(|(on_day, _)| *on_day);
    assert_eq!(sold, Some(13));
}

#[test]
fn a_changed_address_that_shows_the_same_is_believed_at_once() {
    let mut lot = lot();
    lot.see(0, &numbered(0..35, "S"));
    lot.list_changed_at = Some(day(1) - TimeDelta::hours(1));
    assert!(lot.see(1, &numbered(2..40, "S")).completeness.is_complete());
}

/// Cars of which some are called sold, on a day where one is named.
fn called_sold(cars: u32, sold: u32, sold_at: Option<DateTime<Utc>>) -> Vec<ScrapedListing> {
    let mut listings = numbered(0..cars, "S");
    for listing in listings.iter_mut().take(sold as usize) {
        (listing.is_sold, listing.sold_at) = (Some(true), sold_at);
    }
    listings
}

#[rstest]
#[case::all(35, 35, true)]
#[case::a_third(30, 10, true)]
#[case::a_few(35, 8, false)]
#[case::a_small_lot(4, 4, false)]
fn a_website_that_calls_much_of_its_lot_sold_is_doubted(#[case] cars: u32, #[case] sold: u32, #[case] doubted: bool) {
    let mut lot = lot();
    lot.see(0, &numbered(0..cars, "S"));
    lot.see(1, &numbered(0..cars, "S"));
    let plan = lot.see(2, &called_sold(cars, sold, None));
    let reason = doubted.then_some(IncompleteReason::CalledSold);
    assert_eq!((plan.completeness.reason(), plan.sold()), (reason, if doubted { 0 } else { sold as usize }));
}

#[test]
fn a_website_that_goes_on_calling_its_lot_sold_is_believed() {
    let mut lot = lot();
    (0..3).for_each(|on_day| drop(lot.see(on_day, &numbered(0..20, "S"))));
    let sold: Vec<_> = (3..12).map(|on_day| lot.see(on_day, &called_sold(20, 15, None)).sold()).collect();
    assert_eq!(sold, [0, 0, 0, 0, 0, 15, 0, 0, 0]);
    let mut part = Lot::new(TrackingRules::default());
    part.see(0, &numbered(0..20, "S"));
    let plan = part.record(day(1), called_sold(20, 15, None), ScrapeReading::part_of_a_lot());
    assert_eq!(plan.sold(), 0, "nor is a part of a lot believed");
}

#[test]
fn a_lot_that_was_not_looked_at_for_long_may_be_called_sold() {
    let mut lot = lot();
    lot.see(0, &numbered(0..20, "S"));
    assert_eq!(lot.see(14, &called_sold(20, 15, None)).sold(), 15);
}

#[test]
fn a_day_of_sale_that_is_still_to_come_sells_nothing() {
    let mut lot = lot();
    lot.see(0, &numbered(0..10, "S"));
    assert_eq!(lot.see(1, &called_sold(10, 2, Some(day(3)))).sold(), 0);
    assert_eq!(lot.see(3, &called_sold(10, 2, Some(day(3)))).sold(), 2);
}

#[rstest]
#[case::said_in_numbers(Some(0), false, false, true)]
#[case::said_in_words_in_place_of_a_number(None, true, true, true)]
#[case::words_that_always_stand_there(None, true, false, false)]
#[case::nothing_said(None, false, true, false)]
fn a_page_that_found_none_and_shows_some_shows_something_else(
    #[case] total_claimed: Option<u32>,
    #[case] says_none: bool,
    #[case] had_total: bool,
    #[case] doubted: bool,
) {
    let reading = ScrapeReading { total_claimed, says_none, ..whole_lot() };
    let judge = |vehicles| {
        Completeness::judge(
            &reading,
            vehicles,
            &EarlierScrapes { claimed: had_total.then_some(20), ..unknown(day(0)) },
            &TrackingRules::default(),
        )
    };
    assert_eq!(judge(20).reason(), doubted.then_some(IncompleteReason::ClaimsNone));
    assert_eq!(judge(0).reason(), Some(IncompleteReason::Empty), "an empty lot is what it was");
}

#[test]
fn a_lot_that_is_numbered_anew_each_day_sells_nothing() {
    let mut lot = lot();
    for on_day in 0..40 {
        // Without a link to know them by.
        let plan = lot.see(on_day, &numbered(0..25, &format!("D{on_day}-")));
        assert_eq!((plan.sold(), plan.completeness.is_complete()), (0, on_day == 0), "day {on_day}");
    }
}

#[test]
fn scrapes_within_a_minute_do_not_make_a_small_lot_believed() {
    let mut lot = lot();
    lot.see(0, &numbered(0..20, "S"));
    let minutes = |number: i64| day(3) + TimeDelta::minutes(number);
    for number in 0..10 {
        assert!(!lot.record(minutes(number), numbered(0..8, "S"), whole_lot()).completeness.is_complete());
    }
    assert!(!lot.see(8, &numbered(0..8, "S")).completeness.is_complete(), "five days later, seen so twice");
}

#[test]
fn a_small_lot_that_is_seldom_scraped_may_turn_over() {
    let mut lot = lot();
    for (week, first) in [0_u32, 3, 7, 10, 14, 17].into_iter().enumerate() {
        let plan = lot.see(7 * week as i64, &numbered(first..first + 5, "S"));
        assert!(plan.completeness.is_complete(), "week {week}");
    }
    assert_eq!(lot.stored.iter().filter(|listing| listing.is_sold).count(), 10);
}
