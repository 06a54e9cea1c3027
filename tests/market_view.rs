//! The market view counts vehicles, where several stores of a group list the same ones.

use chrono::TimeDelta;
use jpauto::{
    CompetitorId, Money, NewVehicle, PageRequest,
    competitors::{
        MarketGroup, MarketViewFilter, ModelFigures, NewCompetitor, ScrapeReading, ScrapedListing, UndercutFilter,
    },
    extract::{OdometerStatus, TitleBrand},
};

use crate::support::{Lot, corolla, vin};

fn add(lot: &Lot, name: &str) -> CompetitorId {
    let inventory_url = format!("https://motors.example/{}", name.to_lowercase());
    let new = NewCompetitor { name: name.into(), inventory_url, ..NewCompetitor::default() };
    lot.desk().competitors().add(&new).unwrap().id
}

fn car(number: u32, dollars: i32) -> ScrapedListing {
    ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(dollars)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    }
}

/// Records a lot as it was so many days ago.
fn record(lot: &Lot, id: CompetitorId, days_ago: i64, listings: Vec<ScrapedListing>) {
    let seen_at = lot.now() - TimeDelta::days(days_ago);
    lot.desk().competitors().record(id, listings, ScrapeReading::whole_lot(), seen_at).unwrap();
}

fn view(lot: &Lot, filter: &MarketViewFilter) -> (ModelFigures, Vec<ModelFigures>) {
    let (mut lines, mut page) = (Vec::new(), PageRequest::first(1));
    loop {
        let view = lot.desk().competitors().market_view(filter, &page).unwrap();
        lines.extend(view.models.items);
        let Some(next) = view.models.next else { break (view.total, lines) };
        page = page.after(next);
    }
}

fn dollars(amount: i32) -> Option<Money> {
    Some(Money::from_dollars(amount))
}

