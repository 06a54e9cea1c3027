//! Which of the amounts on a card is the price that is asked.

use super::*;

/// The price of a card whose texts stand one behind the other, each with its class.
fn asked(texts: &[(&str, &str)]) -> Option<i64> {
    let texts: String = texts.iter().map(|(text, class)| format!(r#"<span class="{class}">{text}</span>"#)).collect();
    let page =
        format!("<body><h3>2019 Ford F-150 XLT</h3>{texts}<p>VIN: 1FTEW1EP6KFA10001</p><p>45,000 miles</p></body>");
    let read = listings(&page, "https://lot.example/v/1").unwrap().listings;
    let [ScrapedListing { price, .. }] = &read[..] else { panic!("{read:?}") };
    price.map(|price| price.cents() / 100)
}

#[test]
fn the_amount_that_is_asked_is_told_from_the_others() {
    for (texts, price) in [
        (&[("$15,995", "")][..], Some(15_995)),
        (&[("$15,995", ""), ("$15,995", "")], Some(15_995)),
        (&[("$15,995", ""), ("$39,999", "")], None),
        (&[("MSRP $39,999", ""), ("$15,995", "")], Some(15_995)),
        (&[("MSRP $99,000", ""), ("$6,400", "")], None),
        (&[("MSRP $99,000", ""), ("$6,400", "price")], None),
        (&[("MSRP $39,999", "msrp")], Some(39_999)),
        (&[("$1,995 dn", ""), ("$15,995", "")], Some(15_995)),
        (&[("Price - $15,995", "")], Some(15_995)),
        (&[("10,000 miles/yr lease", ""), ("$15,995", "")], Some(15_995)),
        (&[("Average miles for this model:", ""), ("72,000", ""), ("$15,995", "")], Some(15_995)),
        (&[("$9,495", "final"), ("Price includes $499 dealer doc fee", "")], Some(9_495)),
        (&[("$9,495", ""), ("Excludes $799 dealer fee", "")], Some(9_495)),
        (&[("Black \u{b7} Automatic \u{b7} 2.5L \u{b7} $15,995 \u{b7} One owner", "")], Some(15_995)),
        (&[("Est. payment | $289 | 72 months", "")], None),
        (&[("Was $19,995 | Deposit $500 | Monthly $289/mo | Web Price $15,995", "")], Some(15_995)),
        (&[("10/01/2026", ""), ("$17,995", ""), ("11/01/2026", ""), ("$16,995", ""), ("$15,995", "")], Some(15_995)),
        (&[("Retail", ""), ("$39,999", "price"), ("Sale $15,995", "price")], Some(15_995)),
        (&[("KBB $39,999", "price"), ("$15,995", "price")], Some(15_995)),
        (&[("Finance price $39,999", ""), ("Cash price $15,995", "")], Some(15_995)),
        (&[("$2,500", "price-savings"), ("$15,995", "price")], Some(15_995)),
        (&[("Down", "price"), ("$1,500", "price")], None),
        (&[("Enganche $1,500", "price")], None),
        (&[("Cash back", "price"), ("$1,500", "price")], None),
        (&[("$", "price"), ("399", "price"), ("/mo", "price")], None),
        (&[("Down", "price"), ("$", "price"), ("1,500", "price")], None),
        (&[("Retail", ""), ("$15", "price"), (",995", "price")], Some(15_995)),
        (&[("Price Drop", ""), ("$15,995", "price")], Some(15_995)),
        (&[("Lifetime Warranty", ""), ("$15,995", "")], Some(15_995)),
        (&[("Back-up Camera", ""), ("$15,995", "")], Some(15_995)),
        (&[("Trade-in value $5,000", "")], None),
        (&[("Current bid $10,000", "price")], None),
        (&[("$2,500", ""), ("Savings", "")], None),
        (&[("$399", "price"), ("/mo", "price"), ("$15,995", "")], Some(15_995)),
        (&[("$", "price"), ("15", "price"), (",995", "price")], Some(15_995)),
        (&[("Doc fee $1,595", ""), ("$499", "")], None),
        (&[("The owner before spent some $4,500 on it in spring", "")], None),
    ] {
        assert_eq!(asked(texts), price, "{texts:?}");
    }
}

#[test]
fn sentences_say_which_amount_is_asked() {
    for (texts, price) in [
        (&[("MSRP $17,995 - Save $2,000 - $15,995", "")][..], Some(15_995)),
        (&[("MSRP $40,450", ""), ("Unlock ePrice", "btn")], None),
        (&[("MSRP $40,450", ""), ("Get Today's Price", "btn")], None),
        (&[("$15,995", ""), ("See Pricing Details", "btn")], Some(15_995)),
        (&[("$15,995 w/ 12 month warranty", "")], Some(15_995)),
        (&[("Pre-tax price $15,995", "")], Some(15_995)),
        (&[("15,995 dollars", "")], Some(15_995)),
        (&[("15 995", "price")], Some(15_995)),
        (&[("Price: 15 995", "")], Some(15_995)),
        (&[("15 995", "")], None),
        (&[("Starting Bid", ""), ("$15,995", "")], None),
        (&[("Prix affich\u{e9} 17 995 $", ""), ("Prix en solde 15 995 $", "")], Some(15_995)),
        (&[("Call for price", "price"), ("555", "")], None),
        (&[("Appelez pour le prix", ""), ("PDSF 15 995 $", "")], None),
        (&[("Reduced $6,000! Now $15,995.", "")], Some(15_995)),
        (&[("Was $17,995 Reduced $15,995", "")], Some(15_995)),
        (&[("Wholesale price $15,995", "")], Some(15_995)),
        (&[("Reduced price $15,995", "")], Some(15_995)),
        (&[("4 Wheel Drive Price $15,995", "")], Some(15_995)),
    ] {
        assert_eq!(asked(texts), price, "{texts:?}");
    }
}

#[test]
fn a_slogan_without_an_amount_is_no_caption() {
    for slogan in [
        "Great value!",
        "CARFAX Great Value",
        "Save big!",
        "Low monthly payments",
        "Est. payment",
        "Low down payments",
        "Deposit required",
        "Taxes extra",
        "6 month warranty",
        "12 mo/12k mi warranty",
        "Cash only",
        "Cash deals",
        "Lease or buy",
        "Weekly specials",
        "KBB best value",
        "You save",
        "Military discount",
    ] {
        for price in [("$15,995", ""), ("$15,995", "price"), ("Price: $15,995", "")] {
            assert_eq!(asked(&[(slogan, ""), price]), Some(15_995), "{slogan} {price:?}");
            assert_eq!(asked(&[price, (slogan, "")]), Some(15_995), "{slogan} {price:?}");
        }
        let beside = [(slogan, ""), ("MSRP $17,450", ""), ("$15,995", "")];
        assert_eq!(asked(&beside), Some(15_995), "{slogan}");
    }
}

#[test]
fn a_sentence_about_another_amount_is_no_price() {
    for sentence in [
        "Price excludes $899 dealer fee, $299 reconditioning.",
        "Price excludes $899 dealer fee and MSRP $19,990 when new.",
        "Selling price does not include $1,899 of reconditioning, $899 fee",
        "Our price is $2,300 under KBB",
        "Our price is $2,300 less than market",
        "Warranty price $1,895",
        "Auction price $12,990",
        "Price reflects $2,000 rebate and $1,000 loyalty.",
        "Costco member price $15,690",
        "Upgrade price $1,310",
        "Drive now for $1,310",
        "Good price: $1,000 under market average of $19,000",
        "Competitor price $18,900",
        "Their price: $18,900",
        "Price in 2024: $18,900",
        "Price when new $18,900",
        "Last price $18,900",
        "Wholesale price $12,900",
        "We dropped the price $6,000!",
        "Ceramic coating special price $6,310",
        "Lower price: -$6,310",
    ] {
        for texts in [[("$15,995", ""), (sentence, "")], [(sentence, ""), ("$15,995", "price")]] {
            assert_eq!(asked(&texts), Some(15_995), "{texts:?}");
        }
        assert_eq!(asked(&[(sentence, ""), ("Sale Price: $15,995", "")]), Some(15_995), "{sentence}");
    }
    // This may be about the price of this car.
    let sentence = "Other dealers price this at $17,990";
    assert_eq!(asked(&[("$15,995", ""), (sentence, "")]), None);
    assert_eq!(asked(&[("Sale Price: $15,995", ""), (sentence, "")]), Some(15_995));
    assert_eq!(asked(&[("Smith Motors Internet Sale Price: $15,995", ""), ("$17,995", "")]), Some(15_995));
}

#[test]
fn captions_stand_on_any_side_and_rows_add_up() {
    for (texts, price) in [
        // Captions behind their amounts, in front of the next.
        (&[("$15,995", ""), ("Sale Price", ""), ("$289", ""), ("Est. Payment", "")][..], Some(15_995)),
        (&[("$289", "price"), ("Est. Payment", ""), ("$15,995", "price"), ("Price", "")], Some(15_995)),
        (&[("$15,995", ""), ("Est. Payment", ""), ("$289", "")], Some(15_995)),
        (&[("Down Payment", ""), ("$2,500", "price")], None),
        (&[("$31,400", ""), ("Price", ""), ("$2,400", "")], Some(31_400)),
        (&[("$21,400", ""), ("Price", ""), ("$2,500", "")], None),
        (
            &[("Selling Price", ""), ("$15,303", ""), ("Handling", ""), ("$695", ""), ("Price", ""), ("$15,998", "")],
            Some(15_998),
        ),
        (
            &[("Selling Price", ""), ("$15,303", ""), ("Handling", ""), ("$695", ""), ("Price", ""), ("$15,999", "")],
            None,
        ),
        (
            &[("MSRP", ""), ("$40,000", ""), ("Discount", ""), ("$2,000", ""), ("Your Price", ""), ("$38,000", "")],
            Some(38_000),
        ),
        (&[("$40,000", "msrp"), ("$38,000", "")], Some(38_000)),
        (
            &[("Base Price $35,955", ""), ("Dealer Installed Options $2,495", ""), ("Total Vehicle Price $38,450", "")],
            Some(38_450),
        ),
        (&[("$289", "price"), ("$31,630", "price")], Some(31_630)),
    ] {
        assert_eq!(asked(texts), price, "{texts:?}");
    }
}

#[test]
fn rows_add_up_whatever_the_sum_is_called() {
    for (texts, price) in [
        (
            &[
                ("Selling Price", ""),
                ("$15,303", ""),
                ("Doc Fee", ""),
                ("$695", ""),
                ("Amount Due", ""),
                ("$15,998", ""),
            ][..],
            Some(15_998),
        ),
        (
            &[("Price", ""), ("$15,303", ""), ("Doc Fee", ""), ("$695", ""), ("Bottom Line", ""), ("$15,998", "")],
            Some(15_998),
        ),
        (
            &[("Price", ""), ("$15,303", ""), ("Doc Fee", ""), ("$695", ""), ("Bottom Line", ""), ("$16,100", "")],
            Some(15_303),
        ),
        (
            &[
                ("Price plus a doc fee of $732", ""),
                ("$515", ""),
                ("Handling Fee", ""),
                ("$1,247", ""),
                ("Est. Monthly", ""),
            ],
            None,
        ),
        (
            &[("Price", ""), ("$20,000", ""), ("Warranty", ""), ("$2,000", ""), ("Peace of Mind", ""), ("$22,000", "")],
            Some(20_000),
        ),
    ] {
        assert_eq!(asked(texts), price, "{texts:?}");
    }
}

#[test]
fn what_dealers_put_beside_a_price_does_not_take_its_place() {
    for (shown, price) in [
        // Rebates for some, and what is left of the price with them.
        (
            "<table><tr><td>MSRP</td><td>$24,995</td></tr><tr><td>Dealer Discount</td><td>-$3,000</td></tr>\
             <tr><td>Sale Price</td><td>$21,995</td></tr><tr><td>Military Bonus</td><td>-$500</td></tr>\
             <tr><td>Price if you qualify</td><td>$21,495</td></tr></table>",
            Some(21_995),
        ),
        (
            "<p>Our Price $21,995</p><p>Loyalty Rebate -$500</p><p>Price with conditional offers $21,495</p>",
            Some(21_995),
        ),
        // Other languages.
        ("<li><span>Prix courant</span> <b>$24,995</b></li><li><span>Prix</span> <b>$21,995</b></li>", Some(21_995)),
        ("<p>Prix comptant: 21 995 $</p><p>PDSF: 24 995 $</p>", Some(21_995)),
        ("<p>Precio especial $21,995</p><p>Precio sugerido $24,995</p>", Some(21_995)),
        // A number without a sign stands behind its label, whatever stands in front of that.
        ("<p>$389/mo</p><dl><dt>Sale Price</dt><dd>21,995</dd></dl>", Some(21_995)),
        ("<p><b>$389</b>/mo</p><p><span>Price</span> <b>21,995</b></p>", Some(21_995)),
        // How far a slider goes.
        ("<div><input type=range max=30000><span>$0</span><span>$30,000</span></div><b>$21,995</b>", Some(21_995)),
        // Those who hear the page hear the same amount, or one that nobody sees.
        ("<p><span class=sr-only>Price: $21,995</span><span aria-hidden=true>$21,995</span></p>", Some(21_995)),
        ("<div class=visually-hidden>Price <b>$24,995</b></div><p>Price <b>$21,995</b></p>", Some(21_995)),
        ("<p class=sr-only>Price: $21,995</p>", Some(21_995)),
        // A column of captions, one of which repeats its amount.
        (
            "<div><i>Was</i><i>Est. Payment</i><i>Internet Price</i><b>$24,995</b><b>$389/mo</b><b>$21,995</b></div>",
            Some(21_995),
        ),
        (
            "<table><tr><td><p>Was</p><p>Internet Price</p></td><td><p>$24,995</p><p>$21,995</p></td></tr></table>",
            Some(21_995),
        ),
        // Badges of how good the price is.
        ("<p>\u{2193} $2,000</p><b>$21,995</b>", Some(21_995)),
        ("<div><b>GREAT PRICE</b><i>$2,000</i><u>below market average</u></div><b>$21,995</b>", Some(21_995)),
        ("<div><b>$21,995</b><u>below market average</u></div>", Some(21_995)),
        // A raised sign behind digits that stand each by itself.
        ("<p>Price: <i>$</i><i>2</i><i>1</i><i>,</i><i>9</i><i>9</i><i>5</i><sup>1</sup></p>", Some(21_995)),
        // Another currency.
        ("<p>$21,995 USD / $29,995 CAD</p>", Some(21_995)),
        ("<p><b>$21,995</b> <small>C$29,995</small></p>", Some(21_995)),
        // Nobody can tell.
        ("<p>$21,995 - $24,995</p>", None),
        ("<p>Similar trucks: $21,995 - $24,995</p>", None),
    ] {
        assert_eq!(prices::asked(shown).0, price, "{shown}");
    }
}
