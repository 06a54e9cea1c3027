//! The fields of a competitor that a person sets, and their checks. No I/O.
//!
//! Whether another competitor has the name or the address is checked by the repository.

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::{Competitor, CompetitorUpdate, NewCompetitor, ScraperConfig, revisit};
use crate::{
    error::{Error, ErrorCode, Faults, Result},
    extract,
    ids::CompetitorId,
    scrape::{extract::address, fetch::guard::Guard},
};

/// The longest texts of the columns, in characters.
mod length {
    pub(super) const NAME: usize = 255;
    pub(super) const URL: usize = 500;
    /// One part of a host's name (RFC 1035).
    pub(super) const HOST_LABEL: usize = 63;
}

/// A new competitor.
pub(super) fn add(new: &NewCompetitor, now: DateTime<Utc>) -> Result<Competitor> {
    let new = new.clone();
    let competitor = Competitor {
        id: CompetitorId::new(now),
        name: new.name,
        website_url: new.website_url,
        inventory_url: new.inventory_url,
        platform_type: new.platform_type,
        scraper_config: new.scraper_config,
        use_playwright: new.use_playwright,
        active: true,
        last_scraped_at: None,
        last_successful_scrape_at: None,
        scrape_error: None,
        scrape_error_type: None,
        created_at: Some(now),
        updated_at: Some(now),
        next_scrape_at: None,
    };
    check(competitor, None)
}

/// A new competitor that came with a scrape under its name.
pub(super) fn by_name(name: &str, inventory_url: Option<&str>) -> NewCompetitor {
    let inventory_url = inventory_url.map_or_else(|| address_of_nowhere(name), ToOwned::to_owned);
    NewCompetitor { name: name.to_owned(), inventory_url, ..NewCompetitor::default() }
}

/// An address for the column, which must have one: a host under `.invalid` (RFC 2606) is never fetched.
fn address_of_nowhere(name: &str) -> String {
    let letters: String =
        name.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<_> = letters.split('-').filter(|word| !word.is_empty()).collect();
    let label: String = words.join("-").chars().take(length::HOST_LABEL).collect();
    format!("https://{}.invalid/", if label.is_empty() { "competitor" } else { label.trim_end_matches('-') })
}

/// The competitor with the fields of an update changed.
pub(super) fn update(before: &Competitor, update: &CompetitorUpdate, now: DateTime<Utc>) -> Result<Competitor> {
    let update = update.clone();
    let mut after = before.clone();
    after.name = update.name.unwrap_or(after.name);
    after.inventory_url = update.inventory_url.unwrap_or(after.inventory_url);
    after.website_url = update.website_url.apply_to(after.website_url);
    after.platform_type = update.platform_type.apply_to(after.platform_type);
    after.scraper_config = update.scraper_config.apply_to(after.scraper_config);
    after.use_playwright = update.use_playwright.unwrap_or(after.use_playwright);
    after.active = update.active.unwrap_or(after.active);
    let mut after = check(after, Some(before))?;
    // The cause of its failures may be gone, so it need not wait any longer.
    let is_read_otherwise = after.reads_another_list_than(before) || after.use_playwright != before.use_playwright;
    if is_read_otherwise || (after.active && !before.active) {
        after.next_scrape_at = None;
    }
    Ok(if after == *before { after } else { Competitor { updated_at: Some(now), ..after } })
}

impl Competitor {
    /// Whether it may be read from another list than `before`, or in another way: its address, configuration or platform differs.
    #[must_use]
    pub fn reads_another_list_than(&self, before: &Self) -> bool {
        self.inventory_url != before.inventory_url
            || self.scraper_config != before.scraper_config
            || self.platform_type != before.platform_type
    }
}

