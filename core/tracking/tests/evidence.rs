//! Which scrapes are believed, and how far.

use rstest::rstest;

use super::*;
use crate::tracking::{
    EvidenceRules, ListShape,
    evidence::{Claimed, DOUBTS, Doubts, Evidence, ListBefore, Recognition, is_far_below},
};

/// What is known of a scrape that is the first.
fn first<'a>(reading: &'a ScrapeReading, vehicles: usize, rules: &'a EvidenceRules) -> Evidence<'a> {
    Evidence {
        reading,
        vehicles,
        recognition: Recognition::default(),
        claimed: None,
        list: ListBefore::default(),
        doubts_its_word: false,
        together: 0,
        rules,
    }
}

fn reasons(evidence: &Evidence<'_>) -> Vec<IncompleteReason> {
    Doubts::about(evidence).0
}

#[test]
fn each_doubt_has_one_row_and_words_of_its_own() {
    for reason in IncompleteReason::ALL {
        assert_eq!(DOUBTS.iter().filter(|doubt| doubt.reason == reason).count(), 1, "{reason}");
        assert!(!reason.in_words().is_empty() && !reason.in_words().ends_with('.'));
    }
    let weights = DOUBTS.map(|doubt| Doubts(vec![doubt.reason]).weight(&EvidenceRules::default()));
    assert!(weights.is_sorted(), "the gravest first: {weights:?}");
}

#[test]
fn doubts_are_a_set_of_which_the_gravest_counts() {
    let rules = EvidenceRules::default();
    let reading = ScrapeReading {
        pages_failed: 1,
        on_several_pages: 9,
        total_claimed: Some(90),
        ..ScrapeReading::part_of_a_lot()
    };
    let doubts = Doubts::about(&first(&reading, 40, &rules));
    use IncompleteReason as Reason;
    let expected = [Reason::PageFailed, Reason::LastPageNotReached, Reason::FewerThanClaimed, Reason::ListMoved];
    assert_eq!((doubts.0.as_slice(), doubts.weight(&rules)), (expected.as_slice(), 0.03));
    assert_eq!(Doubts(vec![Reason::ListMoved]).weight(&rules), 0.15);
    assert_eq!(Doubts(vec![Reason::ListNarrowed]).weight(&rules), 1.0, "that concerns what vanished together alone");
    assert_eq!(Doubts::default().weight(&rules), 1.0);
}

/// A website that shows as many vehicles as it counts hides none behind an old page.
#[rstest]
#[case::no_count(None, true)]
#[case::counts_more(Some(41), true)]
#[case::counts_what_it_shows(Some(40), false)]
fn an_old_page_is_doubted_unless_the_count_is_met(#[case] total_claimed: Option<u32>, #[case] expected: bool) {
    let reading = ScrapeReading { behind_old_pages: 1, total_claimed, ..ScrapeReading::whole_lot() };
    let doubts = Doubts::about(&first(&reading, 40, &EvidenceRules::default()));
    assert_eq!(doubts.0.contains(&IncompleteReason::PageOutdated), expected);
}

/// A lot is far smaller than it was when it lies below half of the median of those before.
#[rstest]
#[case::first_scrape(1, &[], false)]
#[case::half_is_enough(50, &[100], false)]
#[case::below_half(49, &[100], true)]
#[case::median_of_two(75, &[100, 200], false)]
#[case::below_the_median_of_two(74, &[100, 200], true)]
#[case::one_peak_counts_little(40, &[1_000, 60, 70, 80, 50], false)]
fn a_lot_is_far_smaller_below_half_of_the_median(
    #[case] vehicles: usize,
    #[case] earlier: &[usize],
    #[case] is_small: bool,
) {
    assert_eq!(is_far_below(vehicles, earlier, 50), is_small);
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
    let (reading, rules) = (ScrapeReading { total_claimed: Some(claimed), ..whole_lot() }, EvidenceRules::default());
    let seen = first(&reading, vehicles, &rules);
    let expected = if is_whole { vec![] } else { vec![IncompleteReason::FewerThanClaimed] };
    assert_eq!(reasons(&seen), expected);
    // However many it showed when it claimed less.
    let before = Evidence { claimed: Some(Claimed { vehicles: 60, shown: 60 }), ..seen };
    assert_eq!(reasons(&before), expected);
    // Somebody has said that as many as these are all.
    let believed = Evidence { claimed: Some(Claimed { vehicles: claimed, shown: vehicles }), ..seen };
    assert_eq!(reasons(&believed), []);
}

