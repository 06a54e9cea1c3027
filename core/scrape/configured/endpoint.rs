//! An endpoint that answers with the list as JSON, asked and read as configured.
//!
//! What is deliberately not here: sending the request.

use std::sync::Arc;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::{
    EndpointConfig, ListingField, Method,
    cards::{goes_on, meant, offer_field, step, take_back},
    path::JsonPath,
};
use crate::scrape::extract::{
    DataPage, DataRequest, Draft, GENERIC, Json, ScrapedListing, Warning, absolute, count_of, set_query,
};

/// More records are not read; no dealer's list has that many in one answer.
const RECORDS_MAX: usize = 50_000;

/// An endpoint, compiled.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(super) config: EndpointConfig,
    pub(super) listings: JsonPath,
    pub(super) total: Option<JsonPath>,
    pub(super) fields: Vec<(ListingField, Vec<CompiledPath>)>,
    pub(super) next_request: Option<NextRequest>,
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        // The rest is made of it.
        self.config == other.config
    }
}

/// A place in a record.
#[derive(Debug)]
pub(super) struct CompiledPath {
    pub(super) path: JsonPath,
    pub(super) regex: Option<Regex>,
}

/// How to get from an answer to the next.
#[derive(Debug)]
pub(super) enum NextRequest {
    Address(JsonPath),
    Page { slot: Slot, first: u32, size: Option<u32> },
    Offset { slot: Slot, first: u32, size: Option<u32> },
    Cursor { slot: Slot, path: JsonPath },
}

/// Where in a request a parameter goes.
#[derive(Debug)]
pub(super) enum Slot {
    Query(String),
    Body(JsonPath),
}

impl Slot {
    fn value(&self, request: &DataRequest) -> Option<Value> {
        match self {
            Self::Query(name) => {
                let (_, value) = request.url.query_pairs().find(|(key, _)| key == name)?;
                Some(Value::String(value.into_owned()))
            }
            Self::Body(path) => path.find(&Json::from(request.body.as_ref()?)).map(Json::to_value),
        }
    }

    fn number(&self, request: &DataRequest) -> Option<u32> {
        count_of(&Json::from(&self.value(request)?))
    }

    fn with(&self, request: &DataRequest, value: &Value) -> Option<DataRequest> {
        let mut next = request.clone();
        match self {
            Self::Query(name) => set_query(&mut next.url, name, &scalar(value)?),
            Self::Body(path) => *path.place(next.body.get_or_insert_default())? = value.clone(),
        }
        Some(next)
    }
}

