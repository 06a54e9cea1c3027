//! HTTP PUT.

use std::{fs::File, time::Duration};

use reqwest::{
    StatusCode,
    blocking::{self, Body, Response},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use url::Host;

use super::{Failed, LONGEST_ANSWER, Parcel, failed, in_one_line, not_taken, route, shown};
use crate::{
    error::Result,
    exports::{FeedFormat, snapshot::not_written},
    scrape::fetch::names::{Names, system_lookup},
};

/// Puts a file to servers whose names it has looked up.
pub(super) struct Client {
    client: blocking::Client,
    names: Names,
}

impl Client {
    pub(super) fn new(parcel: &Parcel<'_>) -> Result<Self> {
        let guard = route::guard(parcel.login);
        guard.check_url(parcel.url).map_err(|refusal| route::refused(parcel.way, refusal))?;
        let names = Names::new(system_lookup());
        let client = blocking::Client::builder()
            .user_agent(concat!("jpauto/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(std::sync::Arc::new(names.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(parcel.patience.connect)
            .timeout(parcel.patience.attempt)
            .build()
            .map_err(|reason| failed("the HTTP client could not be set up".to_owned()).with_source(reason))?;
        Ok(Self { client, names })
    }

    /// Sends the file, and answers what the server said.
    pub(super) fn put(&self, parcel: &Parcel<'_>) -> Result<String, Failed> {
        let Parcel { way, url, file, format, login, patience } = *parcel;
        if let Some(Host::Domain(name)) = url.host() {
            let pinned = self.names.pin(name, &route::guard(login), patience.connect);
            pinned.map_err(|failure| route::unknown(way, name, failure))?;
        }
        let body = File::open(file).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, body) = body.map_err(|reason| Failed::for_good(not_written(reason)))?;
        let mut request =
            self.client.put(url.clone()).header(CONTENT_TYPE, media_type(format)).body(Body::sized(body, length));
        if let Some(token) = &login.token {
            request = request.bearer_auth(token);
        } else if let Some(user) = &login.user {
            request = request.basic_auth(user, login.password.as_ref());
        }
        let response = request.send().map_err(|reason| {
            let why = if reason.is_timeout() { "it did not answer in time" } else { "the connection failed" };
            let error = failed(format!("{} did not take the feed: {why}", shown(url)));
            Failed::for_now(error.with_source(reason.without_url()))
        })?;
        let status = response.status();
        let wait = retry_after(&response);
        let answer = answer_of(response);
        if status.is_success() {
            return Ok(answer);
        }
        let message = format!("{} did not take the feed: {answer}", shown(url));
        if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
            return Err(Failed { error: failed(message), retry_after: Some(wait) });
        }
        Err(Failed::for_good(not_taken(message)))
    }
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// The status and the beginning of the body, in one line.
fn answer_of(response: Response) -> String {
    use std::io::Read as _;
    let status = response.status();
    let mut bytes = Vec::new();
    // The status is the answer; a body that breaks off adds nothing.
    let _ = response.take(LONGEST_ANSWER as u64).read_to_end(&mut bytes);
    format!("{status} {}", in_one_line(&bytes)).trim_end().to_owned()
}

const fn media_type(format: FeedFormat) -> &'static str {
    match format {
        FeedFormat::Csv => "text/csv; charset=utf-8",
        FeedFormat::Tsv => "text/tab-separated-values; charset=utf-8",
        FeedFormat::Xml => "application/xml",
        FeedFormat::JsonLines => "application/jsonl",
        FeedFormat::JsonLd => "application/ld+json",
        FeedFormat::Zip | FeedFormat::Pages => "application/zip",
    }
}
