//! Lists that a website gives as data: what to ask for, and what an answer says.
//!
//! Where a platform has such an endpoint, it is preferred over the page: it holds every vehicle with its own fields. What is
//! deliberately not here: sending the request, for which robots.txt and the guard are asked as for any page.

use std::{borrow::Cow, sync::Arc};

use serde::{Serialize, de::DeserializeSeed as _};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{ListingLimits, ScrapedListing, Warning, encoding, merge, page, unsettled_warning, value::Json, vendor};
use crate::{
    Error, ErrorCode, Result,
    scrape::{configured::Endpoint, platforms},
};

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DataMethod {
    /// Without a body.
    Get,
    /// With a body of JSON.
    Post,
    /// By POST with the fields of a form.
    Form,
}

/// One request for a part of a website's list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataRequest {
    /// The platform that can read the answer.
    pub platform: &'static str,
    /// How to ask.
    pub method: DataMethod,
    /// Where to ask; not always on the website's own host.
    pub url: Url,
    /// Headers that the endpoint asks for, such as the key that the page itself uses.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The JSON to send; for a form, an object of its fields.
    pub body: Option<Value>,
    /// The page that the list belongs to; links in the answer are relative to it.
    pub page: Url,
    /// How to read the answer, where that is configured and no platform's.
    #[serde(skip)]
    pub(crate) configured: Option<Arc<Endpoint>>,
    /// What to ask where this one is not answered with a list: some vendors' websites take one of two requests.
    #[serde(skip)]
    pub(crate) otherwise: Option<Box<DataRequest>>,
}

/// What one answer gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DataPage {
    /// The vehicles, in the order of the answer.
    pub listings: Vec<ScrapedListing>,
    /// How many vehicles the website says there are.
    pub total: Option<u32>,
    /// What to ask next, `None` at the end of the list.
    pub next: Option<DataRequest>,
    /// Vehicles that the answer lists without a word about them, and that the next request does not ask for again.
    pub unsettled: u32,
    /// What is doubtful about the answer.
    pub warnings: Vec<Warning>,
}

impl DataRequest {
    pub(crate) fn get(platform: &'static str, url: Url, page: &Url) -> Self {
        let page = page.clone();
        let (headers, body, configured, otherwise) = (Vec::new(), None, None, None);
        Self { platform, method: DataMethod::Get, url, headers, body, page, configured, otherwise }
    }

    pub(crate) fn post(platform: &'static str, url: Url, page: &Url, body: Value) -> Self {
        Self { method: DataMethod::Post, body: Some(body), ..Self::get(platform, url, page) }
    }

    pub(crate) fn form(platform: &'static str, url: Url, page: &Url, fields: Value) -> Self {
        Self { method: DataMethod::Form, body: Some(fields), ..Self::get(platform, url, page) }
    }

    /// The body as it is sent; `None` where there is none to send.
    pub(crate) fn body_text(&self) -> Option<String> {
        match self.method {
            DataMethod::Get => None,
            DataMethod::Post => Some(self.body.as_ref().map(Value::to_string).unwrap_or_default()),
            DataMethod::Form => {
                let fields = self.body.as_ref().and_then(Value::as_object).into_iter().flatten();
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    form.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
                }
                Some(form.finish())
            }
        }
    }

    /// The value of a query parameter as a number.
    pub(crate) fn query_number(&self, name: &str) -> Option<u32> {
        self.url.query_pairs().find(|(key, _)| key == name)?.1.parse().ok()
    }

    /// The same request with one query parameter set to another number.
    pub(crate) fn with_query_number(&self, name: &str, number: u32) -> Self {
        let mut url = self.url.clone();
        set_query(&mut url, name, &number.to_string());
        Self { url, ..self.clone() }
    }

    /// The request for the part behind `found` records, where a total says that there is one.
    pub(crate) fn next_by_offset(&self, name: &str, found: usize, total: Option<u32>) -> Option<Self> {
        let reached = self.query_number(name).unwrap_or(0).checked_add(u32::try_from(found).ok()?)?;
        (found > 0 && reached < total?).then(|| self.with_query_number(name, reached))
    }
}

