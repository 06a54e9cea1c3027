//! What a site's robots.txt allows, by path and query, and the pause it asks for (RFC 9309).
//!
//! What is deliberately not here: fetching the file, which the session does like any other request, and sitemaps.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use texting_robots::Robot;
use url::Url;

use super::FetchError;

/// The name that robots.txt files know this program by.
pub(crate) const PRODUCT: &str = "jpauto";

/// More origins than this are not remembered at once.
const MOST_ORIGINS: usize = 1024;

/// Each rule that ends in `$` is compiled into a machine of its own, and 26,000 of them (500 KiB) would take 5 s and 380 MB.
/// Real files hold a few; one with more than this is taken for hostile.
const MOST_ANCHORED_RULES: usize = 500;

/// The rules of one origin.
pub(crate) enum Rules {
    /// There is no such file: everything may be fetched.
    Open,
    /// The server did not hand the file out or it could not be read, so that nothing is known to be allowed; the text says which.
    Closed(String),
    /// The server could not hand the file out this time, so that nothing is known to be allowed for now; the text says why.
    Withheld(String),
    /// The file's own rules.
    Listed(Box<Robot>),
}

impl Rules {
    /// The rules in the text of a file; one cut off at the size limit loses its last line, which may be half a rule.
    pub(crate) fn read(text: &[u8], is_whole: bool) -> Self {
        let end = if is_whole { text.len() } else { text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0) };
        let text = &text[..end];
        let anchored = text.split(|byte| *byte == b'\n' || *byte == b'\r').filter(|line| line.contains(&b'$')).count();
        if anchored > MOST_ANCHORED_RULES {
            return Self::Closed(format!("it has more than {MOST_ANCHORED_RULES} rules with a $"));
        }
        match Robot::new(PRODUCT, text) {
            Ok(robot) => Self::Listed(Box::new(robot)),
            Err(_unreadable) => Self::Closed("it could not be read".to_owned()),
        }
    }

    /// Whether the page may be fetched.
    ///
    /// # Errors
    /// [`FetchError::Robots`], or [`FetchError::RobotsWithheld`] where another time may tell otherwise.
    pub(crate) fn check(&self, url: &Url) -> Result<(), FetchError> {
        let address = url.to_string();
        match self {
            Self::Open => Ok(()),
            Self::Closed(reason) => Err(FetchError::Robots { address, reason: reason.clone() }),
            Self::Withheld(reason) => Err(FetchError::RobotsWithheld { address, reason: reason.clone() }),
            Self::Listed(robot) if robot.allowed(url.as_str()) => Ok(()),
            Self::Listed(_) => Err(FetchError::Robots { address, reason: "a rule of it covers the page".to_owned() }),
        }
    }

    /// The pause between requests that the file asks for.
    pub(crate) fn crawl_delay(&self) -> Duration {
        match self {
            Self::Listed(robot) => {
                robot.delay.map_or(Duration::ZERO, |delay| Duration::try_from_secs_f32(delay).unwrap_or(Duration::MAX))
            }
            Self::Open | Self::Closed(_) | Self::Withheld(_) => Duration::ZERO,
        }
    }
}

/// The rules in use, by origin.
#[derive(Default)]
pub(crate) struct RulesByOrigin(Mutex<HashMap<String, Arc<Slot>>>);

/// Held while its file is fetched, so that several threads ask for it once.
pub(crate) type Slot = Mutex<Option<Known>>;

/// Rules and the time until which they count.
pub(crate) struct Known {
    pub(crate) rules: Arc<Rules>,
    pub(crate) until: Instant,
}

