//! Cards that name their vehicle in no heading, rows without an element around each car, and makes of no table.

use super::*;

struct Car {
    name: &'static str,
    vin: &'static str,
    stock: &'static str,
    price: &'static str,
    miles: &'static str,
}

const CARS: [Car; 4] = [
    Car { name: "2017 Ford Edge SEL", vin: "2FMPK4K91HBB11870", stock: "R100", price: "22,988", miles: "41,207" },
    Car {
        name: "2016 Chevrolet Corvette 2LT",
        vin: "1G1YK2D73G5100001",
        stock: "R101",
        price: "35,450",
        miles: "97,032",
    },
    Car { name: "2020 Chevrolet Tahoe LT", vin: "1GNSKBKC9LR700001", stock: "R102", price: "41,775", miles: "58,911" },
    Car { name: "2013 Ford Fusion SE", vin: "1FMCU9H98DUD93328", stock: "R103", price: "8,995", miles: "121,460" },
];
const URL: &str = "https://lot.example/list";

fn read(html: &str) -> Extraction {
    listings(html, URL).unwrap()
}

fn page(card: &dyn Fn(&Car) -> String, around: (&str, &str)) -> String {
    let cards: String = CARS.iter().map(card).collect();
    format!("<body><nav><a href='/'>Home</a></nav>{}{cards}{}<footer>Town</footer></body>", around.0, around.1)
}

#[track_caller]
fn assert_all_read(html: &str, by_vin: bool) {
    let found = read(html).listings;
    assert_eq!(found.len(), CARS.len(), "{html}\n{found:?}");
    for (listing, car) in found.iter().zip(&CARS) {
        let whole = heading::split(car.name).unwrap();
        assert_eq!(
            (listing.year, &listing.make, &listing.model, &listing.trim),
            (Some(whole.year), &whole.make, &whole.model, &whole.trim),
            "{html}"
        );
        assert_eq!(listing.price, clean_price(car.price), "{html}");
        assert_eq!(listing.mileage, mileage(car.miles), "{html}");
        assert_eq!(listing.stock_number.as_deref(), Some(car.stock), "{html}");
        assert_eq!(listing.vin.as_deref(), Some(car.vin).filter(|_| by_vin), "{html}");
    }
}

#[test]
fn a_card_names_its_vehicle_in_any_element() {
    for (open, close) in [
        ("<div class='veh-title'>", "</div>"),
        ("<div class='q8z'>", "</div>"),
        ("<b>", "</b>"),
        ("<p><strong>", "</strong></p>"),
        ("<span style='font-size: 20px'>", "</span>"),
        ("", "<br>"),
    ] {
        for by_vin in [true, false] {
            let card = |car: &Car| {
                let vin = if by_vin { format!("<li>VIN: {}</li>", car.vin) } else { String::new() };
                format!(
                    "<div class='tile'><a href='/v/{0}'><img src='/i/{0}.jpg'></a>{open}{1}{close}<ul><li>{2} miles</li>\
                     <li>Stock #: {0}</li>{vin}<li>${3}</li></ul><a href='/v/{0}'>Details</a></div>",
                    car.stock, car.name, car.miles, car.price
                )
            };
            assert_all_read(&page(&card, ("<div>", "</div>")), by_vin);
        }
    }
}

#[test]
fn a_model_in_a_heading_of_its_own_belongs_to_the_make_in_front() {
    let card = |car: &Car| {
        let words: Vec<&str> = car.name.splitn(3, ' ').collect();
        format!(
            "<section><h2>{} {}</h2><h3>{}</h3><p>${}</p><p>{} mi</p><p>Stock #: {}</p><a href='/v/{}'>More</a></section>",
            words[0], words[1], words[2], car.price, car.miles, car.stock, car.stock
        )
    };
    assert_all_read(&page(&card, ("<main>", "</main>")), false);
}

