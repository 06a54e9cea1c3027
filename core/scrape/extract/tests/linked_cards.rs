//! Vehicles without a VIN, and pages that sell nothing.

use super::*;

const CARS: [(&str, &str, u32, u32); 4] = [
    ("1968 Plymouth Road Runner", "1968-plymouth-road-runner", 149_900, 61_200),
    ("1970 Chevrolet Chevelle SS", "1970-chevrolet-chevelle", 119_900, 12_450),
    ("2017 Chevrolet Corvette Z06", "2017-chevrolet-corvette", 79_900, 3_487),
    ("2015 Ford Mustang GT", "2015-ford-mustang", 24_900, 33_120),
];

fn grouped(number: u32) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}

/// The four cars on cards of one template.
fn cars(card: &dyn Fn(usize, &str, &str, &str, &str) -> String) -> Vec<ScrapedListing> {
    let card = |(at, (name, slug, price, miles)): (usize, &(&str, &str, u32, u32))| {
        card(at, name, slug, &grouped(*price), &grouped(*miles))
    };
    let page =
        format!("<body><p>4 vehicles</p><div>{}</div></body>", CARS.iter().enumerate().map(card).collect::<String>());
    listings(&page, "https://lot.example/cars/").unwrap().listings
}

type Template = fn(usize, &str, &str, &str, &str) -> String;
const TEMPLATES: [(&str, Template); 8] = [
    ("all facts", |at, name, slug, price, miles| {
        format!(
            r#"<div class="car"><h2><a href="/cars/{slug}/">{name}</a></h2><p>Stock #: V100{at}</p><p>Mileage: {miles}</p><p class="price">${price}</p></div>"#
        )
    }),
    ("a link around", |_, name, slug, price, miles| {
        format!(
            r#"<a class="tile" href="/cars/{slug}"><h3>{name}</h3><span class="price">${price}</span><span>{miles} miles</span></a>"#
        )
    }),
    ("a button behind", |at, name, slug, price, _| {
        format!(
            r#"<article class="car"><h3>{name}</h3><p>Price: ${price}</p><p>Stock: V100{at}</p><a class="btn" href="/cars/{slug}/?utm_source=list">View details</a></article>"#
        )
    }),
    ("two links", |_, name, slug, price, _| {
        format!(
            r#"<li class="item"><a href="/cars/{slug}/"><img src="/p.jpg" alt="{name}"></a><div><a href="/cars/{slug}/#top">{name}</a></div><strong class="price">${price}</strong></li>"#
        )
    }),
    ("a row of a table", |at, name, slug, price, miles| {
        format!(
            r#"<table><tr><td><a href="/cars/{slug}">{name}</a></td><td>${price}</td><td>{miles} miles</td><td>Stock # V100{at}</td></tr></table>"#
        )
    }),
    ("by a query", |_, name, slug, price, _| {
        format!(r#"<div class="car"><a href="/car.php?id={slug}">{name}</a> <span class="price">${price}</span></div>"#)
    }),
    ("miles alone", |_, name, slug, _, miles| {
        format!(
            r#"<div class="car"><h4><a href="/cars/{slug}">{name}</a></h4><p>{miles} miles</p><p>Call for price</p></div>"#
        )
    }),
    ("a rank in the query", |at, name, slug, price, _| {
        format!(
            r#"<div class="car"><h4><a href="/cars/{slug}?rank={at}">{name}</a></h4><b class="price">${price}</b></div>"#
        )
    }),
];

#[test]
fn cards_of_any_template_are_vehicles_by_what_they_say() {
    for (template, card) in TEMPLATES {
        let found = cars(&card);
        assert_eq!(found.len(), 4, "{template}: {found:?}");
        for ((at, listing), (name, slug, price, _)) in found.iter().enumerate().zip(CARS) {
            assert!(
                name.starts_with(&format!("{} {}", listing.year.unwrap(), listing.make.as_deref().unwrap())),
                "{template}"
            );
            assert!(listing.url.as_ref().unwrap().contains(slug), "{template}: {listing:?}");
            assert!(listing.has_identity(), "{template}: {listing:?}");
            let asked = (template != "miles alone").then(|| Money::from_cents(i64::from(price) * 100));
            assert_eq!(listing.price, asked, "{template}");
            if let Some(stock) = &listing.stock_number {
                assert_eq!(stock, &format!("V100{at}"), "{template}");
            } else {
                let place = listing.external_id.as_deref().unwrap();
                let expected =
                    if template == "by a query" { format!("/car.php?id={slug}") } else { format!("/cars/{slug}") };
                assert_eq!(place, expected, "{template}");
            }
        }
    }
}

#[test]
fn a_car_whose_price_is_asked_by_phone_stands_among_those_that_say_more() {
    let found = cars(&|at, name, slug, price, _| {
        let said = if at == 2 { "Call for price".to_owned() } else { format!("<b class='price'>${price}</b>") };
        format!(r#"<div class="car"><h2><a href="/cars/{slug}">{name}</a></h2>{said}</div>"#)
    });
    assert_eq!((found.len(), found[2].price), (4, None));
    let with_banner = cars(&|at, name, slug, price, _| {
        if at == 2 {
            return r#"<div class="car"><h2><a href="/blog/mustang">2026 Ford Mustang Review</a></h2><p>Read what we think</p></div>"#.to_owned();
        }
        format!(r#"<div class="car"><h2><a href="/cars/{slug}">{name}</a></h2><b class='price'>${price}</b></div>"#)
    });
    assert_eq!(with_banner.len(), 3);
}

#[test]
fn a_last_page_with_one_car_has_that_car() {
    let page = r#"<body><div class="list"><div class="car"><h2><a href="/cars/9">1969 Chevrolet Camaro</a></h2><p>Stock #: V1009</p>
        <p class="price">$64,900</p></div></div><a href="/cars/?page=1">1</a></body>"#;
    let found = listings(page, "https://lot.example/cars/?page=2").unwrap().listings;
    assert_eq!((found.len(), found[0].stock_number.as_deref()), (1, Some("V1009")));
}

#[test]
fn pages_that_sell_nothing_have_no_vehicle() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/nothing_for_sale");
    let mut pages = 0;
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let html = fs::read_to_string(&path).unwrap();
        for url in ["https://lot.example/used", "https://lot.example/", "https://lot.example/page/7/?from=menu"] {
            let read = listings(&html, url).unwrap();
            assert_eq!(read.listings, [], "{} at {url}", path.display());
        }
        pages += 1;
    }
    assert!(pages >= 20, "{pages}");
}

#[test]
fn words_of_other_trades_beside_an_offer_lose_no_car() {
    for said in [
        "$289/month",
        "or $125 per week",
        "less than $9 a day!",
        "Fuel $2,150/yr",
        "Get an instant cash offer",
        "We buy cars too",
        "Former rental: no",
    ] {
        let found = cars(&|_, name, slug, price, miles| {
            format!(
                r#"<div class="car"><h4><a href="/cars/{slug}">{name}</a></h4><p>{miles} miles</p><p>${price}</p><p>{said}</p></div>"#
            )
        });
        assert_eq!(found.len(), 4, "{said}");
        assert!(found.iter().all(|listing| listing.price.is_some() && listing.mileage.is_some()), "{said}");
    }
}

#[test]
fn amounts_that_are_no_price_are_asked_for_a_car_where_a_dealer_names_itself() {
    let read = |title: &str, heading: &str, said: &str| {
        let card = |number: usize| {
            format!(
                r#"<div class="car"><h3><a href="/a/{number}">2019 Ford Escape SE</a></h3><p>4{number},200 miles</p><p>{said}</p></div>"#
            )
        };
        let cards: String = (1..=4).map(card).collect();
        let head = format!("<head><title>{title}</title></head>");
        let page = format!("{head}<body><h1>{heading}</h1>{cards}<p>(555) 010-0100</p></body>");
        listings(&page, LOT).unwrap().listings.len()
    };
    for (title, heading) in
        [("Smith Motors", ""), ("Home", "Jones Auto Sales"), ("Home", "Used Cars"), ("Vehicles for sale", "Our lot")]
    {
        assert_eq!(read(title, heading, "Freedom Tag $16,995"), 4, "{title} {heading}");
    }
    for said in ["Appraised at $16,995", "Spent so far: $8,450", "Insured for $45,000"] {
        assert_eq!(read("Our members", "Garage", said), 0, "{said}");
    }
    for asked in ["C$ 16,995", "$289/mo", "$1,500 down", "Call for price"] {
        assert_eq!(read("Home", "Garage", asked), 4, "{asked}");
    }
    // A price is asked wherever it stands.
    assert_eq!(read("Home", "Garage", "$16,995"), 4);
}

#[test]
fn a_table_of_what_was_offered_to_sellers_is_no_list_of_cars() {
    let read = |heading: &str| {
        let row = |number: usize| {
            format!(
                "<tr><td><a href='/a/{number}'>2019 Ford Escape SE</a></td><td>4{number},200</td><td>$16,9{number}5</td></tr>"
            )
        };
        let rows: String = (1..=4).map(row).collect();
        let table = format!("<table><tr><th>Vehicle</th><th>Miles</th><th>Offer</th></tr>{rows}</table>");
        listings(&format!("<body><h1>{heading}</h1>{table}</body>"), LOT).unwrap().listings.len()
    };
    assert_eq!((read("What we offered"), read("Weekly offers")), (0, 4));
}

#[test]
fn cards_whose_cars_cost_less_than_any_are_those_of_jobs_unless_a_dealer_names_itself() {
    let read = |head: &str, url: &str| {
        let card = |number: usize| {
            format!(
                r#"<div class="car"><h3><a href="/a/{number}">2019 Ford Escape SE</a></h3><p>Two layers</p><p>$1,4{number}0</p></div>"#
            )
        };
        let cards: String = (1..=4).map(card).collect();
        listings(&format!("<head><title>Shine</title>{head}</head><body>{cards}</body>"), url).unwrap().listings.len()
    };
    assert_eq!(read("", "https://lot.example/work"), 0);
    assert_eq!(read(r#"<meta property="og:site_name" content="Jones Motors">"#, "https://lot.example/stock"), 4);
    assert_eq!(read("", "https://www.lakesidemotors.example/stock"), 4);
}

#[test]
fn a_sold_gallery_and_parts_of_cars_are_no_cars() {
    for (behind, facts) in [
        ("", "<p>SOLD</p><p>61,200 miles</p>"),
        (" Transmission", "<p>61,200 miles</p><p>$1,250</p><p>Stock # E1123</p>"),
        (" Engine Assembly", "<p>61,200 miles</p><p>$1,250</p>"),
        (" Full Wrap", "<p>$3,250</p>"),
    ] {
        let found = cars(&|_, name, slug, _, _| {
            format!(r#"<div class="car"><h4><a href="/p/{slug}">{name}{behind}</a></h4>{facts}</div>"#)
        });
        assert_eq!(found, [], "{behind}");
    }
}

#[test]
fn a_teaser_shows_a_car_of_the_list_once_more() {
    let card = |url: &str, name: &str, miles: &str| {
        format!(r#"<div class="car"><h4><a href="{url}">{name}</a></h4><p>{miles} miles</p><p>$24,900</p></div>"#)
    };
    let read = |teaser: &str| {
        let cars = ["/cars/1", "/cars/2"]
            .map(|url| card(url, "2015 Ford Mustang GT", if url == "/cars/1" { "33,120" } else { "52,400" }));
        let other = card("/featured/8", "2015 Ford Mustang", "52,000");
        let page = format!("<body><div class=spot>{teaser}{other}</div><div class=list>{}</div></body>", cars.concat());
        listings(&page, "https://lot.example/cars/").unwrap().listings
    };
    for (teaser, count) in [
        (card("/featured/7", "2015 Ford Mustang", "33,000"), 2),
        (card("/featured/7", "2015 Ford Mustang GT", "34k"), 2),
        (card("/featured/7", "2015 Ford Mustang", "12,000"), 3),
        (card("/featured/7", "2015 Ford Escape", "33,000"), 3),
        (card("/featured/7", "2015 Ford Mustang", "33,121"), 3),
    ] {
        let found = read(&teaser);
        assert_eq!(found.len(), count, "{teaser}");
        assert!(found.iter().any(|listing| listing.mileage == Some(33_120)), "{teaser}");
    }
}

#[test]
fn a_button_to_learn_more_makes_models_of_one_make_alone() {
    let card = |name: &str, slug: &str, price: &str| {
        format!(
            r#"<div class="car"><h4><a href="/cars/{slug}">{name}</a></h4><p>${price}</p><a href="/cars/{slug}">Learn more</a></div>"#
        )
    };
    assert_eq!(cars(&|_, name, slug, price, _| card(name, slug, price)).len(), 4);
    let models = ["Escape", "Explorer", "Bronco"].map(|model| card(&format!("2026 Ford {model}"), model, "28,500"));
    let page = format!("<body><div>{}</div></body>", models.concat());
    assert_eq!(listings(&page, "https://lot.example/cars/").unwrap().listings, []);
}

#[test]
fn names_that_end_with_the_year_are_those_of_cars() {
    let found = cars(&|_, name, slug, price, miles| {
        let (year, name) = name.split_once(' ').unwrap();
        format!(
            r#"<div class="car"><h4><a href="/cars/{slug}">{name} {year}</a></h4><p>{miles} miles</p><p>${price}</p></div>"#
        )
    });
    let read: Vec<_> = found.iter().map(|listing| (listing.year, listing.make.as_deref())).collect();
    let makes = ["Plymouth", "Chevrolet", "Chevrolet", "Ford"].map(Some);
    assert_eq!(read, [1968, 1970, 2017, 2015].map(Some).into_iter().zip(makes).collect::<Vec<_>>());
}

/// A list of three cards below a heading, each with what `card` makes of its number.
fn three(heading: &str, card: impl Fn(usize) -> String) -> Vec<ScrapedListing> {
    let cards: String = (0..3).map(|number| format!("<div class=unit>{}</div>", card(number))).collect();
    listings(&format!("<body><h1>{heading}</h1>{cards}</body>"), "https://lot.example/stock").unwrap().listings
}

#[test]
fn a_word_may_stand_in_front_of_the_year() {
    for front in ["Summit White", "Metallic", "No Reserve:", "#R100", "$14,995 -", "One Owner"] {
        let found = three("Our stock", |number| {
            format!(
                "<h3><a href='/u/{number}'>{front} 2017 Honda Accord LX</a></h3><p>5{number},204 miles</p><p>Stock: R10{number}</p><p>Price: $14,995</p>"
            )
        });
        assert_eq!(found.len(), 3, "{front}");
        assert_eq!((found[0].year, found[0].model.as_deref()), (Some(2017), Some("Accord")), "{front}");
    }
}

#[test]
fn what_is_done_to_cars_or_paid_for_them_is_no_list_of_cars() {
    const CAR: &str = "2017 Honda Accord";
    for (page, heading, facts) in [
        (
            "",
            "2017 Honda Accord Automatic Transmission",
            "<p>Mileage: 8{},000</p><p>Stock #: T10{}</p><p>Price: $980</p>",
        ),
        ("", "2017 Honda Accord Key Fob", "<p>$8{}.00</p><p>Stock #: K14{}</p>"),
        ("", CAR, "<p>Row 14, arrived 11/2{}/2026</p><p>Stock #: S10{}</p>"),
        ("", CAR, "<p>6{},000 miles</p><p>Our offer: $14,1{}0</p>"),
        ("", CAR, "<p>Total loss payout $14,1{}0</p><p>81,1{}2 miles</p>"),
        ("", CAR, "<p>2,1{}2 mi</p><p>Pay: $1,1{}0</p>"),
        ("", CAR, "<p>Price: $2,1{}9</p><p>Took 5 days</p>"),
        ("", CAR, "<p>Mileage: 12{},000</p><p>Repair cost: $1,1{}0</p>"),
        ("", CAR, "<p>Miles: 2{},210</p><p>Price as tested: $38,1{}0</p>"),
        ("Recent projects", CAR, "<p>Full wrap, satin black</p><p>Price: $3,1{}9</p>"),
        ("Recent shipments", CAR, "<p>Dayton to Tampa, 1,012 miles, $1,1{}0</p>"),
        ("Depreciation", CAR, "<p>New: $34,1{}0</p><p>36,000 miles</p>"),
        ("Pull your own parts", CAR, "<p>Row 14</p><p>VIN: 1HGCV1F1{}KA100000</p>"),
    ] {
        let found = three(page, |number| {
            let facts = facts.replace("{}", &number.to_string());
            format!("<h3><a href='/u/{number}'>{heading}</a></h3>{facts}")
        });
        assert_eq!(found, [], "{page} {heading} {facts}");
    }
}

#[test]
fn words_of_other_pages_lose_no_car_of_a_list() {
    for (page, facts) in [
        ("Joe's Transmissions & Auto Sales", "<p>5{},204 miles</p><p>$14,9{}5</p>"),
        ("Salvage Yard Motors", "<p>5{},204 miles</p><p>$14,9{}5</p>"),
        ("Labor Day", "<p>5{},204 miles</p><p>$14,9{}5</p><p>Labor Day Special</p>"),
        ("Just arrived", "<p>5{},204 miles</p><p>Stock: R10{}</p><p>Third row seats, just arrived. Call for price</p>"),
        ("Long distance buyers welcome", "<p>5{},204 miles</p><p>$14,9{}5</p><p>Parking distance sensors</p>"),
    ] {
        let found = three(page, |number| {
            let facts = facts.replace("{}", &number.to_string());
            format!("<h3><a href='/u/{number}'>2017 Honda Accord LX</a></h3>{facts}")
        });
        assert_eq!(found.len(), 3, "{page} {facts}");
    }
}

#[test]
fn tiles_of_models_beside_a_list_of_cars_are_none() {
    let cars: String = (0..4)
        .map(|number| {
            format!(
                "<div class=unit><h3><a href='/u/{number}'>2017 Honda Accord LX</a></h3><p>5{number},204 miles</p><p>Stock: R10{number}</p><p>$14,995</p></div>"
            )
        })
        .collect();
    let tiles: String = (0..3)
        .map(|number| format!("<div><h4><a href='/m/{number}'>2026 Honda Civic</a></h4><p>$2{number},090</p></div>"))
        .collect();
    let page = format!("<body><section>{cars}</section><section><h2>New models</h2>{tiles}</section></body>");
    let read = listings(&page, "https://lot.example/stock").unwrap();
    assert_eq!(read.listings.len(), 4);
    assert_eq!(read.warnings, [Warning::CardsLeftOut { left_out: 3, found: 4 }]);
}

#[test]
fn a_slider_shows_cars_of_the_list_once_more() {
    let (list, slides): (String, String) = (0..4)
        .map(|number| {
            let name = "2017 Honda Accord LX";
            let card = format!(
                "<div class=unit><h3><a href='/u/{number}'>{name}</a></h3><p>5{number},204 miles</p><p>Stock: R10{number}</p><p>$14,995</p></div>"
            );
            let slide = format!(
                "<div class=slide><a href='/top/{number}'><h4>{name}</h4></a><span>$14,995</span><span>5{number},204 mi</span></div>"
            );
            (card, slide)
        })
        .unzip();
    let page = format!("<body><section>{slides}</section><section>{list}</section></body>");
    assert_eq!(listings(&page, "https://lot.example/stock").unwrap().listings.len(), 4);
    let page = page.replace("50,204 mi", "12 mi");
    assert_eq!(
        listings(&page, "https://lot.example/stock").unwrap().listings.len(),
        5,
        "new cars have the same few miles"
    );
}
