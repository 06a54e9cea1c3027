//! The bounds of what is read at all and of what is believed, each with its documented default.

use std::ops::RangeInclusive;

use crate::Money;

/// How large and how tangled a page may be before it is refused.
#[derive(Clone, Debug)]
pub(crate) struct PageLimits {
    /// Bytes of the decoded page: 16 MiB, as for a fetched body.
    pub(crate) bytes_max: usize,
    /// `<` in the page's text: 200,000, some twenty times what large lists have. It bounds what the lists of tags take, before any is made.
    pub(crate) tags_max: usize,
    /// Nesting of elements: 1,000, where browsers themselves stop at 512.
    pub(crate) depth_max: usize,
    /// Bytes handed to the parser between two looks at its tree.
    pub(crate) chunk_bytes: usize,
    /// Elements and texts: 500,000. Large pages have fifty thousand; repairs of hostile nesting multiply them.
    pub(crate) nodes_max: usize,
}

impl PageLimits {
    pub(crate) const DEFAULT: Self = Self {
        bytes_max: 16 * 1024 * 1024,
        tags_max: 200_000,
        depth_max: 1_000,
        chunk_bytes: 4 * 1024,
        nodes_max: 500_000,
    };
}

/// What a text may say as a number.
pub(crate) struct TextLimits {
    /// Longer texts are prose, not a price or a mileage.
    pub(crate) number_bytes_max: usize,
    /// Miles: 2,000,000.
    pub(crate) mileage_max: i32,
    /// Model years that are taken for one while reading; recording narrows this by the day's date.
    pub(crate) years: RangeInclusive<i32>,
}

impl TextLimits {
    pub(crate) const DEFAULT: Self = Self { number_bytes_max: 200, mileage_max: 2_000_000, years: 1900..=2100 };
}

/// What a listing may hold to be recorded: the lengths of the columns and plausible numbers.
#[derive(Clone, Debug)]
pub struct ListingLimits {
    /// Characters of `external_id`: 255.
    pub external_id_chars: usize,
    /// Characters of `stock_number`: 100.
    pub stock_number_chars: usize,
    /// Characters of `make`, `model`, `trim` and `exterior_color`: 100.
    pub name_chars: usize,
    /// Characters of `transmission`, `fuel_type` and `body_style`: 50.
    pub kind_chars: usize,
    /// Characters of `url` and `image_url`: 500.
    pub url_chars: usize,
    /// The first model year: 1900.
    pub year_min: i32,
    /// How many years past the current one a model year may lie: 2.
    pub years_ahead: i32,
    /// Miles: 2,000,000.
    pub mileage_max: i32,
    /// The highest price: 99,999,999.99, the most that the column holds.
    pub price_max: Money,
}

impl Default for ListingLimits {
    fn default() -> Self {
        Self {
            external_id_chars: 255,
            stock_number_chars: 100,
            name_chars: 100,
            kind_chars: 50,
            url_chars: 500,
            year_min: 1900,
            years_ahead: 2,
            mileage_max: 2_000_000,
            price_max: Money::MAX,
        }
    }
}