on_both_databases! {
    fn a_vehicle_that_several_stores_list_counts_once_by_its_lowest_price(lot: &Lot) {
        let [first, second, third] = ["First", "Second", "Third"].map(|name| add(lot, name));
        // The third store lists the cars of the group dearer, and has had the first one longest.
        record(lot, third, 40, vec![car(1, 12_900)]);
        record(lot, first, 10, vec![car(1, 12_000), car(2, 13_000), car(10, 20_000)]);
        record(lot, second, 8, vec![car(1, 12_000), car(2, 13_000), car(11, 21_000)]);
        record(lot, third, 6, vec![car(1, 12_900), car(2, 13_900), ScrapedListing { model: Some("Corolla LE".into()), ..car(12, 22_000) }]);
        let (total, lines) = view(lot, &MarketViewFilter::default());
        assert_eq!((total.on_sale, total.priced, total.competitors), (5, 5, 3));
        assert_eq!((total.median_price, total.lowest_price, total.highest_price), (dollars(20_000), dollars(12_000), dollars(22_000)));
        assert_eq!(total.median_days_on_market, Some(10.0), "of 40, 10, 10, 8 and 6 days");
        let told: Vec<_> = lines.iter().map(|line| (line.model.as_deref(), line.on_sale, line.competitors, line.median_price)).collect();
        assert_eq!(told, [(Some("Corolla"), 4, 3, dollars(16_500)), (Some("Corolla LE"), 1, 1, dollars(22_000))]);
        // At one store alone, its own listings count, by its own prices.
        let (at_third, _) = view(lot, &MarketViewFilter { competitors: vec![third], ..MarketViewFilter::default() });
        assert_eq!((at_third.on_sale, at_third.median_price), (3, dollars(13_900)));
        let (of_year, _) = view(lot, &MarketViewFilter { year_min: Some(2018), group: MarketGroup::ModelYear, ..MarketViewFilter::default() });
        assert_eq!((of_year.on_sale, of_year.median_price), (total.on_sale, total.median_price));
    }

    fn a_vehicle_spelled_in_two_ways_is_in_one_line_alone(lot: &Lot) {
        let [first, second] = ["First", "Second"].map(|name| add(lot, name));
        record(lot, first, 2, vec![car(1, 12_000)]);
        record(lot, second, 2, vec![ScrapedListing { model: Some("Corolla LE".into()), ..car(1, 12_500) }]);
        let (total, lines) = view(lot, &MarketViewFilter::default());
        assert_eq!((total.on_sale, total.competitors), (1, 2));
        assert_eq!(lines.iter().map(|line| (line.model.as_deref(), line.on_sale)).collect::<Vec<_>>(), [(Some("Corolla"), 1)]);
        let (as_second_says, lines) = view(lot, &MarketViewFilter { model: Some("corolla le".into()), ..MarketViewFilter::default() });
        assert_eq!((as_second_says.on_sale, lines.len()), (1, 1));
    }

    fn a_line_is_called_what_most_listings_call_it(lot: &Lot) {
        let id = add(lot, "First");
        let odd = ScrapedListing { make: Some("TOYOTA".into()), model: Some("COROLLA".into()), ..car(9, 12_000) };
        record(lot, id, 2, (1..4).map(|number| car(number, 12_000)).chain([odd]).collect());
        let (_, lines) = view(lot, &MarketViewFilter::default());
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].make.as_deref(), lines[0].model.as_deref(), lines[0].on_sale), (Some("Toyota"), Some("Corolla"), 4));
    }

    fn a_placeholder_is_no_price_and_its_vehicle_is_counted(lot: &Lot) {
        let [first, second] = ["First", "Second"].map(|name| add(lot, name));
        let text = |number: u32, text: &str| ScrapedListing { price: Some(text.parse().unwrap()), ..car(number, 0) };
        record(lot, first, 2, vec![car(1, 12_000), text(2, "999999"), text(3, "500"), text(4, "999999"), text(5, "500000.01")]);
        record(lot, second, 1, vec![car(4, 14_000)]);
        let (total, _) = view(lot, &MarketViewFilter::default());
        assert_eq!((total.on_sale, total.priced), (5, 2));
        assert_eq!((total.lowest_price, total.highest_price), (dollars(12_000), dollars(14_000)));
    }

    fn vins_that_are_none_tell_no_vehicles_apart(lot: &Lot) {
        let [first, second] = ["First", "Second"].map(|name| add(lot, name));
        record(lot, first, 2, vec![car(1, 12_000), car(2, 12_000)]);
        record(lot, second, 2, vec![car(3, 12_000), car(4, 12_000)]);
        for placeholder in ["00000000000000000", "N/A", ""] {
            lot.execute(&format!("UPDATE competitor_inventory SET vin = '{placeholder}'"));
            assert_eq!(view(lot, &MarketViewFilter::default()).0.on_sale, 4, "{placeholder}");
        }
    }

    fn a_branded_title_undercuts_a_branded_one_alone_and_a_placeholder_nothing(lot: &Lot) {
        let id = add(lot, "Rival");
        let ours = |number: u32, title: Option<&str>| NewVehicle { title_status: title.map(Into::into), ..corolla(number) };
        let clean = lot.desk().inventory().add(&ours(1, Some("clean"))).unwrap();
        let rebuilt = lot.desk().inventory().add(&ours(2, Some("Rebuilt title"))).unwrap();
        let branded = |number, brand| ScrapedListing { title_brand: Some(brand), ..car(number, 6_000) };
        record(lot, id, 1, vec![
            car(21, 12_000),
            branded(22, TitleBrand::Salvage),
            branded(23, TitleBrand::Clean),
            ScrapedListing { odometer_status: Some(OdometerStatus::TrueMileageUnknown), ..car(24, 6_000) },
            car(25, 300),
        ]);
        let undercut = |vehicle| {
            let filter = UndercutFilter { vehicle: Some(vehicle), ..UndercutFilter::default() };
            lot.desk().competitors().undercuts(&filter, &PageRequest::default()).unwrap().items.len()
        };
        assert_eq!((undercut(clean.id), undercut(rebuilt.id)), (2, 4));
    }

    fn a_slip_of_a_dealer_undercuts_nothing_and_is_counted(lot: &Lot) {
        let id = add(lot, "Rival");
        lot.desk().inventory().add(&corolla(1)).unwrap();
        // Ours is 14,000: a digit is missing, one less than 40 % of it, 40 %, and a bargain.
        record(lot, id, 1, vec![car(21, 1_399), car(22, 5_599), car(23, 5_600), car(24, 9_000)]);
        let desk = lot.desk();
        let undercuts = desk.competitors().undercuts(&UndercutFilter::default(), &PageRequest::default()).unwrap().items;
        assert_eq!(undercuts.iter().map(|car| Some(car.their_price)).collect::<Vec<_>>(), [dollars(5_600), dollars(9_000)]);
        let left_out = desk.competitors().left_out(&[]).unwrap();
        assert_eq!((left_out.doubtful_prices, left_out.listings), (2, 0));
        let other = add(lot, "Other");
        assert_eq!(desk.competitors().left_out(&[other]).unwrap().doubtful_prices, 0);
        assert_eq!(view(lot, &MarketViewFilter::default()).0.on_sale, 4, "they are cars on sale all the same");
    }
}