#[test]
fn rows_without_an_element_around_each_car_are_cars() {
    let rows = [
        ("<div class=t><a href='/d?id=STOCK'>NAME</a></div><div class=f>FACTS</div>", ("", "")),
        ("<div class=t><a href='/d?id=STOCK'>NAME</a></div><div class=f>VIN NUMBER, FACTS</div>", ("", "")),
        ("<dt><a href='/d?id=STOCK'>NAME</a></dt><dd>VIN NUMBER, FACTS</dd>", ("<dl>", "</dl>")),
        (
            "<tr><td><a href='/d?id=STOCK'><b>NAME</b></a></td></tr>\
             <tr><td>VIN NUMBER</td><td>Stock: STOCK</td><td>MILES Miles</td></tr><tr><td>$PRICE</td></tr>",
            ("<table>", "</table>"),
        ),
        ("<p><b>NAME</b></p><p>FACTS</p><p><a href='/d?id=STOCK'>More</a></p><hr>", ("", "")),
        ("<li>NAME - MILES miles - stock #STOCK - $PRICE - <a href='/d/STOCK'>details</a></li>", ("<ul>", "</ul>")),
        (
            "<tr><td>STOCK</td><td>NAME</td><td>MILES</td><td>$PRICE</td></tr>",
            ("<table><tr><th>Stock</th><th>Vehicle</th><th>Miles</th><th>Price</th></tr>", "</table>"),
        ),
    ];
    for (row, around) in rows {
        let of_car = |car: &Car| {
            row.replace("FACTS", "Stock: STOCK, MILES Miles, $PRICE")
                .replace("NUMBER", car.vin)
                .replace("STOCK", car.stock)
                .replace("NAME", car.name)
                .replace("MILES", car.miles)
                .replace("PRICE", car.price)
        };
        assert_all_read(&page(&of_car, around), row.contains("NUMBER"));
    }
}

#[test]
fn attributes_of_an_element_of_the_website_are_those_of_its_car() {
    let card = |car: &Car| {
        let words: Vec<&str> = car.name.split(' ').collect();
        format!(
            "<lot-car vin='{}' stock-number='{}' year='{}' make='{}' model='{}' trim='{}' price='{}' mileage='{}' href='/v/{1}'></lot-car>",
            car.vin, car.stock, words[0], words[1], words[2], words[3], car.price, car.miles
        )
    };
    let html = page(&card, ("", ""));
    assert_all_read(&html, true);
    assert_eq!(read(&html).listings[0].url.as_deref(), Some("https://lot.example/v/R100"));
}

#[test]
fn a_vin_may_be_divided_within_its_line() {
    let divided = |vin: &str| {
        vin.replace("11870", "<wbr>11870").replace("00001", "<b>00001</b>").replace("93328", "<span>93328</span>")
    };
    let card = |car: &Car| {
        format!(
            "<div class='unit'><h3><a href='/v/{0}'>{1}</a></h3><p>VIN: {2}</p><p>Stock # {0}</p><p>{3} miles</p><p>${4}</p></div>",
            car.stock,
            car.name,
            divided(car.vin),
            car.miles,
            car.price
        )
    };
    assert_all_read(&page(&card, ("<div>", "</div>")), true);
}

#[test]
fn the_only_vin_among_cards_without_one_is_that_of_its_card() {
    let tile = |car: &Car| {
        format!(
            "<div class='spot'><a href='/s/{}'><h4>{}</h4></a><b class='price'>${}</b><i>{} miles</i></div>",
            car.stock, car.name, car.price, car.miles
        )
    };
    let own = &CARS[0];
    for name in
        [format!("<h3><a href='/v/{}'>{}</a></h3>", own.stock, own.name), format!("<div class='nm'>{}</div>", own.name)]
    {
        let spots: String = CARS[1..].iter().map(tile).collect();
        let html = format!(
            "<body><div class='row'>{name}<p>${}</p><p>VIN: {}</p><p>{} mi</p></div><h2>Featured</h2>{spots}</body>",
            own.price, own.vin, own.miles
        );
        let found = read(&html).listings;
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(
            (found[0].vin.as_deref(), found[0].price, found[0].related),
            (Some(own.vin), clean_price(own.price), None)
        );
        assert!(found[1..].iter().all(|listing| listing.vin.is_none() && listing.price.is_some()));
    }
}

