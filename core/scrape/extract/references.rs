//! JSON-LD whose nodes refer to each other by `@id`, written out.
//!
//! An offer may stand beside its car and be named in it: `"offers": {"@id": "#offer"}`. Such a reference is replaced by the node
//! that it names, in the same script or else anywhere on the page, under the keys that are read and to a small depth. An `@id`
//! that several nodes claim which say different things names none of them. What is deliberately not here: what the nodes mean
//! (`json_ld`).

use std::collections::{HashMap, HashSet};

use url::Url;

use super::value::{Json, Object};

/// Keys under which a reference is followed. Vehicles that are merely listed stand in the document themselves.
const FOLLOWED: [&str; 11] = [
    "brand",
    "image",
    "item",
    "itemOffered",
    "manufacturer",
    "mileageFromOdometer",
    "model",
    "offers",
    "photo",
    "priceSpecification",
    "vehicleEngine",
];

/// A list's entry holds a car, that an offer, and that the parts of a price.
const DEPTH_MAX: usize = 4;
/// What is written out weighs as much as the page may, whatever names whatever.
const WEIGHT_MAX: usize = 1_000_000;

/// Replaces references by what they name. `base` is the page that an `@id` is relative to.
pub(super) fn resolve(scripts: &mut [Vec<Json<'_>>], base: &Url) {
    let mut wanted = HashSet::new();
    let blocks =
        || scripts.iter().enumerate().flat_map(|(script, blocks)| blocks.iter().map(move |block| (script, block)));
    for (_, block) in blocks() {
        each_node(block, &mut |node| {
            if is_reference(node) {
                wanted.extend(id_of(node, base));
            }
        });
    }
    if wanted.is_empty() {
        return;
    }
    let mut left = WEIGHT_MAX;
    let mut named: HashMap<String, Vec<Named<'_>>> = HashMap::new();
    for (script, block) in blocks() {
        each_node(block, &mut |node| {
            if node.contains_key("@id")
                && !is_reference(node)
                && let Some(id) = id_of(node, base).filter(|id| wanted.contains(id))
            {
                let claims = named.entry(id).or_default();
                let rest = if claims.len() < CLAIMS_MAX { node.weighed(left) } else { None };
                if let Some(rest) = rest {
                    claims.push(Named { script, weight: left - rest, node: node.clone() });
                    left = rest;
                }
            }
        });
    }
    let mut writer = Writer { named: &named, base, left: WEIGHT_MAX };
    for (script, blocks) in scripts.iter_mut().enumerate() {
        blocks.iter_mut().for_each(|block| writer.write_out(block, script, false, DEPTH_MAX));
    }
}

/// A node that others refer to.
struct Named<'a> {
    script: usize,
    weight: usize,
    node: Object<'a>,
}

/// More claims of one `@id` are not kept: they would not agree.
const CLAIMS_MAX: usize = 4;

fn each_node<'v, 'a>(block: &'v Json<'a>, take: &mut impl FnMut(&'v Object<'a>)) {
    let mut pending = vec![block];
    while let Some(value) = pending.pop() {
        match value {
            Json::Array(items) => pending.extend(items),
            Json::Object(node) => {
                take(node);
                pending.extend(node.values());
            }
            _ => {}
        }
    }
}

/// Whether a node only names another.
fn is_reference(node: &Object<'_>) -> bool {
    node.contains_key("@id") && node.iter().all(|(key, _)| matches!(key, "@id" | "@type"))
}

/// The identity of a node within its document, as it is compared.
pub(super) fn id_of(node: &Object<'_>, base: &Url) -> Option<String> {
    let id = node.get("@id")?.as_str().map(str::trim).filter(|id| !id.is_empty())?;
    if id.contains("://") || id.starts_with("_:") {
        return Some(id.to_owned());
    }
    Some(base.join(id).map_or_else(|_no_address| id.to_owned(), String::from))
}

struct Writer<'n, 'a> {
    named: &'n HashMap<String, Vec<Named<'a>>>,
    base: &'n Url,
    left: usize,
}

impl<'n, 'a> Writer<'n, 'a> {
    fn write_out(&mut self, value: &mut Json<'a>, script: usize, is_followed: bool, depth: usize) {
        match value {
            Json::Array(items) => {
                items.iter_mut().for_each(|item| self.write_out(item, script, is_followed, depth));
            }
            Json::Object(node) => {
                let mut depth = depth;
                if is_followed && is_reference(node) {
                    let Some(meant) = self.meant(node, script).filter(|_| depth > 0) else { return };
                    let Some(left) = self.left.checked_sub(meant.weight) else { return };
                    self.left = left;
                    *node = meant.node.clone();
                    depth -= 1;
                }
                for (key, value) in node.iter_mut() {
                    self.write_out(value, script, FOLLOWED.contains(&key), depth);
                }
            }
            _ => {}
        }
    }

    /// The node that a reference names: the one of its own script, or of the page where the script has none.
    fn meant(&self, reference: &Object<'_>, script: usize) -> Option<&'n Named<'a>> {
        let claims = self.named.get(&id_of(reference, self.base)?)?;
        let mut own = claims.iter().filter(|claim| claim.script == script).peekable();
        if own.peek().is_some() { agreed(own) } else { agreed(claims.iter()) }
    }
}

/// The first of several claims, unless they say different things.
fn agreed<'n, 'a: 'n>(mut claims: impl Iterator<Item = &'n Named<'a>>) -> Option<&'n Named<'a>> {
    const TELLING: [&str; 8] =
        ["@type", "name", "url", "price", "sku", "vin", "vehicleIdentificationNumber", "itemOffered"];
    let first = claims.next()?;
    let differs = |other: &Object<'_>| {
        TELLING.iter().any(|key| first.node.get(key).zip(other.get(key)).is_some_and(|(one, other)| one != other))
    };
    (!claims.any(|claim| differs(&claim.node))).then_some(first)
}