#[rstest]
#[case::a_page_is_missing(40, Some(10), Some(50), true)]
#[case::less_than_a_page(41, Some(10), Some(50), false)]
#[case::it_was_as_small_already(40, Some(10), Some(40), false)]
#[case::the_last_page_is_short(40, None, Some(50), false)]
#[case::the_first_scrape(40, Some(10), None, false)]
#[case::half_of_it_on_one_page(20, Some(20), Some(40), true)]
fn a_list_may_go_on_behind_a_full_page(
    #[case] vehicles: usize,
    #[case] full_last_page: Option<u32>,
    #[case] before: Option<usize>,
    #[case] is_cut: bool,
) {
    let (reading, rules) = (ScrapeReading { full_last_page, ..whole_lot() }, EvidenceRules::default());
    let list = ListBefore { vehicles: before, ..ListBefore::default() };
    let evidence = Evidence { list, ..first(&reading, vehicles, &rules) };
    assert_eq!(reasons(&evidence), if is_cut { vec![IncompleteReason::LastPageFull] } else { vec![] });
    assert_eq!(Doubts::about(&evidence).are_of_a_cut(), is_cut);
}

#[rstest]
#[case::a_few_stand_twice(35, 2, None, false)]
#[case::many_stand_twice(23, 12, None, true)]
#[case::few_of_many(100, 5, None, false)]
#[case::more_of_many(100, 6, None, true)]
#[case::all_that_it_claims(35, 12, Some(35), false)]
#[case::fewer_than_it_claims(23, 12, Some(35), true)]
#[case::more_than_it_claims(23, 12, Some(12), true)]
#[case::some_fewer_than_it_claims(91, 12, Some(100), true)]
fn a_list_ordered_anew_for_each_page_may_hide_as_many_as_stand_there_twice(
    #[case] vehicles: usize,
    #[case] on_several_pages: u32,
    #[case] total_claimed: Option<u32>,
    #[case] has_moved: bool,
) {
    let (reading, rules) = (ScrapeReading { on_several_pages, total_claimed, ..whole_lot() }, EvidenceRules::default());
    assert_eq!(reasons(&first(&reading, vehicles, &rules)).contains(&IncompleteReason::ListMoved), has_moved);
}

#[rstest]
#[case::half_of_them(35, 18, 1, false)]
#[case::a_minority(35, 17, 1, true)]
#[case::two_of_a_small_lot(3, 1, 1, false)]
#[case::a_small_lot_at_once(4, 1, 1, true)]
#[case::a_small_lot_after_days(4, 1, 7, false)]
#[case::a_small_lot_gone_within_a_week(4, 0, 7, false)]
#[case::a_large_lot_gone_within_a_week(35, 0, 7, true)]
#[case::a_large_lot_after_two_weeks(35, 0, 14, false)]
#[case::the_first_scrape(0, 0, 0, false)]
fn a_lot_of_other_vehicles_is_distrusted_unless_they_may_have_gone(
    #[case] known: usize,
    #[case] recognised: usize,
    #[case] days: i64,
    #[case] is_another: bool,
) {
    let (reading, rules) = (whole_lot(), EvidenceRules::default());
    let recognition = Recognition { known, recognised, standing: 0, unwatched: TimeDelta::days(days) };
    let evidence = Evidence { recognition, ..first(&reading, known.max(1), &rules) };
    assert_eq!(reasons(&evidence), if is_another { vec![IncompleteReason::LotReplaced] } else { vec![] });
    let standing = Recognition { standing: known.div_ceil(2), ..recognition };
    assert_eq!(reasons(&Evidence { recognition: standing, ..evidence }), [], "half of it has stood there for days");
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
    let (reading, rules) = (ScrapeReading { total_claimed, says_none, ..whole_lot() }, EvidenceRules::default());
    let claimed = had_total.then_some(Claimed { vehicles: 20, shown: 20 });
    let judge = |vehicles| reasons(&Evidence { claimed, ..first(&reading, vehicles, &rules) });
    assert_eq!(judge(20), if doubted { vec![IncompleteReason::ClaimsNone] } else { vec![] });
    assert_eq!(judge(0), [IncompleteReason::Empty], "an empty lot is what it was");
}