#[test]
fn a_make_of_no_table_is_read_beside_others_and_what_says_too_little_is_told() {
    let card = |at: usize, name: &str, facts: &str| {
        format!("<div class='item'><h3><a href='/c/{at}'>{name}</a></h3>{facts}</div>")
    };
    let offered = |at: usize| format!("<p>Price: $1{at},250</p><p>Miles: 3{at},400</p>");
    let html = format!(
        "<body><div>{}{}{}{}{}</div></body>",
        card(1, "1969 AMC Javelin", &offered(1)),
        card(2, "1953 Hudson Hornet", &offered(2)),
        card(3, "1961 Zorbatron Comet Deluxe", &offered(3)),
        card(4, "1957 Zorbatron Star", "<p>Being restored</p>"),
        card(5, "1957 Ford Model Guide", "<p>Read our guide</p>"),
    );
    let read = read(&html);
    let names: Vec<_> = read
        .listings
        .iter()
        .map(|listing| (listing.make.as_deref().unwrap(), listing.model.as_deref().unwrap()))
        .collect();
    assert_eq!(names, [("AMC", "Javelin"), ("Hudson", "Hornet"), ("Zorbatron", "Comet")]);
    assert_eq!(read.listings[2].trim.as_deref(), Some("Deluxe"));
    assert!(read.warnings.contains(&Warning::CardsLeftOut { left_out: 1, found: 3 }), "{:?}", read.warnings);
}

#[test]
fn in_a_list_of_models_without_makes_an_unknown_model_is_a_car_without_a_make() {
    let card = |(at, name): (usize, &&str)| {
        format!(
            "<div class='item'><h3><a href='/c/{at}'>{name}</a></h3><p>Price: $1{at},250</p><p>Miles: 3{at},400</p></div>"
        )
    };
    let html = |names: &[&str]| names.iter().enumerate().map(card).collect::<String>();
    let models = ["2016 ALTIMA 2.5 S", "2015 SILVERADO 1500 LT", "2014 NOTE", "2012 ZOOMER", "2012 ZOOMER DX"];
    let found = read(&html(&models));
    let named: Vec<_> =
        found.listings.iter().map(|car| (car.make.as_deref(), car.model.as_deref(), car.trim.as_deref())).collect();
    let right = [
        (Some("Nissan"), Some("ALTIMA"), Some("2.5 S")),
        (Some("Chevrolet"), Some("SILVERADO 1500"), Some("LT")),
        (Some("Nissan"), Some("NOTE"), None),
        (None, Some("ZOOMER"), None),
        (None, Some("ZOOMER"), Some("DX")),
    ];
    assert_eq!(named, right);
    assert_eq!(found.warnings.iter().filter(|it| matches!(it, Warning::CardsLeftOut { .. })).count(), 0);
    // Beside names with makes nobody can tell what one word is.
    let found = read(&html(&["2016 Nissan Altima", "2015 Ford Edge", "2012 ZOOMER"]));
    assert_eq!(found.listings.len(), 2);
    assert!(found.warnings.contains(&Warning::CardsLeftOut { left_out: 1, found: 2 }), "{:?}", found.warnings);
}

