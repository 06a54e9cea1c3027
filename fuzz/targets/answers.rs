//! Bodies of the endpoints that give a list as data, whichever platform was asked, and the requests that follow from them.
#![no_main]

use jpauto::extract::{DataMethod, DataRequest, listings_from_data, platforms};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|body: &str| {
    let page = Url::parse("https://lot.example/used").unwrap();
    for platform in platforms() {
        let mut request = Some(DataRequest {
            platform,
            method: DataMethod::Get,
            url: Url::parse("https://lot.example/data?pt=1&Page=1&Limit=2&offset=0").unwrap(),
            headers: Vec::new(),
            body: None,
            page: page.clone(),
        });
        for _ in 0..3 {
            let Some(asked) = request else { break };
            request = listings_from_data(&asked, body).ok().and_then(|read| read.next);
            assert!(request.as_ref() != Some(&asked), "the same request again would never end");
        }
    }
});