impl RulesByOrigin {
    /// The place of an origin's rules.
    pub(crate) fn slot(&self, url: &Url) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_ORIGINS {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(url.origin().ascii_serialization()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_file_gives_some_answer(
            text in "((User-agent|Allow|Disallow|Crawl-delay|:|\\*|\\$|/|\\?|a|é|%|\n|\r|#| |9){0,120}|\\PC{0,200})",
            path in "/[a?*$%/]{0,20}",
        ) {
            let rules = Rules::read(text.as_bytes(), true);
            let url = Url::parse(&format!("https://example.com{path}")).unwrap();
            let _ = (rules.check(&url), rules.crawl_delay());
        }
    }

    fn allowed(robots: &str, path: &str) -> bool {
        let url = Url::parse("https://example.com").unwrap().join(path).unwrap();
        Rules::read(robots.as_bytes(), true).check(&url).is_ok()
    }

    #[test]
    fn rules_reach_into_path_and_query() {
        let any_query = "User-agent: *\nDisallow: /*?*\nAllow: /*?page=";
        let shell = "<!doctype html><html><body><div id=app></div></body></html>";
        for (robots, path, expected) in [
            ("", "/used", true),
            ("User-agent: *\nDisallow:", "/used", true),
            ("User-agent: *\nDisallow: /", "/used", false),
            ("User-agent: *\nDisallow: /used", "/used/list", false),
            ("User-agent: *\nDisallow: /used/", "/used", true),
            ("User-agent: *\nDisallow: /*?*", "/used?sort=price", false),
            ("User-agent: *\nDisallow: /*?*", "/used", true),
            (any_query, "/used?page=2", true),
            (any_query, "/used?sort=price", false),
            ("User-agent: *\nDisallow: /*.php$", "/list.php", false),
            ("User-agent: *\nDisallow: /*.php$", "/list.php?a=1", true),
            ("User-agent: jpauto\nDisallow: /\n\nUser-agent: *\nDisallow:", "/used", false),
            ("User-agent: JPAuto\nAllow: /\n\nUser-agent: *\nDisallow: /", "/used", true),
            ("User-agent: other\nDisallow: /", "/used", true),
            ("User-agent: *\nDisallow: /caf\u{e9}", "/caf%C3%A9", false),
            ("\u{feff}User-agent: *\r\nDisallow: /used\r\n", "/used", false),
            (shell, "/used", true),
        ] {
            assert_eq!(allowed(robots, path), expected, "{robots:?} {path}");
        }
    }

    #[test]
    fn a_file_cut_at_the_limit_loses_the_rule_cut_in_half() {
        let url = Url::parse("https://example.com/used").unwrap();
        let cut = b"User-agent: *\nDisallow: /private\nDisallow: /";
        assert!(Rules::read(cut, false).check(&url).is_ok());
        assert!(Rules::read(cut, true).check(&url).is_err());
    }

    #[test]
    fn the_crawl_delay_is_read_and_never_overflows() {
        for (delay, expected) in [
            ("2", Duration::from_secs(2)),
            ("0.5", Duration::from_millis(500)),
            ("-1", Duration::ZERO),
            ("soon", Duration::ZERO),
            ("NaN", Duration::ZERO),
            ("inf", Duration::MAX),
            ("1e30", Duration::MAX),
        ] {
            let text = format!("User-agent: *\nCrawl-delay: {delay}\n");
            assert_eq!(Rules::read(text.as_bytes(), true).crawl_delay(), expected, "{delay}");
        }
    }

    #[test]
    fn a_file_of_many_costly_rules_is_not_read() {
        let url = Url::parse("https://example.com/used").unwrap();
        for (rules, open) in [(MOST_ANCHORED_RULES, true), (MOST_ANCHORED_RULES + 1, false)] {
            let text = format!("User-agent: *\n{}", "Disallow: /*a$\n".repeat(rules));
            assert_eq!(Rules::read(text.as_bytes(), true).check(&url).is_ok(), open);
        }
    }

    #[test]
    fn hostile_files_are_read_in_time() {
        let started = Instant::now();
        let line = "Disallow: /*a*b*a*b*a*b*a*b*a*b*a*b$\n";
        let stars = format!("User-agent: *\n{}", line.repeat(500));
        let long = format!("User-agent: *\nDisallow: /{}$", "*a".repeat(200_000));
        let prefixes = format!("User-agent: *\n{}", "Disallow: /a\n".repeat(40_000));
        let agents = "User-agent: a\n".repeat(37_000);
        for text in [stars, long, prefixes, agents] {
            let path = format!("/{}", "ab".repeat(4000));
            allowed(&text, &path);
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
