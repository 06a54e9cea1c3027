use proptest::prelude::*;

use super::*;
use crate::{Error, ErrorKind};

#[test]
fn either_case_is_read_and_upper_case_is_kept() {
    let vin = Vin::parse("wp0zzz99zts392124").unwrap();
    assert_eq!(vin, "WP0ZZZ99ZTS392124".parse().unwrap());
    assert_eq!(vin.to_string(), "WP0ZZZ99ZTS392124");
    assert_eq!(format!("{vin:>20}|{vin:?}"), "   WP0ZZZ99ZTS392124|Vin(\"WP0ZZZ99ZTS392124\")");
}

#[test]
fn a_refusal_names_its_reason_and_place() {
    let vin = |text| Vin::parse(text).unwrap();
    let letter = |letter, digit, position, meant| InvalidVin::LetterReadAsDigit {
        letter,
        digit,
        position,
        vin: Some(vin(meant)),
    };
    let forbidden = |character, position| InvalidVin::ForbiddenCharacter { character, position };
    for (text, reason) in [
        ("", InvalidVin::Empty),
        ("1M8GDM9AXKP04278", InvalidVin::WrongLength { found: 16 }),
        ("1M8GDM9AXKP0427888", InvalidVin::WrongLength { found: 18 }),
        (" 1M8GDM9AXKP042788", InvalidVin::MoreThanVin { vin: vin("1M8GDM9AXKP042788") }),
        ("IM8GDM9AXKP042788", letter('I', '1', 1, "1M8GDM9AXKP042788")),
        ("1M8GDM9AXKPo42788", letter('O', '0', 12, "1M8GDM9AXKP042788")),
        ("1M8GDM9AXKP04278q", letter('Q', '0', 17, "1M8GDM9AXKP042780")),
        ("1M8GDM9AXKP04278 ", forbidden(' ', 17)),
        ("1M8GDM9A-KP042788", forbidden('-', 9)),
        ("1M8GDM9AXKP0427\08", forbidden('\0', 16)),
        // Nine characters in 17 bytes, and 17 characters in more.
        ("éééééééé1", InvalidVin::WrongLength { found: 9 }),
        ("1M8GDM9AXKP04278é", forbidden('é', 17)),
        ("1M8GDM9AXКP042788", forbidden('К', 10)), // a Cyrillic Ka
        ("🚗M8GDM9AXKP042788", forbidden('🚗', 1)),
    ] {
        assert_eq!(Vin::parse(text), Err(reason), "{text:?}");
    }
}

#[test]
fn what_a_scanner_adds_is_refused_with_the_vin_that_it_would_be() {
    for text in [
        "I1M8GDM9AXKP042788",
        "i1m8gdm9axkp042788",
        "1M8GD M9AXK P0427 88",
        "1M8-GDM9AX-KP042788",
        "*1M8GDM9AXKP042788*",
        "1M8GDM9AX\tKP042788\r\n",
        "\u{feff}1M8GDM9AXKP042788",
        "I 1M8GDM9AXKPO42788",
        "IM8GDM9AXKPO42788",
        "IIM8GDM9AXKP042788",
    ] {
        let refusal = Vin::parse(text).unwrap_err().to_string();
        assert!(
            refusal.ends_with(": 1M8GDM9AXKP042788") || refusal.ends_with(" 1M8GDM9AXKP042788"),
            "{text:?}: {refusal}"
        );
        assert_eq!(report(text, 2026).reason, Some(refusal));
    }
    // Other letters, or another number of them, are no VIN with anything around it.
    for text in ["II1M8GDM9AXKP042788", "X1M8GDM9AXKP042788", "1M8GDM9AXKP0427881", "1M8GDM9AXKP04278", "VIN", " "] {
        let is_length = matches!(Vin::parse(text), Err(InvalidVin::WrongLength { .. }));
        assert!(is_length, "{text:?}: {:?}", Vin::parse(text));
    }
    let long = format!("1M8GDM9AXKP042788{}", " ".repeat(100));
    assert_eq!(Vin::parse(&long), Err(InvalidVin::WrongLength { found: 117 }));
}

