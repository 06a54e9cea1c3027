//! Reading pages of 10, 100, 1,000 and 10,000 cars: the time for each car stays the same.
//!
//! One line a kind of page: the microseconds for each car at each size, and how many times as long a car takes on the largest page as
//! on that with a tenth of its cars. The time is that of the processor. The sizes take turns, and the shortest of several rounds
//! counts. Words on the command line choose kinds.
#![expect(clippy::print_stdout, reason = "the times are what it is for")]

use std::{fmt::Write as _, fs, hint::black_box, time::Instant};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const ROUNDS: usize = 5;
/// What is linear stays near 1. Larger pages leave the processor's caches, which costs half as much again; what is squared is 10.
const BAR: f64 = 2.0;
/// A kind of page: what it is called, its address, what stands around its cars, a car by its number, and the largest size.
struct Kind {
    name: &'static str,
    url: &'static str,
    around: (&'static str, &'static str),
    car: fn(usize) -> String,
    most: usize,
}

const LIST: &str = "https://lot.example/used";
const BODY: (&str, &str) = ("<title>Used Cars</title><body><h1>Used Cars</h1><div class=list>", "</div></body>");

const fn kind(name: &'static str, around: (&'static str, &'static str), car: fn(usize) -> String) -> Kind {
    Kind { name, url: LIST, around, car, most: 10_000 }
}

