//! A bucket of S3, or of a service that speaks as S3 does (R2, Ceph).
//!
//! Requests are signed by rusty-s3 and sent with one client of the process: no redirects, no proxy, deadlines, bodies with a limit.
//! The owner writes the endpoint, so it may be in a private network and on any port; the guard still refuses link-local addresses,
//! and a name is connected to at the addresses that were checked.

use std::{io::Read as _, sync::Arc, thread, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{
    StatusCode,
    blocking::{Client, RequestBuilder, Response},
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    redirect::Policy,
};
use rusty_s3::{
    Credentials, S3Action as _, UrlStyle,
    actions::{DeleteObjectsResponse, ListObjectsV2, ObjectIdentifier},
};
use url::{Host, Url};

use super::{A_PAGE, Announced, OnPage, Signed, too_large, unavailable};
use crate::{
    error::{Error, ErrorCode, Result},
    scrape::fetch::{
        guard::Guard,
        names::{NameFailure, Names, system_lookup},
    },
    secret,
    storage::{BucketConfig, StoredObject},
};

/// How often the service is asked in all where it may answer later, and the first pause; each further one is twice as long.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// One request, to the last byte of its answer.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long a signature of our own requests holds.
const SIGNED_FOR: Duration = Duration::from_secs(300);

/// A page of a list has a thousand keys of at most 1,024 bytes, and what is said of them.
const LONGEST_LIST: u64 = 8 << 20;
/// So much of another answer is read.
const LONGEST_ANSWER: u64 = 1 << 20;

pub(in crate::storage) struct Bucket {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    signing_key: [u8; 32],
    guard: Guard,
    names: Names,
    client: Client,
}

/// Why there is no answer to go on with.
enum Failed {
    /// It may go well the next time.
    Later(Error),
    Never(Error),
}

impl Bucket {
    pub(super) fn new(config: BucketConfig) -> Result<Self> {
        let refused =
            |pointer: &str, message: String| Error::invalid_field(ErrorCode::InvalidStorageConfig, pointer, message);
        let guard = Guard { allow_private_networks: true, allow_any_port: true, ..Guard::default() };
        let style = if config.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let endpoint =
            guard.parse(&config.endpoint).map_err(|reason| refused("/storage/endpoint", reason.to_string()))?;
        let signing_key = secret::hmac_sha256(config.secret_key.as_bytes(), b"jpauto: addresses and tokens of photos");
        let bucket = rusty_s3::Bucket::new(endpoint, style, config.bucket, config.region)
            .map_err(|reason| refused("/storage/endpoint", format!("no address of the bucket follows: {reason}")))?;
        guard.check_url(bucket.base_url()).map_err(|reason| refused("/storage/endpoint", reason.to_string()))?;
        let names = Names::new(system_lookup());
        let client = Client::builder()
            .user_agent(concat!("jpauto/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(names.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(|reason| unavailable("the HTTP client could not be set up".to_owned()).with_source(reason))?;
        let credentials = Credentials::new(config.access_key, config.secret_key);
        Ok(Self { bucket, credentials, signing_key, guard, names, client })
    }

    pub(super) fn signing_key(&self) -> [u8; 32] {
        self.signing_key
    }

    pub(super) fn sign(&self, announced: &Announced<'_>) -> Signed {
        let key = announced.key.to_string();
        let mut action = self.bucket.put_object(Some(&self.credentials), &key);
        // What is signed must be sent to the letter: another type or length is refused by the service.
        action.headers_mut().insert("content-type", announced.key.photo_type.as_str());
        action.headers_mut().insert("content-length", announced.length.to_string());
        Signed { url: action.sign(announced.holds).into(), headers: std::collections::BTreeMap::new() }
    }

    pub(super) fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>> {
        let url = || self.bucket.get_object(Some(&self.credentials), key).sign(SIGNED_FOR);
        self.ask(
            || self.client.get(url()),
            |response| {
                if response.status() == StatusCode::NOT_FOUND {
                    // A bucket that is not there is another matter than an object.
                    let text = text_of(response, LONGEST_ANSWER)?;
                    return if text.contains("NoSuchBucket") { Err(Failed::Never(no_bucket())) } else { Ok(None) };
                }
                let response = succeeded(response)?;
                if response.content_length().is_some_and(|length| length > most) {
                    return Err(Failed::Never(too_large(most)));
                }
                let bytes = bytes_of(response, most.saturating_add(1))?;
                if bytes.len() as u64 > most { Err(Failed::Never(too_large(most))) } else { Ok(Some(bytes)) }
            },
        )
    }

    pub(super) fn put(&self, key: &str, content_type: &str, bytes: &[u8]) -> Result<()> {
        let request = || {
            let mut action = self.bucket.put_object(Some(&self.credentials), key);
            action.headers_mut().insert("content-type", content_type);
            let url = action.sign(SIGNED_FOR);
            self.client.put(url).header(CONTENT_TYPE, content_type).body(bytes.to_vec())
        };
        self.ask(request, |response| succeeded(response).map(|_| ()))
    }

    pub(super) fn remove(&self, keys: &[String]) -> Result<()> {
        let objects: Vec<_> = keys.iter().map(|key| ObjectIdentifier::new(key.clone())).collect();
        let request = || {
            let mut action = self.bucket.delete_objects(Some(&self.credentials), objects.iter());
            action.set_quiet(true);
            let url = action.sign(SIGNED_FOR);
            let (body, digest) = action.body_with_md5();
            self.client.post(url).header("content-md5", digest).header(CONTENT_LENGTH, body.len()).body(body)
        };
        self.ask(request, |response| {
            let text = in_usual_namespace(&text_of(succeeded(response)?, LONGEST_LIST)?, "DeleteResult")?;
            let answer = DeleteObjectsResponse::parse(&text).map_err(|reason| Failed::Never(unreadable(reason)))?;
            let kept = answer.errors.iter().find(|failed| failed.code != "NoSuchKey");
            kept.map_or(Ok(()), |failed| {
                Err(Failed::Never(refused(format!("the bucket keeps {}: {}", shown(&failed.key), shown(&failed.code)))))
            })
        })
    }

    pub(super) fn list(&self, beginning: &str, on_page: OnPage<'_>) -> Result<()> {
        let mut token: Option<String> = None;
        loop {
            let request = || {
                let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
                action.with_max_keys(A_PAGE);
                if !beginning.is_empty() {
                    action.with_prefix(beginning);
                }
                if let Some(token) = &token {
                    action.with_continuation_token(token.as_str());
                }
                self.client.get(action.sign(SIGNED_FOR))
            };
            let page = self.ask(request, |response| {
                let text = in_usual_namespace(&text_of(succeeded(response)?, LONGEST_LIST)?, "ListBucketResult")?;
                ListObjectsV2::parse_response(&text).map_err(|reason| Failed::Never(unreadable(reason)))
            })?;
            let objects = page.contents.into_iter().map(|content| StoredObject {
                key: content.key,
                bytes: content.size.unwrap_or_default(),
                modified_at: content.last_modified.and_then(|time| time.parse::<DateTime<Utc>>().ok()),
            });
            // A service that names the same place again would be asked without end.
            let ends = page.next_continuation_token.is_none() || page.next_continuation_token == token;
            if on_page(objects.collect())?.is_break() || ends {
                return Ok(());
            }
            token = page.next_continuation_token;
        }
    }

    /// Asks until there is an answer or no hope.
    fn ask<T>(&self, request: impl Fn() -> RequestBuilder, read: impl Fn(Response) -> Result<T, Failed>) -> Result<T> {
        let (mut attempt, mut pause) = (1, FIRST_PAUSE);
        loop {
            match self.ask_once(&request, &read) {
                Ok(answer) => return Ok(answer),
                Err(Failed::Never(error)) => return Err(error),
                Err(Failed::Later(error)) if attempt == ATTEMPTS => return Err(error),
                Err(Failed::Later(error)) => {
                    tracing::warn!(attempt, %error, "the photo storage did not answer; asking again");
                    thread::sleep(pause);
                    (attempt, pause) = (attempt + 1, pause * 2);
                }
            }
        }
    }

    fn ask_once<T>(
        &self,
        request: &impl Fn() -> RequestBuilder,
        read: &impl Fn(Response) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.pin(self.bucket.base_url())?;
        let response = request().send().map_err(|reason| {
            let why = if reason.is_timeout() { "did not answer in time" } else { "could not be reached" };
            // The address has a signature.
            Failed::Later(unavailable(format!("the photo storage {why}")).with_source(reason.without_url()))
        })?;
        read(response)
    }

    /// Looks the service's name up, and checks what is behind it.
    fn pin(&self, url: &Url) -> Result<(), Failed> {
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        self.names.pin(name, &self.guard, CONNECT_TIMEOUT).map_err(|failure| match failure {
            NameFailure::Refused(reason) => Failed::Never(refused(format!("{name} is not spoken to: {reason}"))),
            NameFailure::Unknown(reason) => {
                Failed::Later(unavailable(format!("the name {name} is not known: {reason}")))
            }
            NameFailure::TimedOut => Failed::Later(unavailable(format!("the name {name} was not looked up in time"))),
        })
    }
}

/// The response where it says that all went well.
fn succeeded(response: Response) -> Result<Response, Failed> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = text_of(response, LONGEST_ANSWER).unwrap_or_default();
    let code = between(&text, "<Code>", "</Code>").map(shown).unwrap_or_default();
    if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
        return Err(Failed::Later(unavailable(format!("the photo storage is not ready: {status} {code}"))));
    }
    if code == "NoSuchBucket" {
        return Err(Failed::Never(no_bucket()));
    }
    Err(Failed::Never(refused(format!("the photo storage refused a request: {status} {code}"))))
}

fn refused(message: String) -> Error {
    Error::new(ErrorCode::StorageRefused, message.trim_end().to_owned())
}

fn no_bucket() -> Error {
    refused("the photo storage has no bucket of this name".to_owned())
}

fn not_of_s3() -> Error {
    refused("the photo storage answered with something that is not S3's".to_owned())
}

fn unreadable(reason: impl std::error::Error + Send + Sync + 'static) -> Error {
    not_of_s3().with_source(reason)
}

/// The document with the namespace that S3 writes. Services that speak as it does write it a little otherwise, or leave it out.
fn in_usual_namespace(text: &str, root: &str) -> Result<String, Failed> {
    let parts = || {
        let (before, rest) = text.split_once(&format!("<{root}"))?;
        let (attributes, behind) = rest.split_once('>')?;
        let is_tag = attributes.is_empty() || attributes.starts_with(['/', ' ', '\n', '\r', '\t']);
        is_tag.then_some((before, if attributes.ends_with('/') { "/" } else { "" }, behind))
    };
    let (before, end, behind) = parts().ok_or_else(|| Failed::Never(not_of_s3()))?;
    Ok(format!("{before}<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"{end}>{behind}"))
}

fn bytes_of(response: Response, most: u64) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    response.take(most).read_to_end(&mut bytes).map_err(|reason| {
        Failed::Later(unavailable("the answer of the photo storage broke off".to_owned()).with_source(reason))
    })?;
    Ok(bytes)
}

fn text_of(response: Response, most: u64) -> Result<String, Failed> {
    Ok(String::from_utf8_lossy(&bytes_of(response, most)?).into_owned())
}

fn between<'t>(text: &'t str, before: &str, behind: &str) -> Option<&'t str> {
    Some(text.split_once(before)?.1.split_once(behind)?.0)
}

/// A text of the service, fit for a message.
fn shown(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whatever_namespace_it_names() {
        const USUAL: &str = "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
        for (answer, expected) in [
            ("<DeleteResult></DeleteResult>", Some(format!("{USUAL}></DeleteResult>"))),
            ("<DeleteResult/>", Some(format!("{USUAL}/>"))),
            (
                "<?xml version=\"1.0\"?>\n<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01\"></DeleteResult>",
                Some(format!("<?xml version=\"1.0\"?>\n{USUAL}></DeleteResult>")),
            ),
            ("<DeleteResults></DeleteResults>", None),
            ("<html>Welcome to nginx</html>", None),
            ("<DeleteResult", None),
        ] {
            let read = in_usual_namespace(answer, "DeleteResult").ok();
            assert_eq!(read, expected, "{answer}");
            assert!(read.is_none_or(|text| DeleteObjectsResponse::parse(&text).is_ok()), "{answer}");
        }
    }
}