#[test]
fn a_vin_proves_the_car_of_a_model_without_a_make() {
    let card = |car: &Car| {
        let name = car.name.replace(" Ford", "").replace(" Chevrolet", "");
        format!("<div class='unit'><h3>{name}</h3><p>VIN: {}</p><p>{} miles</p></div>", car.vin, car.miles)
    };
    let found = read(&page(&card, ("<div>", "</div>"))).listings;
    let named: Vec<_> = found.iter().map(|car| (car.make.as_deref(), car.model.as_deref())).collect();
    let right = [("Ford", "Edge"), ("Chevrolet", "Corvette"), ("Chevrolet", "Tahoe"), ("Ford", "Fusion")];
    assert_eq!(named, right.map(|(make, model)| (Some(make), Some(model))));
}

#[test]
fn words_of_a_shop_lose_no_car_of_a_list_for_sale() {
    let card = |car: &Car, said: &str| {
        format!(
            "<div class='tile'><h3><a href='/v/{0}'>{1}</a></h3><p class='price'>${2}</p><a href='/x/{0}'>{said}</a></div>",
            car.stock, car.name, car.price
        )
    };
    for said in ["Add to cart", "Read more", "Build your deal", "We buy cars"] {
        let html = format!(
            "<title>Used Cars for Sale | Valley Motors</title>{}",
            page(&|car| card(car, said), ("<div>", "</div>"))
        );
        assert_eq!(read(&html).listings.len(), 4, "{said}");
    }
    // The same words beside prices of parts.
    let parts = page(
        &|car| {
            format!(
                "<div class='tile'><h3><a href='/v/{0}'>{1}</a></h3><p class='price'>$749</p><a href='/x/{0}'>Add to cart</a></div>",
                car.stock, car.name
            )
        },
        ("<div>", "</div>"),
    );
    assert_eq!(read(&format!("<title>Used Cars for Sale</title>{parts}")).listings, []);
}

#[test]
fn a_mark_of_a_sale_counts_wherever_others_have_none() {
    let card = |at: usize, car: &Car| {
        let name = if at == 3 { format!("SOLD - {}", car.name) } else { car.name.to_owned() };
        let badge = if at < 2 { "<div class='ribbon'>SOLD</div>" } else { "" };
        format!(
            "<div class='item'><h3><a href='/c/{at}'>{name}</a></h3>{badge}<p>${}</p><p>VIN: {}</p></div>",
            car.price, car.vin
        )
    };
    let html: String = CARS.iter().enumerate().map(|(at, car)| card(at, car)).collect();
    let marked: Vec<_> = read(&format!("<body>{html}</body>")).listings.iter().map(|listing| listing.is_sold).collect();
    assert_eq!(marked, [Some(true), Some(true), None, Some(true)]);
}

#[test]
fn a_badge_says_that_somebody_is_buying_a_car() {
    for badge in ["PENDING", "Hold", "On Hold!", "Sale Pending"] {
        let card = |car: &Car| {
            let badge = if car.stock == "R101" { badge } else { "" };
            format!(
                "<div class='item'><h3><a href='/c/{0}'>{1}</a></h3><i>{badge}</i><p>${2}</p><p>VIN: {3}</p></div>",
                car.stock, car.name, car.price, car.vin
            )
        };
        let found = read(&page(&card, ("<div>", "</div>"))).listings;
        let pending: Vec<_> = found.iter().map(|listing| listing.sale_status).collect();
        assert_eq!(pending, [None, Some(SaleStatus::Pending), None, None], "{badge}");
    }
}

