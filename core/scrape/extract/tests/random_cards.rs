//! Cards of random structure, each with its known price and miles.
//!
//! Order, nesting, sides of captions, decoys, badges, buttons and sentences are drawn as real templates mix them. What is deliberately
//! not here: what is read of them (`any_card`).

use std::fmt::Write as _;

/// Numbers by `SplitMix64`.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        least + i64::try_from(self.below(usize::try_from(most - least + 1).unwrap())).unwrap()
    }

    /// True in this percentage of the calls.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// An amount of a card with what its caption says; an empty one says nothing.
struct Row {
    caption: &'static str,
    amount: String,
    is_asked: bool,
}

pub(super) fn grouped(dollars: i64) -> String {
    let digits = dollars.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

const ASKED: [&str; 14] = [
    "Sale Price",
    "Our Price",
    "Internet Price",
    "Price",
    "Special Price",
    "Your Price",
    "Asking Price",
    "Selling Price",
    "Cash Price",
    "Final Price",
    "Now",
    "ONLINE PRICE",
    "Smith Motors Price",
    "Today's Price",
];
/// Captions of what is not asked, by kind.
const DECOYS: [&[&str]; 9] = [
    &["Est. Payment", "Monthly Payment", "Payment", "Estimated Payment", "Finance For", "Per Month", "Est. Monthly"],
    &["Down Payment", "Down", "Due at Signing", "Cash Down", "Deposit"],
    &["Lease For", "Lease", "Lease Payment", "Lease Special"],
    &["Doc Fee", "Dealer Fee", "Handling Fee", "Documentation", "Delivery & Handling"],
    &["MSRP", "Original MSRP", "Sticker Price", "M.S.R.P."],
    &["Savings", "You Save", "Dealer Discount", "Rebate", "Total Savings", "Customer Cash"],
    &["KBB Value", "Kelley Blue Book", "Market Value", "Trade-In Value", "NADA", "Est. Trade Value"],
    &["Retail Price", "Was", "Regular Price", "Market Average"],
    // What no word list knows.
    &["Service Plan", "Reserve Deposit", "Roadside Plan", "Winter Wheels", "Engine Rebuild", "Warranty", "Insurance"],
];

/// The amounts of one card, in any order.
fn rows(draw: &mut Draw, price: i64) -> Vec<Row> {
    let is_said = draw.chance(93);
    let asked = Row {
        caption: if is_said { draw.of(&ASKED) } else { "" },
        amount: format!("${}", grouped(price)),
        is_asked: true,
    };
    let mut rows = vec![asked];
    let mut kinds: Vec<usize> = (0..DECOYS.len()).collect();
    draw.shuffle(&mut kinds);
    let count = draw.below(5);
    for kind in kinds.into_iter().take(count) {
        let dollars = match kind {
            0 | 2 => price / draw.between(45, 90),
            1 => draw.between(500, 5_000).min(price / 2),
            3 => draw.between(99, 999),
            4 | 7 => price * draw.between(103, 140) / 100,
            5 => draw.between(250, 6_000).min(price / 3),
            8 => draw.between(1_000, 4_000).min(price * 2 / 3),
            _ => price * draw.between(75, 130) / 100,
        };
        let suffix =
            if kind == 0 && draw.chance(30) { draw.of(&["/mo", " /mo", "/month", " per month", "/mo*"]) } else { "" };
        let caption = draw.of(DECOYS[kind]);
        let sign = if kind == 5 && draw.chance(25) { draw.of(&["-", "- ", "\u{2212}"]) } else { "" };
        rows.push(Row { caption, amount: format!("{sign}${}{suffix}", grouped(dollars)), is_asked: false });
    }
    draw.shuffle(&mut rows);
    rows
}

/// An element with a text, as themes write it: in any tag, of any class that says nothing, one or two deep.
fn element(draw: &mut Draw, text: &str, classes: &[&str]) -> String {
    let tag = draw.of(&["span", "div", "b", "strong", "small", "p", "em", "label"]);
    let class = draw.of(classes);
    let attribute = if class.is_empty() { String::new() } else { format!(r#" class="{class}""#) };
    let inner = if draw.chance(20) { format!("<span>{text}</span>") } else { text.to_owned() };
    format!("<{tag}{attribute}>{inner}</{tag}>")
}

/// Whether no word list knows what a row is.
fn is_unknown(row: &Row) -> bool {
    DECOYS[DECOYS.len() - 1].contains(&row.caption)
}

fn caption(draw: &mut Draw, row: &Row) -> String {
    let classes = ["", "label", "price-label", "text-muted"];
    match row.caption {
        "" => String::new(),
        // What explains it, and a footnote.
        said if draw.chance(6) => {
            let beside = draw.of(&["<sup>1</sup>", "<sup>*</sup>", "<i class=info></i>", "<button>i</button>"]);
            element(draw, &format!("{said}{beside}"), &classes)
        }
        // Its words on lines of their own.
        said if draw.chance(4) && said.contains(' ') && !is_unknown(row) => {
            element(draw, &said.replacen(' ', "<br>", 1), &classes)
        }
        said => element(draw, said, &classes),
    }
}

fn amount(draw: &mut Draw, row: &Row) -> String {
    let text = match row.amount.strip_prefix('$') {
        Some(digits) if draw.chance(10) => format!("<sup>$</sup>{digits}"),
        Some(_) if draw.chance(10) && row.amount.ends_with(|end: char| end.is_ascii_digit()) => {
            format!("{}.00", row.amount)
        }
        // Thousands and hundreds in elements of their own.
        Some(digits)
            if draw.chance(10) && digits.contains(',') && digits.ends_with(|end: char| end.is_ascii_digit()) =>
        {
            let (thousands, hundreds) = digits.rsplit_once(',').unwrap();
            match draw.below(5) {
                0 => format!("${thousands},<sup>{hundreds}</sup>"),
                1 => format!("$<span>{thousands}</span>,<span>{hundreds}</span>"),
                2 => format!("${thousands},<wbr>{hundreds}"),
                3 => format!("${thousands},<!-- -->{hundreds}"),
                _ => format!("<span>${thousands}</span><span>,</span><span>{hundreds}</span>"),
            }
        }
        _ => row.amount.clone(),
    };
    element(draw, &text, &["", "", "value", "amount", "price", "price-value"])
}

/// One pair in the order of the card.
fn pair(draw: &mut Draw, row: &Row, is_caption_first: bool) -> String {
    let (caption, amount) = (caption(draw, row), amount(draw, row));
    let space = draw.of(&["", " ", "\n"]);
    if is_caption_first { format!("{caption}{space}{amount}") } else { format!("{amount}{space}{caption}") }
}

/// Captions beside amounts, each a column.
fn side_by_side(draw: &mut Draw, rows: &[Row], is_caption_first: bool) -> String {
    let captions: String = rows.iter().map(|row| caption(draw, row)).collect();
    let amounts: String = rows.iter().map(|row| amount(draw, row)).collect();
    let (first, second) = if is_caption_first { (captions, amounts) } else { (amounts, captions) };
    format!("<div><div>{first}</div><div>{second}</div></div>")
}

fn in_order(row: &Row, is_caption_first: bool) -> [&str; 2] {
    if is_caption_first { [row.caption, &row.amount] } else { [&row.amount, row.caption] }
}

/// Amounts and captions that take turns, with nothing around each pair.
fn in_one_direction(draw: &mut Draw, rows: &[Row], is_caption_first: bool) -> String {
    match draw.below(3) {
        // One column, each text in a row of its own.
        0 => {
            let texts: Vec<&str> = rows.iter().flat_map(|row| in_order(row, is_caption_first)).collect();
            one_column(draw, &texts)
        }
        1 => {
            let [first, second] = if is_caption_first { ["dt", "dd"] } else { ["dd", "dt"] };
            let terms = rows.iter().map(|row| {
                let [one, other] = in_order(row, is_caption_first);
                format!("<{first}>{one}</{first}><{second}>{other}</{second}>")
            });
            format!("<dl>{}</dl>", terms.collect::<String>())
        }
        // Two rows, captions above or below.
        _ => {
            let row = |side: usize| -> String {
                rows.iter().map(|row| format!("<td>{}</td>", in_order(row, is_caption_first)[side])).collect()
            };
            format!("<table><tr>{}</tr><tr>{}</tr></table>", row(0), row(1))
        }
    }
}

/// Texts of one column: a table with a row for each, a list, or siblings.
fn one_column(draw: &mut Draw, texts: &[&str]) -> String {
    let (frame, open, close) = match draw.below(5) {
        0 => ("table", "<tr><td>", "</td></tr>"),
        1 => ("ul", "<li>", "</li>"),
        2 => ("div", "<p>", "</p>"),
        3 => ("div", "<span>", "</span>"),
        _ => ("section", "<div>", "</div>"),
    };
    let inner: String = texts.iter().map(|text| format!("{open}{text}{close}")).collect();
    format!("<{frame}>{inner}</{frame}>")
}

/// A table with a row for each pair.
fn rows_of_table(draw: &mut Draw, rows: &[Row], is_caption_first: bool) -> String {
    let html: String = rows
        .iter()
        .map(|row| {
            let (caption, amount) = (format!("<td>{}</td>", row.caption), format!("<td>{}</td>", amount(draw, row)));
            let cells = if is_caption_first { caption + &amount } else { amount + &caption };
            format!("<tr>{cells}</tr>")
        })
        .collect();
    format!("<table>{html}</table>")
}

/// A table with the captions above the amounts.
fn columns_of_table(draw: &mut Draw, rows: &[Row]) -> String {
    let heads: String = rows.iter().map(|row| format!("<th>{}</th>", row.caption)).collect();
    let cells: String = rows.iter().map(|row| format!("<td>{}</td>", amount(draw, row))).collect();
    format!("<table><tr>{heads}</tr><tr>{cells}</tr></table>")
}

/// The rows in a structure drawn at random.
fn block(draw: &mut Draw, rows: &[Row]) -> String {
    let is_caption_first = draw.chance(50);
    let is_whole = rows.iter().all(|row| !row.caption.is_empty());
    let mut html = String::new();
    let mut each = |open: &str, close: &str, one: &mut dyn FnMut(&Row) -> String| {
        rows.iter().for_each(|row| write!(html, "{open}{}{close}", one(row)).unwrap());
    };
    match draw.below(16) {
        // A label in an attribute.
        14 if is_whole && !rows.iter().any(is_unknown) => {
            let name = draw.of(&["aria-label", "data-label", "data-title"]);
            let classes = ["", "value", "amount"];
            each("<li>", "</li>", &mut |row| {
                format!(r#"<div {name}="{}">{}</div>"#, row.caption, element(draw, &row.amount, &classes))
            });
            return format!("<ul>{html}</ul>");
        }
        // Each pair a line of text, with dots or dashes to the amount.
        15 if is_whole => {
            let between = draw.of(&[" ..... ", " - ", " = ", "\u{a0}", ":\u{a0}", " \u{2013} "]);
            let tag = draw.of(&["p", "li", "div"]);
            each(&format!("<{tag}>"), &format!("</{tag}>"), &mut |row| {
                format!("{}{between}{}", row.caption, row.amount)
            });
        }
        // Elements of their own, in a list or not.
        0 | 1 => each("<div class=row>", "</div>", &mut |row| pair(draw, row, is_caption_first)),
        2 => each("<ul><li>", "</li></ul>", &mut |row| pair(draw, row, is_caption_first)),
        // One behind the other.
        3 if is_whole => each("", "", &mut |row| pair(draw, row, is_caption_first)),
        4 => {
            each("", "", &mut |row| format!("<dt>{}</dt><dd>{}</dd>", row.caption, amount(draw, row)));
            return format!("<dl>{html}</dl>");
        }
        5 => return rows_of_table(draw, rows, is_caption_first),
        6 => return columns_of_table(draw, rows),
        // In one text.
        7 => {
            let colon = if is_caption_first && draw.chance(60) { ":" } else { "" };
            let tag = draw.of(&["p", "span", "li"]);
            each(
                &format!("<{tag}>"),
                &format!("</{tag}>"),
                &mut |row| match (row.caption.is_empty(), is_caption_first) {
                    (true, _) => row.amount.clone(),
                    (_, true) => format!("{}{colon} {}", row.caption, row.amount),
                    _ => format!("{} {}", row.amount, row.caption),
                },
            );
        }
        10..=12 if is_whole => return in_one_direction(draw, rows, is_caption_first),
        8 if is_whole => each("", "<br>", &mut |row| format!("{}: {}", row.caption, row.amount)),
        9 if is_whole => return side_by_side(draw, rows, is_caption_first),
        _ => each("<div><div>", "</div></div>", &mut |row| pair(draw, row, is_caption_first)),
    }
    html
}

/// How a card says its miles.
fn miles_said(draw: &mut Draw, miles: i64) -> String {
    let miles = grouped(miles);
    match draw.below(7) {
        0 => format!("<p>{miles} mi</p>"),
        1 => format!("<p>Mileage: {miles}</p>"),
        2 => format!(
            "<div><b>{miles}</b><small>Miles</small></div><div><b>Automatic</b><small>Transmission</small></div>"
        ),
        3 => format!("<dl><dt>Mileage</dt><dd>{miles}</dd><dt>Transmission</dt><dd>Automatic</dd></dl>"),
        4 => format!("<p>Black &middot; {miles} miles &middot; Automatic</p>"),
        // Labels in a column, values in the next.
        5 => format!(
            "<div><div><p>Stock</p><p>Mileage</p><p>Engine</p></div><div><p>P1234</p><p>{miles}</p><p>2.5L</p></div></div>"
        ),
        _ => format!("<p>{miles} Miles | 22 MPG</p>"),
    }
}

/// Badges of a card.
const BADGES: [&str; 11] = [
    "Great Deal",
    "Price Drop",
    "One Owner",
    "Lifetime Warranty",
    "No Doc Fees",
    "Back-up Camera",
    "Free Delivery",
    "Deposit Received",
    "On Deposit",
    "Under Contract",
    "Price Reduced",
];

/// Buttons of a card.
const BUTTONS: [&str; 6] = [
    "Get Your Payment",
    "Value Your Trade",
    "Check Availability",
    "Apply for Financing",
    "View Details",
    "Calculate Payment",
];

/// What stands in front of and behind an amount in sentences about something else, of words that no list has or that may call a price.
const SENTENCES: [(&str, &str); 13] = [
    ("Total liability ", ""),
    ("We paid the last owner ", " for it"),
    ("We will give you ", " for your trade"),
    ("Qualified for ", ""),
    ("Price reduced ", "!"),
    ("Sent to your house: ", ""),
    ("Roadside plan ", ""),
    ("60 x ", ""),
    ("Sold new for ", ""),
    ("Original sticker ", ""),
    ("Receipts of ", ""),
    ("Similar trucks: ", ""),
    ("", " b/w"),
];

/// The same of what is paid at first.
const PAID_AT_FIRST: [(&str, &str); 9] = [
    ("Buy Here Pay Here! Down payment ", ""),
    ("Get yours here! Down payment ", ""),
    ("Pay ", " now, drive today"),
    ("", " drives it home"),
    ("", " gets you in"),
    ("", " holds it"),
    ("All you need is ", ""),
    ("Only ", " down"),
    ("", " dn"),
];

/// What else stands on cards: badges, things to press, and the miles.
fn beside(draw: &mut Draw, miles: i64) -> Vec<String> {
    let mut found = vec![miles_said(draw, miles)];
    for text in BADGES {
        if draw.chance(8) {
            found.push(format!("<div class=badge><span>{text}</span></div>"));
        }
    }
    for text in BUTTONS {
        if draw.chance(12) {
            let tag = draw.of(&["a href=/go", "button", "a class=btn href=/go"]);
            found.push(format!("<div><{tag}>{text}</{}></div>", &tag[..tag.find(' ').unwrap_or(tag.len())]));
        }
    }
    if draw.chance(6) {
        let field = draw.of(&["<input name=trade>", "<select><option>2019</select>", "<div><input type=text></div>"]);
        found.push(format!(
            "<form>{} {field}</form>",
            draw.of(&["Your trade:", "Down payment", "Price:", "Monthly payment:"])
        ));
    }
    if draw.chance(20) {
        let dollars = grouped(draw.between(10, 300) * 100);
        let (front, behind) = SENTENCES[draw.below(SENTENCES.len())];
        let amount = if draw.chance(50) { format!("<b>${dollars}</b>") } else { format!("${dollars}") };
        let tag = draw.of(&["p", "div", "li", "span"]);
        found.push(format!("<div><{tag}>{front}{amount}{behind}</{tag}></div>"));
    }
    // What was asked before.
    if draw.chance(8) {
        let [one, two] = [0, 1].map(|_| grouped(draw.between(40, 900) * 100));
        let tag = draw.of(&["td", "li", "span", "p"]);
        found.push(format!(
            "<div><{tag}>10/01/2026</{tag}><{tag}>${one}</{tag}><{tag}>11/01/2026</{tag}><{tag}>${two}</{tag}></div>"
        ));
    }
    if draw.chance(15) {
        let dollars = grouped(draw.between(5, 25) * 100);
        let (front, behind) = PAID_AT_FIRST[draw.below(PAID_AT_FIRST.len())];
        let amount = if draw.chance(50) { format!("<b>${dollars}</b>") } else { format!("${dollars}") };
        let tag = draw.of(&["p", "div", "li", "span"]);
        found.push(format!("<div><{tag}>{front}{amount}{behind}</{tag}></div>"));
    }
    found
}

/// Rows with what themes put around them.
fn framed(draw: &mut Draw, rows: &[Row]) -> String {
    let mut block = block(draw, rows);
    for _ in 0..draw.below(3) {
        block = format!("<div class={}>{block}</div>", draw.of(&["box", "pricing", "col-6", "price-block", "details"]));
    }
    block
}

/// What else templates say of a price: what was asked before, what is not in it, and what it comes to each month.
fn of_the_price(draw: &mut Draw, price: i64) -> Vec<String> {
    let mut found = Vec::new();
    if draw.chance(8) {
        let former = grouped(price * draw.between(103, 130) / 100);
        let tag =
            draw.of(&["s", "del", "strike", "span style='text-decoration: line-through'", "span class=strikethrough"]);
        found.push(format!("<div><{tag}>${former}</{}></div>", &tag[..tag.find(' ').unwrap_or(tag.len())]));
    }
    if draw.chance(10) {
        let fee = draw.between(99, 999);
        let note = draw.of(&[
            "Price excludes $FEE dealer documentation fee, taxes, title and registration.",
            "*All prices plus tax, title, license and a $FEE doc fee.",
            "Plus $FEE dealer fee. See dealer for details.",
            "Advertised price does not include sales tax, vehicle registration fees, and a $FEE documentation charge.",
            "A dealer handling fee of $FEE is added at the time of sale.",
        ]);
        found.push(format!("<p class=disclaimer>{}</p>", note.replace("FEE", &fee.to_string())));
    }
    if draw.chance(10) {
        let (month, down) = (grouped(price / draw.between(45, 90)), grouped(draw.between(5, 30) * 100));
        let sentence = draw.of(&[
            "As low as $MONTH/mo",
            "Est. $MONTH/mo for 72 months at 7.9% APR with $DOWN down",
            "or $MONTH per month*",
            "From $MONTH/mo*",
            "$MONTH/mo est. with $DOWN down",
            "Finance from $MONTH /month",
        ]);
        let tag = draw.of(&["p", "span", "a href=/finance", "div"]);
        let said = sentence.replace("MONTH", &month).replace("DOWN", &down);
        found.push(format!("<div><{tag}>{said}</{}></div>", &tag[..tag.find(' ').unwrap_or(tag.len())]));
    }
    if draw.chance(5) {
        found.push("<p>Call <a href='tel:+15555550100'>(555) 555-0100</a></p>".to_owned());
    }
    found
}

pub(super) struct Card {
    pub(super) html: String,
    /// What a person reads as the price; nothing where nobody can tell.
    pub(super) price: Option<i64>,
    /// The miles; nothing where they stand without a word.
    pub(super) miles: Option<i64>,
}

pub(super) fn card(draw: &mut Draw, number: usize) -> Card {
    let (price, miles) = (draw.between(40, 900) * 100 + draw.between(0, 99), draw.between(1_500, 180_000));
    let mut rows = rows(draw, price);
    assert_eq!(rows.iter().filter(|row| row.is_asked).count(), 1);
    let mut parts = beside(draw, miles);
    parts.extend(of_the_price(draw, price));
    // Some templates have a part of the amounts elsewhere.
    if rows.len() > 1 && draw.chance(20) {
        let others = rows.split_off(1 + draw.below(rows.len() - 1));
        parts.push(framed(draw, &others));
    }
    parts.push(framed(draw, &rows));
    draw.shuffle(&mut parts);
    let heading =
        format!(r#"<h3><a href="/v/{number}">2019 Ford F-150 XLT</a></h3><p>VIN: 1FTEW1EP6KFA{number:05}</p>"#);
    let parts = parts.concat();
    let html = if draw.chance(80) { heading + &parts } else { parts + &heading };
    Card { html: format!(r#"<div class="car">{html}</div>"#), price: Some(price), miles: Some(miles) }
}