/// Returns the competitor in its canonical form. The name, and the form and length of the addresses, are always checked.
/// The platform, the configuration and the guard's rules are checked only if their field changed.
///
/// # Errors
/// `invalid_competitor` with each field at fault.
fn check(mut competitor: Competitor, before: Option<&Competitor>) -> Result<Competitor> {
    competitor.name = competitor.name.trim().to_owned();
    competitor.inventory_url = web_address(&competitor.inventory_url).unwrap_or(competitor.inventory_url);
    if before.is_none_or(|before| before.inventory_url != competitor.inventory_url)
        && let Some(start) = competitor.inventory_url.find('#')
    {
        competitor.inventory_url.truncate(start);
    }
    competitor.website_url = competitor.website_url.map(|url| web_address(&url).unwrap_or(url));
    let mut faults = Faults::default();
    let name = &competitor.name;
    let name_fits = !name.is_empty() && name.chars().count() <= length::NAME && !name.contains('\0');
    faults.check(name_fits, "/name", format!("expected 1 to {} characters", length::NAME));
    let inventory_url = (Some(competitor.inventory_url.as_str()), before.map(|before| before.inventory_url.as_str()));
    check_url(&mut faults, "/inventory_url", inventory_url);
    let website_url = (competitor.website_url.as_deref(), before.and_then(|before| before.website_url.as_deref()));
    check_url(&mut faults, "/website_url", website_url);
    let platform = competitor.platform_type.as_deref();
    if let Some(name) = platform
        && before.is_none_or(|before| before.platform_type.as_deref() != platform)
    {
        let known = extract::platforms();
        faults.check(known.contains(&name), "/platform_type", format!("expected one of {}", known.join(", ")));
    }
    // A wrong configuration in an adopted database stays until it is changed; a scrape says what is wrong with it.
    if let Some(config) = &competitor.scraper_config
        && before.is_none_or(|before| before.scraper_config != competitor.scraper_config)
        && let Err(reason) = ScraperConfig::parse(config)
    {
        reason.fields().iter().for_each(|fault| faults.add(&fault.pointer, &fault.message));
    }
    faults.into_result(ErrorCode::InvalidCompetitor)?;
    Ok(competitor)
}

/// The https address for one that was typed without a scheme, such as `www.motors.example/used`.
///
/// `None` for a text that names its scheme already, and for one that is no address.
///
/// ```
/// use jpauto::competitors::web_address;
///
/// assert_eq!(web_address("www.motors.example/used").as_deref(), Some("https://www.motors.example/used"));
/// assert_eq!(web_address("https://motors.example/"), None);
/// assert_eq!(web_address("Example Motors"), None);
/// ```
#[must_use]
pub fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|sign| sign.is_alphanumeric() || sign == '-') && !label.starts_with('-')
    };
    let is_host = host.contains('.') && host.split('.').all(is_label);
    let is_port = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let address = format!("https://{text}");
    (is_host && is_port && Url::parse(&address).is_ok()).then_some(address)
}

/// Refuses an address that no configuration allows to be fetched. Whether private networks may be is checked by each scrape.
fn check_url(faults: &mut Faults, pointer: &str, (text, before): (Option<&str>, Option<&str>)) {
    let Some(text) = text else { return };
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let fits = is_web && text.chars().count() <= length::URL && !text.contains('\0');
    let expected = "an http or https URL such as https://motors.example/used, of at most";
    faults.check(fits, pointer, format!("expected {expected} {} characters", length::URL));
    // An adopted database may hold an address that would be refused here.
    if !fits || before == Some(text) {
        return;
    }
    let widest = Guard { allow_private_networks: true, allow_any_port: true, ..Guard::default() };
    if let Err(refusal) = widest.parse(text) {
        faults.add(pointer, refusal.to_string());
    }
}

/// A key that is equal for two spellings of one list's address; `None` where there is no list.
///
/// It is the address in its normal form, so without what counts visitors. A fragment, which an adopted database may hold, is left
/// out.
pub(super) fn address_key(inventory_url: &str) -> Option<String> {
    revisit::host(inventory_url)?;
    let url = Url::parse(inventory_url).ok()?;
    address::apart(url.as_str()).map(|(address, _)| address)
}

/// The store of a group whose cars are watched, in lower case.
pub(super) fn store(config: Option<&Value>) -> Option<String> {
    Some(config?.get("store")?.as_str()?.to_lowercase())
}

/// Whether two competitors have one list: the same address, unless each names another store of it.
pub(super) fn is_one_list(one: (&str, Option<&Value>), other: (&str, Option<&Value>)) -> bool {
    let at_one_address = || address_key(one.0).is_some_and(|key| Some(key) == address_key(other.0));
    let of_other_stores = || store(one.1).zip(store(other.1)).is_some_and(|(one, other)| one != other);
    at_one_address() && !of_other_stores()
}

/// The error for an address that another competitor has.
pub(super) fn address_is_taken(other: &str) -> Error {
    Error::new(ErrorCode::DuplicateInventoryUrl, format!("the list at this address is that of {other} already"))
        .with_field("/inventory_url", format!("is the address of {other}"))
}

