//! Cards with what pages of dealers have beside captions and amounts, each with what a person reads as its price.
//!
//! Columns, amounts in attributes, hidden twins, struck prices, ranges, calculators, numbers in pieces, notes, conditional rebates,
//! sentences, other currencies and languages. Of some a person cannot tell the price. What is deliberately not here: what is read of
//! them (`any_card`).

use super::random_cards::{Card, Draw, grouped};

/// An asked price that a card states in one of its blocks.
struct Asked {
    price: i64,
    /// What else it may name: more than the price, and less of it.
    former: i64,
    saving: i64,
    month: i64,
    down: i64,
}

impl Asked {
    fn draw(draw: &mut Draw) -> Self {
        let price = draw.between(40, 900) * 100 + draw.between(0, 99);
        let saving = draw.between(250, 6_000).min(price / 3);
        Self {
            price,
            former: price + saving,
            saving,
            month: price / draw.between(45, 90),
            down: draw.between(500, 5_000).min(price / 2),
        }
    }

    fn dollars(&self) -> String {
        format!("${}", grouped(self.price))
    }

    /// A text with its amounts put in.
    fn fill(&self, text: &str) -> String {
        let texts = [
            ("PRICE", self.price),
            ("FORMER", self.former),
            ("SAVING", self.saving),
            ("MONTH", self.month),
            ("DOWN", self.down),
            ("ABROAD", self.price * 137 / 100),
        ];
        texts.iter().fold(text.to_owned(), |text, (name, dollars)| text.replace(name, &grouped(*dollars)))
    }
}

/// The price as its signs stand in elements, with marks behind it.
fn in_pieces(draw: &mut Draw, asked: &Asked) -> String {
    let number = grouped(asked.price);
    let (thousands, hundreds) = number.rsplit_once(',').unwrap();
    let pieces = match draw.below(12) {
        0 => format!("<span>$</span><span>{thousands}</span><span>,</span><span>{hundreds}</span>"),
        1 => format!("<sup>$</sup>{number}<sup>00</sup>"),
        2 => format!("<span class=currency>$</span><span class=integer>{number}</span><span class=decimal>.00</span>"),
        3 => format!("<span class=symbol>$</span>{thousands},{hundreds}"),
        4 => format!("<span>$</span> <span>{number}</span>"),
        5 => format!("$<b>{number}</b>"),
        6 => format!("<b>${thousands}</b>,<b>{hundreds}</b>"),
        7 => number.chars().fold("<i>$</i>".to_owned(), |text, sign| format!("{text}<i>{sign}</i>")),
        8 => format!("${number}<small>.00</small>"),
        9 => format!("${number} USD"),
        10 => format!("US${number}"),
        _ => format!("${number}"),
    };
    let mark = draw.of(&[
        "",
        "",
        "",
        "*",
        "**",
        " *",
        "<sup>1</sup>",
        "<sup>*</sup>",
        "\u{2020}",
        " \u{2020}",
        "<sup>2,3</sup>",
        "<sup><a href='#note'>1</a></sup>",
        "<sup>[1]</sup>",
        "<a class=info href='#note'>*</a>",
    ]);
    format!("{pieces}{mark}")
}

const ASKED: [&str; 8] =
    ["Sale Price", "Our Price", "Internet Price", "Price", "Your Price", "Selling Price", "Final Price", "Now"];

/// A caption and the price in pieces.
fn one_price(draw: &mut Draw, asked: &Asked) -> String {
    let (caption, pieces) = (draw.of(&ASKED), in_pieces(draw, asked));
    match draw.below(6) {
        0 => format!("<p><span>{caption}</span> <span>{pieces}</span></p>"),
        1 => format!("<div><div>{pieces}</div><small>{caption}</small></div>"),
        2 => format!("<p>{caption}: {pieces}</p>"),
        3 => format!("<dl><dt>{caption}</dt><dd>{pieces}</dd></dl>"),
        4 => format!("<div class=price>{pieces}</div>"),
        _ => format!("<p><b>{pieces}</b></p>"),
    }
}

