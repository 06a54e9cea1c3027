//! Amounts that are no price whatever stands beside them, and prices as people write them.

use super::{prices::asked, *};

/// Sentences and captions of something else, each with an amount that could be a price.
const OF_SOMETHING_ELSE: [&str; 34] = [
    "Total liability $28,000",
    "We will give you $14,000 for your trade",
    "Price reduced $1,500!",
    "Qualified for $25,000",
    "Preapproval amount: $31,000",
    "Original sticker $62,000",
    "MSRP when it was new $62,000",
    "Sold new for $62,000",
    "Window sticker: $58,200",
    "A.C.V. $17,000",
    "Auction guide $17,000",
    "J.D. Power retail $22,400",
    "Service plan $2,995",
    "Options total: $9,850",
    "Delivered to your house: $1,299",
    "TT&L $2,450",
    "$1,189 mthly",
    "$1,189 b/w",
    "60 x $1,189",
    "$1,189 x 60",
    "D.P. $1,800",
    "Win $5,000",
    "Receipts for $42,000",
    "Repair estimate: $4,300",
    "Similar trucks: $22,400",
    "Insured for $75,000",
    "Bond: $5,000",
    "Income of $2,200 required",
    "Engine rebuild: $4,300",
    "Cost new $61,000",
    "Drive away for $1,500",
    "5-year fuel cost $8,750",
    "Membership $1,299",
    "Damage amount $7,200",
];

#[test]
fn an_amount_with_words_that_nobody_knows_is_no_price() {
    for sentence in OF_SOMETHING_ELSE {
        let amount = sentence.split(' ').find(|word| word.starts_with('$')).unwrap().trim_end_matches(['!', '.']);
        let marked = sentence.replace(amount, &format!("<b>{amount}</b>"));
        for shown in [sentence, &marked] {
            let said = format!("<p>{shown}</p>");
            assert_eq!(asked(&said).0, None, "{said}");
            assert_eq!(asked(&format!("{said}<p>$20,000</p>")).0, Some(20_000), "{said} in front");
            assert_eq!(asked(&format!("<p>$20,000</p>{said}")).0, Some(20_000), "{said} behind");
            assert_eq!(asked(&format!("{said}<p>Our Price: $20,000</p>")).0, Some(20_000), "{said} beside a caption");
        }
    }
    assert_eq!(asked("<p>Qualified for $25,000</p>"), (None, vec!["prices_unclear"]));
}

#[test]
fn an_unknown_caption_in_its_own_element_keeps_its_amount_from_being_the_price() {
    for shown in [
        "<div><span>Service plan</span><span>$2,495</span></div>",
        "<dl><dt>Service plan</dt><dd>$2,495</dd></dl>",
        "<table><tr><td>Service plan</td><td>$2,495</td></tr></table>",
        "<p><b>Service plan:</b> <span class=price>$2,495</span></p>",
    ] {
        assert_eq!(asked(shown).0, None, "{shown}");
        assert_eq!(asked(&format!("<p>$20,000</p>{shown}")).0, Some(20_000), "{shown}");
    }
    let table = "<table><tr><th>Service plan</th><th></th></tr><tr><td><b class=price>$2,495</b></td><td>$20,000</td></tr></table>";
    assert_eq!(asked(table).0, Some(20_000));
    // A caption that stands in an element with its own amount says nothing of the one before.
    let rows = "<div><b>$20,000</b></div><div><b>MSRP</b><i>$24,000</i></div><p><b>Roadside plan</b></p>";
    assert_eq!(asked(rows).0, Some(20_000));
    // What the car is, and what a visitor may do, are no captions.
    for beside in
        ["One Owner", "XLT", "Certified", "<a href=/v/1>Photos and options</a>", "<button>Get alerts</button>"]
    {
        let shown = format!("<div><span>{beside}</span><span>$20,000</span></div>");
        assert_eq!(asked(&shown).0, Some(20_000), "{shown}");
    }
}

#[test]
fn a_column_of_captions_binds_its_unknown_ones_by_their_places() {
    let column = |texts: &[&str]| -> String {
        let texts: String = texts.iter().map(|text| format!("<div>{text}</div>")).collect();
        format!("<div>{texts}</div>")
    };
    for (captions, amounts, price) in [
        (&["Service plan", "Market Value", "Cash Price"][..], &["$2,495", "$23,000", "$20,000"][..], Some(20_000)),
        (
            &["Asking Price", "Original MSRP", "Rebate", "Roadside"],
            &["$20,000", "$36,000", "-$1,000", "$2,495"],
            Some(20_000),
        ),
        (&["Low Price", "KBB Value"], &["$20,000", "$22,000"], Some(20_000)),
        (
            &["Trade-in Value", "Weekly", "Reserve Deposit", "Low Price"],
            &["$18,000", "$82", "$500", "$20,000"],
            Some(20_000),
        ),
        (&["Service plan", "Doc Fee"], &["$2,495", "$699"], None),
    ] {
        let (captions, amounts) = (column(captions), column(amounts));
        for shown in [format!("{captions}{amounts}"), format!("{amounts}{captions}")] {
            assert_eq!(asked(&shown).0, price, "{shown}");
            assert_eq!(asked(&format!("<section>{shown}</section>")).0, price, "{shown}");
        }
    }
}

