//! Lists in pages: every list of the library is bounded, and goes on from where the last page ended.
//!
//! A cursor names the last row seen by its sort value and id, so pages neither skip nor repeat rows that are written
//! meanwhile, and the hundredth page costs what the first does. Where no index gives the order, that is as much as ranking the
//! whole: such lists have larger pages for those who want everything. What is deliberately not here: page numbers and totals.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{Error, ErrorCode, Result};

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    /// In a list whose every page ranks all of it anew.
    limit_where_ranked: u32,
    after: Option<String>,
}

impl PageRequest {
    /// The largest page that is served; a larger one is cut to it.
    pub const MAX_LIMIT: u32 = 500;

    /// The largest page of a list that no index keeps in order, so that each page ranks all of it: what undercuts us, and the
    /// market by model. [`Self::largest`] asks for it.
    pub const MAX_RANKED: u32 = 50_000;

    /// The first page, of at most so many items (1 to [`Self::MAX_LIMIT`]).
    #[must_use]
    pub fn first(limit: u32) -> Self {
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        Self { limit, limit_where_ranked: limit, after: None }
    }

    /// The first page, as large as the list serves: for whoever reads a list to its end.
    ///
    /// That is [`Self::MAX_LIMIT`], and [`Self::MAX_RANKED`] where small pages would rank the same rows again and again. A page
    /// of so many undercuts takes some 25 MB.
    #[must_use]
    pub fn largest() -> Self {
        Self { limit: Self::MAX_LIMIT, limit_where_ranked: Self::MAX_RANKED, after: None }
    }

    /// The same request of a list that each page ranks as a whole.
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

    /// The number of items asked for; [`Self::largest`] asks for more where a list is ranked.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// One row more than asked for tells whether there is a next page.
    pub(crate) fn rows_to_read(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The position that the cursor stands for, when it is one of a list in this order.
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
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub items: Vec<T>,
    /// What [`PageRequest::after`] takes for the next page; `None` on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes the page of one row more than asked for: the extra row only says that there is a next page.
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

    /// The same page of something else.
    #[must_use]
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(item).collect(), next: self.next }
    }

    pub(crate) fn try_map<U, E>(self, item: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(item).collect::<Result<_, _>>()?;
        Ok(Page { items, next: self.next })
    }
}

/// Orders a boxed Diesel query by a column and then the id, and continues it after a position `Option<(Option<V>, Id)>`.
///
/// Nulls come last: `IS NULL` is sorted on first because the databases disagree about where nulls go.
macro_rules! keyset {
    ($query:expr, $column:expr, $id:expr, asc, $position:expr) => {
        keyset!(@ $query, $column, $id, gt, asc, $position)
    };
    ($query:expr, $column:expr, $id:expr, desc, $position:expr) => {
        keyset!(@ $query, $column, $id, lt, desc, $position)
    };
    (@ $query:expr, $column:expr, $id:expr, $beyond:ident, $direction:ident, $position:expr) => {{
        let query = match $position {
            None => $query,
            Some((None, id)) => $query.filter($column.is_null().and($id.$beyond(id))),
            Some((Some(value), id)) => $query.filter(
                $column.$beyond(value.clone()).or($column.eq(value).and($id.$beyond(id))).or($column.is_null()),
            ),
        };
        query.order(($column.is_null(), $column.$direction(), $id.$direction()))
    }};
}
pub(crate) use keyset;

/// Reads a page of a list that grows without end in the order of the index on a column, the largest value first, from behind
/// a position `Option<(Option<V>, Id)>` on.
///
/// [`keyset`] sorts nulls by a term of their own, which no index of both databases gives: it sorts all that the filter lets
/// through. Here what has a value is read first, then what has none: `$query` makes the query for each.
macro_rules! newest_first {
    ($conn:expr, $query:expr, $column:expr, $id:expr, $position:expr, $request:expr) => {{
        let (position, most) = ($position, $request.rows_to_read());
        let mut rows = Vec::new();
        if !matches!(position, Some((None, _))) {
            let mut query = $query().filter($column.is_not_null());
            if let Some((Some(value), id)) = position {
                // The first condition alone is one that an index is searched by.
                query = query.filter($column.le(value)).filter($column.lt(value).or($id.lt(id)));
            }
            rows = query.order(($column.desc(), $id.desc())).limit(most).load($conn)?;
        }
        let missing = most - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if missing > 0 {
            let mut query = $query().filter($column.is_null());
            if let Some((None, id)) = position {
                query = query.filter($id.lt(id));
            }
            rows.append(&mut query.order($id.desc()).limit(missing).load($conn)?);
        }
        rows
    }};
}
pub(crate) use newest_first;

/// Two texts that match a word anywhere in a `LIKE` over `lower(..)`, whatever signs it holds.
///
/// Two, because SQLite's `lower` knows the letters of ASCII alone.
pub(crate) fn contains_patterns(word: &str) -> [String; 2] {
    [contains_pattern(&word.to_lowercase()), contains_pattern(&word.to_ascii_lowercase())]
}

fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
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