/// All captions first, then all amounts.
fn two_columns(draw: &mut Draw, asked: &Asked) -> String {
    let others = [
        ("MSRP", "$FORMER"),
        ("Dealer Discount", "-$SAVING"),
        ("Down Payment", "$DOWN"),
        ("Est. Payment", "$MONTH/mo"),
        ("Savings", "$SAVING"),
        ("Monthly Payment", "$MONTH"),
        ("Was", "$FORMER"),
    ];
    let mut rows = vec![(draw.of(&ASKED), "$PRICE")];
    for _ in 0..draw.between(1, 3) {
        let other = others[draw.below(others.len())];
        if rows.iter().all(|(caption, amount)| *caption != other.0 && *amount != other.1) {
            rows.push(other);
        }
    }
    draw.shuffle(&mut rows);
    let columns = |open: &str, close: &str| {
        let each = |texts: Vec<String>| texts.iter().map(|text| format!("{open}{text}{close}")).collect::<String>();
        [
            each(rows.iter().map(|(caption, _)| (*caption).to_owned()).collect()),
            each(rows.iter().map(|(_, amount)| asked.fill(amount)).collect()),
        ]
    };
    let ([captions, amounts], open, close) = match draw.below(6) {
        0 => (columns("<li>", "</li>"), "<ul>", "</ul>"),
        1 => (columns("<p>", "</p>"), "<td>", "</td>"),
        2 => (columns("", "<br>"), "<div>", "</div>"),
        3 => (columns("<div><span>", "</span></div>"), "<div class=col>", "</div>"),
        4 => (columns("<span>", "</span>"), "", ""),
        _ => (columns("<div>", "</div>"), "<section>", "</section>"),
    };
    let columns = format!("{open}{captions}{close}{open}{amounts}{close}");
    if open == "<td>" { format!("<table><tr>{columns}</tr></table>") } else { format!("<div>{columns}</div>") }
}

/// Amounts and captions in attributes, and twins for those who cannot see.
fn in_attributes(draw: &mut Draw, asked: &Asked) -> String {
    let hidden = draw.of(&[
        "class=visually-hidden",
        "class=sr-only",
        "style='display:none'",
        "class=d-none",
        "hidden",
        "class=screen-reader-text",
    ]);
    let text = match draw.below(16) {
        0 => "<div aria-label='Sale price $PRICE'><span aria-hidden=true>$PRICE</span></div>",
        1 => "<span aria-label='$PRICE'>$PRICE</span>",
        2 => "<div class=price data-price='PLAIN' data-msrp='FULL'>$PRICE</div>",
        3 => {
            "<div data-price='PLAIN'><span>Price</span> <span>$PRICE</span></div><button data-price='PLAIN' data-payment='299'>Calculate</button>"
        }
        4 => "<span title='Sale Price'>$PRICE</span>",
        5 => "<span title='Sale Price: $PRICE'>$PRICE</span>",
        6 => "<p><span HIDDEN>Price: $PRICE</span><span aria-hidden=true>$PRICE</span></p>",
        7 => "<div HIDDEN><span>Price</span> <b>$FORMER</b></div><p>Price <b>$PRICE</b></p>",
        8 => {
            "<p><span class=sr-only>Original price:</span><s>$FORMER</s> <span class=sr-only>Current price:</span><span>$PRICE</span></p>"
        }
        9 => "<div class='d-none d-md-block'>$PRICE</div><div class='d-md-none'>$PRICE</div>",
        10 => {
            "<div class=desktop><span>Our Price</span><b>$PRICE</b></div><div class=mobile><b>$PRICE</b><span>Our Price</span></div>"
        }
        11 => {
            "<div aria-label='Monthly payment $MONTH'><b>$MONTH</b>/mo</div><div aria-label='Price $PRICE'><b>$PRICE</b></div>"
        }
        12 => "<meta itemprop=price content='PLAIN'><span class=price>$PRICE</span>",
        13 => "<div title='MSRP'><del>$FORMER</del></div><div title='Our Price'>$PRICE</div>",
        14 => "<template><b>$FORMER</b></template><p>Our Price <b>$PRICE</b></p>",
        _ => "<p aria-label='was $FORMER now $PRICE'><del>$FORMER</del> <ins>$PRICE</ins></p>",
    };
    let text = text.replace("PLAIN", &asked.price.to_string()).replace("FULL", &asked.former.to_string());
    asked.fill(&text.replace("HIDDEN", hidden))
}