#[test]
fn facts_in_sentences_and_rows_of_signs_are_read() {
    let card = |text: &str| {
        format!(
            r#"<div class="v"><h3><a href="/v/1">2020 Chevrolet Tahoe LT</a></h3><p>{text}</p><p>$38,450</p></div>"#
        )
    };
    for text in [
        "Summit White, Automatic, 71,204 miles. Stock #P2291.",
        "71,204 miles. Stock #P2291.",
        "Mileage 71,204 &bull; Stock # P2291 &bull; Engine 5.3L V8",
        "71,204 miles | Engine HP 455 | Stock Number: P2291",
        "71,204 miles | Inventory # P2291",
        "Control # P2291; 71,204 miles",
        "- 71,204 miles - stock #P2291 - Summit White -",
        "VIN# 1GNSKBKCXLR218847 STK# P2291 Odometer: 71,204",
    ] {
        let page = format!(
            "<title>Used cars for sale</title>{}{}",
            card(text),
            card(text)
                .replace("/v/1", "/v/2")
                .replace("P2291", "P2292")
                .replace("1GNSKBKCXLR218847", "5TDKZRFH7JS271930")
        );
        let read = listings(&page, "https://lot.example/used").unwrap().listings;
        assert_eq!(read.len(), 2, "{text}");
        assert_eq!((read[0].mileage, read[0].stock_number.as_deref()), (Some(71_204), Some("P2291")), "{text}");
    }
    let priced = card("Stock P2291").replace("2020", "$38,450 | 2020").replace("LT<", "LT | 71,204 Miles<");
    let page = format!(
        "<title>Used cars for sale</title>{priced}{}",
        priced.replace("/v/1", "/v/2").replace("P2291", "P2292")
    );
    let read = listings(&page, "https://lot.example/used").unwrap().listings;
    assert_eq!(read.len(), 2);
    assert_eq!((read[0].model.as_deref(), read[0].mileage), (Some("Tahoe"), Some(71_204)));
    let unnumbered = format!("<title>Used cars for sale</title>{}", card("Stock #: </p><p>71,204 miles").repeat(2));
    assert_eq!(listings(&unnumbered, "https://lot.example/used").unwrap().listings[0].stock_number, None);
}

