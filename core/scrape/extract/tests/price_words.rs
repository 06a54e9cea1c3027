//! What words say that an amount is not, and slogans, which say nothing of one.

use super::super::{
    fields::PriceRank,
    price_words::{Stated, by_label, by_words},
};

#[test]
fn slogans_are_no_captions() {
    for slogan in [
        "Great value!",
        "CARFAX Great Value",
        "KBB best value",
        "Book value report",
        "Your trade is worth more here",
        "Kelley Blue Book Fair Market Range",
        "Save big!",
        "Cash only",
        "Cash or finance",
        "Wholesale to public",
    ] {
        assert_eq!(by_label(slogan), None, "{slogan}");
    }
    for value in
        ["KBB Value", "Kelley Blue Book Value", "Fair Market Value", "Trade-in", "Invoice", "Est. trade-in value"]
    {
        assert_eq!(by_label(value), Some(Stated::Value), "{value}");
    }
    let asking = Some(Stated::Price(PriceRank::Asking));
    assert_eq!((by_label("E-Price"), by_label("Stock")), (asking, None));
}

#[test]
fn words_say_that_an_amount_is_not_asked() {
    for (text, stated) in [
        ("Est. Payment", Some(Stated::Rate)),
        ("Annual fuel cost", Some(Stated::Fee)),
        ("Service contract", Some(Stated::Fee)),
        ("Warranty price", Some(Stated::Fee)),
        ("Auction price", Some(Stated::Value)),
        ("Loan amount", Some(Stated::Value)),
        ("Lease Special", Some(Stated::Rate)),
        ("Finance for", Some(Stated::Rate)),
        ("/mo", Some(Stated::Rate)),
        ("Cash Down", Some(Stated::Down)),
        ("Down Payment", Some(Stated::Down)),
        ("Due at Signing", Some(Stated::Down)),
        ("Enganche", Some(Stated::Down)),
        ("Delivery & Handling", Some(Stated::Fee)),
        ("Doc Fee", Some(Stated::Fee)),
        ("You Save", Some(Stated::Saving)),
        ("off MSRP", Some(Stated::Saving)),
        ("Customer Cash", Some(Stated::Saving)),
        ("Cash back", Some(Stated::Saving)),
        ("KBB Value", Some(Stated::Value)),
        ("Fair Market Price", Some(Stated::Value)),
        ("Trade-in", Some(Stated::Value)),
        ("Average price", Some(Stated::Value)),
        ("Reduced by", Some(Stated::Saving)),
        ("Dealer Add-Ons", Some(Stated::Fee)),
        ("For sale by owner", Some(Stated::Price(PriceRank::Asking))),
        ("No-Haggle Price", Some(Stated::Price(PriceRank::Plain))),
        ("No haggling", None),
        ("+ tax & fees", None),
        ("plus taxes", None),
        ("Doc fee included", None),
        ("No fees", None),
        ("TRD Off-Road", None),
        ("Get Your Payment", None),
        ("Value Your Trade", None),
        ("Value", Some(Stated::Value)),
        ("Call for price", None),
        ("Sale Pending", None),
        ("Lease Return", None),
        ("Former rental", None),
        ("Order now and smile", None),
        ("Lifetime Warranty", None),
        ("w/ 12 month warranty", None),
        ("3 mo / 3,000 mi limited warranty", None),
        ("12 months", Some(Stated::Rate)),
        ("", None),
    ] {
        assert_eq!(by_words(text), stated, "{text}");
    }
}
