//! Prices by kinds of cards: captions under their amounts, sentences, prices that are told by phone, and fillers.

use super::*;

/// What a page says of the price of a car whose card shows this, in dollars, and the codes of its warnings about prices.
pub(super) fn asked(shown: &str) -> (Option<i64>, Vec<&'static str>) {
    let card = format!(
        r#"<div class="car"><h3><a href="/used/1">2019 Ford F-150 XLT</a></h3>{shown}<p>VIN: 1FTEW1EP6KFA10001</p><p>45,000 miles</p></div>"#
    );
    let other = r#"<div class="car"><h3><a href="/used/2">2018 Ford Edge SEL</a></h3><p>$15,995</p><p>VIN: 2FMPK4K91JBB11870</p></div>"#;
    let read = listings(&format!("<body><div>{card}{other}</div></body>"), LOT).unwrap();
    let car = read.listings.iter().find(|car| car.vin.as_deref() == Some("1FTEW1EP6KFA10001")).unwrap();
    let codes = read.warnings.iter().map(Warning::code).filter(|code| code.starts_with("prices")).collect();
    (car.price.map(|price| price.cents() / 100), codes)
}

/// Amounts with their captions.
type Pairs<'t> = &'t [(&'t str, &'t str)];

/// The pairs in every structure that has one direction, the amounts first or the captions.
fn structures(pairs: Pairs<'_>) -> Vec<String> {
    let mut made = Vec::new();
    let texts = |is_amount_first: bool| -> Vec<&str> {
        pairs
            .iter()
            .flat_map(|(amount, caption)| if is_amount_first { [*amount, *caption] } else { [*caption, *amount] })
            .collect()
    };
    for is_amount_first in [true, false] {
        let texts = texts(is_amount_first);
        let each =
            |open: &str, close: &str| -> String { texts.iter().map(|text| format!("{open}{text}{close}")).collect() };
        made.push(format!("<table>{}</table>", each("<tr><td>", "</td></tr>")));
        made.push(format!("<table><tbody>{}</tbody></table>", each("<tr><th><b>", "</b></th></tr>")));
        made.push(format!("<ul>{}</ul>", each("<li>", "</li>")));
        for tag in ["div", "span", "p"] {
            made.push(format!("<div>{}</div>", each(&format!("<{tag}>"), &format!("</{tag}>"))));
        }
        made.push(each("<div>", "</div>"));
        made.push(format!("<div>{}</div>", each("<div><div>", "</div></div>")));
        let (first, second) = if is_amount_first { ("dd", "dt") } else { ("dt", "dd") };
        let terms: String = texts
            .chunks(2)
            .map(|pair| format!("<{first}>{}</{first}><{second}>{}</{second}>", pair[0], pair[1]))
            .collect();
        made.push(format!("<dl>{terms}</dl>"));
        let row = |side: usize| -> String { texts.chunks(2).map(|pair| format!("<td>{}</td>", pair[side])).collect() };
        made.push(format!("<table><tr>{}</tr><tr>{}</tr></table>", row(0), row(1)));
    }
    made
}