/// The error for a name that another competitor has.
pub(super) fn name_is_taken() -> Error {
    Error::new(ErrorCode::DuplicateCompetitor, "another competitor has this name")
        .with_field("/name", "is another competitor's")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spellings_of_one_address_are_one() {
        let key = |url: &str| address_key(url);
        let plain = key("https://lot.example/used");
        for same in [
            "http://www.lot.example/used/",
            "HTTPS://LOT.example:443/used",
            "http://lot.example:80/used#",
            "https://lot.example/used#north",
            "https://lot.example./used?",
            "https://lot.example/%75sed",
            "https://lot.example/new/../%6eew/../used/.",
            "https://l%6ft.example/used",
        ] {
            assert_eq!(key(same), plain, "{same}");
        }
        for other in [
            "https://lot.example/new",
            "https://lot.example/Used",
            "https://lot.example:8443/used",
            "https://lot.example/used?make=Ford",
            "https://used.lot.example/used",
        ] {
            assert_ne!(key(other), plain, "{other}");
        }
        assert_eq!(key("https://motors.invalid/"), None, "nowhere is no list");
    }

    #[test]
    fn the_stores_of_a_group_have_one_address_and_lists_of_their_own() {
        let (north, south) = (json!({"store": "North"}), json!({"store": "south"}));
        let group = "https://group.example/used";
        assert!(!is_one_list((group, Some(&north)), (group, Some(&south))));
        assert!(is_one_list(
            (group, Some(&north)),
            ("http://www.group.example/used/", Some(&json!({"store": "NORTH"})))
        ));
        assert!(
            is_one_list((group, Some(&north)), (group, None)),
            "the whole group has the cars of this store as well"
        );
        assert!(!is_one_list((group, None), ("https://group.example/new", None)));
    }

    #[test]
    fn a_fragment_is_taken_off_an_address_that_is_named_anew() {
        let now = DateTime::UNIX_EPOCH;
        let bare = "https://lot.example/used?a=1";
        let known = add(&by_name("Bob's Cars", Some("lot.example/used?a=1#north")), now).unwrap();
        assert_eq!(known.inventory_url, bare);
        let moved = |url: &str| CompetitorUpdate { inventory_url: Some(url.to_owned()), ..CompetitorUpdate::default() };
        assert_eq!(
            update(&known, &moved("https://lot.example/new#x#y"), now).unwrap().inventory_url,
            "https://lot.example/new"
        );
        assert_eq!(update(&known, &moved("https://lot.example/used?a=1#x"), now).unwrap(), known, "nothing is changed");
        let adopted = Competitor { inventory_url: format!("{bare}#x"), ..known };
        let renamed = CompetitorUpdate { name: Some("Bob".to_owned()), ..CompetitorUpdate::default() };
        assert_eq!(update(&adopted, &renamed, now).unwrap().inventory_url, adopted.inventory_url);
    }

    #[test]
    fn the_address_of_nowhere_is_a_host_that_can_not_be() {
        assert_eq!(address_of_nowhere("Bob's  Cars & Co."), "https://bob-s-cars-co.invalid/");
        assert_eq!(address_of_nowhere("車"), "https://competitor.invalid/");
        assert_eq!(address_of_nowhere(&"x".repeat(300)).len(), "https://".len() + 63 + ".invalid/".len());
    }

    #[test]
    fn an_address_that_can_never_be_fetched_is_refused_and_its_password_not_told() {
        let now = DateTime::UNIX_EPOCH;
        let new = |url: &str| by_name("Bob's Cars", Some(url));
        let known = add(&new("http://192.168.1.20:8080/used"), now).unwrap();
        for url in ["http://user:word@example.com/", "http://169.254.169.254/", "http://[fe80::1]/"] {
            let changed = CompetitorUpdate { inventory_url: Some(url.to_owned()), ..CompetitorUpdate::default() };
            for refused in [add(&new(url), now).unwrap_err(), update(&known, &changed, now).unwrap_err()] {
                assert_eq!(refused.fields()[0].pointer, "/inventory_url", "{url}");
                assert!(!format!("{refused:?}").contains("word@"), "{refused:?}");
            }
        }
        let adopted = Competitor { inventory_url: "http://user:word@example.com/".to_owned(), ..known };
        let renamed = CompetitorUpdate { name: Some("Bob".to_owned()), ..CompetitorUpdate::default() };
        assert_eq!(update(&adopted, &renamed, now).unwrap().name, "Bob");
    }
}
