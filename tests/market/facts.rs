//! What websites say of titles, conditions and odometers, from the scrape to the price.

use jpauto::{
    competitors::{Listing as Listed, ListingFilter, ListingSort},
    extract::{Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand},
};

use super::*;

/// A Corolla as another dealer lists it.
fn listed(number: u32, price: i32) -> ScrapedListing {
    ScrapedListing {
        vin: Some(vin(800_000 + number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(dollars(price)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    }
}

fn branded(number: u32, brand: TitleBrand) -> ScrapedListing {
    ScrapedListing { title_brand: Some(brand), ..listed(number, 8_000) }
}

/// Records what a dealer lists, some minutes after the last time.
fn record(lot: &Lot, listings: Vec<ScrapedListing>) -> Vec<Listed> {
    let desk = lot.desk();
    let competitors = desk.competitors();
    let known = competitors.list(&Default::default(), &PageRequest::default()).unwrap().items;
    let id = known.first().map(|known| known.id).unwrap_or_else(|| {
        let new = NewCompetitor {
            name: "Rival".into(),
            inventory_url: "https://rival.example/used".into(),
            ..NewCompetitor::default()
        };
        competitors.add(&new).unwrap().id
    });
    lot.pass(TimeDelta::minutes(5));
    competitors.record(id, listings, ScrapeReading::whole_lot(), lot.now()).unwrap();
    competitors.listings(&ListingFilter::default(), &PageRequest::first(100)).unwrap().items
}

fn five_clean() -> impl Iterator<Item = ScrapedListing> {
    [12_000, 13_000, 13_500, 14_000, 15_000].into_iter().zip(1..).map(|(price, number)| listed(number, price))
}

on_both_databases! {
    fn listings_that_another_program_wrote_are_comparables(lot: &Lot) {
        let vehicle = add(lot, 1);
        record(lot, five_clean().collect());
        let found = |lot: &Lot| lot.desk().market().analyze(vehicle.id).unwrap().sample_size;
        let unnoted = |findings: &[jpauto::Finding]| {
            findings.iter().find(|finding| finding.kind.as_str() == "unnoted_model").map(|finding| (finding.count, finding.remedy.as_str()))
        };
        lot.execute("DELETE FROM listed_models");
        let dealership = lot.another_process();
        assert_eq!(unnoted(&dealership.check().unwrap().findings), Some((5, "migrate")));
        assert_eq!(unnoted(&dealership.migrate().unwrap().findings), Some((5, "repaired")));
        assert_eq!(unnoted(&dealership.check().unwrap().findings), None);
        assert_eq!(found(lot), 5);
        // Repaired, they are called otherwise than they were noted.
        lot.execute("UPDATE competitor_inventory SET make = 'Toyota '; DELETE FROM listed_models; INSERT INTO listed_models (year, make, model) VALUES (2018, 'toyota ', 'corolla')");
        dealership.migrate().unwrap();
        assert_eq!(found(lot), 5);
        // Each night does what migrate does, where no trigger does it: a distributed database has none.
        lot.execute("DELETE FROM listed_models");
        lot.desk().competitors().count_metrics(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM listed_models"), 0, "triggers keep the table, and nobody reads all listings each night");
        let of_table = if lot.url.starts_with("sqlite:") { "" } else { " ON competitor_inventory" };
        lot.execute(&format!("DROP TRIGGER listed_models_of_changed{of_table}"));
        lot.desk().competitors().count_metrics(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(found(lot), 5);
    }

    fn listings_are_found_by_what_their_websites_say(lot: &Lot) {
        let pending = ScrapedListing { sale_status: Some(SaleStatus::Pending), condition: Some(Condition::Used), ..listed(3, 9_000) };
        let on_the_way = ScrapedListing {
            stock_status: Some(StockStatus::InTransit),
            condition: Some(Condition::Certified),
            odometer_status: Some(OdometerStatus::TrueMileageUnknown),
            ..listed(4, 9_500)
        };
        let silent = listed(5, 10_000);
        record(lot, vec![branded(1, TitleBrand::Salvage), branded(2, TitleBrand::Flood), pending, on_the_way, silent]);
        let all = ListingFilter::default();
        for (filter, expected) in [
            (ListingFilter { title_brand: vec![TitleBrand::Salvage], ..all.clone() }, vec![1]),
            (ListingFilter { title_brand: vec![TitleBrand::Flood, TitleBrand::Salvage, TitleBrand::Lemon], ..all.clone() }, vec![1, 2]),
            (ListingFilter { title_brand: vec![TitleBrand::Clean], ..all.clone() }, vec![]),
            (ListingFilter { sale_status: vec![SaleStatus::Pending], ..all.clone() }, vec![3]),
            (ListingFilter { condition: vec![Condition::Used, Condition::Certified], ..all.clone() }, vec![3, 4]),
            (ListingFilter { condition: vec![Condition::Used], sale_status: vec![SaleStatus::Available], ..all.clone() }, vec![]),
            (ListingFilter { odometer_status: vec![OdometerStatus::TrueMileageUnknown], ..all.clone() }, vec![4]),
            (ListingFilter { stock_status: vec![StockStatus::InTransit], ..all.clone() }, vec![4]),
            (all, vec![1, 2, 3, 4, 5]),
        ] {
            let filter = ListingFilter { sort: ListingSort::FirstSeenAt, ..filter };
            let found = lot.desk().competitors().listings(&filter, &PageRequest::first(100)).unwrap().items;
            let mut found: Vec<_> = found.iter().map(|listing| listing.vin.clone().unwrap()).collect();
            found.sort();
            let expected: Vec<_> = expected.into_iter().map(|number| vin(800_000 + number)).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    }

    fn what_a_website_says_of_a_car_is_kept_and_changes_with_it(lot: &Lot) {
        let facts = |listing: &Listed| (listing.title_brand, listing.condition, listing.odometer_status, listing.sale_status);
        let said = ScrapedListing {
            title_brand: Some(TitleBrand::Rebuilt),
            condition: Some(Condition::Certified),
            odometer_status: Some(OdometerStatus::Exempt),
            sale_status: Some(SaleStatus::Pending),
            ..listed(1, 9_000)
        };
        let all = (said.title_brand, said.condition, said.odometer_status, said.sale_status);
        assert_eq!(facts(&record(lot, vec![said.clone()])[0]), all);
        let json = serde_json::to_value(&record(lot, vec![said])[0]).unwrap();
        assert_eq!((&json["title_brand"], &json["condition"]), (&"rebuilt".into(), &"certified".into()));
        assert_eq!((&json["odometer_status"], &json["sale_status"]), (&"exempt".into(), &"pending".into()));
        // A website is silent about a sale that fell through; of all else it may be silent for a day.
        assert_eq!(facts(&record(lot, vec![listed(1, 9_000)])[0]), (all.0, all.1, all.2, None));
        let salvage = branded(1, TitleBrand::Salvage);
        assert_eq!(record(lot, vec![salvage])[0].title_brand, Some(TitleBrand::Salvage));
        // What stands on the lot with 60,000 miles is not new, whatever its template says.
        let new = ScrapedListing { condition: Some(Condition::New), ..listed(2, 9_000) };
        assert!(record(lot, vec![new]).iter().all(|listing| listing.condition != Some(Condition::New)));
    }

    fn a_clean_car_is_never_priced_by_branded_or_new_ones(lot: &Lot) {
        use TitleBrand::{Branded, Clean, Flood, Junk, Lemon, Rebuilt, Salvage};
        let vehicle = add(lot, 1);
        let brands = [Branded, Salvage, Rebuilt, Flood, Lemon, Junk].into_iter().zip(11..);
        let mut lot_of_rival: Vec<_> = five_clean().chain(brands.map(|(brand, number)| branded(number, brand))).collect();
        lot_of_rival[0].title_brand = Some(Clean);
        let unknown_miles = Some(OdometerStatus::TrueMileageUnknown);
        lot_of_rival.push(ScrapedListing { odometer_status: unknown_miles, ..listed(20, 8_000) });
        lot_of_rival.push(ScrapedListing { condition: Some(Condition::New), mileage: Some(12), ..listed(21, 30_000) });
        record(lot, lot_of_rival);
        let market = lot.desk();
        let analysis = market.market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.median_price), (5, Some(dollars(13_500))));
        assert_eq!((analysis.left_out.branded, analysis.left_out.new), (7, 0), "the new one has other miles");
        let clean = analysis.comparables.iter().find(|one| one.comparable.title_brand == Some(Clean));
        assert_eq!(clean.and_then(|one| one.comparable.price), Some(dollars(12_000)));
        // A branded car is compared with all of them, and of the one whose miles are unknown with its price alone.
        let subject = Subject { branded: true, ..Subject::from(&vehicle) };
        let priced = market.market().price(&subject).unwrap();
        assert_eq!((priced.left_out.branded, priced.sample_size), (0, 12));
        let unknown = priced.comparables.iter().find(|one| one.comparable.odometer_status == unknown_miles);
        assert!(unknown.is_none_or(|one| one.comparable.mileage.is_none() && one.comparable.branded));
    }

    fn a_new_car_is_compared_with_new_ones_alone_where_it_is_new_itself(lot: &Lot) {
        let vehicle = add(lot, 1);
        let new = |number| ScrapedListing { condition: Some(Condition::New), mileage: Some(12), ..listed(number, 24_000) };
        record(lot, five_clean().chain((11..=13).map(new)).map(|one| ScrapedListing { mileage: Some(12), ..one }).collect());
        let subject = |is_new| Subject { mileage: Some(10), is_new, ..Subject::from(&vehicle) };
        let desk = lot.desk();
        let left_out = |subject: &Subject| desk.market().price(subject).unwrap().left_out.new;
        assert_eq!((left_out(&subject(false)), left_out(&subject(true))), (3, 0));
    }
}