#[test]
fn a_sequence_of_amounts_and_captions_is_read_in_its_one_direction() {
    for (pairs, price) in [
        (&[("$24,000", "MSRP"), ("$20,000", "Price")][..], Some(20_000)),
        (&[("$24,000", "Retail Price"), ("$20,000", "Sale Price")], Some(20_000)),
        (&[("$20,000", "Price"), ("$24,000", "MSRP")], Some(20_000)),
        (&[("$355", "Payment"), ("$20,000", "Our Price")], Some(20_000)),
        (&[("$389", "Monthly"), ("$20,000", "Price")], Some(20_000)),
        (&[("$20,000", "Price"), ("$1,500", "Down payment")], Some(20_000)),
        (&[("$24,000", "Was"), ("$20,000", "Now")], Some(20_000)),
        (&[("$20,000", "Internet Price"), ("$24,000", "MSRP"), ("$4,000", "You Save")], Some(20_000)),
        (&[("$1,500", "Enganche"), ("$20,000", "Precio")], Some(20_000)),
        (&[("$24,000", "Antes"), ("$20,000", "Ahora")], Some(20_000)),
        (&[("$499", "Doc fee"), ("$20,000", "Cash price")], Some(20_000)),
        (&[("$21,000", "Finance price"), ("$20,000", "No-haggle price")], Some(20_000)),
        (&[("$189", "Bi-weekly"), ("$20,000", "Price")], Some(20_000)),
        (&[("$389", "Monthly")], None),
    ] {
        for shown in structures(pairs) {
            assert_eq!(asked(&shown).0, price, "{shown}");
        }
    }
    // What a sentence says of its own amount, the caption beside it says of another.
    for sentence in ["<p><b>$1,700</b> holds it</p>", "<p>Buy Here Pay Here! Down payment $2,500</p>"] {
        let below = "<p>$20,000</p><b>Price</b><p>$4,600</p><b>Cash Down</b>";
        let above = "<b>Down Payment</b><i>$4,600</i><b>Sale Price</b><i>$20,000</i>";
        for shown in [format!("{below}<div>{sentence}</div>"), format!("<div>{sentence}</div>{above}")] {
            assert_eq!(asked(&shown).0, Some(20_000), "{shown}");
        }
    }
    // A payment behind them has its word in the next row.
    let rows: String = ["$24,000", "MSRP", "$20,000", "Price", "$355", "/month"]
        .iter()
        .map(|text| format!("<tr><td>{text}</td></tr>"))
        .collect();
    assert_eq!(asked(&format!("<table>{rows}</table>")).0, Some(20_000));
}