/// Cars with a number of their own each, from one to another.
fn numbered(cars: std::ops::Range<u32>, prefix: &str) -> Vec<ScrapedListing> {
    cars.map(|number| car(&format!("stock={prefix}{number} miles={}", 1_000 * number))).collect()
}

/// The days on which something is found sold, with how many: of a lot that was seen whole for two months, and then shows the rest.
fn sold_on(
    lot: &mut Lot,
    before: u32,
    days: std::ops::Range<i64>,
    reading: &ScrapeReading,
    after: u32,
) -> Vec<(i64, usize)> {
    (-60..0).step_by(10).chain([0]).for_each(|on_day| drop(lot.see(on_day, &numbered(0..before, "S"))));
    let seen = days.map(|on_day| (on_day, lot.record(day(on_day), numbered(0..after, "S"), reading.clone()).sold()));
    seen.filter(|(_, sold)| *sold > 0).collect()
}

#[test]
fn many_that_vanish_at_once_are_believed_after_eight_looks() {
    for (before, after) in [(60, 40), (100, 40), (40, 20)] {
        let sold = sold_on(&mut lot(), before, 1..20, &whole_lot(), after);
        let [(on_day, count)] = sold.as_slice() else { panic!("{sold:?}") };
        assert!((5..=8).contains(on_day) && *count == (before - after) as usize, "{before}: {sold:?}");
    }
    assert_eq!(sold_on(&mut lot(), 60, 1..20, &whole_lot(), 57), [(4, 3)], "as many as are sold in a day");
}

#[test]
fn a_page_that_stays_away_is_believed_to_be_gone_after_nineteen_looks() {
    let ends_full = ScrapeReading { full_last_page: Some(10), ..whole_lot() };
    assert_eq!(sold_on(&mut lot(), 50, 1..40, &ends_full, 40), [(19, 10)]);
}

#[test]
fn a_list_of_which_nothing_is_seen_sells_what_was_on_it_after_two_months() {
    let page_failed = ScrapeReading { pages_failed: 1, ..whole_lot() };
    assert_eq!(sold_on(&mut lot(), 10, 1..90, &page_failed, 8), [(64, 2)]);
    assert_eq!(sold_on(&mut lot(), 10, 1..90, &whole_lot(), 0), [(64, 10)], "nor an empty one");
}

#[test]
fn cars_that_always_stand_on_two_pages_are_believed_after_thirteen_looks() {
    let moving = ScrapeReading { on_several_pages: 4, ..whole_lot() };
    assert_eq!(sold_on(&mut lot(), 40, 1..40, &moving, 38), [(13, 2)]);
}

/// Empty and half-read days between say hardly anything.
#[test]
fn a_lot_that_halves_for_good_sells_what_is_gone_in_the_end() {
    let mut lot = lot();
    (0..10).for_each(|on_day| drop(lot.see(on_day, &numbered(0..100, "S"))));
    let seen = (10..40).map(|on_day| {
        let plan = match on_day % 5 {
            0 => lot.see(on_day, &[]),
            1 => lot.record(day(on_day), numbered(0..10, "S"), ScrapeReading::part_of_a_lot()),
            _ => lot.see(on_day, &numbered(0..40, "S")),
        };
        (on_day, plan.sold())
    });
    let sold: Vec<_> = seen.filter(|(_, sold)| *sold > 0).collect();
    assert_eq!(sold.iter().map(|(_, sold)| sold).sum::<usize>(), 60, "{sold:?}");
    assert!(sold[0].0 >= 17 && sold[0].0 <= 24, "{sold:?}");
}

#[test]
fn a_lot_that_grows_back_was_never_small() {
    let mut lot = lot();
    for on_day in 0..60 {
        // Six days of a broken list, then a good one.
        let seen = if on_day % 7 == 0 { 100 } else { 30 };
        assert_eq!(lot.see(on_day, &numbered(0..seen, "S")).sold(), 0, "day {on_day}");
    }
}