/// A text, a number, true or false, as a query writes it.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Endpoint {
    /// The first request for the list that `page` shows to people; `None` if the address is not valid there.
    pub(crate) fn first_request(self: &Arc<Self>, page: &Url) -> Option<DataRequest> {
        let mut url = page.join(&self.config.url).ok()?;
        for (name, value) in &self.config.parameters {
            set_query(&mut url, name, &scalar(value)?);
        }
        let mut request = match self.config.method {
            Method::Get => DataRequest::get(GENERIC, url, page),
            Method::Post => {
                let body = self.config.body.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                DataRequest::post(GENERIC, url, page, body)
            }
        };
        let headers = self.config.headers.iter();
        request.headers.extend(headers.map(|(name, value)| (name.clone().into(), value.clone())));
        request.configured = Some(Arc::clone(self));
        // The first number is said, so that the request is the same whether the list is begun or come back to.
        match &self.next_request {
            Some(NextRequest::Page { slot, first, .. } | NextRequest::Offset { slot, first, .. })
                if slot.value(&request).is_none_or(|value| value.is_null()) =>
            {
                slot.with(&request, &Value::from(*first))
            }
            _ => Some(request),
        }
    }

    /// Where the configuration looks for the list in an answer, in words.
    pub(crate) fn place_of_list(&self) -> String {
        if self.listings.is_whole_document() { "its top".to_owned() } else { format!("`{}`", self.listings) }
    }

    /// Reads an answer; `None` if the list is not where the configuration says.
    pub(crate) fn read(&self, request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
        let (listings, found) = match self.listings.find(answer)? {
            Json::Array(records) => self.records(records.iter(), request),
            Json::Object(records) => self.records(records.values(), request),
            _ => return None,
        };
        let total = self.total.as_ref().and_then(|path| count_of(path.find(answer)?));
        let next = self.next(request, answer, found, total);
        let found = found as usize;
        let unknown = found - listings.iter().filter(|listing| listing.has_identity()).count();
        let warning = Warning::NoIdentity { unknown, found, place: Some(self.place_of_list()) };
        let warnings = if unknown > 0 { vec![warning] } else { Vec::new() };
        Some(DataPage { listings, total, next, warnings, ..DataPage::default() })
    }

    fn records<'v>(
        &self,
        records: impl Iterator<Item = &'v Json<'v>>,
        request: &DataRequest,
    ) -> (Vec<ScrapedListing>, u32) {
        let mut found = 0;
        let mut listings = Vec::new();
        for record in records.take(RECORDS_MAX) {
            found += 1;
            let listing = self.record(record, request);
            if listing != ScrapedListing::default() {
                listings.push(listing);
            }
        }
        (listings, found)
    }

    fn record(&self, record: &Json<'_>, request: &DataRequest) -> ScrapedListing {
        let mut draft = Draft::default();
        for (field, paths) in &self.fields {
            for path in paths {
                let Some(text) = path.text(record, *field) else { continue };
                let said = match field {
                    ListingField::Url => link(&mut draft.listing.url, &request.page, &text),
                    ListingField::ImageUrl => link(&mut draft.listing.image_url, &request.page, &text),
                    _ => offer_field(&mut draft, *field, &text),
                };
                if said.is_some() {
                    break;
                }
            }
        }
        let configured = draft.listing.clone();
        if let Json::Object(members) = record {
            draft.offer_record(members.iter());
            let text = |keys: &[&str]| keys.iter().find_map(|key| members.get(key)?.as_str().map(str::to_owned));
            if draft.listing.url.is_none()
                && let Some(address) = text(&LINK_KEYS)
            {
                link(&mut draft.listing.url, &request.page, &address);
            }
            if draft.listing.image_url.is_none()
                && let Some(address) = text(&IMAGE_KEYS)
            {
                link(&mut draft.listing.image_url, &request.page, &address);
            }
        }
        let mut listing = draft.listing;
        self.fields.iter().for_each(|(field, _)| take_back(*field, &mut listing, &configured));
        listing
    }

    /// Whether answers are counted, not named by those before them.
    pub(crate) fn counts_answers(&self) -> bool {
        matches!(self.next_request, Some(NextRequest::Page { .. } | NextRequest::Offset { .. }))
    }

    /// What to ask behind a request that showed nothing new, where answers are counted; `shown` are the vehicles of a full one.
    pub(crate) fn behind(&self, request: &DataRequest, shown: u32) -> Option<DataRequest> {
        let (slot, first, step) = match self.next_request.as_ref()? {
            NextRequest::Page { slot, first, .. } => (slot, first, 1),
            NextRequest::Offset { slot, first, size } => (slot, first, size.unwrap_or(shown)),
            NextRequest::Address(_) | NextRequest::Cursor { .. } => return None,
        };
        let number = slot.number(request).unwrap_or(*first);
        slot.with(request, &Value::from(number.saturating_add(step)))
    }

    fn next(&self, request: &DataRequest, answer: &Json<'_>, found: u32, total: Option<u32>) -> Option<DataRequest> {
        match self.next_request.as_ref()? {
            NextRequest::Address(path) => {
                let address = path.find(answer)?.as_str().filter(|address| !address.trim().is_empty())?;
                let url = request.url.join(address).ok()?;
                // The key of one host is not another's, wherever an answer may point: it is asked without, if at all.
                let headers = Vec::clone(&request.headers);
                let headers = if url.origin() == request.url.origin() { headers } else { Vec::new() };
                (url != request.url).then(|| DataRequest { url, headers, ..request.clone() })
            }
            NextRequest::Page { slot, first, size } => {
                let number = slot.number(request).unwrap_or(*first);
                let before = number.saturating_sub(*first).saturating_mul(size.unwrap_or(found));
                goes_on(before, found, *size, total)
                    .then(|| slot.with(request, &Value::from(number.saturating_add(1))))?
            }
            NextRequest::Offset { slot, first, size } => {
                let offset = slot.number(request).unwrap_or(*first);
                let step = step(found, *size);
                goes_on(offset.saturating_sub(*first), found, *size, total)
                    .then(|| slot.with(request, &Value::from(offset.saturating_add(step))))?
            }
            NextRequest::Cursor { slot, path } => {
                let cursor = path.find(answer)?.to_value();
                if scalar(&cursor).is_none_or(|text| text.is_empty()) {
                    return None;
                }
                let is_another = slot.value(request).and_then(|value| scalar(&value)) != scalar(&cursor);
                (is_another && cursor != Value::Bool(false)).then(|| slot.with(request, &cursor))?
            }
        }
    }
}

/// Keys under which data usually has the address of a vehicle's own page.
const LINK_KEYS: [&str; 8] = ["url", "link", "href", "detailUrl", "detail_url", "vdpUrl", "vdp_url", "permalink"];
/// The same for its picture.
const IMAGE_KEYS: [&str; 7] = ["image", "imageUrl", "image_url", "photo", "photoUrl", "photo_url", "thumbnail"];

fn link(place: &mut Option<String>, page: &Url, text: &str) -> Option<()> {
    *place = absolute(page, text);
    place.is_some().then_some(())
}

impl CompiledPath {
    fn text(&self, record: &Json<'_>, field: ListingField) -> Option<String> {
        let value = self.path.find(record)?;
        let text = match value {
            // A date or an object where one is sold, nothing where it is not.
            Json::Object(_) if field == ListingField::IsSold => "yes".to_owned(),
            Json::String(text) if field == ListingField::IsSold && text.trim().is_empty() => return None,
            value => scalar(&value.to_value())?,
        };
        meant(self.regex.as_ref(), text)
    }
}