#[test]
fn a_price_is_read_as_people_write_it() {
    for shown in [
        "$20,<sup>000</sup>",
        "<span>$</span><span>20</span>,<span>000</span>",
        "<span>$20</span><span>,</span><span>000</span>",
        "$20,<wbr>000",
        "$20,<!-- -->000",
        "$20 000",
        "$20.000",
        "$20'000",
        "20 000 $",
        "20.000,00 $",
        "Asking 20,000",
        "Asking: 20,000 obo",
        "Our price 20000",
        "Starting at $20,000",
        "From $20,000",
        "Marked down to $20,000",
        "Price reduced to $20,000",
        "Price drop! Now $20,000",
        "Wholesale price $20,000",
        "$20,000 financed",
        "$20,000 firm",
        "Only $20,000 obo",
        "Smith Motors Price $20,000",
        "F-150 XLT $20,000",
        "Price before tax $20,000",
    ] {
        for (open, close) in [("<p>", "</p>"), ("<span>", "</span>"), (r#"<div class="price">"#, "</div>")] {
            let said = format!("{open}{shown}{close}");
            assert_eq!(asked(&said).0, Some(20_000), "{said}");
        }
    }
    for cents in ["$20,000<sup>00</sup>", "$20,000<small>.00</small>"] {
        assert_eq!(asked(&format!("<p class=price>{cents}</p>")).0, Some(20_000), "{cents}");
    }
    for (shown, price) in
        [("Starting at $399", None), ("Asking 2019", None), ("C$20,000", None), ("$399 financed", None)]
    {
        assert_eq!(asked(&format!("<p>{shown}</p>")).0, price, "{shown}");
    }
}

#[test]
fn a_state_of_the_sale_and_a_form_take_no_price_away() {
    for state in ["Deposit Taken", "Deposit received", "On Deposit", "Under contract", "In contract", "Sale Pending"] {
        for shown in [format!("<span>{state}</span><p>$20,000</p>"), format!("<p>$20,000</p><b>{state}</b>")] {
            assert_eq!(asked(&shown).0, Some(20_000), "{shown}");
        }
    }
    for form in [
        "<form>Your trade: <input name=trade></form>",
        "<form><label>Down payment</label> <input type=number></form>",
        "<form>Your trade: <select><option>Ford</select></form>",
        "<p>Your trade:</p>",
    ] {
        assert_eq!(asked(&format!("<b>$20,000</b>{form}")).0, Some(20_000), "{form}");
    }
}

#[test]
fn what_a_card_calls_something_else_is_no_price_of_its_data() {
    let page = |price: &str, card: &str| {
        format!(
            r#"<script type="application/ld+json">[{{"@type": "Car", "name": "2019 Ford F-150 XLT", "vehicleIdentificationNumber":
            "1FTEW1EP6KFA10001", "mileageFromOdometer": 45000, "url": "https://lot.example/used/1",
            "offers": {{"@type": "Offer", "price": {price}}}}},
            {{"@type": "Car", "name": "2018 Ford Edge SEL", "vehicleIdentificationNumber": "2FMPK4K91JBB11870",
            "mileageFromOdometer": 30000, "offers": {{"@type": "Offer", "price": 15995}}}}]</script>
            <div><div class="car"><h3><a href="/used/1">2019 Ford F-150 XLT</a></h3>{card}<p>VIN: 1FTEW1EP6KFA10001</p></div>
            <div class="car"><h3><a href="/used/2">2018 Ford Edge SEL</a></h3><p>$15,995</p><p>VIN: 2FMPK4K91JBB11870</p></div></div>"#
        )
    };
    for (price, card, expected) in [
        ("24000", "<p>MSRP $24,000</p><p>Sale Price $20,000</p>", Some(20_000)),
        ("24000", "<p><b>MSRP</b><i>$24,000</i></p><p><b>Our Price</b><i>$20,000</i></p>", Some(20_000)),
        ("24000", "<p>Was $24,000</p><p>$20,000</p>", Some(20_000)),
        ("24000", "<p>MSRP $24,000</p>", Some(24_000)),
        ("399", "<p>$399/mo</p><p>Our Price $20,000</p>", Some(20_000)),
        ("399", "<p>$399/mo</p>", None),
        ("20000", "<p>MSRP $24,000</p><p>Sale Price $20,000</p>", Some(20_000)),
        ("20000", "<p>Price $20,000</p><p>$399/mo</p>", Some(20_000)),
        // An old figure that the card no longer shows.
        ("21000", "<p>MSRP $24,000</p><p>Sale Price $20,000</p>", Some(20_000)),
        ("21000", "<p>Price $21,000</p><p>Sale Price $20,000</p>", Some(21_000)),
        ("21000", "<p>$20,000</p>", Some(21_000)),
        ("410", "<p>$20,000</p>", Some(20_000)),
    ] {
        let read = listings(&page(price, card), LOT).unwrap();
        let car = read.listings.iter().find(|car| car.vin.as_deref() == Some("1FTEW1EP6KFA10001")).unwrap();
        assert_eq!(car.price.map(|price| price.cents() / 100), expected, "{price} {card}");
        assert_eq!(read.listings.len(), 2);
    }
}

#[test]
fn a_vendors_own_place_for_the_price_may_hold_the_makers() {
    let card = |number: usize, vin: &str| {
        format!(
            r#"<div class="row srpVehicle hasVehicleInfo" data-vin="{vin}" data-price="24000" data-msrp="24000" data-year="2019"
            data-make="Ford" data-model="F-150" data-stocknum="P{number}"><h2><a href="/used-{number}-{vin}">2019 Ford F-150</a></h2>
            <p>MSRP $24,000</p><p>Internet Price $20,000</p></div>"#
        )
    };
    let page = card(1, "1FTEW1EP6KFA10001") + &card(2, "1FTEW1EP6KFA10002");
    let read = listings(&format!("<body>{page}</body>"), LOT).unwrap();
    assert_eq!(read.platform, "dealer_on");
    let prices: Vec<_> = read.listings.iter().map(|car| car.price.map(|price| price.cents() / 100)).collect();
    assert_eq!(prices, [Some(20_000), Some(20_000)]);
}
