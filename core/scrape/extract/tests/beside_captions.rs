//! What stands beside captions and amounts and changes neither: forms, phone numbers, earlier prices, amounts that say themselves what
//! they are.

use super::{prices::asked, *};

/// What a card shows of a car that $21,995 are asked for, and whether that can be told.
const SHOWN: &[(&str, Option<i64>)] = &[
    // What a visitor fills in labels no amount behind it.
    (
        "<form>Monthly payment: <input type=text></form><b>$21,995</b><i>Sale Price</i><b>$24,995</b><i>Retail Price</i>",
        Some(21_995),
    ),
    (
        "<form>Your trade: <div><select><option>2019</select></div></form><b>$21,995</b><i>Our Price</i>\
         <b>$2,195</b><i>Winter Wheels</i><b>$24,995</b><i>MSRP</i>",
        Some(21_995),
    ),
    // A phone number is called, and no caption is answered.
    (
        "<p>Call <a href='tel:5550100100'>(555) 010-0100</a></p><div><b>$399</b><i>Doc Fee</i></div><i>Was</i><b>$24,995</b>\
         <i>Our Price</i><b>$21,995</b><i>Lease For</i><b>$389</b>",
        Some(21_995),
    ),
    ("<div><i>Price</i> <b>Call</b></div><div><i>MSRP</i> <b>$24,995</b></div>", None),
    // A caption that repeats its amount leaves the others one each.
    (
        "<div class=prices><table><tr><td>$389/mo*</td></tr><tr><td>Finance For</td></tr><tr><td>$21,995</td></tr>\
         <tr><td>Special Price</td></tr><tr><td>$3,995</td></tr><tr><td>Due at Signing</td></tr></table></div>",
        Some(21_995),
    ),
    (
        "<b>$399</b><i>Doc Fee</i><b>$21,995</b><i>Our Price</i><b>$24,495</b><i>Was</i><b>$389 per month</b>\
         <i>Est. Monthly</i><b>$25,995</b><i>MSRP</i><div><s>$24,995</s></div>",
        Some(21_995),
    ),
    // A pair of its own beside them, and an amount that is struck through.
    (
        "<div><b>178</b><small>Horsepower</small></div><div><s>$24,995</s></div><i>Winter Wheels</i><b>$2,195</b>\
         <i>Asking Price</i><b class=price-value>$21,995</b><i>Deposit</i><b>$995</b>",
        Some(21_995),
    ),
    (
        "<div><s>$24,995</s></div><i>Market Average<button>i</button></i><b class=price-value>$23,995</b><i>Final Price</i>\
         <b>$21,995</b><i>Due<br>at Signing</i><b class=price>$995</b><div class=badge>Lifetime Warranty</div>",
        Some(21_995),
    ),
    (
        "<div><div><b>$21,995</b></div></div><div><s>$24,995</s></div><i>Sticker Price</i><b class=price>$28,995</b>\
         <i>Finance For<sup>1</sup></i><b class=amount>$389</b>",
        Some(21_995),
    ),
    // The other captions stand behind their amounts, but no saving is as much.
    (
        "<div class=row><b>$23,995</b><i>Est. Trade Value</i></div><div class=row><b>$399</b><i>Doc Fee</i></div>\
         <div class=row><b>$21,995</b></div><div class=row><b>$389</b><i>Lease Payment</i></div><i>Savings</i><b class=price>$2,795</b>",
        Some(21_995),
    ),
    // A remark about the price has no caption.
    (
        "<b>$20,995</b><i>Kelley Blue Book</i><b class=price>$21,995</b><i>Selling Price</i>\
         <p>Advertised price does not include sales tax and a $514 documentation charge.</p>",
        Some(21_995),
    ),
    (
        "<section><div>$1,103 /mo</div><div>Est. Payment</div><div>$21,995</div><div>Asking Price</div><div>$20,995</div>\
         <div>Kelley Blue Book</div><div>$3,874</div><div>Service Plan</div></section>",
        Some(21_995),
    ),
    // A caption that repeats the first amount is its own, though all others could stand in front of theirs.
    (
        "<div><i>$289/mo*</i><i>Estimated Payment</i><i>$1,943</i><i>Deposit</i><i>$21,995</i><i>Sale Price</i><i>$24,283</i>\
         <i>Kelley Blue Book</i><i>$1,643</i><i>Reserve Deposit</i></div>",
        Some(21_995),
    ),
    // A badge in front of amounts in turns, and a sentence behind them.
    (
        "<div class=badge>Back-up Camera</div><b>$21,995</b><i>Special Price</i><b class=price>$3,195</b><i>Cash Down</i>\
         <b class=price-value>$2,095</b><i>Service Plan</i><b class=price>$293</b><i>Lease Payment</i><div>$1,500 holds it</div>",
        Some(21_995),
    ),
    (
        "<table><tr><td><b class=price>$124</b></td><td>Handling Fee</td></tr><tr><td><b class=price>$3,174</b></td>\
         <td>Engine Rebuild</td></tr><tr><td><b>$21,995</b></td><td></td></tr></table><p>Plus $818 dealer fee.</p>\
         <i>Market Average</i> <b>$27,893</b><div class=badge>Back-up Camera</div>",
        None,
    ),
    (
        "<div class=badge>Back-up Camera</div><b>$21,995</b><i>Now</i><b class=price-value>$23,995</b><i>Market Value</i><b>$24,995</b>\
         <i>Retail Price</i><div><s>$24,495</s></div>",
        Some(21_995),
    ),
    (
        "<b>$986</b><i>You Save</i><b>$984</b><i>Down</i><b>$21,995</b><i>Asking Price</i><b>$23,995</b><i>KBB Value</i>\
         <div>We will give you $9,500 for your trade</div>",
        Some(21_995),
    ),
    // Which amount is the unknown one's nobody can tell.
    (
        "<div><span>$4,602</span></div><p>Customer Cash</p><div class=price>$1,110</div><div>Warranty</div>\
         <em class=price-value>$2,833</em>",
        None,
    ),
    // Earlier prices in one text.
    (
        "<table><tr><td>$399</td><td>Doc Fee</td></tr></table><div>10/01/2026$24,99511/01/2026$22,995</div><i>Deposit</i>\
         <b>$3,995</b><i>Rebate</i><b class=price>$1,995</b><i>Your Price</i><b>$21,995</b>",
        Some(21_995),
    ),
    ("<p>Price as of 11/01/2026: $21,995</p>", Some(21_995)),
    // A class alone beside a caption that nobody knows, and a larger amount: either may be the price.
    (
        "<div><label>$21,995</label></div><div><div>$2,532</div><span>Cash Down</span></div><label>Warranty</label> \
         <strong class=price>$13,319</strong><div class=badge><span>Price Reduced</span></div>",
        None,
    ),
    ("<label>Warranty</label> <strong class=price>$21,995</strong><div>MSRP $24,995</div>", Some(21_995)),
    // A class alone against a far larger amount: either may be the price.
    ("<b class=price-value>$3,195</b><b>Insurance</b><div class=badge>New Tires</div><div>$21,995</div>", None),
    ("<b class=price>$21,995</b><div>$24,995</div>", Some(21_995)),
    // Classes within a frame that is called prices.
    ("<div class=prices><div class=old>$24,995</div><div class=cur>$21,995</div></div>", Some(21_995)),
    ("<ul><li>Cash $21,995</li><li>Finance $389/mo</li><li>Lease $299/mo</li></ul>", Some(21_995)),
    ("<div>Finance<br><b>$389</b>/mo<br>72 mos</div><div>Cash<br><b>$21,995</b></div>", Some(21_995)),
    ("<p>$21,995</p><p>Customer cash $2,500</p>", Some(21_995)),
    // A pair that is bound parts a pair in front of it from the amount behind, and the other way round.
    (
        "<b class=price>$25,995</b><label>Market Value</label><div><p>Delivery & Handling</p><em>$650</em></div>\
         <div><div><span>$21,995</span></div></div><div><p>Lease For</p><b>$389</b></div><div><em>Was</em><p>$23,995</p></div>",
        Some(21_995),
    ),
    (
        "<b class=value>$20,995</b><div>NADA</div><div><p>Retail Price</p> <b>$24,995</b></div><div><div> <strong>$21,995</strong></div></div>\
         <div><em>Deposit</em> <em>$4,947</em></div>",
        Some(21_995),
    ),
    (
        "<ul><li><b class=value>$21,995</b></li></ul><ul><li><p>$1,622</p><small>Total Savings</small></li></ul>\
         <ul><li><p>$24,995</p><strong>Was</strong></li></ul><strong>Market Value</strong><b>$25,995</b><div>Qualified for $2,100</div>",
        Some(21_995),
    ),
    (
        "<label class=price>$20,955</label> <small>Est. Trade Value</small><div><i>10/01/2026</i><i>$71,700</i><i>11/01/2026</i><i>$13,700</i></div>\
         <div><div><div> <p>$21,995</p></div></div><div><p>Market Average</p> <b>$25,216</b></div><div><i>Lease Payment</i><b>$489</b></div></div>",
        Some(21_995),
    ),
    // Captions and amounts in turns that stand in one element leave another one's amount alone.
    (
        "<div><div><i>$1,764</i> <i>Engine Rebuild</i></div><div><i>$1,011</i><b>Due at Signing</b></div><div><b class=price-value>$21,995</b></div></div>\
         <p>Rebate</p><label class=price>$2,666</label><div>NADA</div><p class=amount>$27,648</p>",
        Some(21_995),
    ),
    (
        "<span>Service Plan</span> <label>$1,180</label><p>Now<sup>1</sup></p> <label class=price>$21,995</label>\
         <div class=badge>Lifetime Warranty</div><div><div><b>$24,486</b><strong>Sticker Price</strong></div></div>",
        Some(21_995),
    ),
    // What is struck through takes no caption of a larger amount.
    (
        "<div><s>$24,731</s></div><p>KBB Value</p><em>$25,272</em><label>Regular Price</label><i class=price>$24,731</i><b>Final Price</b>\
         <small>$21,995</small><div class=badge>No Doc Fees</div><label>$1,150</label><i>Per Month</i><b class=price>$267</b><i>Handling Fee</i>",
        Some(21_995),
    ),
    (
        "<table><tr><th>Market Value</th><th></th><th>Due at Signing</th></tr><tr><td><b class=price>$23,695</b></td><td><b>$21,995</b></td>\
         <td><i class=price>$2,177</i></td></tr></table><div><s>$24,400</s></div><strong>Was</strong> <label class=price>$26,134</label>",
        Some(21_995),
    ),
    // The direction of a list of terms says nothing of the texts beside it.
    (
        "<div class=badge>Back-up Camera</div><b>$21,995</b><i>Our Price</i><b>$24,995</b><i>Market Average</i><b>$2,356</b>\
         <i>Winter Wheels</i><dl><dt>Down Payment</dt><dd>$3,308</dd></dl>",
        Some(21_995),
    ),
    // No market asks a small part of what the dealer does, so nothing but the other direction is left.
    (
        "<div class=badge>Lifetime Warranty</div><em>$3,706</em> <p>Down</p><b>$67,276</b> <p>Special Price</p><b>$72,658</b>\
         <p>Market Average</p><b>$344</b> <p>Dealer Fee</p><b>$1,345</b> <p>Lease Payment</p><div><span>From $1,293/mo*</span></div>",
        Some(67_276),
    ),
    // Each sign of a number in an element of its own.
    (
        "<p><i>$</i><i>2</i><i>1</i><i>,</i><i>9</i><i>9</i><i>5</i></p><p><i>MSRP</i> <i>$</i><i>24</i><i>,</i><i>995</i></p><p>4 doors</p>",
        Some(21_995),
    ),
    ("<p><i>$</i><i>9</i><i>&middot;</i><i>3</i></p><p>$21,995</p>", Some(21_995)),
    // An arrow leads from the former price to the one that is asked.
    ("<p>$24,995 &rarr; <b>$21,995</b></p>", Some(21_995)),
    ("<p>$24,995 \u{279c} $21,995</p>", Some(21_995)),
    ("<p>Details &rarr;</p><p>$21,995</p>", Some(21_995)),
    // What comes on top is no caption.
    ("<div><b>$250</b><i>bi-weekly</i></div><div><b>$21,995</b><i>+ tax &amp; lic</i></div>", Some(21_995)),
    ("<div><b>$21,995</b><i>plus freight</i></div>", Some(21_995)),
    // The same in another currency is another amount.
    ("<div>$21,995 USD</div><div>MX$373,915</div>", Some(21_995)),
    ("<div>CA$29,995</div><div>US$21,995</div>", Some(21_995)),
    ("<div>CA$29,995</div>", None),
    // Dots lead from a caption to its amount: what is unknown is no sum of others.
    (
        "<p>Final Price</p><p>$21,995</p><li>Total Savings ..... $7,000</li><li>Insurance ..... $14,995</li>",
        Some(21_995),
    ),
    ("<p>Insurance\u{2026} $2,968</p><p>MSRP\u{2026} $24,995</p>", Some(24_995)),
    // What is in a price stands in brackets.
    ("<p>CPO price (incl. $1,195 certification): $21,995</p>", Some(21_995)),
    ("<p>Price $21,995 (includes $699 of fees)</p>", Some(21_995)),
    // `purchase` asks beside a lease, and is a condition elsewhere.
    (
        "<div><b>$289</b><i>per month lease</i><i>36 mos.</i><i>$3,499 due</i></div><div><b>$21,995</b><i>purchase</i></div>",
        Some(21_995),
    ),
    ("<p>$21,995</p><p><b>$1,299</b> <i>with purchase</i></p>", Some(21_995)),
    // An amount that a condition begins is none of a price.
    ("<p>Price after $2,000 trade assistance: $19,995</p>", None),
    ("<p>Sale price with $2,000 down</p><p>$21,995</p>", Some(21_995)),
    ("<p>Before $24,995 After $21,995</p>", Some(21_995)),
    // What is saved is taken off, but nobody says from what to what.
    ("<div>MSRP $24,995</div><div>Dealer discount $3,000</div>", None),
    ("<div>Retail $24,995</div><div>You save $3,000</div><div>$21,995</div>", Some(21_995)),
    // A term between the price and its payment is the payment's.
    ("<div>$21,995</div><div>72 months</div><div>6.9% APR</div><div>$389</div>", Some(21_995)),
    // What was asked on other days.
    (
        "<p>$21,995</p><ul><li>Nov 1: listed at $23,995</li><li>Nov 12: reduced to $22,995</li><li>Nov 25: reduced to $21,995</li></ul>",
        Some(21_995),
    ),
    // What a dealer asks by other names.
    (
        "<div><i>Retail</i><b>$24,995</b></div><div><i>Dealer Discount</i><b>$3,000</b></div><div><i>Your Cost</i><b>$21,995</b></div>",
        Some(21_995),
    ),
    ("<p>Cost new $38,995</p><p>Ask: $21,995</p>", Some(21_995)),
    ("<p>Rent: $59/day</p><p>Buy: $21,995</p>", Some(21_995)),
    ("<p>Compare at $24,995</p><p>Ours $21,995</p>", Some(21_995)),
    // Captions that a style shows.
    ("<div data-before='MSRP'>$24,995</div><div data-before='Our Price'>$21,995</div>", Some(21_995)),
    ("<div data-content=MSRP>$24,995</div><div data-content='Sale price'>$21,995</div>", Some(21_995)),
    // A total with taxes is not what is asked.
    (
        "<p><i>Sale Price</i><b>$21,995</b></p><p><i>Est. Tax</i><b>$1,830</b></p><p><i>Total</i><b>$23,825</b></p>",
        Some(21_995),
    ),
    // A text with several amounts beside captions that nobody knows.
    (
        "<p>$199/mo est. with $1,300 down</p><p>$21,995.00</p><i>Sale Price</i><b>$20,995</b><i>NADA</i><b>$389/mo</b>\
         <i>Est. Payment</i><b class=price>$3,244</b><i>Warranty</i>",
        Some(21_995),
    ),
    // Hundreds that are raised need no comma.
    ("<div class=price><span>$</span><span>21</span><sup>995</sup></div>", Some(21_995)),
    ("<div class=price>$389<sup>99</sup></div><div class=price>$21<sup>995</sup></div>", Some(21_995)),
    ("<div class=boxes><div class=old>$24,995</div><div class=cur>$21,995</div></div>", None),
    // Two blocks with nothing between them: captions behind their amounts, then in front, and the other way round.
    (
        "<b>$21,995</b><i>Our Price</i><b>$24,995</b><i>MSRP</i><b>Doc Fee</b><b class=price-value>$458</b><i>Was</i><b>$25,495</b>",
        Some(21_995),
    ),
    (
        "<i>Doc Fee</i><b>$458</b><i>Was</i><b>$25,495</b><b>$21,995</b><i>Our Price</i><b>$24,995</b><i>MSRP</i>",
        Some(21_995),
    ),
    // A badge in front of amounts in turns, and a payment behind them that says all of itself.
    (
        "<div class=badge>Back-up Camera</div><b class=amount>$21,995</b><i>Special Price</i><b class=value>$3,320</b><i>Roadside Plan</i>\
         <div><div>As low as $270/mo</div></div><div><li>Sold new for $38,800</li></div>",
        None,
    ),
    // A caption that repeats the amount behind it as well may be either's, and what follows with it; here no market's value is $3,400.
    (
        "<div><span>From $304/mo*</span></div><i>Est. Monthly</i><b>$298 /mo</b><i>Handling Fee</i><b>$697</b><i>Reserve Deposit</i>\
         <b class=price>$3,400</b><i>Kelley Blue Book</i><b class=price>$20,995</b><i>Your Price</i><b>$21,995</b><div class=badge>Back-up Camera</div>",
        Some(21_995),
    ),
    (
        "<b>$26,995</b><b>$24,995</b><i>MSRP</i><b>$21,995</b><i>Our Price</i><i>Doc Fee</i><b>$458</b><i>Was</i><b>$25,495</b>",
        Some(21_995),
    ),
    // A pair in a row of its own says nothing of the side of captions beside it.
    (
        "<b class=price-value>$27,995</b> <i>Trade-In Value</i><div class=row><b class=price-value>$21,995</b></div>\
         <div class=row><i>Handling Fee</i><b>$706</b></div>",
        None,
    ),
    // The caption between an amount and a smaller one that is struck through is that of the larger; of a larger one it may be either's.
    ("<div><b>$21,995</b></div><b class=price>$27,495</b><p>M.S.R.P.</p><div><s>$23,745</s></div>", Some(21_995)),
    ("<div><b>$21,995</b></div><b class=price>$22,495</b><p>M.S.R.P.</p><div><s>$23,745</s></div>", None),
    ("<b class=price>$21,995</b> <i>Was</i> <s>$24,995</s> <div><b>$389</b></div>", Some(21_995)),
    // However deep a value of a list of terms stands, its term is no caption of what is struck through in front of the list.
    (
        "<div><s>$25,910</s></div><dl><dt>Trade-In Value</dt><dd><b class=price-value><i><sup>$</sup>16,117</i></b></dd>\
         <dt></dt><dd><b class=value>$21,995</b></dd></dl>",
        Some(21_995),
    ),
];