/// What was asked before, struck through.
fn struck(draw: &mut Draw, asked: &Asked) -> String {
    let text = draw.of(&[
        "<p><del>$FORMER</del> <b>$PRICE</b></p>",
        "<p><b>$PRICE</b> <s>$FORMER</s></p>",
        "<div>Was <s>$FORMER</s></div><div>Now <b>$PRICE</b></div>",
        "<div><s>Was $FORMER</s></div><div>$PRICE</div>",
        "<div class=price><del><span>$FORMER</span></del> <ins><span>$PRICE</span></ins></div>",
        "<div><del>MSRP $FORMER</del><div>Sale Price</div><div>$PRICE</div></div>",
        "<div><small>MSRP</small> <del>$FORMER</del></div><div><small>You save</small> $SAVING</div><div><small>Price</small> $PRICE</div>",
        "<ul><li><s>$FORMER</s></li><li>-$SAVING</li><li>$PRICE</li></ul>",
        "<p><del>$FORMER</del> $PRICE <small>You save $SAVING</small></p>",
    ]);
    asked.fill(text)
}

/// What a person reads in a sentence.
fn sentence(draw: &mut Draw, asked: &Asked) -> String {
    let text = draw.of(&[
        "<p>Save $SAVING off MSRP of $FORMER</p><p>Sale Price $PRICE</p>",
        "<p>Was $FORMER, now $PRICE</p>",
        "<p>$SAVING off! Now $PRICE</p>",
        "<p>Now only $PRICE, that's $SAVING below MSRP</p>",
        "<p>MSRP $FORMER, our price $PRICE, you save $SAVING</p>",
        "<b>$PRICE</b><p>That is $SAVING less than MSRP</p>",
        "<b>$PRICE</b><p>Save $SAVING off MSRP of $FORMER</p>",
        "<b>$PRICE</b><p>Was $FORMER. You save $SAVING.</p>",
        "<p>Price: $PRICE</p><p>Finance with $DOWN down and pay $MONTH per month</p>",
        "<b>$PRICE</b><p>$MONTH/mo for 72 mos. with $DOWN due at signing</p>",
        "<p>Reduced by $SAVING! Our price: $PRICE</p>",
        "<p>Our price is $PRICE (MSRP $FORMER)</p>",
    ]);
    asked.fill(text)
}

/// Rebates for some, in rows that add up or not. What is asked of everybody is the price.
fn rebates(draw: &mut Draw, asked: &Asked) -> String {
    let (first, second) = (draw.between(3, 20) * 50, draw.between(3, 20) * 50);
    let last = asked.price - first - second;
    let conditional = [
        ("Military Bonus", "Loyalty Bonus Cash"),
        ("Military Rebate", "College Grad Rebate"),
        ("Finance Bonus Cash", "Loyalty Rebate"),
        ("Conquest Cash", "First Responder Bonus"),
    ];
    let (one, two) = conditional[draw.below(conditional.len())];
    let asks = draw.of(&["Sale Price", "Our Price", "Internet Price", "Selling Price"]);
    let sum = draw.of(&["", "", "Conditional Price", "Price with conditional offers", "Price if you qualify"]);
    let sign = draw.of(&["-", "- ", "\u{2212}", ""]);
    let mut rows = vec![
        ("MSRP", format!("${}", grouped(asked.former))),
        ("Dealer Discount", format!("{sign}${}", grouped(asked.saving))),
        (asks, asked.dollars()),
        (one, format!("{sign}${}", grouped(first))),
        (two, format!("{sign}${}", grouped(second))),
    ];
    if draw.chance(30) {
        rows.drain(..2);
    }
    if !sum.is_empty() {
        rows.push((sum, format!("${}", grouped(last))));
    }
    let (frame, open, between, close) = match draw.below(4) {
        0 => ("table", "<tr><td>", "</td><td>", "</td></tr>"),
        1 => ("ul", "<li><span>", "</span><span>", "</span></li>"),
        2 => ("dl", "<dt>", "</dt><dd>", "</dd>"),
        _ => ("div", "<p>", " ", "</p>"),
    };
    let rows: String =
        rows.iter().map(|(caption, amount)| format!("{open}{caption}{between}{amount}{close}")).collect();
    format!("<{frame}>{rows}</{frame}>")
}

