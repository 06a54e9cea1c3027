//! Cards in the shapes that websites give them: `tests/pages/shapes.txt` has one a line.

use super::*;

const CARS: [(&str, &str, u32, u32); 4] = [
    ("1FTEW1EP0KF100001", "2019 Ford F-150 XLT", 31_630, 61_204),
    ("2C3CDXCT5KH100002", "2019 Dodge Charger R/T", 18_995, 112_451),
    ("WBA8E3G59GN100003", "2016 BMW 328i xDrive", 9_495, 33_487),
    ("JM3TB3DVXC0100004", "2012 Mazda CX-9 Touring", 64_250, 3_120),
];

fn grouped(number: u32) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}

/// One card with the facts of a car.
fn card(shape: &str, at: usize) -> String {
    let (vin, title, price, miles) = CARS[at];
    let mut words = title.split(' ');
    let mut word = || words.next().unwrap();
    let (year, make, model, trim) = (word(), word(), word(), word());
    let facts = [
        ("{vin}", vin.to_owned()),
        ("{title}", title.to_owned()),
        ("{TITLE}", title.to_uppercase()),
        ("{year}", year.to_owned()),
        ("{make}", make.to_owned()),
        ("{model}", model.to_owned()),
        ("{trim}", trim.to_owned()),
        ("{price}", grouped(price)),
        ("{dollars}", price.to_string()),
        ("{miles}", grouped(miles)),
        ("{digits}", miles.to_string()),
        ("{km}", grouped(miles * 161 / 100)),
        ("{payment}", (price / 62).to_string()),
        ("{msrp}", grouped(price * 118 / 100)),
        ("{saving}", grouped(price * 118 / 100 - price).trim_start_matches("0,").to_owned()),
        ("{down}", grouped(1_500)),
        ("{stock}", format!("P100{at}")),
        ("{color}", "Black".to_owned()),
        ("{url}", format!("/cars/{at}-{}", model.to_lowercase())),
    ];
    facts.iter().fold(shape.to_owned(), |text, (name, fact)| text.replace(name, fact))
}

#[test]
fn a_card_of_any_shape_is_read_as_a_person_reads_it() {
    let shapes = own("shapes.txt");
    let (mut has_vin, mut read) = (true, 0);
    for line in shapes.lines().skip_while(|line| !line.starts_with("= ")) {
        if let Some(part) = line.strip_prefix("= ") {
            has_vin = part == "with a VIN";
            continue;
        }
        let mut cells = line.split('\t');
        let (name, Some(shape)) = (cells.next().unwrap(), cells.next()) else { continue };
        let frame = cells.next().unwrap_or("<div>{cards}</div>");
        let cards: String = (0..CARS.len()).map(|at| card(shape, at)).collect();
        let page = frame.replace("{cards}", &cards);
        let found = listings(&format!("<title>Used cars</title><body>{page}</body>"), LOT).unwrap().listings;
        assert_eq!(found.len(), CARS.len(), "{name}: {found:?}\n{page}");
        for (listing, (vin, title, price, miles)) in found.iter().zip(CARS) {
            let says = format!("{name}: {title} read as {listing:?}\n{page}");
            assert_eq!(listing.vin.as_deref(), has_vin.then_some(vin), "{says}");
            assert_eq!(listing.price, Some(Money::from_cents(i64::from(price) * 100)), "{says}");
            assert_eq!(listing.mileage, i32::try_from(miles).ok(), "{says}");
            let made = format!("{} {} ", listing.year.unwrap(), listing.make.as_deref().unwrap_or_default());
            assert!(title.starts_with(&made), "{says}");
        }
        read += 1;
    }
    assert!(read > 80, "{read} shapes");
}