#[test]
fn what_stands_beside_captions_does_not_turn_them_to_other_amounts() {
    for (shown, price) in SHOWN {
        assert_eq!(asked(shown).0, *price, "{shown}");
    }
}

#[test]
fn facts_in_one_text_need_no_marks_between_them() {
    let page = |facts: &str| {
        format!(
            "<body><h1>Used Cars</h1><div><h3><a href='/v/1'>2019 Ford F-150 XLT</a></h3><p>{facts}</p></div></body>"
        )
    };
    for (facts, stock_number, mileage) in [
        ("VIN 1FTEW1EP6KFA10001 Stock P2535", Some("P2535"), None),
        ("Stock# P2535 VIN 1FTEW1EP6KFA10001", Some("P2535"), None),
        ("VIN 1FTEW1EP6KFA10001 stk P2535 45,678 mi", Some("P2535"), Some(45_678)),
        ("VIN 1FTEW1EP6KFA10001 Stock P2535 Odometer 45,678 mi", Some("P2535"), Some(45_678)),
        ("Stock P2535 Mileage 45,678 VIN 1FTEW1EP6KFA10001", Some("P2535"), Some(45_678)),
        ("VIN 1FTEW1EP6KFA10001 45,678 miles $21,995", None, Some(45_678)),
    ] {
        let read = listings(&page(facts), LOT).unwrap().listings;
        let [listing] = &read[..] else { panic!("{facts}: {read:?}") };
        assert_eq!(listing.vin.as_deref(), Some("1FTEW1EP6KFA10001"), "{facts}");
        assert_eq!((listing.stock_number.as_deref(), listing.mileage), (stock_number, mileage), "{facts}");
    }
}