#[test]
fn an_error_is_about_the_field_vin() {
    let error = Error::from(Vin::parse("1M8GDM9AXKP04278O").unwrap_err());
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "invalid_vin"));
    assert_eq!(error.fields()[0].pointer, "/vin");
    assert_eq!(
        error.to_string(),
        "vin: the letter O at position 17 is never used in a VIN; the digit 0 was probably meant: 1M8GDM9AXKP042780"
    );
}

#[test]
fn a_vin_is_taken_apart() {
    let maxima = Vin::parse("1N4AA6AP4GC374690").unwrap();
    assert_eq!(maxima.wmi(), "1N4");
    assert_eq!(maxima.manufacturer_identifier().as_str(), "1N4");
    assert_eq!(maxima.squish().to_string(), "1N4AA6APGC");
    assert_eq!(maxima.serial(), "374690");

    let koenigsegg = Vin::parse("YT9NN1U14KA007175").unwrap();
    assert_eq!(koenigsegg.wmi(), "YT9");
    assert_eq!(koenigsegg.manufacturer_identifier().to_string(), "YT9007");
    assert_eq!(koenigsegg.serial(), "175");
}

#[test]
fn the_first_character_tells_the_region() {
    let region = |first| Vin::parse(&format!("{first}M8GDM9AXKP042788")).unwrap().region();
    for (firsts, expected) in [
        ("ABCDEFG", Some(Region::Africa)),
        ("HJKLMNPR", Some(Region::Asia)),
        ("STUVWXYZ", Some(Region::Europe)),
        ("123457", Some(Region::NorthAmerica)),
        ("6", Some(Region::Oceania)),
        ("89", Some(Region::SouthAmerica)),
        ("0", None),
    ] {
        for first in firsts.chars() {
            assert_eq!(region(first), expected, "{first}");
        }
    }
}

#[test]
fn no_region_is_told_where_tables_differ_over_it() {
    for second in "ABCDE".chars() {
        let vin = Vin::parse(&format!("7{second}8GDM9AXKP042788")).unwrap();
        assert_eq!((vin.region(), vin.country().unwrap().disputed_with), (None, Some("New Zealand")), "7{second}");
    }
    assert_eq!(Vin::parse("7SAYGDEE0PF000001").unwrap().region(), Some(Region::NorthAmerica));
}

#[test]
fn fewer_than_five_different_characters_are_a_placeholder() {
    for (text, expected) in [
        ("11111111111111111", true),
        ("ZZZZZZZZZZZZZZZZZ", true),
        ("12341234123412341", true),
        ("12345123451234512", false),
        ("1M8GDM9AXKP042788", false),
    ] {
        assert_eq!(Vin::parse(text).unwrap().is_placeholder(), expected, "{text}");
    }
}

#[test]
fn json_is_checked_and_raised_to_upper_case() {
    let vin: Vin = serde_json::from_str("\"1m8gdm9axkp042788\"").unwrap();
    assert_eq!(serde_json::to_string(&vin).unwrap(), "\"1M8GDM9AXKP042788\"");
    for (json, message) in [
        ("\"1M8\"", "a VIN has 17 characters, and this has 3"),
        ("11111111111111111", "expected a VIN of 17 characters"),
        ("null", "expected a VIN of 17 characters"),
    ] {
        let error = serde_json::from_str::<Vin>(json).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_the_text(text in ".*|[ -~]{17}|\\PC{17}|[0-9A-Za-z]{17}") {
        let well_formed = text.chars().count() == LENGTH
            && text.to_ascii_uppercase().chars().all(|c| "ABCDEFGHJKLMNPRSTUVWXYZ0123456789".contains(c));
        match Vin::parse(&text) {
            Ok(vin) => prop_assert!(well_formed && vin.as_str() == text.to_ascii_uppercase()),
            Err(reason) => prop_assert!(!well_formed && !reason.to_string().is_empty()),
        }
        prop_assert_eq!(report(&text, 2026).valid, well_formed);
    }
}
