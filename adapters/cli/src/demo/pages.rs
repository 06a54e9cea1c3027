//! The pages that a simulated dealer shows on a day, in the shapes that real dealers' pages have.
//!
//! The texts are in `templates/`; here the day's cars are filled in. What is deliberately not here: reading them back, which
//! is the library's work and is what the demo is about.

use jpauto::Money;
use serde_json::{Value, json};

use super::cars::Car;
use super::lots::{Lot, Shape};
use crate::output;

/// A page as it was saved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SavedPage {
    pub(super) url: String,
    pub(super) html: String,
}

/// A car as the page shows it.
#[derive(Clone, Debug)]
pub(super) struct Shown<'a> {
    pub(super) car: &'a Car,
    pub(super) price: Money,
}

/// Vehicles a page of the dealer whose lot takes two.
const PAGE_SIZE: usize = 30;

/// The pages of a lot that shows these cars, in their order.
pub(super) fn render(lot: &Lot, shown: &[Shown<'_>]) -> Vec<SavedPage> {
    match lot.shape {
        Shape::JsonLd => {
            // A lot without cars still has a page.
            let pages = shown.len().div_ceil(PAGE_SIZE).max(1);
            (0..pages).map(|page| json_ld(lot, shown, page, pages)).collect()
        }
        Shape::DealerCom => vec![SavedPage { url: lot.inventory_url.to_owned(), html: dealer_com(shown) }],
        Shape::Cards => vec![SavedPage { url: lot.inventory_url.to_owned(), html: cards(shown) }],
    }
}

fn json_ld(lot: &Lot, shown: &[Shown<'_>], page: usize, pages: usize) -> SavedPage {
    let address = |page: usize| match page {
        0 => lot.inventory_url.to_owned(),
        _ => format!("{}?page={}", lot.inventory_url, page + 1),
    };
    let first = page * PAGE_SIZE;
    let on_page = &shown[first.min(shown.len())..shown.len().min(first + PAGE_SIZE)];
    let entries: Vec<Value> =
        on_page.iter().enumerate().map(|(at, shown)| json_ld_entry(lot, first + at, shown)).collect();
    let data = json!({
        "@context": "https://schema.org",
        "@graph": [
            { "@type": "AutoDealer", "name": lot.name, "url": lot.website, "telephone": "(555) 010-0140" },
            { "@type": "ItemList", "numberOfItems": on_page.len(), "itemListElement": entries },
        ],
    });
    let cards = on_page.iter().map(|shown| {
        let link = json_ld_link(lot, shown.car);
        fill(include_str!("templates/json_ld_card.html"), &[("link", &link), ("image", &image(shown.car))], Some(shown))
    });
    let next = (page + 1 < pages).then(|| address(page + 1));
    let relation = next.as_ref().map_or_else(String::new, |next| format!(r#"<link rel="next" href="{next}">"#));
    let pager = next.as_ref().map_or_else(String::new, |next| format!(r#"<a rel="next" href="{next}">Next</a>"#));
    let values = [
        ("relations", relation.as_str()),
        // Within a script only an end tag could end it.
        ("data", &data.to_string().replace("</", "<\\/")),
        ("first", &(first + 1).min(shown.len()).to_string()),
        ("last", &(first + on_page.len()).to_string()),
        ("total", &shown.len().to_string()),
        ("cards", &cards.collect::<String>()),
        ("pager", &pager),
    ];
    SavedPage { url: address(page), html: fill(include_str!("templates/json_ld.html"), &values, None) }
}

fn json_ld_entry(lot: &Lot, place: usize, shown: &Shown<'_>) -> Value {
    let car = shown.car;
    json!({
        "@type": "ListItem",
        "position": place + 1,
        "item": {
            "@type": ["Product", "Car"],
            "name": car.title(),
            "vehicleIdentificationNumber": car.vin,
            "sku": car.stock_number,
            "brand": { "@type": "Brand", "name": car.model.make },
            "model": car.model.name,
            "vehicleModelDate": car.year.to_string(),
            "vehicleConfiguration": car.trim,
            "bodyType": car.model.body_style,
            "color": car.color,
            "fuelType": "Gasoline",
            "vehicleTransmission": "Automatic",
            "url": json_ld_link(lot, car),
            "image": image(car),
            "mileageFromOdometer": { "@type": "QuantitativeValue", "value": car.mileage, "unitCode": "SMI" },
            "offers": { "@type": "Offer", "price": shown.price, "priceCurrency": "USD", "availability": "https://schema.org/InStock" },
        },
    })
}

fn json_ld_link(lot: &Lot, car: &Car) -> String {
    format!("{}{}", lot.inventory_url, car.vin.to_lowercase())
}

fn image(car: &Car) -> String {
    format!("https://images.northgate-auto.example/{}/1.jpg", car.stock_number)
}

fn dealer_com(shown: &[Shown<'_>]) -> String {
    let total = shown.len().to_string();
    let cards = shown.iter().enumerate().map(|(at, shown)| {
        let uuid = uuid(shown.car);
        let (make, model) = (shown.car.model.make, shown.car.model.name.replace(' ', "+"));
        let link = format!(
            "/used/{}/{}-{}-{model}-{uuid}.htm",
            make.replace(' ', "+"),
            shown.car.year,
            make.replace(' ', "-")
        );
        let place = (at + 1).to_string();
        let values = [("uuid", uuid.as_str()), ("link", &link), ("place", &place), ("total", &total)];
        fill(include_str!("templates/dealer_com_card.html"), &values, Some(shown))
    });
    let records = shown
        .iter()
        .map(|shown| fill(include_str!("templates/dealer_com_record.txt"), &[("uuid", &uuid(shown.car))], Some(shown)));
    let values =
        [("total", total.as_str()), ("cards", &cards.collect::<String>()), ("records", &records.collect::<String>())];
    fill(include_str!("templates/dealer_com.html"), &values, None)
}

/// Thirty-two digits that follow from the VIN, as the platform gives each vehicle.
fn uuid(car: &Car) -> String {
    let hex: String = car.vin.bytes().map(|byte| format!("{byte:02x}")).collect();
    hex[hex.len() - 32..].to_owned()
}

fn cards(shown: &[Shown<'_>]) -> String {
    let cards = shown.iter().map(|shown| fill(include_str!("templates/cards_card.html"), &[], Some(shown)));
    let values = [("total", shown.len().to_string()), ("cards", cards.collect())];
    fill(include_str!("templates/cards.html"), &[(values[0].0, &values[0].1), (values[1].0, &values[1].1)], None)
}

/// Puts the values, and those of a car, in the places that the template names `{{so}}`.
fn fill(template: &str, values: &[(&str, &str)], shown: Option<&Shown<'_>>) -> String {
    let of_car = shown.map(values_of).unwrap_or_default();
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else { break };
        filled.push_str(before);
        let given = values.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        let value = given.or_else(|| of_car.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str()));
        filled.push_str(value.unwrap_or_default());
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

fn values_of(shown: &Shown<'_>) -> Vec<(&'static str, String)> {
    let car = shown.car;
    let dollars = shown.price.cents() / 100;
    vec![
        ("vin", car.vin.clone()),
        ("year", car.year.to_string()),
        ("make", car.model.make.to_owned()),
        ("model", car.model.name.to_owned()),
        ("trim", car.trim.to_owned()),
        ("title", car.title()),
        ("body_style", car.model.body_style.to_owned()),
        ("color", car.color.to_owned()),
        ("stock_number", car.stock_number.clone()),
        ("plain_stock_number", car.stock_number.to_lowercase()),
        ("price", output::dollars(shown.price)),
        ("plain_price", dollars.to_string()),
        ("mileage", output::miles(car.mileage)),
        ("plain_mileage", car.mileage.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::lots::{self, DAYS};

    #[test]
    fn every_page_of_every_day_is_read_back_as_it_was_meant() {
        for lot in lots::all() {
            for day in 0..DAYS {
                let shown: Vec<_> =
                    lot.on(day).map(|offer| Shown { car: &offer.car, price: offer.price(day) }).collect();
                let mut read = Vec::new();
                let mut expected_next = Some(lot.inventory_url.to_owned());
                for page in render(&lot, &shown) {
                    assert_eq!(expected_next.as_deref(), Some(page.url.as_str()), "{} on day {day}", lot.name);
                    let extraction = jpauto::extract::listings(&page.html, &page.url).unwrap();
                    assert_eq!(extraction.total, Some(shown.len() as u32), "{} on day {day}", lot.name);
                    assert_eq!(extraction.warnings, [], "{} on day {day}", lot.name);
                    assert_eq!(extraction.platform, platform(lot.shape));
                    expected_next = extraction.next;
                    read.extend(extraction.listings);
                }
                assert_eq!(expected_next, None, "{} on day {day}", lot.name);
                assert_eq!(read.len(), shown.len(), "{} on day {day}", lot.name);
                for (listing, shown) in read.iter().zip(&shown) {
                    let car = shown.car;
                    assert_eq!(listing.vin.as_deref(), Some(car.vin.as_str()), "{}", car.title());
                    assert_eq!(listing.price, Some(shown.price), "{}", car.title());
                    assert_eq!(listing.mileage, Some(car.mileage), "{}", car.title());
                    assert_eq!(listing.year, Some(car.year), "{}", car.title());
                    assert_eq!(listing.make.as_deref(), Some(car.model.make), "{}", car.title());
                    assert_eq!(listing.model.as_deref(), Some(car.model.name), "{}", car.title());
                    assert_eq!(listing.trim.as_deref(), Some(car.trim), "{}", car.title());
                    assert_eq!(listing.stock_number.as_deref(), Some(car.stock_number.as_str()), "{}", car.title());
                    assert_eq!(listing.exterior_color.as_deref(), Some(car.color), "{}", car.title());
                    assert!(listing.url.as_deref().is_some_and(|url| url.starts_with(lot.website)), "{listing:?}");
                    assert!(listing.image_url.is_some(), "{listing:?}");
                }
            }
        }
    }

    fn platform(shape: Shape) -> &'static str {
        match shape {
            Shape::JsonLd => "structured_data",
            Shape::DealerCom => "dealer_com",
            Shape::Cards => "cards",
        }
    }

    #[test]
    fn an_empty_lot_is_a_page_without_vehicles() {
        for lot in lots::all() {
            for page in render(&lot, &[]) {
                let extraction = jpauto::extract::listings(&page.html, &page.url).unwrap();
                assert_eq!(extraction.listings, [], "{}", lot.name);
                assert!(
                    extraction.warnings.iter().any(|warning| matches!(warning, jpauto::extract::Warning::NoListings))
                );
            }
        }
    }
}
