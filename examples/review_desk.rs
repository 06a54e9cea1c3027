//! Reviews submissions: one is approved at another price, one is rejected.
//!
//! ```sh
//! cargo run --example review_desk
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use jpauto::{Actor, Approval, Dealership, Money, NewSubmission, PageRequest, SubmissionFilter};

fn main() -> jpauto::Result<()> {
    // A file is "sqlite:lot.db". With the feature `postgres`, "postgres://user@host/database" works, too.
    let dealership = Dealership::open("sqlite::memory:")?;
    let website = dealership.acting_as(Actor::public());
    for (model, vin, price) in [("Camry", "4T1B11HK9KU211111", 15_000), ("Corolla", "2T1BURHE2JC073721", 12_900)] {
        website.submissions().submit(&NewSubmission {
            year: 2018,
            make: "Toyota".into(),
            model: model.into(),
            vin: Some(vin.into()),
            mileage: Some(61_000),
            asking_price: Some(Money::from_dollars(price)),
            ..NewSubmission::default()
        })?;
    }

    let desk = dealership.acting_as(Actor::system());
    for submission in desk.submissions().list(&SubmissionFilter::pending(), &PageRequest::default())?.items {
        let car = format!("{} {} {}", submission.year, submission.make, submission.model);
        for warning in &submission.warnings {
            println!("{car}: warning: {warning:?}");
        }
        if submission.model == "Camry" {
            let vehicle =
                desk.submissions().approve(submission.id, &Approval::at_price(Money::from_dollars(13_500)))?;
            println!("{car}: in stock as {} at ${}", vehicle.stock_number.unwrap_or_default(), vehicle.price);
        } else {
            desk.submissions().reject(submission.id, "we have three of them already")?;
            println!("{car}: rejected");
        }
    }

    let stock = desk.inventory().statistics()?;
    println!("{} vehicle(s) in stock, worth ${}", stock.total.count, stock.total.value);
    Ok(())
}