const KINDS: [Kind; 24] = [
    kind(
        "json-ld, one list",
        (r#"<script type="application/ld+json">{"@type":"ItemList","itemListElement":[{}"#, "]}</script>"),
        |n| {
            format!(
                r#",{{"@type":"ListItem","position":{n},"item":{}}}"#,
                car_json(n, r#""offers":{"@type":"Offer","price":"21995"}"#)
            )
        },
    ),
    kind("json-ld, offers by reference", (r#"<script type="application/ld+json">{"@graph":[{}"#, "]}</script>"), |n| {
        let car = car_json(n, &format!(r##""offers":{{"@id":"#offer-{n}"}}"##));
        format!(r##",{car},{{"@id":"#offer-{n}","@type":"Offer","price":"21995"}}"##)
    }),
    kind("json-ld, a script a car", BODY, |n| {
        format!(r#"<script type="application/ld+json">{}</script>"#, car_json(n, r#""offers":{"price":"21995"}"#))
    }),
    kind("json-ld and cards", BODY, |n| {
        format!(
            r#"<script type="application/ld+json">{{"@type":"Car","name":"2019 Ford F-150 XLT","url":"/used/{n}"}}</script>
            <div class=card><h3><a href="/used/{n}">2019 Ford F-150 XLT</a></h3><b>$21,995</b><p>{} miles</p></div>"#,
            20_000 + n
        )
    }),
    kind("microdata", BODY, |n| {
        format!(
            r#"<div itemscope itemtype="https://schema.org/Car"><h3 itemprop=name>2019 Ford F-150 XLT</h3>
            <meta itemprop=vehicleIdentificationNumber content={}><b itemprop=price>$21,995</b></div>"#,
            vin(n)
        )
    }),
    kind("cards", BODY, |n| card(n, "<dl><dt>MSRP</dt><dd>$25,995</dd><dt>Price</dt><dd>$21,995</dd></dl>")),
    kind("cards, captions below", BODY, |n| {
        card(n, "<p><b>$21,995</b> <i>Sale Price</i><p><b>$289</b> <i>Est. Payment</i>")
    }),
    kind("cards, two readings", BODY, |n| card(n, "<b>$21,995</b>Price<b>$2,000</b>Savings<b>$23,995</b>MSRP")),
    kind("cards, rows that add up", BODY, |n| {
        card(n, "<p>Selling Price <b>$21,300</b><p>Handling <b>$695</b><p>Price <b>$21,995</b>")
    }),
    kind("cards with widgets", BODY, |n| {
        card(n, "<b>$21,995</b><span class=compare>Compare</span><span class='featured badge'>Featured</span>")
    }),
    kind("cards in other cards' suggestions", BODY, |n| {
        let other = card(n + 50_000, "<b>$21,995</b>");
        format!(
            "{}<div class=similar>{}</div>",
            card(n, "<b>$21,995</b>"),
            if n.is_multiple_of(4) { &other } else { "" }
        )
    }),
    kind("cards with main headings", BODY, |n| card(n, "<b>$21,995</b>").replace("h3>", "h1>")),
    // The rules of nesting look through all that is open, so that here a card costs more the deeper it is, up to the limit of 1,000.
    Kind {
        most: 300,
        ..kind("cards one in the other", BODY, |n| {
            format!("<div class=card><h3>2019 Ford F-150</h3><p>VIN: {}</p><b>$21,995</b>", vin(n))
        })
    },
    kind("cards below many elements", ("", "</body>"), |n| {
        format!(
            "{}{}{}",
            "<div>".repeat(if n == 0 { 900 } else { 0 }),
            card(n, "<b>$21,995</b>"),
            if n == 0 { "<section>" } else { "" }
        )
    }),
    kind("cards without a VIN", BODY, |n| linked(n, "XLT")),
    kind("cards without a VIN, by buttons", BODY, |n| {
        format!(
            "<div class=card><h3>2019 Ford F-150 XLT</h3><b>$21,995</b><p>45,000 miles</p><a href='/used/{n}'>Details</a></div>"
        )
    }),
    kind("table", ("<body><table><tr><th>Car<th>VIN<th>Price<th>Miles</tr>", "</table></body>"), |n| {
        format!("<tr><td><a href='/used/{n}'>2019 Ford F-150</a><td>{}<td>21,995<td>{}</tr>", vin(n), 20_000 + n)
    }),
    kind(
        "table without VINs",
        ("<body><table><tr><th>Year<th>Make<th>Model<th>Price<th>Miles</tr>", "</table></body>"),
        |n| format!("<tr><td>2019<td>Ford<td><a href='/used/{n}'>F-150</a><td>$21,995<td>{}</tr>", 20_000 + n),
    ),
    kind("flat table, three rows a car", ("<body><table>", "</table></body>"), |n| {
        format!(
            "<tr><td><a href='/used/{n}'>2019 Ford F-150 XLT</a></td></tr><tr><td>$21,995</td></tr><tr><td>{} miles</td></tr>",
            20_000 + n
        )
    }),
    kind("flat table of names, three rows", ("<body><table>", "</table></body>"), |n| {
        format!(
            "<tr><td>2019 Ford F-150 XLT</td></tr><tr><td>Stock: P{n}</td><td>$21,995</td></tr><tr><td>{} miles</td></tr>",
            20_000 + n
        )
    }),
    kind("articles", BODY, |n| linked(n, "Review")),
    Kind {
        url: "https://lot.example/used/2018-honda-civic-2HGFC2F59JH500001",
        ..kind(
            "a car's own page with suggestions",
            (
                "<title>2018 Honda Civic</title><body><h1>2018 Honda Civic LX</h1><p>VIN: 2HGFC2F59JH500001</p><b>$17,995</b>",
                "</body>",
            ),
            |n| card(n, "<b>$21,995</b>"),
        )
    },
    kind(
        "one car with many amounts",
        ("<body><h1>2018 Honda Civic LX</h1><p>VIN: 2HGFC2F59JH500001</p>", "</body>"),
        |n| format!("<div><i>{}</i> <b>${},995</b></div>", ["Price", "MSRP", "Savings", "Down"][n % 4], 10 + n % 50),
    ),
    kind(
        "one car with many loose amounts",
        ("<body><h1>2018 Honda Civic LX</h1><p>VIN: 2HGFC2F59JH500001</p>", "</body>"),
        |n| {
            format!(
                "<p><i>Price</i><b class=price>${},995</b> or <b class=price>$289</b> or <i>MSRP</i></p>",
                10 + n % 50
            )
        },
    ),
];

fn vin(number: usize) -> String {
    format!("1FTEW1EP6KFA{number:05}")
}

fn car_json(number: usize, rest: &str) -> String {
    format!(
        r##"{{"@type":"Car","@id":"#car-{number}","name":"2019 Ford F-150 XLT","vehicleIdentificationNumber":"{}","mileageFromOdometer":{number},{rest}}}"##,
        vin(number)
    )
}

/// A card with a VIN and these amounts.
fn card(number: usize, amounts: &str) -> String {
    format!(
        "<div class=card><h3><a href='/used/{number}'>2019 Ford F-150 XLT</a></h3>{amounts}<p>VIN: {}</p></div>",
        vin(number)
    )
}

fn linked(number: usize, last: &str) -> String {
    format!(
        "<div class=card><h3><a href='/used/f-150-{number}'>2019 Ford F-150 {last}</a></h3><b>$21,995</b><p>45,000 miles</p></div>"
    )
}

fn page(kind: &Kind, cars: usize) -> String {
    let mut page = String::from(kind.around.0);
    for number in 0..cars {
        let _written = write!(page, "{}", (kind.car)(number));
    }
    page + kind.around.1
}

/// The processor time of this thread, where the system tells.
fn used_nanos() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn measured(kind: &Kind) {
    let mut sizes: Vec<usize> = SIZES.into_iter().map(|size| size.min(kind.most)).collect();
    sizes.dedup();
    let pages: Vec<(usize, String)> = sizes.iter().map(|size| (*size, page(kind, *size))).collect();
    let mut best = vec![f64::INFINITY; pages.len()];
    let mut found = String::new();
    for _ in 0..ROUNDS {
        for ((cars, html), best) in pages.iter().zip(&mut best) {
            let (started, used) = (Instant::now(), used_nanos());
            let read = black_box(jpauto::extract::listings(html, kind.url));
            let nanos =
                used_nanos().zip(used).map_or(started.elapsed().as_nanos() as u64, |(now, before)| now - before);
            *best = best.min(nanos as f64 / 1e3 / *cars as f64);
            found = match read {
                Ok(read) => read.listings.len().to_string(),
                Err(error) => error.code().to_owned(),
            };
        }
    }
    let times: String = best.iter().map(|time| format!("{time:8.1}")).collect();
    let [.., tenth, largest] = &best[..] else { return };
    let growth = largest / tenth;
    let verdict = if growth <= BAR { "met" } else { "missed" };
    println!(
        "{:<36} {times}   {growth:.2} (bar {BAR}: {verdict})   {found} found of {}",
        kind.name,
        sizes[sizes.len() - 1]
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    println!("{:<36} {}", "microseconds a car, of pages with", SIZES.map(|size| format!("{size:8}")).concat());
    for kind in &KINDS {
        if words.is_empty() || words.iter().any(|word| kind.name.contains(word.as_str())) {
            measured(kind);
        }
    }
}