/// Prices in another currency beside the one in dollars.
fn currencies(draw: &mut Draw, asked: &Asked) -> String {
    let text = draw.of(&[
        "<p>$PRICE USD / $ABROAD CAD</p>",
        "<p><span>USD $PRICE</span> <span>CAD $ABROAD</span></p>",
        "<p><b>$PRICE</b> <small>C$ABROAD</small></p>",
        "<p><b>$PRICE</b></p><p>approx. \u{20ac}ABROAD</p>",
        "<p>US$PRICE</p><p>CA$ABROAD</p>",
        "<p>Price: $PRICE</p><p>MX$ABROAD,000</p>",
    ]);
    asked.fill(text)
}

/// Captions in French and Spanish.
fn languages(draw: &mut Draw, asked: &Asked) -> String {
    let is_french = draw.chance(50);
    let (asks, others) = if is_french {
        (
            draw.of(&["Prix", "Prix de vente", "Notre prix", "Prix demand\u{e9}", "Prix comptant", "Votre prix"]),
            [
                ("PDSF", "$FORMER"),
                ("Rabais", "$SAVING"),
                ("Mise de fonds", "$DOWN"),
                ("Paiement mensuel", "$MONTH"),
                ("\u{c9}conomisez", "$SAVING"),
                ("Prix courant", "$FORMER"),
            ],
        )
    } else {
        (
            draw.of(&[
                "Precio",
                "Precio de venta",
                "Precio especial",
                "Nuestro precio",
                "Precio de contado",
                "Precio final",
            ]),
            [
                ("Precio sugerido", "$FORMER"),
                ("Descuento", "$SAVING"),
                ("Enganche", "$DOWN"),
                ("Pago mensual", "$MONTH"),
                ("Ahorro", "$SAVING"),
                ("Precio regular", "$FORMER"),
            ],
        )
    };
    let mut rows = vec![(asks, "$PRICE")];
    let other = others[draw.below(others.len())];
    rows.push(other);
    draw.shuffle(&mut rows);
    let (open, between, close) = match draw.below(4) {
        0 => ("<p>", ": ", "</p>"),
        1 => ("<li><span>", "</span> <b>", "</b></li>"),
        2 => ("<div><dt>", "</dt><dd>", "</dd></div>"),
        _ => ("<p>", " ", "</p>"),
    };
    let is_behind = is_french && draw.chance(50);
    let amount = |text: &str| {
        let text = asked.fill(text);
        if is_behind { format!("{} $", text.trim_start_matches('$').replace(',', "\u{a0}")) } else { text }
    };
    rows.iter().map(|(caption, text)| format!("{open}{caption}{between}{}{close}", amount(text))).collect()
}

/// Prices without a sign of dollars.
fn unsigned(draw: &mut Draw, asked: &Asked) -> String {
    let text = draw.of(&[
        "<p><span>Price</span> <b>PRICE</b></p>",
        "<p>Price: PRICE</p>",
        "<table><tr><td>Price</td><td>PRICE</td></tr></table>",
        "<p>PRICE USD</p>",
        "<p>Asking PRICE</p>",
        "<dl><dt>Sale Price</dt><dd>PRICE</dd></dl>",
        "<div class=price>PRICE</div>",
    ]);
    asked.fill(text)
}

/// A number of which nobody can say that it is the price.
fn nobody_can_tell(draw: &mut Draw, asked: &Asked) -> String {
    let text = draw.of(&[
        "<p>$PRICE - $FORMER</p>",
        "<p>Price range: $PRICE to $FORMER</p>",
        "<p>$PRICE\u{2013}$FORMER</p>",
        "<p><b>$PRICE</b> - <b>$FORMER</b></p>",
        "<p>Similar trucks: $PRICE - $FORMER</p>",
        "<p>Trucks from $PRICE to $FORMER</p>",
    ]);
    asked.fill(text)
}

