//! Values that a script states as one flat list, in which a number within an object or a list is the place of what it means.
//!
//! `[{"cars": 1}, [2], {"vin": 3}, "1FT..."]` holds a list of one car: so Nuxt writes what it hands to the browser. What is deliberately
//! not here: what makes a record a vehicle (`embedded`).

use std::{borrow::Cow, collections::HashSet};

use super::value::{Json, Object};

/// Fewer values are no page's data, more are not looked at.
const VALUES_MIN: usize = 8;
const VALUES_MAX: usize = 200_000;
/// More records are no list of a page.
const RECORDS_MAX: usize = 4_096;
/// How deep the values of a record are put together.
const DEPTH_MAX: usize = 3;
/// More values of a record are none of one car.
const MEMBERS_MAX: usize = 256;

/// The lists of records that such a value holds; none under a name that `passes_over` knows.
pub(super) fn lists<'v>(value: &'v Json<'v>, passes_over: fn(&str) -> bool) -> Vec<Vec<Json<'v>>> {
    let Some(values) = value.as_array().filter(|values| (VALUES_MIN..VALUES_MAX).contains(&values.len())) else {
        return Vec::new();
    };
    let place =
        |value: &Json<'_>| value.as_u64().and_then(|at| usize::try_from(at).ok()).filter(|at| *at < values.len());
    let mut others: HashSet<usize> = HashSet::new();
    for members in values.iter().filter_map(Json::as_object) {
        others.extend(members.iter().filter(|(name, _)| passes_over(name)).filter_map(|(_, value)| place(value)));
    }
    // Each object is a record of one list, so that all of them cost no more than the values do.
    let mut taken = vec![false; values.len()];
    let mut lists = Vec::new();
    let mut left = RECORDS_MAX;
    for (_, list) in values.iter().enumerate().filter(|(at, _)| !others.contains(at)) {
        let Some(places) = list.as_array() else { continue };
        let places: Option<Vec<usize>> = places.iter().map(place).collect();
        let mut places = places.unwrap_or_default();
        places.retain(|at| values[*at].as_object().is_some() && !std::mem::replace(&mut taken[*at], true));
        places.truncate(left);
        left -= places.len();
        if !places.is_empty() {
            let record = |at| {
                let mut members = MEMBERS_MAX;
                whole(values, at, 0, &mut members)
            };
            lists.push(places.into_iter().map(record).collect());
        }
    }
    lists
}

/// A value with those in the place of the numbers within it.
fn whole<'v>(values: &'v [Json<'v>], at: usize, depth: usize, left: &mut usize) -> Json<'v> {
    let inner = |value: &Json<'_>, left: &mut usize| {
        let place = value.as_u64().and_then(|at| usize::try_from(at).ok()).filter(|at| *at < values.len());
        let is_left = depth < DEPTH_MAX && *left > 0;
        *left = left.saturating_sub(1);
        place.filter(|_| is_left).map_or(Json::Null, |at| whole(values, at, depth + 1, left))
    };
    match &values[at] {
        Json::Object(members) => {
            let mut made = Object::default();
            for (name, value) in members.iter() {
                made.push(Cow::Borrowed(name), inner(value, left));
            }
            Json::Object(made)
        }
        // What stands in a list of a record is no fact of a car.
        Json::Array(_) => Json::Null,
        single => single.clone(),
    }
}
