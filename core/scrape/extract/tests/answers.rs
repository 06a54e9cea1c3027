//! Labels for prices that no amount answers.

use super::{prices::asked, *};

/// The vehicles of a list with two cards of one template.
fn cards(facts: &str) -> Vec<ScrapedListing> {
    let card =
        |slug: &str, name: &str| format!(r#"<div class="v"><h4><a href="/cars/{slug}">{name}</a></h4>{facts}</div>"#);
    let page = format!(
        "<title>Used cars for sale</title>{}{}",
        card("edge", "2019 Ford Edge SEL"),
        card("pilot", "2020 Honda Pilot EX-L")
    );
    listings(&page, "https://lot.example/cars").unwrap().listings
}

fn price(facts: &str) -> Option<i64> {
    let read = cards(facts);
    assert_eq!(read.len(), 2, "{facts}");
    assert_eq!(read[0].mileage, Some(48_210), "{facts}");
    read[0].price.map(|price| price.cents() / 100)
}

#[test]
fn a_number_of_the_next_label_is_no_price() {
    for value in ["Call", "Inquire", "-", "", "Reserved", "$", "Sign in to see price", "<button>Reveal</button>"] {
        for facts in [
            format!(
                "<div><b>{value}</b><i>Price</i></div><div><b>48,210</b><i>Mileage</i></div><div><b>41202</b><i>Stock</i></div>"
            ),
            format!("<p><b>{value}</b><i>Price</i><b>48,210</b><i>Miles</i><b>41202</b><i>Stock</i></p>"),
            format!("<dl><dd>{value}</dd><dt>Price</dt><dd>48,210</dd><dt>Miles</dt><dd>41202</dd><dt>Stock</dt></dl>"),
            format!("<table><tr><td>{value}</td><td>48,210</td></tr><tr><td>Price</td><td>Mileage</td></tr></table>"),
        ] {
            assert_eq!(price(&facts), None, "{facts}");
        }
    }
}

#[test]
fn a_number_without_a_sign_is_a_price_behind_its_own_label() {
    for facts in [
        "<p><b>Price</b><i>21,450</i><b>Miles</b><i>48,210</i><b>Stock</b><i>41202</i></p>",
        "<div><b>Price</b><i>21,450</i></div><div><b>Mileage</b><i>48,210</i></div>",
        "<dl><dt>Price</dt><dd>21,450</dd><dt>Miles</dt><dd>48,210</dd></dl>",
        "<table><tr><td>Price</td><td>21,450</td><td>Miles</td><td>48,210</td></tr></table>",
        "<p><span>$</span><b>21,450</b></p><p>48,210 miles</p>",
    ] {
        assert_eq!(price(facts), Some(21_450), "{facts}");
    }
}

#[test]
fn what_the_maker_suggests_is_no_price_where_the_one_that_is_asked_is_told_to_who_asks() {
    for value in ["Log in", "Confirm availability", "In transit", "Auction", "Not priced yet", "-", ""] {
        let facts =
            format!("<dl><dt>MSRP</dt><dd>$31,450</dd><dt>Our Price</dt><dd>{value}</dd></dl><p>48,210 miles</p>");
        assert_eq!(price(&facts), None, "{facts}");
    }
    let told = "<p>48,210 miles</p><div><span>Retail Price</span> <b>$31,450</b></div><div><span>Sale Price</span> <a href='/lead'>Log in to view</a></div>";
    assert_eq!(price(told), None);
    let attribute = "<p>48,210 miles</p><p>Call for price</p><i data-msrp='31450'></i>";
    assert_eq!(price(attribute), None);
    // What answers is beside the amount.
    let beside = "<p>48,210 miles</p><div><span>Sale Price</span> <a href='#'>Details</a></div><div>$21,450</div>";
    assert_eq!(price(beside), Some(21_450));
}

#[test]
fn what_a_loan_comes_to_and_what_may_be_paid_at_first_are_no_prices() {
    for (facts, asked) in [
        (
            "<div class='sale-price'>$8,995</div><p><span>Est. Payment</span> <b>$412</b> <span>Total of Payments</span> <b>$15,495</b></p>",
            Some(8_995),
        ),
        ("<p>Drive-out total $24,120</p><p>$21,450</p>", Some(21_450)),
        ("<p>Great value! $21,450</p>", Some(21_450)),
        ("<p>Drive today: $1,995</p>", None),
    ] {
        let facts = format!("<p>48,210 miles</p>{facts}");
        assert_eq!(price(&facts), asked, "{facts}");
    }
}

#[test]
fn cars_that_payments_alone_are_asked_for_are_cars() {
    for facts in [
        "<p>$1,500 Down</p><p>$400/mo</p>",
        "<p class='pay'>$341/mo*</p>",
        "<ul><li>Down: $1,000</li><li>Bi-weekly: $210</li></ul>",
        "<p>48,210 miles</p><p>$999 down</p><p>$85/week</p>",
    ] {
        let read = cards(facts);
        assert_eq!((read.len(), read.iter().find_map(|car| car.price)), (2, None), "{facts}");
    }
    for facts in ["<p>$299/mo lease</p><p>$2,999 due at signing</p>", "<p>$85/week</p><p>Rent it</p>"] {
        assert_eq!(cards(facts).len(), 0, "{facts}");
    }
}

#[test]
fn the_address_of_a_car_may_hold_a_word_of_a_form() {
    let page = r#"<title>Used cars for sale</title>
        <div class="v"><h4><a href="/cars/2020-tesla-model-y-performance">2020 Tesla Model Y Performance</a></h4><p>$31,990</p></div>
        <div class="v"><h4><a href="/cars/2016-ram-1500-tradesman">2016 Ram 1500 Tradesman</a></h4><p>$15,995</p></div>
        <div class="v"><h4><a href="/contact-form?car=2019-ford-edge">2019 Ford Edge SEL</a></h4><p>$15,995</p></div>"#;
    let read = listings(page, "https://lot.example/cars").unwrap().listings;
    assert_eq!(read.iter().filter(|car| car.url.is_some()).count(), 2, "{read:?}");
}

#[test]
fn the_number_of_the_stock_may_be_a_property_of_rdfa() {
    let read = cards(r#"<p>48,210 miles</p><p>Item <span property="schema:sku">UT3310</span></p><p>$21,450</p>"#);
    assert_eq!(read[0].stock_number.as_deref(), Some("UT3310"));
}

#[test]
fn a_caption_is_read_whole_and_has_its_own_amount() {
    let column = |captions: [&str; 3]| {
        let captions = captions.map(|caption| format!("<b>{caption}</b>")).concat();
        format!("<div><div><i>$15,995</i><i>$2,450</i><i>$18,990</i></div><div>{captions}</div></div>")
    };
    for said in [
        // A note behind it, which is no answer.
        column(["Sale Price<sup>1</sup>", "Customer Cash<button>i</button>", "MSRP<sup>1,2</sup>"]),
        // A line that breaks within it.
        column(["Sale<br>Price", "Customer<br>Cash", "Retail<br>Price"]),
        column(["Now", "Total<br>Savings", "Original<br>MSRP"]),
        "<div><i>$2,450</i><b>Total<br>Savings</b></div><div><i>$15,995</i></div>".to_owned(),
        // A sentence that says all of its amount stands beside them.
        "<div><span>$800 holds it</span></div><b>Service Plan</b><i>$1,751</i><b>Price</b><i>$15,995</i>".to_owned(),
        "<i>$15,995</i><b>Price</b><i>$2,351</i><b>Service Plan</b><i>$1,357</i><b>Lease</b><p>or $411 per month</p>".to_owned(),
        "<p>One Owner</p><i>$15,995</i><b>Price</b><i>$2,748</i><b>Warranty</b>".to_owned(),
        "<i>$18,564</i> <b>Market Average</b><i>$15,995</i> <b>Cash Price</b><i>$20,203</i> <b>NADA</b><p><del>$17,190</del></p>".to_owned(),
        // No former price is less than what is left.
        "<p>$18,990</p> <small>Was</small><div><b>Handling Fee</b> <i>$99</i></div><div><i class=price>$15,995</i></div>".to_owned(),
        // A rebate and a plan whose class calls it a price come to the price by chance.
        "<table><tr><td>$15,995</td><td>Cash Price</td></tr><tr><td>$4,000</td><td>Rebate</td></tr>\
         <tr><td><b class=price>$11,995</b></td><td>Reserve Deposit</td></tr></table>"
            .to_owned(),
    ] {
        let price = asked(&said).0;
        assert_eq!(price, Some(15_995), "{said}");
    }
}
