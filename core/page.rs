//! Lists in pages. Every list of the library is bounded, and the next page starts after the last row of the page before.
//!
//! A cursor is the sort value and the id of that row. So pages neither skip nor repeat rows when others are written
//! meanwhile, and the hundredth page costs what the first does. A list that no index keeps in order is sorted for each page;
//! such lists allow larger pages. There are no page numbers and no totals.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{Error, ErrorCode, Result};

/// Which page of a list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    /// The limit in a list that is sorted for each page.
    limit_where_ranked: u32,
    after: Option<String>,
}

impl PageRequest {
    /// The largest page. A larger limit is cut to it.
    pub const MAX_LIMIT: u32 = 500;

    /// The largest page of a list that no index keeps in order: the undercuts and the market by model. [`Self::largest`] asks
    /// for it.
    pub const MAX_RANKED: u32 = 50_000;

    /// The first page, with at most `limit` items (1 to [`Self::MAX_LIMIT`]).
    #[must_use]
    pub fn first(limit: u32) -> Self {
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        Self { limit, limit_where_ranked: limit, after: None }
    }

    /// The first page, as large as the list allows. Use it to read a list to its end.
    ///
    /// The page has up to [`Self::MAX_LIMIT`] items, or [`Self::MAX_RANKED`] in a list that is sorted for each page. The
    /// largest page of undercuts takes about 25 MB.
    #[must_use]
    pub fn largest() -> Self {
        Self { limit: Self::MAX_LIMIT, limit_where_ranked: Self::MAX_RANKED, after: None }
    }

    /// The same request to a list that is sorted for each page.
    pub(crate) fn where_ranked(&self) -> Self {
        Self { limit: self.limit_where_ranked, ..self.clone() }
    }

    /// The page after the one that gave this cursor.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, PageRequest, VehicleFilter};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let mut page = PageRequest::first(20);
    /// loop {
    ///     let vehicles = desk.inventory().list(&VehicleFilter::default(), &page)?;
    ///     let Some(next) = vehicles.next else { break };
    ///     page = page.after(next);
    /// }
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }

    /// The number of items asked for. [`Self::largest`] asks for more in a list that is sorted for each page.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// One row more than asked for, to find out whether there is a next page.
    pub(crate) fn rows_to_read(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// How many rows are still to be read after `read` rows.
    pub(crate) fn rows_missing(&self, read: usize) -> i64 {
        self.rows_to_read() - i64::try_from(read).unwrap_or(i64::MAX)
    }

    /// The position in the cursor, if the cursor is from a list in this order.
    pub(crate) fn position<K: DeserializeOwned>(&self, order: &str) -> Result<Option<K>> {
        let Some(text) = &self.after else { return Ok(None) };
        let refusal = || {
            Error::invalid_field(
                ErrorCode::InvalidCursor,
                "/after",
                "expected the `next` of an earlier page of the same list",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|reason| refusal().with_source(reason))?;
        let position: Position<String, K> =
            serde_json::from_slice(&bytes).map_err(|reason| refusal().with_source(reason))?;
        if position.order != order {
            return Err(refusal());
        }
        Ok(Some(position.key))
    }
}

impl Default for PageRequest {
    /// The first 50.
    fn default() -> Self {
        Self::first(50)
    }
}

#[derive(Serialize, Deserialize)]
struct Position<O, K> {
    order: O,
    key: K,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub items: Vec<T>,
    /// The cursor for [`PageRequest::after`]. `None` on the last page.
    pub next: Option<String>,
}

/// A list that is short enough to be one page.
impl<T> From<Vec<T>> for Page<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

impl<T> Page<T> {
    /// Makes the page from up to one row more than asked for. The extra row only shows that there is a next page.
    pub(crate) fn cut<K: Serialize>(
        mut rows: Vec<T>,
        request: &PageRequest,
        order: &str,
        key: impl Fn(&T) -> K,
    ) -> Result<Self> {
        let limit = request.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if has_more => {
                let json = serde_json::to_vec(&Position { order, key: key(last) }).map_err(|reason| {
                    Error::new(ErrorCode::CursorNotWritten, "a cursor could not be written").with_source(reason)
                })?;
                Some(URL_SAFE_NO_PAD.encode(json))
            }
            _ => None,
        };
        Ok(Self { items: rows, next })
    }

    /// The same page with each item converted.
    #[must_use]
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(item).collect(), next: self.next }
    }
}

/// Two patterns for `LIKE` over `lower(..)` that match the word anywhere, with its special characters escaped.
///
/// There are two because SQLite's `lower` changes ASCII letters only.
pub(crate) fn contains_patterns(word: &str) -> [String; 2] {
    [contains_pattern(&word.to_lowercase()), contains_pattern(&word.to_ascii_lowercase())]
}

/// A pattern for `LIKE` that matches what begins with the text, its special characters escaped.
pub(crate) fn begins_pattern(text: &str) -> String {
    literal_pattern(text) + "%"
}

/// A pattern for `LIKE` that matches the text alone, its special characters escaped.
pub(crate) fn literal_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern
}

fn contains_pattern(text: &str) -> String {
    format!("%{}", begins_pattern(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_whether_there_is_more_and_where_it_ended() {
        let request = PageRequest::first(2);
        let page = Page::cut(vec![10, 20, 30], &request, "number", |number| *number).unwrap();
        assert_eq!(page.items, [10, 20]);
        let next = request.after(page.next.unwrap());
        assert_eq!(next.position::<i32>("number").unwrap(), Some(20));
        assert_eq!(Page::cut(vec![30], &next, "number", |number| *number).unwrap().next, None);
    }

    #[test]
    fn the_largest_page_is_larger_where_every_page_ranks_all() {
        let largest = PageRequest::largest().after("x");
        assert_eq!((largest.limit(), largest.where_ranked().limit()), (500, 50_000));
        assert_eq!((largest.where_ranked().after, largest.rows_to_read()), (Some("x".to_owned()), 501));
        assert_eq!(PageRequest::first(1_000).where_ranked().limit(), 500, "a page of a known size stays one");
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let page = Page::cut(vec![1, 2], &PageRequest::first(1), "price", |n| *n).unwrap();
        let next = PageRequest::first(1).after(page.next.unwrap());
        assert_eq!(next.position::<i32>("-price").unwrap_err().code(), "invalid_cursor");
        for text in ["", "!", "e30", "bnVsbA"] {
            let asked = PageRequest::first(1).after(text);
            assert_eq!(asked.position::<i32>("price").unwrap_err().code(), "invalid_cursor", "{text}");
        }
    }

    #[test]
    fn patterns_match_their_text_alone() {
        assert_eq!(contains_patterns("50%_A\\")[0], "%50\\%\\_a\\\\%");
        assert_eq!(contains_patterns("\u{160}K"), ["%\u{161}k%", "%\u{160}k%"]);
    }
}
