//! Lists whose elements are none of the cards that a person sees.

use super::*;

const NAMES: [&str; 4] =
    ["2019 Ford F-150 XLT", "2020 Toyota RAV4 XLE", "2018 Jeep Cherokee Latitude", "2017 Honda Accord LX"];

fn price(at: usize) -> String {
    format!("$1{at},995")
}

/// What is read of each car: its stock number, miles and dollars.
fn cars(body: &str) -> Vec<(Option<String>, Option<i32>, Option<i64>)> {
    let page = format!("<html><head><title>Our cars</title></head><body>{body}</body></html>");
    let read = listings(&page, "https://lot.example/list").unwrap().listings;
    read.into_iter().map(|car| (car.stock_number, car.mileage, car.price.map(|price| price.cents() / 100))).collect()
}

fn wanted() -> Vec<(Option<String>, Option<i32>, Option<i64>)> {
    (0..4).map(|at| (Some(format!("R10{at}")), Some(41_000 + at), Some(10_995 + 1_000 * i64::from(at)))).collect()
}

#[test]
fn elements_that_are_never_closed_are_cards_all_the_same() {
    for (card, link) in [("<div class=unit>", "<h3><a href='/v/"), ("<p><font size=4>", "<a href='/v/")] {
        let end = if link.starts_with("<h3>") { "</a></h3>" } else { "</a><br>" };
        let body: String = NAMES
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let facts = format!("41,00{at} miles<br>VIN: 1FTEW1EP6KFA1000{at}<br>Stock: R10{at}<br>{}", price(at));
                format!("{}{link}{at}'>{name}{end}{facts}", if at == 0 { card.trim_start_matches("<p>") } else { card })
            })
            .collect();
        assert_eq!(cars(&body), wanted(), "{body}");
    }
}

#[test]
fn a_table_may_have_a_car_in_each_column() {
    let row = |cell: &dyn Fn(usize) -> String, cars: std::ops::Range<usize>| {
        format!("<tr>{}</tr>", cars.map(|at| format!("<td>{}</td>", cell(at))).collect::<String>())
    };
    let picture = |at: usize| format!("<a href='/v/{at}'><img src='/p/{at}.jpg'></a>");
    let name = |at: usize| format!("<b>{}</b>", NAMES[at]);
    let facts = |at: usize| format!("41,00{at} miles<br>Stock: R10{at}");
    let rows = |cars: std::ops::Range<usize>| {
        [&picture as &dyn Fn(usize) -> String, &name, &facts, &price].map(|cell| row(cell, cars.clone())).concat()
    };
    assert_eq!(cars(&format!("<table>{}{}</table>", rows(0..2), rows(2..4))), wanted());

    let labelled = |label: &str, cell: &dyn Fn(usize) -> String| {
        format!("<tr><th>{label}{}", (0..4).map(|at| format!("<td>{}", cell(at))).collect::<String>())
    };
    let table = [
        labelled("Vehicle", &|at| format!("<a href='/v/{at}'>{}</a>", NAMES[at])),
        labelled("Price", &price),
        labelled("Mileage", &|at| format!("41,00{at}")),
        labelled("Stock", &|at| format!("R10{at}")),
    ];
    assert_eq!(cars(&format!("<table border=1>{}</table>", table.concat())), wanted());
}

#[test]
fn tables_and_frames_without_end_cost_little() {
    let before = processor_time();
    let table =
        format!("<table>{}</table>", "<tr><td>2019 Ford F-150 XLT<td>2020 Toyota RAV4 XLE<tr><td>1<td>2".repeat(300));
    let nested = "<div class=unit><h3>2019 Ford F-150 XLT</h3>".repeat(200);
    assert!(listings(&format!("<body>{}{nested}</body>", table.repeat(4)), "https://lot.example/list").is_ok());
    assert!(processor_time() - before < std::time::Duration::from_secs(10));
}