#[test]
fn a_lot_of_strangers_is_believed_when_they_have_stood_there_for_days() {
    let mut lot = lot();
    (-60..0).step_by(10).chain(0..3).for_each(|on_day| drop(lot.see(on_day, &numbered(0..25, "S"))));
    let seen: Vec<_> = (3..25).map(|on_day| (on_day, lot.see(on_day, &numbered(100..125, "T")))).collect();
    let doubted = |plan: &Plan| plan.doubts.0.contains(&IncompleteReason::LotReplaced);
    assert_eq!(seen.iter().filter(|(_, plan)| doubted(plan)).count(), 5, "from day 3 to day 7");
    let sold: Vec<_> = seen.iter().filter(|(_, plan)| plan.sold() > 0).map(|(on, plan)| (*on, plan.sold())).collect();
    // Gone together, so that it takes some looks of full weight more.
    assert!(sold.len() == 1 && sold[0].1 == 25 && (10..=16).contains(&sold[0].0), "{sold:?}");
}

#[test]
fn what_a_changed_address_leaves_out_is_believed_to_be_gone_after_nineteen_looks() {
    let mut lot = lot();
    lot.list_changed_at = Some(day(1) - TimeDelta::hours(1));
    let sold = sold_on(&mut lot, 35, 1..30, &whole_lot(), 21);
    assert_eq!(sold, [(19, 14)], "as late as those of a list that is cut");
}

#[test]
fn a_changed_address_that_shows_the_same_is_believed_at_once() {
    let mut lot = lot();
    lot.see(0, &numbered(0..35, "S"));
    lot.list_changed_at = Some(day(1) - TimeDelta::hours(1));
    assert!(lot.see(1, &numbered(2..40, "S")).completeness().is_complete());
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
    assert_eq!(plan.doubts.0.contains(&IncompleteReason::CalledSold), doubted);
    assert_eq!(plan.sold(), if doubted { 0 } else { sold as usize });
}

/// What it calls sold counts as not seen, and so is sold when as many looks have not seen it as of a lot that vanished.
#[test]
fn a_website_that_goes_on_calling_its_lot_sold_is_believed() {
    let mut lot = lot();
    (0..3).for_each(|on_day| drop(lot.see(on_day, &numbered(0..20, "S"))));
    let sold: Vec<_> = (3..16).map(|on_day| lot.see(on_day, &called_sold(20, 15, None)).sold()).collect();
    assert_eq!((sold[..7].iter().sum::<usize>(), sold.iter().sum::<usize>()), (0, 15), "{sold:?}");
    let mut part = super::lot();
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

#[test]
fn a_lot_that_is_numbered_anew_each_day_sells_nothing() {
    let mut lot = lot();
    for on_day in 0..40 {
        // Without a link to know them by.
        let plan = lot.see(on_day, &numbered(0..25, &format!("D{on_day}-")));
        assert_eq!((plan.sold(), plan.completeness().is_complete()), (0, on_day == 0), "day {on_day}");
    }
}

#[test]
fn scrapes_within_a_minute_are_one_look_at_a_small_lot() {
    let mut lot = lot();
    lot.see(0, &numbered(0..20, "S"));
    let minutes = |number: i64| day(3) + TimeDelta::minutes(number);
    for number in 0..10 {
        assert_eq!(lot.record(minutes(number), numbered(0..8, "S"), whole_lot()).sold(), 0);
    }
    assert_eq!(
        lot.see(5, &numbered(0..8, "S")).sold(),
        0,
        "two looks, and too few days for cars that were just listed"
    );
}

#[test]
fn a_small_lot_that_is_seldom_scraped_may_turn_over() {
    let mut lot = lot();
    for (week, first) in [0_u32, 3, 7, 10, 14, 17].into_iter().enumerate() {
        let plan = lot.see(7 * week as i64, &numbered(first..first + 5, "S"));
        assert!(plan.completeness().is_complete(), "week {week}");
    }
    assert!(lot.stored.iter().filter(|listing| listing.is_sold).count() >= 10);
}

#[test]
fn a_list_that_is_cut_is_doubted_until_what_it_lacks_is_sold() {
    let mut lot = lot();
    let pages = |pages, last| ScrapeReading {
        pages_fetched: Some(pages),
        list: ListShape { page_vehicles: Some(10), last_page: Some(last), ..ListShape::default() },
        full_last_page: (last == 10).then_some(10),
        ..whole_lot()
    };
    lot.record(day(0), numbered(0..25, "S"), pages(3, 5));
    let doubted = (1..40).filter(|&on_day| {
        let plan = lot.record(day(on_day), numbered(0..20, "S"), pages(2, 10));
        plan.doubts.0.contains(&IncompleteReason::LastPageFull)
    });
    assert_eq!(doubted.collect::<Vec<_>>(), (1..20).collect::<Vec<_>>(), "until what it lacks is sold");
}