/// Sets one query parameter, leaving the order of the others.
pub(crate) fn set_query(url: &mut Url, name: &str, value: &str) {
    let mut pairs: Vec<(String, String)> =
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    match pairs.iter_mut().find(|(key, _)| key == name) {
        Some((_, known)) => value.clone_into(known),
        None => pairs.push((name.to_owned(), value.to_owned())),
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
}

/// What to ask for to get the list of this page as data; `None` where its platform is unknown or offers none.
///
/// # Errors
/// As [`super::listings`] for what is no page.
pub fn data_request(html: &str, url: &str) -> Result<Option<DataRequest>> {
    super::with_page(html, url, |page| {
        let endpoint = platforms::detect(page).and_then(|platform| platform.endpoint.as_ref());
        Ok(endpoint.and_then(|endpoint| endpoint.request(page)))
    })
}

/// The same of a page as it came, and of the platform named; `generic` has no such list.
///
/// # Errors
/// As [`super::listings_from_bytes`].
pub(crate) fn data_request_from_bytes(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &str,
    platform: Option<&str>,
) -> Result<Option<DataRequest>> {
    let choice = super::Choice::named(platform)?;
    page::check_size(bytes.len().div_ceil(2))?;
    super::with_page(&encoding::decode(bytes, content_type), url, |page| {
        let endpoint = choice.platform_of(page).and_then(|platform| platform.endpoint.as_ref());
        Ok(endpoint.and_then(|endpoint| endpoint.request(page)))
    })
}

/// Reads the answer to a request that [`data_request`] or an earlier answer gave.
///
/// # Errors
/// `page_too_large` (16 MiB), `unknown_platform`, and `data_unreadable` where the body is not the JSON that the platform
/// answers with: a bot check or an error page looks so, and says nothing about the lot.
pub fn listings_from_data(request: &DataRequest, body: &str) -> Result<DataPage> {
    page::check_size(body.len())?;
    let endpoint = platforms::named(request.platform).and_then(|platform| platform.endpoint.as_ref());
    if endpoint.is_none() && request.configured.is_none() {
        return Err(super::unknown_platform(request.platform));
    }
    let unreadable = |why: String| Error::invalid_field(ErrorCode::DataUnreadable, "", why);
    let answer = read_answer(request, body).map_err(|error| unreadable(format!("the answer is no JSON: {error}")))?;
    let configured = request.configured.as_ref().map(|configured| configured.read(request, &answer));
    let read = configured.or_else(|| endpoint.map(|endpoint| (endpoint.read)(request, &answer))).flatten();
    let mut read = read.ok_or_else(|| {
        unreadable(match &request.configured {
            Some(configured) => format!("the answer has no list at {}", configured.place_of_list()),
            None => format!("the answer has no list where {} puts its vehicles", request.platform),
        })
    })?;
    // A server that answers every page with the first would be asked the same again for ever.
    read.next = read.next.filter(|next| next != request);
    // This one is answered: the list goes on as it began.
    if let Some(next) = &mut read.next {
        next.otherwise = None;
    }
    read.warnings.extend(unsettled_warning(read.unsettled));
    if let Some(platform) = platforms::named(request.platform).filter(|_| request.configured.is_none()) {
        read.warnings.extend(vendor::missing_in_data(platform, &read.listings, &request.page));
    }
    read.listings.retain(ScrapedListing::has_identity);
    read.listings = merge::same_vehicles(read.listings, &request.page);
    read.listings.iter_mut().for_each(|listing| listing.drop_oversized(&ListingLimits::default()));
    Ok(read)
}

/// What will be looked at in an answer; of a configured one that can be anything.
fn read_answer<'a>(request: &DataRequest, body: &'a str) -> serde_json::Result<Json<'a>> {
    let wanted = platforms::wanted(request.platform).filter(|_| request.configured.is_none());
    let Some(wanted) = wanted else { return serde_json::from_str(body) };
    let mut reader = serde_json::Deserializer::from_str(body);
    let answer = wanted.deserialize(&mut reader)?;
    reader.end().map(|()| answer)
}
