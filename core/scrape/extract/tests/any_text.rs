//! What holds for any text, however hostile.

use super::*;

/// Text that looks enough like a page to reach the far corners.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<div class=card>",
            "</div>",
            "<a href='",
            "'>",
            "<script type=application/ld+json>",
            "</script>",
            "{\"@type\":\"Car\",",
            "\"vin\":",
            "1FTEW1EP6KFA10001",
            "2T3P1RFV3LC100002",
            "VIN: ",
            "Price: $",
            "$1,2",
            "12.5k",
            "/mo",
            " of ",
            "1-2",
            "vehicles",
            "<!--",
            "-->",
            "&#x",
            "&amp;",
            "DDC.dataLayer['vehicles'] = [",
            "{vin:'",
            "\\x2",
            "\\ud83d",
            "<h3>2019 Ford F-150",
            "data-price=\"",
            "itemscope itemtype=\"http://schema.org/Car\"",
            "gs-vehicle/",
            "a123InventoryItem",
            "é",
            "\u{a0}",
            "]",
            "}",
            ":",
            "\"",
            "'",
            "=",
            "<",
            ">",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic_or_a_listing_implausible(page in pieces()) {
        let _ = (price(&page), mileage(&page), text(&page));
        for platform in platforms() {
            let Ok(read) = listings_from_bytes(page.as_bytes(), None, LOT, Some(platform)) else { continue };
            for listing in read.listings {
                proptest::prop_assert!(listing.check(2099, &ListingLimits::default()).is_ok() || !listing.has_identity(), "{listing:?}");
            }
        }
    }

    #[test]
    fn numbers_survive_their_usual_spelling(dollars in 1_i32..99_999_999, miles in 0_i32..2_000_000) {
        fn grouped(number: i32) -> String {
            let digits = number.to_string();
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
            groups.join(",")
        }
        for spelling in [format!("${}", grouped(dollars)), format!("$ {dollars}.00"), format!("Price: ${dollars}")] {
            proptest::prop_assert_eq!(price(&spelling), Some(Money::from_dollars(dollars)), "{}", spelling);
        }
        for spelling in [miles.to_string(), format!("{} miles", grouped(miles)), format!("Mileage: {}", grouped(miles))] {
            proptest::prop_assert_eq!(mileage(&spelling), Some(miles), "{}", spelling);
        }
    }
}
