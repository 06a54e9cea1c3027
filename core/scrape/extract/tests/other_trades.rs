//! Pages of other trades that are made and titled like lists of cars: parts, services, rentals, yards, texts about models.

use super::*;

/// A car that such a page speaks of, with two amounts, miles and a number.
const CARS: [(&str, &str, &str, &str, &str); 5] = [
    ("2015 Chevrolet Silverado 1500 LT", "1,450", "3,895", "84,120", "A12"),
    ("2012 Honda Accord EX-L", "975", "2,250", "112,408", "B34"),
    ("2018 Ford F-150 XLT", "2,150", "4,995", "61,233", "C56"),
    ("2016 Toyota Camry SE", "1,120", "2,780", "97,511", "D78"),
    ("2019 Jeep Wrangler Sahara", "2,890", "6,450", "45,007", "E90"),
];

/// What stands above a list, and one of its entries.
type Page = (&'static str, &'static str, &'static str);

fn html(title: &str, heading: &str, entry: &str) -> String {
    let entries = CARS.iter().enumerate().map(|(at, (name, less, more, miles, number))| {
        let short = name.split_once(' ').map_or("", |(_, rest)| rest);
        entry
            .replace("NAME", name)
            .replace("SHORT", short)
            .replace("LESS", less)
            .replace("MORE", more)
            .replace("MILES", miles)
            .replace("NUMBER", number)
            .replace("PLACE", &format!("item-{at}"))
    });
    let entries: String = entries.collect();
    let entries = if entry.starts_with("<tr") {
        format!("<table>{entries}</table>")
    } else if entry.starts_with("<li") {
        format!("<ul>{entries}</ul>")
    } else {
        format!("<div>{entries}</div>")
    };
    format!(
        "<html><head><title>{title}</title></head><body><nav><a href='/'>Home</a></nav><h1>{heading}</h1>{entries}\
         <footer>12 Main Street</footer></body></html>"
    )
}

/// Parts that are stocked and listed by the car that they fit or come from.
const PARTS: [Page; 22] = [
    (
        "Used Transmission Inventory",
        "Used Transmission Inventory",
        "<div class=item><h3><a href='/t/PLACE'>NAME</a></h3><p>Automatic, 6 speed</p><p>MILES miles</p><p>$LESS</p><a href='/t/PLACE'>Details</a></div>",
    ),
    (
        "Used Transmissions in Stock | Midwest Drivetrain",
        "Transmissions in stock",
        "<div class=item><h3><a href='/t/PLACE'>NAME</a></h3><p>Stock #: NUMBER</p><p>MILES miles</p><p>$LESS</p></div>",
    ),
    (
        "Used Engine Inventory",
        "Engine inventory",
        "<div class=item><h3><a href='/e/PLACE'>NAME</a></h3><p>5.3L V8, MILES miles</p><p>Price: $MORE</p></div>",
    ),
    (
        "Engines for Sale",
        "Low mileage engines for sale",
        "<tr><td><a href='/e/PLACE'>NAME</a></td><td>MILES miles</td><td>$MORE</td></tr>",
    ),
    (
        "Salvage Inventory - Pick A Part",
        "Our yard inventory",
        "<tr><td>NAME</td><td>Row 14</td><td>Arrived 11/02/2026</td><td><a href='/yard/PLACE'>Map</a></td></tr>",
    ),
    (
        "U-Pull Inventory",
        "Vehicle inventory at our self-service yard",
        "<div class=row><h3><a href='/yard/PLACE'>NAME</a></h3><p>Row 21</p><p>Stock #: NUMBER</p><p>Date set: 11/02/2026</p></div>",
    ),
    (
        "Parts Cars in Stock",
        "Cars we are parting out",
        "<div class=row><h3><a href='/parting/PLACE'>NAME</a></h3><p>MILES miles</p><p>Stock #: NUMBER</p><p>Parts from $LESS</p></div>",
    ),
    (
        "Wheel & Tire Inventory",
        "Take-off wheels in stock",
        "<div class=card><h4><a href='/w/PLACE'>NAME wheels</a></h4><p>Set of 4</p><p>$LESS</p></div>",
    ),
    (
        "Truck Bed Inventory",
        "Truck beds in stock",
        "<div class=card><h4><a href='/beds/PLACE'>NAME bed</a></h4><p>Stock #: NUMBER</p><p>$LESS</p></div>",
    ),
    (
        "Transfer Case Inventory",
        "Transfer cases",
        "<div class=card><h4><a href='/tc/PLACE'>NAME</a></h4><p>Transfer case, tested</p><p>Stock #: NUMBER</p><p>$LESS</p></div>",
    ),
    (
        "Catalytic Converters in Stock",
        "Catalytic converters",
        "<div class=card><h4><a href='/cc/PLACE'>NAME</a></h4><p>Part # NUMBER</p><p>$LESS</p></div>",
    ),
    (
        "ECU Inventory",
        "Engine computers in stock",
        "<li><a href='/ecu/PLACE'>NAME ECM PCM engine computer</a> <span>$LESS</span></li>",
    ),
    (
        "Door Inventory | Body Panels",
        "Doors, hoods and fenders in stock",
        "<li><a href='/panels/PLACE'>NAME front left door</a> <span>$LESS</span></li>",
    ),
    ("Seat Inventory", "Seats in stock", "<li><a href='/seats/PLACE'>NAME leather seats</a> <span>$LESS</span></li>"),
    (
        "Airbag Inventory",
        "Airbags",
        "<div class=card><h3>NAME</h3><p>Driver airbag, black</p><p>Stock #: NUMBER</p><b>$LESS</b><a href='/airbags/PLACE'>Buy</a></div>",
    ),
    (
        "Used Axles for Sale",
        "Axles and differentials",
        "<div class=card><h3>NAME</h3><p>Rear axle, 3.73 ratio, MILES miles</p><b>$LESS</b><a href='/axles/PLACE'>Details</a></div>",
    ),
    (
        "Tonneau Covers in Stock",
        "Tonneau covers in stock",
        "<div class=card><h3><a href='/covers/PLACE'>NAME</a></h3><p>Hard folding cover</p><b>$LESS</b><button>Add to cart</button></div>",
    ),
    (
        "Lift Kit Inventory",
        "Lift kits",
        "<div class=card><h3><a href='/lifts/PLACE'>NAME</a></h3><p>4 inch suspension lift</p><b>$LESS</b><button>Add to cart</button></div>",
    ),
    (
        "Scrap Inventory",
        "Vehicles received this week",
        "<tr><td>NAME</td><td>NUMBER</td><td>Parts only, no title</td><td><a href='/received/PLACE'>View</a></td></tr>",
    ),
    (
        "Hollander Parts Inventory",
        "Search results: radiators",
        "<tr><td><a href='/r/PLACE'>NAME</a></td><td>Radiator</td><td>Grade A</td><td>$LESS</td><td>Stock NUMBER</td></tr>",
    ),
    (
        "Manual Gearboxes in Stock",
        "Manual gearboxes",
        "<div class=card><h3><a href='/g/PLACE'>NAME</a></h3><p>MILES miles</p><p>Price: $LESS</p></div>",
    ),
    (
        "Remanufactured Engine Inventory",
        "Remanufactured engines",
        "<div class=card><h3><a href='/reman/PLACE'>NAME</a></h3><p>Stock #: NUMBER</p><p>Our price: $MORE</p><p>Core charge: $500</p></div>",
    ),
];

/// Work on cars, by the car or by the model.
const SERVICES: [Page; 12] = [
    (
        "Service Inventory",
        "Service inventory",
        "<div class=item><h3><a href='/service/PLACE'>NAME</a></h3><p>Oil change, MILES miles</p><p>$LESS</p></div>",
    ),
    ("Service Pricing", "Service menu by model", "<tr><td>NAME</td><td>60,000 mile service</td><td>$LESS</td></tr>"),
    (
        "Brake Service Prices",
        "What brakes cost",
        "<div class=item><h3>NAME</h3><p>Front pads and rotors: $LESS</p><a href='/brakes/PLACE'>Book now</a></div>",
    ),
    (
        "Vehicles in Service",
        "Vehicles in our shop",
        "<div class=item><h3><a href='/status/PLACE'>NAME</a></h3><p>RO # NUMBER</p><p>MILES miles in</p><p>Estimate: $LESS</p></div>",
    ),
    (
        "Ceramic Coating Packages",
        "Recent coatings",
        "<div class=item><h3><a href='/coatings/PLACE'>NAME</a></h3><p>Five-year coating</p><p>$LESS</p></div>",
    ),
    (
        "Paint Protection Gallery",
        "Recent installs",
        "<div class=item><h3><a href='/ppf/PLACE'>NAME</a></h3><p>Full front</p><p>From $LESS</p></div>",
    ),
    (
        "Collision Estimates",
        "Estimates of last week",
        "<tr><td><a href='/claims/PLACE'>NAME</a></td><td>Claim # NUMBER</td><td>MILES miles</td><td>$MORE</td></tr>",
    ),
    (
        "Auto Transport Inventory",
        "Cars in transit",
        "<tr><td>NAME</td><td>Dallas to Denver</td><td>$LESS</td><td><a href='/loads/PLACE'>Bid</a></td></tr>",
    ),
    (
        "Car Insurance Rates",
        "What insurance costs by car",
        "<tr><td>NAME</td><td>Full coverage</td><td>$LESS a year</td></tr>",
    ),
    (
        "Window Tint Pricing",
        "Tint by car",
        "<div class=item><h3><a href='/tint/PLACE'>NAME</a></h3><p>All windows: $LESS</p></div>",
    ),
    (
        "Recall Repairs",
        "Recall repairs in stock",
        "<div class=item><h3><a href='/recall/PLACE'>NAME</a></h3><p>Parts available</p><p>Campaign NUMBER</p></div>",
    ),
    (
        "Extended Warranty Quotes",
        "Recent quotes",
        "<div class=item><h3>NAME</h3><p>MILES miles</p><p>$MORE for 48 months</p><a href='/quotes/PLACE'>Get yours</a></div>",
    ),
];

/// Cars that are lent.
const RENTALS: [Page; 10] = [
    (
        "Rental Inventory",
        "Our rental fleet",
        "<tr><td>NAME</td><td>$89</td><td>$499</td><td>$1,799</td><td><a href='/book/PLACE'>Book</a></td></tr>",
    ),
    (
        "Rental Cars in Stock",
        "Rental cars",
        "<div class=car><h3><a href='/rent-PLACE'>NAME</a></h3><p>$89/day</p><p>Stock #: NUMBER</p></div>",
    ),
    (
        "Truck Rental Rates",
        "Truck rates",
        "<tr><td>NAME</td><td>Daily: $129</td><td>Weekly: $749</td><td>MILES mile limit</td></tr>",
    ),
    (
        "Car Subscription Inventory",
        "Cars to subscribe to",
        "<div class=car><h3><a href='/s/PLACE'>NAME</a></h3><p>$LESS per month, all included</p><p>MILES miles</p></div>",
    ),
    (
        "Lease Inventory",
        "Lease specials",
        "<div class=car><h3><a href='/l/PLACE'>NAME</a></h3><p>Lease for $389/mo</p><p>$MORE due at signing</p></div>",
    ),
    (
        "Rideshare Rentals",
        "Weekly rideshare rentals",
        "<div class=car><h3>NAME</h3><p>$350 per week</p><p>$500 deposit</p><a href='/go/PLACE'>Reserve</a></div>",
    ),
    (
        "Exotic Rental Inventory",
        "Drive one today",
        "<div class=car><h3><a href='/x/PLACE'>NAME</a></h3><p>$LESS</p><p>per day</p></div>",
    ),
    ("Loaner Fleet", "Loaner fleet", "<tr><td>NAME</td><td>Unit NUMBER</td><td>MILES</td><td>Out</td></tr>"),
    (
        "Camper Rental",
        "Campers to rent",
        "<div class=car><h3><a href='/c/PLACE'>NAME</a></h3><p>$189 a night</p><p>3 night minimum</p></div>",
    ),
    (
        "Turo Style Rentals",
        "Cars near you",
        "<div class=car><h3><a href='/p2p/PLACE'>NAME</a></h3><p>4.9 stars, 112 trips</p><p>$74/day</p></div>",
    ),
];

/// Texts that name cars with prices, and what was or is looked up.
const TEXTS: [Page; 18] = [
    (
        "Donated cars",
        "Cars donated this month",
        "<div class=e><h3><a href='/d/PLACE'>NAME</a></h3><p>MILES miles</p><p>Donor saved $LESS</p></div>",
    ),
    (
        "Window stickers",
        "Find a window sticker",
        "<div class=e><h3><a href='/w/PLACE'>NAME</a></h3><p>VIN 1FTEW1EP6KFA10001</p><p>Original sticker $2MORE</p></div>",
    ),
    (
        "Best Used Trucks Under $30,000",
        "Ten best used trucks",
        "<section><h2>NAME</h2><p>Expect to pay about $MORE for a clean one with MILES miles.</p><a href='/blog/PLACE'>Read more</a></section>",
    ),
    (
        "Used Cars We Love",
        "Used cars we love",
        "<section><h2><a href='/blog/PLACE'>NAME</a></h2><p>Prices start at $MORE.</p><span>5 min read</span></section>",
    ),
    ("Cheapest Cars to Own", "Cheapest cars to own", "<tr><td>NAME</td><td>Five-year cost: $MORE</td></tr>"),
    ("What Our Cars Sold For", "Sold this month", "<tr><td>NAME</td><td>Sold for $MORE</td><td>MILES miles</td></tr>"),
    (
        "Auction Results",
        "Results of the November auction",
        "<div class=lot><h3><a href='/lot/PLACE'>NAME</a></h3><p>Lot NUMBER</p><p>MILES miles</p><p>Hammer price: $MORE</p></div>",
    ),
    (
        "Upcoming Auction Inventory",
        "Upcoming auction",
        "<div class=lot><h3><a href='/lot/PLACE'>NAME</a></h3><p>Lot NUMBER</p><p>MILES miles</p><p>Current bid: $LESS</p><p>2d 4h left</p></div>",
    ),
    ("Trade-In Values", "What your car is worth", "<tr><td>NAME</td><td>$LESS</td><td>$MORE</td></tr>"),
    (
        "Cars We Buy",
        "Recent purchases: we bought these",
        "<div class=buy><h3>NAME</h3><p>MILES miles</p><p>We paid $MORE</p><a href='/sell/PLACE'>Sell yours</a></div>",
    ),
    (
        "Members' Cars",
        "Our members' rides",
        "<div class=ride><h3><a href='/members/PLACE'>NAME</a></h3><p>Owned since 2020</p><p>MILES miles</p></div>",
    ),
    ("Fuel Costs by Car", "Fuel costs", "<tr><td>NAME</td><td>22 MPG</td><td>$LESS a year</td></tr>"),
    ("Stolen Vehicle Register", "Stolen vehicles", "<tr><td>NAME</td><td>Case NUMBER</td><td>Reward $LESS</td></tr>"),
    ("Impound Inventory", "Impounded vehicles", "<tr><td>NAME</td><td>Lien amount $LESS</td><td>NUMBER</td></tr>"),
    (
        "Police Auction Inventory",
        "Vehicles to be auctioned",
        "<tr><td>NAME</td><td>Minimum bid $LESS</td><td>Lot NUMBER</td></tr>",
    ),
    (
        "Raffle Cars",
        "Win one of these",
        "<div class=prize><h3>NAME</h3><p>Retail value $MORE</p><p>$50 per ticket</p><a href='/raffle/PLACE'>Enter</a></div>",
    ),
    (
        "Donated Vehicles",
        "Thank you for these donations",
        "<div class=gift><h3>NAME</h3><p>MILES miles</p><p>Raised $LESS</p><a href='/donate/PLACE'>Donate yours</a></div>",
    ),
    (
        "Die-cast Inventory",
        "Die-cast models in stock",
        "<div class=toy><h3><a href='/toys/PLACE'>NAME 1:18 diecast</a></h3><p>Stock #: NUMBER</p><p>$89.95</p></div>",
    ),
];

#[test]
fn pages_of_other_trades_have_no_vehicle() {
    let mut invented = String::new();
    for (title, heading, entry) in PARTS.into_iter().chain(SERVICES).chain(RENTALS).chain(TEXTS) {
        for url in ["https://shop.example/inventory", "https://shop.example/list?page=2"] {
            let found = listings(&html(title, heading, entry), url).unwrap().listings;
            if let Some(first) = found.first() {
                use std::fmt::Write as _;
                writeln!(
                    invented,
                    "{title}, {url}: {} of {:?} {:?} {:?}",
                    found.len(),
                    first.make,
                    first.price,
                    first.mileage
                )
                .unwrap();
            }
        }
    }
    assert!(invented.is_empty(), "vehicles on\n{invented}");
}

/// Leases of models, whose miles are those of each year.
const LEASES: [Page; 7] = [
    (
        "Lease Specials",
        "New Vehicle Lease Specials",
        "<div class=s><h3>NAME</h3><p>Lease for $209/mo</p><p>36 months, $3,099 due at signing</p>\
         <small>Stock NUMBER. Example VIN 1FTEW1EP6KFA1PLACE</small><a href='/specials/PLACE'>Get offer</a></div>",
    ),
    (
        "Lease Specials",
        "Lease Specials",
        "<div class=s><h3><a href='/s/PLACE'>NAME</a></h3><p>$319/mo</p><p>Stock #: NUMBER</p><p>MSRP $3MORE</p></div>",
    ),
    (
        "Lease Specials | Main Street Honda",
        "Lease Specials",
        "<div class=special><h3><a href='/lease/PLACE'>NAME</a></h3><p>$319 per month</p><p>10,000 miles</p></div>",
    ),
    (
        "Cars for Sale | Main Street Honda",
        "New Honda lease deals",
        "<div class=special><h3><a href='/s/PLACE'>NAME</a></h3><p>$319 per month</p><p>Mileage: 12,000</p></div>",
    ),
    (
        "Specials",
        "This month's specials",
        "<div class=special><h3><a href='/s/PLACE'>NAME</a></h3><p>Lease $319</p><p>Miles: 7,500</p></div>",
    ),
    (
        "Specials",
        "This month's specials",
        "<div class=special><h3><a href='/s/PLACE'>NAME</a></h3><p>$319/mo</p><p>$3,999 due at signing</p><p>15,000 miles</p></div>",
    ),
    (
        "Lease a car",
        "Lease a car",
        "<div class=special><h3><a href='/s/PLACE'>NAME</a></h3><p>$319/mo</p><p>36 months</p><p>MSRP $2MORE</p><p>10,000 mi</p></div>",
    ),
];

#[test]
fn leases_of_models_are_no_vehicles() {
    for (title, heading, entry) in LEASES {
        let vins = html(title, heading, entry).replace("A1item-", "A1000");
        let found = listings(&vins, "https://lot.example/specials").unwrap().listings;
        assert_eq!(found, [], "{title}: {entry}");
    }
    // One car is leased or bought, or has come back.
    for (entry, mileage) in [
        (
            "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Lease $319/mo</p><p>Stock #: NUMBER</p><p>10,000 miles</p></div>",
            false,
        ),
        ("<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Lease return</p><p>MILES miles</p></div>", true),
        (
            "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Or lease it</p><p>$1MORE</p><p>10,000 miles</p></div>",
            true,
        ),
    ] {
        let found = listings(&html("Used Cars", "Used Cars", entry), "https://lot.example/used").unwrap().listings;
        assert_eq!(found.len(), CARS.len(), "{entry}");
        assert!(found.iter().all(|car| car.mileage.is_some() == mileage), "{entry}: {found:?}");
    }
}

/// Lists of dealers, whose words are those of other trades as well.
const DEALERS: [Page; 6] = [
    (
        "Used Inventory | Engine City Motors",
        "Engine City Motors inventory",
        "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Stock #: NUMBER</p><p>MILES miles</p><p>$1MORE</p></div>",
    ),
    (
        "Used Cars in Stock",
        "Automatic transmission cars in stock",
        "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Automatic Transmission</p><p>MILES miles</p><p>Price: $1MORE</p></div>",
    ),
    (
        "Sales, Service and Parts | Main Street Auto",
        "Our inventory",
        "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Stock #: NUMBER</p><p>MILES miles</p><p>$1MORE</p></div>",
    ),
    (
        "Rebuilt Title Cars for Sale",
        "Rebuilt title cars",
        "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Rebuilt title</p><p>Stock #: NUMBER</p><p>MILES miles</p><p>$1MORE</p></div>",
    ),
    (
        "Former Rental Cars for Sale",
        "Former rental cars for sale",
        "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Stock #: NUMBER</p><p>MILES miles</p><p>Sale price: $1MORE</p></div>",
    ),
    (
        "Mechanic's Specials",
        "Mechanic's specials",
        "<div class=car><h3><a href='/v/PLACE'>NAME</a></h3><p>Needs engine</p><p>Stock #: NUMBER</p><p>MILES miles</p><p>$MORE</p></div>",
    ),
];

#[test]
fn cars_of_a_dealer_with_words_of_other_trades_are_cars() {
    for (title, heading, entry) in DEALERS {
        let found = listings(&html(title, heading, entry), "https://lot.example/inventory").unwrap().listings;
        assert_eq!(found.len(), CARS.len(), "{title}");
        assert!(found.iter().all(|listing| listing.price.is_some() && listing.mileage.is_some()), "{title}: {found:?}");
    }
}
