//! Names of vehicles in parts, facts in one line, and values that stand in attributes.

use super::*;

/// The three vehicles of a list.
fn cars(card: &dyn Fn(&str, &str, &str, &str, &str) -> String) -> Vec<ScrapedListing> {
    let cards = [
        ("2019", "Ford", "Edge", "SEL", "1"),
        ("2020", "Honda", "Pilot", "EX-L", "2"),
        ("2017", "Mercedes-Benz", "GLC 300", "4MATIC", "3"),
    ];
    let cards: String = cards.iter().map(|(year, make, model, trim, at)| card(year, make, model, trim, at)).collect();
    let page = format!("<title>Pre-owned inventory</title><h1>Our cars</h1><div>{cards}</div>");
    listings(&page, "https://lot.example/cars").unwrap().listings
}

fn assert_named(card: &dyn Fn(&str, &str, &str, &str, &str) -> String, form: &str) {
    let read = cars(card);
    let named: Vec<_> = read.iter().map(|car| (car.year, car.make.as_deref())).collect();
    let whole = [(Some(2019), Some("Ford")), (Some(2020), Some("Honda")), (Some(2017), Some("Mercedes-Benz"))];
    assert_eq!(named, whole, "{form}");
    for (car, at) in read.iter().zip(1..) {
        assert_eq!(car.price, Some(Money::from_dollars(21_450 + at)), "{form}");
        assert_eq!(car.mileage, Some(48_210 + at), "{form}");
    }
    assert_eq!(read[1].model.as_deref(), Some("Pilot"), "{form}");
}

#[test]
fn year_make_and_model_may_stand_in_elements_of_their_own() {
    type Card = fn(&str, &str, &str, &str, &str) -> String;
    let forms: [(&str, Card); 8] = [
        ("year and make above", |year, make, model, trim, at| {
            format!(
                r#"<div class="t"><a href="/c/{at}"><img></a><p>{year} {make}</p><p>{model} {trim}</p><p>48,21{at} mi</p><p>$21,45{at}</p></div>"#
            )
        }),
        ("badge", |year, make, model, trim, at| {
            format!(
                r#"<div class="t"><a href="/c/{at}"><i>{year}</i><h4>{make} {model} {trim}</h4></a><p>48,21{at} mi</p><p>$21,45{at}</p></div>"#
            )
        }),
        ("line of facts", |year, make, model, _, at| {
            format!(
                r#"<div class="t"><h4><a href="/c/{at}">{make} {model}</a></h4><p>{year} &middot; 48,21{at} mi</p><p>$21,45{at}</p></div>"#
            )
        }),
        ("term", |year, make, model, trim, at| {
            format!(
                r#"<div class="t"><h4><a href="/c/{at}">{make} {model} {trim}</a></h4><dl><dt>Year</dt><dd>{year}</dd><dt>Mileage</dt><dd>48,21{at}</dd></dl><p>$21,45{at}</p></div>"#
            )
        }),
        ("texts", |year, make, model, trim, at| {
            format!(
                r#"<div class="t"><a href="/c/{at}"><img></a><p>{year}</p><p>{make} {model}</p><p>{trim}</p><p>48,21{at} mi</p><p>$21,45{at}</p></div>"#
            )
        }),
        ("row", |year, make, model, trim, at| {
            format!(
                r#"<table><tr><td>{year}</td><td>{make}</td><td><a href="/c/{at}">{model}</a></td><td>{trim}</td><td>48,21{at} mi</td><td>$21,45{at}</td></tr></table>"#
            )
        }),
        ("make above", |year, make, model, trim, at| {
            format!(
                r#"<div class="t"><small>{make}</small><h3><a href="/c/{at}">{year} {model} {trim}</a></h3><p>48,21{at} miles</p><p>$21,45{at}</p></div>"#
            )
        }),
        ("sign of a make", |year, make, model, trim, at| {
            format!(
                r#"<div class="t"><img src="logo.svg" alt="{make}"><h3><a href="/c/{at}">{year} {model} {trim}</a></h3><p>48,21{at} miles</p><p>$21,45{at}</p></div>"#
            )
        }),
    ];
    for (form, card) in forms {
        assert_named(&card, form);
    }
}

#[test]
fn two_years_or_makes_name_nothing() {
    let read = cars(&|year, make, model, _, at| {
        format!(
            r#"<div class="t"><h4><a href="/c/{at}">{make} {model}</a></h4><p>{year}</p><p>2011</p><p>48,21{at} mi</p><p>$21,45{at}</p></div>"#
        )
    });
    assert!(read.iter().all(|car| car.year.is_none()), "{read:?}");
}