#[test]
fn a_sentence_says_what_is_paid_at_first_and_that_is_no_price() {
    for sentence in [
        "Buy Here Pay Here! Down payment $1,500",
        "Get yours here! Down payment $1,500",
        "Pay $1,500 now, drive today",
        "$1,500 drives it home",
        "$999 gets you in",
        "as low as $0 down",
        "$500 holds it",
        "Put $2,000 down and drive",
        "Bring $1,500 and your ID",
        "Just $1,500 and you drive",
        "All you need is $1,500",
        "Drive home today with $1,500",
        "Hold it for $1,000",
        "$1,500 de enganche",
        "Desde $299 al mes",
        "$4,200 in options",
        "Includes $1,500 of upgrades",
        "Free $2,000 gift card",
    ] {
        let amount = sentence.split(' ').find(|word| word.starts_with('$')).unwrap();
        let marked = sentence.replace(amount, &format!("<b>{amount}</b>"));
        for shown in [sentence, &marked] {
            for (open, close) in [("<p>", "</p>"), ("<span>", "</span>"), (r#"<div class="badge">"#, "</div>")] {
                let said = format!("{open}{shown}{close}");
                assert_eq!(asked(&said).0, None, "{said}");
                assert_eq!(asked(&format!("{said}<p>$20,000</p>")).0, Some(20_000), "{said} in front");
                assert_eq!(asked(&format!("<p>$20,000</p>{said}")).0, Some(20_000), "{said} behind");
            }
        }
    }
    assert_eq!(asked("<p>Call now. MSRP <b>$25,000</b></p><p>$20,000</p>").0, Some(20_000));
    for sentence in ["Yours for $20,000", "You pay only $20,000", "Great price! $20,000", "Now $20,000, drive it home"]
    {
        assert_eq!(asked(&format!("<p>{sentence}</p>")).0, Some(20_000), "{sentence}");
    }
}

#[test]
fn a_maker_s_price_is_none_where_the_price_is_told_by_phone() {
    for msrp in ["<p>MSRP: $24,000</p>", "<p><b>MSRP</b><i>$24,000</i></p>", r#"<p class="msrp">$24,000</p>"#] {
        assert_eq!(asked(msrp), (Some(24_000), vec![]), "better than nothing: {msrp}");
        for said in [
            "<p>Price unavailable</p>",
            "<p>Price: call</p>",
            "<p>Call for price</p>",
            "<a href=/contact>Contact us for price</a>",
            "<p>Price on request</p>",
            "<p>Price: Call (555) 123-4567</p>",
            "<p><b>Price</b><i>Call</i></p>",
            "<dl><dt>Price</dt><dd>Not available</dd></dl>",
            "<p>Llame para precio</p>",
        ] {
            for shown in [format!("{msrp}{said}"), format!("{said}{msrp}")] {
                assert_eq!(asked(&shown).0, None, "{shown}");
            }
            assert_eq!(asked(&format!("{msrp}{said}<p>Our Price: $20,000</p>")).0, Some(20_000), "{said}");
        }
        let shown = format!("{msrp}<p>Call us today</p>");
        assert_eq!(asked(&shown).0, Some(24_000), "{shown}");
    }
}

#[test]
fn what_fills_the_place_of_a_price_is_left_out_with_a_warning() {
    for filler in ["$1", "$1.00", "$0.01", "$99", "$999,999", "$9,999,999", "$1234567", "$99999999", "$12,345,678"] {
        for shown in [format!("<p>Price: {filler}</p>"), format!(r#"<p class="price">{filler}</p>"#)] {
            assert_eq!(asked(&shown), (None, vec!["prices_filled_in"]), "{shown}");
            let beside = format!("{shown}<p>Sale Price: $20,000</p>");
            assert_eq!(asked(&beside), (Some(20_000), vec![]), "{beside}");
        }
    }
    // Every reader has the rule.
    let data = |price: &str, sale: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type": "Car", "vehicleIdentificationNumber": "1FTEW1EP6KFA10001",
            "name": "2019 Ford F-150", "offers": [{{"@type": "Offer", "price": "{price}"}}{sale}]}}</script>"#
        )
    };
    let sale = r#", {"@type": "Offer", "price": "20000"}"#;
    for (page, price, warned) in [
        (data("1", ""), None, true),
        (data("9999999", ""), None, true),
        (data("1", sale), Some(20_000), false),
        (
            r#"<div itemscope itemtype="https://schema.org/Car"><b itemprop="name">2019 Ford F-150</b>
            <i itemprop="vehicleIdentificationNumber">1FTEW1EP6KFA10001</i>
            <span itemprop="offers" itemscope itemtype="https://schema.org/Offer"><u itemprop="price">9999999</u></span></div>"#
                .to_owned(),
            None,
            true,
        ),
    ] {
        let read = listings(&format!("<body>{page}</body>"), LOT).unwrap();
        assert_eq!(read.listings.len(), 1, "{page}");
        assert_eq!(read.listings[0].price.map(|price| price.cents() / 100), price, "{page}");
        assert_eq!(read.warnings.iter().any(|warning| warning.code() == "prices_filled_in"), warned, "{page}");
    }
}

#[test]
fn a_badge_that_praises_a_price_is_no_caption() {
    for badge in ["Great Price", "Good Price", "Low Price", "Price Drop", "Great Deal"] {
        let badge = format!("<span>{badge}</span>");
        for shown in [
            format!("{badge}<span>MSRP</span><span>$24,000</span><span>$20,000</span>"),
            format!("<span>MSRP</span><span>$24,000</span>{badge}<span>Price</span><span>$20,000</span>"),
            format!("<span>$24,000</span><span>MSRP</span>{badge}<span>$20,000</span><span>Price</span>"),
            format!("<p>$355/mo</p>{badge}<p>$20,000</p>"),
        ] {
            assert_eq!(asked(&format!("<div>{shown}</div>")).0, Some(20_000), "{shown}");
        }
    }
}