#[test]
fn structured_data_of_a_page_that_lists_parts_gives_no_vehicle() {
    let page = |title: &str, price: &str, kind: &str| {
        let node = format!(
            r#"{{"@type": "{kind}", "name": "2014 Ford F-150 XLT", "sku": "E14", "offers": {{"@type": "Offer", "price": "{price}"}}}}"#
        );
        let scope = format!(
            r#"<div itemscope itemtype="http://schema.org/{kind}"><h3 itemprop="name">2016 Ford F-150 XLT</h3><b itemprop="price">{price}</b><i itemprop="sku">E16</i></div>"#
        );
        [
            format!(r#"<title>{title}</title><h1>{title}</h1><script type="application/ld+json">{node}</script>"#),
            format!("<title>{title}</title><h1>{title}</h1>{scope}"),
        ]
    };
    for (title, price, kind, count) in [
        ("Used Engine Inventory", "2900", "Product", 0),
        ("Transmissions in stock", "950", "Product", 0),
        ("Used Cars in Stock", "2900", "Product", 1),
        // So much is asked for a car.
        ("Used Engine Inventory", "21995", "Product", 1),
    ] {
        for html in page(title, price, kind) {
            assert_eq!(listings(&html, LOT).unwrap().listings.len(), count, "{html}");
        }
    }
}

#[test]
fn labels_may_stand_in_a_row_of_their_own_behind_their_values() {
    let card = |number: usize| {
        format!(
            "<div class=car><h3><a href='/v/{number}'>2019 Ford F-150 XLT</a></h3><div class=g><b>$21,995</b><b>45,678</b><b>$389</b></div>\
             <div class=g><i>Price</i><i>Miles</i><i>Per month</i></div><p>VIN: 1FTEW1EP6KFA1000{number}</p></div>"
        )
    };
    let page: String = (1..=3).map(card).collect();
    let read = listings(&format!("<body><h1>Used Cars</h1>{page}</body>"), LOT).unwrap().listings;
    assert_eq!(read.len(), 3);
    for car in read {
        assert_eq!((car.price, car.mileage), (Some(Money::from_dollars(21_995)), Some(45_678)));
    }
}
