//! Where a car stands by its website's word: on the lot, on its way, not yet built, or nearly sold.

use serde::{Deserialize, Deserializer, Serialize};

/// Where a car is, as its website says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StockStatus {
    /// It stands on the lot.
    InStock,
    /// It is on its way there.
    InTransit,
    /// It is ordered or being built.
    InProduction,
    /// Somebody is buying it; nothing says where it stands.
    SalePending,
}

words!(StockStatus, InvalidStockStatus at "/stock_status" {
    InStock => "in_stock",
    InTransit => "in_transit",
    InProduction => "in_production",
    SalePending => "sale_pending",
});

impl StockStatus {
    /// Reads a website's own words, such as `In Transit` or `Sale Pending - In Stock`; where a car stands goes before that somebody is
    /// buying it.
    ///
    /// ```
    /// use jpauto::extract::StockStatus;
    ///
    /// assert_eq!(StockStatus::read("Sale Pending - In Transit"), Some(StockStatus::InTransit));
    /// assert_eq!(StockStatus::read("Great deal"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        /// A status is a few words; prose that mentions one is none.
        const CHARS_MAX: usize = 60;
        const WORDS: [(&str, StockStatus); 8] = [
            ("intransit", StockStatus::InTransit),
            ("inproduction", StockStatus::InProduction),
            ("onorder", StockStatus::InProduction),
            ("instock", StockStatus::InStock),
            ("onthelot", StockStatus::InStock),
            ("onlot", StockStatus::InStock),
            ("salepending", StockStatus::SalePending),
            ("pendingsale", StockStatus::SalePending),
        ];
        if text.len() > CHARS_MAX {
            return None;
        }
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
        WORDS.iter().find(|(word, _)| letters.contains(word)).map(|(_, status)| *status)
    }
}

/// Reads a status in our words or in a website's own; one that is unknown is none.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StockStatus>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| StockStatus::read(&text)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("In Stock", Some(StockStatus::InStock))]
    #[case("https://schema.org/InStock", Some(StockStatus::InStock))]
    #[case("IN-TRANSIT", Some(StockStatus::InTransit))]
    #[case("In Production", Some(StockStatus::InProduction))]
    #[case("Sale Pending - In Production", Some(StockStatus::InProduction))]
    #[case("Sale Pending", Some(StockStatus::SalePending))]
    #[case("in_stock", Some(StockStatus::InStock))]
    #[case("OutOfStock", None)]
    #[case("available", None)]
    #[case("We have more cars in stock than all the other dealers of the county together", None)]
    fn a_status_is_read_in_the_words_of_a_website(#[case] text: &str, #[case] status: Option<StockStatus>) {
        assert_eq!(StockStatus::read(text), status);
    }
}
