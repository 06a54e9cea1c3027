//! Cars.com: the columns that dealers' systems send, for no specification is public.
//!
//! The platform takes feeds through partners and agrees on columns with each: `exports.cars_com.mapping` has those that were agreed.
//! What stands here claims no conformance.

use super::autotrader;
use crate::exports::{
    Platform,
    feed::{Column, Feed},
    fields,
    rule::Rule,
};

pub(super) fn feed() -> Feed {
    let mut columns = autotrader::columns("exports.cars_com.dealer_id");
    columns.push(Column::new("ImageURLs", fields::all_pictures).rule(Rule::Urls).separated_by("|"));
    Feed::new(Platform::CarsCom, autotrader::FORMATS, columns)
}
