//! Prices, mileages and cleaned texts: in range where they are read at all, and cleaning what is clean changes nothing.
#![no_main]

use jpauto::{Money, Vin, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    if let Some(price) = extract::price(raw) {
        assert!(price > Money::ZERO && price <= Money::MAX);
        assert_eq!(extract::price(&format!("${price}")), Some(price));
    }
    if let Some(miles) = extract::mileage(raw) {
        assert!((0..=2_000_000).contains(&miles));
        assert_eq!(extract::mileage(&miles.to_string()), Some(miles));
    }
    if let Some(text) = extract::text(raw) {
        assert!(!text.is_empty() && text.trim() == text);
    }
    if let Ok(vin) = Vin::parse(raw) {
        assert_eq!(Vin::parse(&vin.to_string()).as_ref(), Ok(&vin));
    }
});
