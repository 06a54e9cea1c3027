//! Bodies of the endpoints that give a list as data, whichever platform was asked, and the requests that follow from them.
#![no_main]

use jpauto::extract::{data_request, listings_from_data};
use libfuzzer_sys::fuzz_target;

/// One page for each kind of endpoint, which says what to ask.
const PAGES: [&str; 9] = [
    include_str!("../../tests/pages/dealer_com/list.html"),
    include_str!("../../tests/pages/dealer_com/posted.html"),
    include_str!("../../tests/pages/dealer_inspire/ajax.html"),
    include_str!("../../tests/pages/dealer_on/list.html"),
    include_str!("../../tests/pages/dealer_inspire/list.html"),
    include_str!("../../tests/pages/dealer_inspire/lightning.html"),
    include_str!("../../tests/pages/team_velocity/list.html"),
    include_str!("../../tests/pages/overfuel/list.html"),
    include_str!("../../tests/pages/wayne_reaves/list.html"),
];

fuzz_target!(|body: &str| {
    for page in PAGES {
        let mut request = data_request(page, "https://lot.example/used-vehicles/").ok().flatten();
        for _ in 0..3 {
            let Some(asked) = request else { break };
            request = listings_from_data(&asked, body).ok().and_then(|read| read.next);
            assert!(request.as_ref() != Some(&asked), "the same request again would never end");
        }
    }
});