#[test]
fn facts_of_one_line_are_read_whatever_stands_between_them() {
    type Line = fn(&str, &str) -> String;
    let lines: [Line; 4] = [
        |name, at| format!(r#"<p>{name} ..... 48,21{at} miles ..... #ST10{at} ..... $21,45{at}</p>"#),
        |name, at| {
            format!(
                r#"<article><h2><a href="/c/{at}">{name}, only 48,21{at} miles, $21,45{at}!</a></h2><p>Call today.</p></article>"#
            )
        },
        |name, at| {
            format!(
                r#"<div class="v"><b>{name}</b><br>48,21{at} MILES!!! $21,45{at}!!!<br><a href="/c/{at}">MORE</a></div>"#
            )
        },
        |name, at| {
            format!(
                r#"<form class="c"><h3><a href="/c/{at}">{name}</a></h3><label>Mileage</label><input readonly value="48,21{at}"><label>Price</label><input readonly value="$21,45{at}"></form>"#
            )
        },
    ];
    for line in lines {
        assert_named(&|year, make, model, trim, at| line(&format!("{year} {make} {model} {trim}"), at), &line("", ""));
    }
    // What is no fact of a line stays what its sentence says.
    let worth = cars(&|year, make, model, _, at| {
        format!(
            r#"<div class="v"><h3><a href="/c/{at}">{year} {make} {model}</a></h3><p>It has 48,21{at} miles, new tires worth $2,900 of work.</p></div>"#
        )
    });
    assert!(worth.iter().all(|car| car.price.is_none()), "{worth:?}");
}

#[test]
fn labels_in_attributes_and_heads_of_a_sign_are_read() {
    let read = cars(&|year, make, model, _, at| {
        format!(
            r#"<div class="v"><h3><a href="/c/{at}">{year} {make} {model}</a></h3><p><abbr title="Mileage">MI</abbr> 48,21{at} <abbr title="Stock number">STK</abbr> ST10{at}</p><p>$21,45{at}</p></div>"#
        )
    });
    assert_eq!((read[0].mileage, read[0].stock_number.as_deref()), (Some(48_211), Some("ST101")));
    let rows = r#"<title>Used cars for sale</title><table><tr><th>Vehicle</th><th>Unit</th><th>Miles</th><th>$</th></tr>
        <tr><td><a href="/c/1">2019 Ford Edge SEL</a></td><td>U1</td><td>48,211</td><td>21,451</td></tr>
        <tr><td><a href="/c/2">2020 Honda Pilot EX-L</a></td><td>U2</td><td>48,212</td><td>21,452</td></tr></table>"#;
    let read = listings(rows, "https://lot.example/cars").unwrap().listings;
    assert_eq!((read[1].price, read[1].stock_number.as_deref()), (Some(Money::from_dollars(21_452)), Some("U2")));
}

#[test]
fn trailers_are_vehicles_and_the_units_of_a_fleet_are_none() {
    let card = |at: u8, name: &str, facts: &str| {
        format!(r#"<div class="u"><h3><a href="/u/{at}">{name}</a></h3><p>Unit # T90{at}</p>{facts}</div>"#)
    };
    let page = |facts: &str| {
        format!(
            "<title>Equipment</title>{}{}",
            card(1, "2025 Big Tex 14LX-16", facts),
            card(2, "2023 Sure-Trac ST8214", facts)
        )
    };
    let read = listings(&page("<p>GVWR 14,000 lbs</p><p>$11,995</p>"), "https://lot.example/list").unwrap().listings;
    assert_eq!((read.len(), read[0].stock_number.as_deref()), (2, Some("T901")));
    let fleet = listings(&page("<p>Next service at 125,000</p>"), "https://lot.example/list").unwrap().listings;
    assert_eq!(fleet.len(), 0);
}

#[test]
fn scripts_state_cars_as_arguments_as_a_flat_list_and_alone() {
    let car = |vin: &str| {
        format!(r#"{{"vin":"{vin}","year":2019,"make":"Ford","model":"Edge","mileage":48210,"price":21450}}"#)
    };
    let (one, two) = (car("2FMPK4K91HBB11870"), car("2FMPK4K93KBB11871"));
    for script in [
        format!("<script>$(function(){{showInventory([{one},{two}],{{per:24}});}});</script>"),
        r#"<script type="application/json" id="__NUXT_DATA__">[["Reactive",1],{"cars":2,"sold":16},[3,15],{"vin":4,"year":5,"make":6,"model":7,"mileage":8,"price":9},
            "2FMPK4K91HBB11870",2019,"Ford","Edge",48210,21450,"2FMPK4K93KBB11871","2FMPK4K95LBB11872",0,0,0,
            {"vin":10,"year":5,"make":6,"model":7,"mileage":8,"price":9},[17],{"vin":11,"year":5,"make":6,"model":7,"mileage":8,"price":9}]</script>"#.to_owned(),
    ] {
        let read = listings(&format!("<title>Cars</title><div id=app></div>{script}"), "https://lot.example/used").unwrap().listings;
        assert_eq!(read.len(), 2, "{script}");
        assert_eq!((read[1].price, read[1].mileage), (Some(Money::from_dollars(21_450)), Some(48_210)), "{script}");
    }
    let alone = format!(
        r#"<title>Car</title><script id="__NEXT_DATA__" type="application/json">{{"props":{{"vehicle":{one},"similar":[{two}]}}}}</script>"#
    );
    let read = listings(&alone, "https://lot.example/used/1").unwrap().listings;
    assert_eq!((read.len(), read[0].vin.as_deref()), (1, Some("2FMPK4K91HBB11870")));
}

#[test]
fn an_offer_may_say_by_its_name_what_kind_of_price_it_is() {
    let page = r#"<script type="application/ld+json">{"@type":"Car","name":"2019 Ford Edge SEL","vehicleIdentificationNumber":"2FMPK4K91HBB11870",
        "offers":[{"@type":"Offer","name":"MSRP","price":31450},{"@type":"Offer","name":"Sale Price","price":21450}]}</script>"#;
    assert_eq!(
        listings(page, "https://lot.example/used").unwrap().listings[0].price,
        Some(Money::from_dollars(21_450))
    );
}