#[test]
fn a_picture_may_lead_to_the_next_page_and_a_label_name_the_total() {
    for link in
        [r#"<a href="?page=2"><img src="n.gif" alt="Next"></a>"#, r#"<a href="?page=2" class="btn">Show more</a>"#]
    {
        assert_eq!(read(link).next.as_deref(), Some("https://lot.example/list?page=2"), "{link}");
    }
    assert_eq!(read("<p>Results: 57</p>").total, Some(57));
}

#[test]
fn a_make_is_known_by_its_model() {
    let card = |car: &Car| {
        let name = car.name.replace(" Ford", "").replace(" Chevrolet", "");
        format!(
            "<div class='unit'><h3><a href='/v/{0}'>{name}</a></h3><p>Stock # {0}</p><p>{1} miles</p><p>${2}</p></div>",
            car.stock, car.miles, car.price
        )
    };
    let found = read(&page(&card, ("<div>", "</div>"))).listings;
    let named: Vec<_> =
        found.iter().map(|car| (car.make.as_deref(), car.model.as_deref(), car.trim.as_deref())).collect();
    // `Edge` and `Fusion` are words of other things as well, and no cars but beside some of a known make.
    assert!(named.contains(&(Some("Ford"), Some("Edge"), Some("SEL"))), "{named:?}");
    assert!(named.contains(&(Some("Chevrolet"), Some("Tahoe"), Some("LT"))), "{named:?}");
    assert!(named.contains(&(Some("Chevrolet"), Some("Corvette"), Some("2LT"))), "{named:?}");
    let silverado = heading::split_of_card("2015 Silverado 1500 LT").unwrap();
    assert_eq!(
        (silverado.make.as_deref(), silverado.model.as_deref(), silverado.trim.as_deref()),
        (Some("Chevrolet"), Some("Silverado 1500"), Some("LT"))
    );
    for text in ["2015 Edge case", "2019 Focus group", "2019 sales event"] {
        assert!(heading::split_of_card(text).is_none_or(|heading| heading.make.is_none()), "{text}");
    }
}

#[test]
fn models_in_capitals_and_of_common_words_are_known_among_cars() {
    let card = |(number, name): (usize, &&str)| {
        format!(
            "<div class='unit'><h3><a href='/v/{number}'>{name}</a></h3><p>STOCK # A{number}</p><p>4{number},100 MILES</p><p>$8,990</p></div>"
        )
    };
    let names = [
        "2018 TOYOTA CAMRY SE",
        "2015 EDGE SEL",
        "2015 CHARGER R/T",
        "2012 C-CLASS C300",
        "2010 VUE XE",
        "2014 HONDA CIVIC EX ALLOY WHEELS",
        "2014 HONDA CIVIC EX HEATED SEATS",
    ];
    let cards: String = names.iter().enumerate().map(card).collect();
    let html = |title: &str| format!("<title>{title}</title><h1>OUR INVENTORY</h1><div>{cards}</div>");
    let found = read(&html("USED CARS FOR SALE")).listings;
    let named: Vec<_> =
        found.iter().map(|car| (car.make.as_deref(), car.model.as_deref(), car.trim.as_deref())).collect();
    let right = [
        (Some("Toyota"), Some("CAMRY"), Some("SE")),
        (Some("Ford"), Some("EDGE"), Some("SEL")),
        (Some("Dodge"), Some("CHARGER"), Some("R/T")),
        (Some("Mercedes-Benz"), Some("C-CLASS"), Some("C300")),
        (Some("Saturn"), Some("VUE"), Some("XE")),
        (Some("Honda"), Some("CIVIC"), Some("EX")),
        (Some("Honda"), Some("CIVIC"), Some("EX")),
    ];
    assert_eq!(named, right);
    // Where no title offers cars, wheels and seats of a car may be for sale.
    assert_eq!(read(&html("VALLEY AUTO")).listings.len(), 5);
}

#[test]
fn all_facts_may_stand_in_the_heading() {
    let card = |car: &Car| {
        format!(
            "<div class='unit'><h3><a href='/v/{0}'>{1} {2} mi ${3} Stock {0}</a></h3></div>",
            car.stock, car.name, car.miles, car.price
        )
    };
    assert_all_read(&page(&card, ("<div>", "</div>")), false);
}

#[test]
fn a_list_may_be_written_as_text() {
    for (gap, link) in [("    ", false), ("\t", false), (" | ", false), ("   ", true)] {
        let line = |car: &Car| {
            let name = if link { format!("<a href='/v/{}'>{}</a>", car.stock, car.name) } else { car.name.to_owned() };
            [&name, &format!("{} mi", car.miles), &format!("${}", car.price), &format!("Stock {}", car.stock)]
                .map(|text| text.clone())
                .join(gap)
                + "\n"
        };
        assert_all_read(&page(&line, ("<h2>Used cars</h2><pre>", "</pre>")), false);
    }
}

#[test]
fn microdata_may_stand_elsewhere() {
    let cars: String = CARS
        .iter()
        .map(|car| {
            format!(
                "<div itemscope itemtype='https://schema.org/Car' itemref='o{0} m{0}'><span itemprop=name>{1}</span></div>",
                car.stock, car.name
            )
        })
        .collect();
    let facts: String = CARS
        .iter()
        .map(|car| {
            format!(
                "<p id='m{0}'><span itemprop=sku>{0}</span> <span itemprop=vehicleIdentificationNumber>{3}</span></p>\
                 <p id='o{0}' itemprop=offers itemscope itemtype='https://schema.org/Offer'><meta itemprop=price content='{1}'>\
                 </p><p>{2}</p>",
                car.stock,
                car.price.replace(',', ""),
                "Ask us",
                car.vin
            )
        })
        .collect();
    let found = read(&format!("<body><main>{cars}</main><aside>{facts}</aside></body>")).listings;
    for car in &CARS {
        let listing = found.iter().find(|listing| listing.vin.as_deref() == Some(car.vin)).unwrap();
        assert_eq!(
            (listing.price, listing.stock_number.as_deref()),
            (clean_price(car.price), Some(car.stock)),
            "{listing:?}"
        );
    }
    assert_eq!(found.len(), CARS.len());
}