/// What stands beside the price: badges, calculators, what payments come to.
fn beside(draw: &mut Draw, asked: &Asked) -> Vec<String> {
    let mut found = Vec::new();
    if draw.chance(35) {
        let badge = draw.of(&[
            "Great Deal $SAVING below market",
            "$SAVING below market",
            "Good Price | $SAVING under avg",
            "Price drop $SAVING",
            "\u{2193} $SAVING",
            "$SAVING less than similar cars",
            "Save $SAVING vs. market",
            "<b>Great Deal</b> <span>$SAVING below market</span>",
            "<b>$SAVING</b> below market",
            "<b>GREAT PRICE</b><i>$SAVING</i><u>below market average</u>",
            "$SAVING off MSRP",
            "Price reduced by $SAVING",
        ]);
        let tag = draw.of(&["div class=badge", "span", "p", "div"]);
        found.push(format!("<div><{tag}>{}</{}></div>", asked.fill(badge), &tag[..tag.find(' ').unwrap_or(tag.len())]));
    }
    if draw.chance(20) {
        let calculator = draw.of(&[
            "<form><label>Vehicle price</label><input value='PLAIN'><label>Down payment</label><input value='2000'><label>APR</label><input value='7.9'><span>Est. payment</span> <output>$MONTH/mo</output></form>",
            "<div class=calculator><label>Down payment <input value='$DOWN'></label><label>Term <select><option>72 months</option></select></label><b>$MONTH</b>/month</div>",
            "<div><input type=range min=0 max=10000 value=2000><span>$0</span><span>$10,000</span></div><p>$MONTH/mo</p>",
            "<form><div><label>Cash down</label> <input type=text value='$DOWN'></div><div><label>Trade-in</label> <input type=text value='$0'></div><p>Payment: <b>$MONTH</b></p></form>",
        ]);
        found.push(asked.fill(&calculator.replace("PLAIN", &asked.price.to_string())));
    }
    found
}

fn miles_beside(draw: &mut Draw, miles: i64) -> (String, bool) {
    let number = grouped(miles);
    match draw.below(6) {
        0 => (format!("<p>{number} mi</p>"), true),
        1 => (format!("<p>Mileage: {number}</p>"), true),
        2 => (format!("<ul><li>{number} miles</li><li>Automatic</li></ul>"), true),
        // Without a unit nobody has to know.
        3 => (format!("<p><i class='icon icon-odometer'></i> <span>{number}</span></p>"), false),
        4 => (format!("<span>{number}</span>"), false),
        _ => (format!("<p><b>Miles</b> {number}</p>"), true),
    }
}

pub(super) fn card(draw: &mut Draw, number: usize) -> Card {
    let asked = Asked::draw(draw);
    let miles = draw.between(1_500, 180_000);
    let can_tell = draw.chance(95);
    let block = match draw.below(9) {
        _ if !can_tell => nobody_can_tell(draw, &asked),
        0 => two_columns(draw, &asked),
        1 => in_attributes(draw, &asked),
        2 => struck(draw, &asked),
        3 => sentence(draw, &asked),
        4 => rebates(draw, &asked),
        5 => currencies(draw, &asked),
        6 => languages(draw, &asked),
        7 => unsigned(draw, &asked),
        _ => one_price(draw, &asked),
    };
    let (said_miles, is_plain) = miles_beside(draw, miles);
    let mut parts = vec![block, said_miles];
    if can_tell {
        parts.extend(beside(draw, &asked));
    }
    draw.shuffle(&mut parts);
    let heading =
        format!(r#"<h3><a href="/v/{number}">2019 Ford F-150 XLT</a></h3><p>VIN: 1FTEW1EP6KFA{number:05}</p>"#);
    Card {
        html: format!(r#"<div class="car">{heading}{}</div>"#, parts.concat()),
        price: can_tell.then_some(asked.price),
        miles: is_plain.then_some(miles),
    }
}
