//! Sentences on dealers' cards that pages of other trades have as well: they cost no car.

use super::*;

const CARS: [(&str, u32, u32, &str); 4] = [
    ("2019 Nissan Rogue SV", 41_310, 17_985, "5N1AT2MV9KC712041"),
    ("2018 Kia Sorento LX", 52_870, 15_490, "5XYPG4A34JG412042"),
    ("2017 Buick Encore", 60_240, 13_875, "KL4CJASB6HB112043"),
    ("2020 Ram 1500 Big Horn", 33_980, 29_260, "1C6RREFT8LN212044"),
];

const SENTENCES: [&str; 39] = [
    "GM pays $500 toward your lease end",
    "Enter to win a $5,000 shopping spree",
    "Enter to win! Raffle on Saturday, tickets from the front desk",
    "You may withdraw on request at any time",
    "Dealer is asking for your feedback",
    "What would you pay monthly? Ask us",
    "Never stolen, clean title",
    "Not reported stolen, no accidents",
    "Stolen: no",
    "No buyback, no settlement",
    "Bad credit? A salary slip is enough",
    "No repair cost for 12 months with our warranty",
    "Just traded. We paid it off for the last owner",
    "We pay $500 over book for your trade",
    "We pay top dollar for trades",
    "No open recalls",
    "Check for open recalls",
    "Recalls: 0",
    "Anti-theft alarm, theft deterrent",
    "Title: theft recovery",
    "Can be shipped to your door for $499",
    "A car that sold for $31,000 when new",
    "Top speed 130 miles per hour",
    "Stage 1 tune, dyno tested",
    "Not parting out",
    "Sale date ends 12/31",
    "Rent this or a similar car at a daily rate",
    "Weekly rates for drivers",
    "Last serviced here, next service free",
    "Never towed",
    "Insurance claim # none",
    "Sold at auction in 2021, one owner since",
    "Make your bid by phone or come in",
    "Not from an impound",
    "Sold on this one? Get $500 off today",
    "Win this weekend: free oil changes",
    "Per entry one ticket. Draw on 12/24",
    "Tickets $5, entries close Friday",
    "Cash alternative to leasing",
];

fn found(title: &str, facts: impl Fn(usize) -> String) -> Vec<ScrapedListing> {
    let cards: String = CARS
        .iter()
        .enumerate()
        .map(|(at, (name, ..))| format!("<div class=unit><h3><a href='/stock/{at}'>{name}</a></h3>{}</div>", facts(at)))
        .collect();
    let page = format!("<head><title>{title}</title></head><body>{cards}<p>12 Main Street</p></body>");
    listings(&page, "https://lot.example/stock/").unwrap().listings
}

#[test]
fn sentences_of_other_trades_lose_no_car_of_a_dealer() {
    for said in SENTENCES {
        for (shape, title, facts) in [
            ("a price", "Our stock", "<p>MILES miles</p><p>$PRICE</p><p>SAID</p>"),
            ("a labelled price", "Vehicles", "<p>Mileage: MILES</p><p>SAID</p><p>Price: $PRICE</p>"),
            ("a VIN", "Our stock", "<p>VIN VIN_NO</p><p>MILES miles</p><p>$PRICE</p><p>SAID</p>"),
            ("by phone", "Our stock", "<p>MILES miles</p><p>Call for price</p><p>SAID</p>"),
            ("a VIN, by phone", "Smith Motors", "<p>VIN VIN_NO</p><p>MILES miles</p><p>Call us</p><p>SAID</p>"),
            ("a number", "Smith Motors", "<p>Stock # P210AT</p><p>MILES miles</p><p>SAID</p>"),
        ] {
            let read = found(title, |at| {
                let (_, miles, price, vin) = CARS[at];
                facts
                    .replace("VIN_NO", vin)
                    .replace("MILES", &miles.to_string())
                    .replace("PRICE", &price.to_string())
                    .replace("AT", &at.to_string())
                    .replace("SAID", said)
            });
            assert_eq!(read.len(), 4, "{shape}: {said}");
            for (listing, (_, miles, price, _)) in read.iter().zip(CARS) {
                assert_eq!(listing.mileage, Some(i32::try_from(miles).unwrap()), "{shape}: {said}");
                let asked = facts.contains("$PRICE").then(|| Money::from_dollars(i32::try_from(price).unwrap()));
                assert_eq!(listing.price, asked, "{shape}: {said}");
            }
        }
    }
}

#[test]
fn what_a_car_is_not_for_is_said_of_it_and_its_amount() {
    for said in [
        "<p>MILES miles</p><p>Dealer asks $PRICE. Fair?</p>",
        "<p>MILES miles</p><p>We paid $PRICE</p>",
        "<p>MILES miles</p><p>Sold for $PRICE</p>",
        "<p>MILES miles</p><p>Tickets $25</p><p>Draw on 12/24</p>",
        "<p>MILES miles</p><p>Enter to win</p>",
        "<p>MILES miles</p><p>Actual cash value $PRICE</p>",
        "<p>MILES miles</p><p>Financed $PRICE at 6.9%</p>",
        "<p>MILES miles</p><p>Insurance covered $PRICE</p>",
        "<p>MILES miles</p><p>Will trade for a boat worth $PRICE</p>",
        "<p>MILES miles</p><p>Advertised at $PRICE, never existed</p>",
        "<dl><dt>Miles</dt><dd>MILES</dd><dt>Raised for the shelter</dt><dd>$PRICE</dd></dl>",
        "<dl><dt>Miles</dt><dd>MILES</dd><dt>Agreed value</dt><dd>$PRICE</dd></dl>",
        "<p>Stolen 11/20 from Main Street</p><p>VIN VIN_NO</p>",
        "<p>3 open recalls</p><p>VIN VIN_NO</p>",
    ] {
        let read = found("Our list", |at| {
            let (_, miles, price, vin) = CARS[at];
            said.replace("VIN_NO", vin).replace("MILES", &miles.to_string()).replace("PRICE", &price.to_string())
        });
        assert_eq!(read, [], "{said}");
    }
}
