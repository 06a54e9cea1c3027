//! What a site's robots.txt allows, by path and query, and the pause it asks for (RFC 9309).
//!
//! Rules and addresses are compared octet by octet, in one spelling ([`spelt`]). What is deliberately not here: fetching the
//! file, which the session does like any other request, its encoding, and sitemaps.

use std::{
    collections::HashMap,
    fmt::Write as _,
    iter,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use texting_robots::Robot;
use url::{Position, Url};

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
    /// The server has no such file or refuses it (any 4xx but 429): everything may be fetched.
    Open,
    /// The file is refused for good or cannot be read: everything is closed. The text says why.
    Closed(String),
    /// The server failed or is too busy (429, 5xx): everything is closed for now. The text says why.
    Withheld(String),
    /// The file's own rules.
    Listed(Box<Robot>),
}

impl Rules {
    /// The rules in a file; one cut off at the size limit loses its last line, which may be half a rule.
    pub(crate) fn read(text: &str, is_whole: bool) -> Self {
        let end = if is_whole { text.len() } else { text.rfind('\n').unwrap_or(0) };
        let lines: String = text[..end].split(['\n', '\r', '\0']).map(one_line).collect();
        let anchored = lines.lines().filter(|line| line.contains('$')).count();
        if anchored > MOST_ANCHORED_RULES {
            return Self::Closed(format!("it has more than {MOST_ANCHORED_RULES} rules with a $"));
        }
        match Robot::new(PRODUCT, lines.as_bytes()) {
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
            Self::Listed(robot) if robot.allowed(&spelt(&url[Position::BeforePath..], false)) => Ok(()),
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

/// A line of the file in comparable form: the rule spelt like an address, the user agent without its version.
fn one_line(line: &str) -> String {
    let line = line.split('#').next().unwrap_or_default().trim_end();
    let agent = line.split_once(':').filter(|(name, _)| name.trim_start().get(..4).is_some_and(is_user));
    let mut kept = match (agent, line.find(['/', '*'])) {
        (Some((name, agent)), _) => {
            let product = agent.trim_start().split(|c: char| c == '/' || c.is_whitespace()).next();
            format!("{name}: {}", product.unwrap_or_default())
        }
        (None, Some(start)) => format!("{}{}", &line[..start], spelt(&line[start..], true)),
        (None, None) => line.to_owned(),
    };
    kept.push('\n');
    kept
}

fn is_user(start_of_name: &str) -> bool {
    start_of_name.eq_ignore_ascii_case("user")
}

/// The one spelling of a path with its query in which a rule and an address are compared (RFC 9309, 2.2.2).
///
/// Letters and digits are unescaped. Separators such as `?` and `&` stay as they are written. A slash in the query is
/// unescaped. Everything else is escaped, in capitals. In a rule, `*` and a `$` at the end are wildcards and stay as they
/// are.
fn spelt(path: &str, is_rule: bool) -> String {
    let mut spelt = String::with_capacity(path.len());
    let mut is_query = false;
    let mut rest = path.as_bytes();
    let mut octets = iter::from_fn(|| {
        let (octet, length) = match *rest {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (digit(high) << 4 | digit(low), 3)
            }
            [octet, ..] => (octet, 1),
            [] => return None,
        };
        rest = &rest[length..];
        Some((octet, length > 1))
    })
    .peekable();
    while let Some((octet, is_escaped)) = octets.next() {
        let is_plain = match octet {
            b'-' | b'.' | b'_' | b'~' => true,
            b'/' => !is_escaped || is_query,
            b'?' | b'&' | b'=' | b';' | b'+' => !is_escaped,
            b'*' => is_rule && !is_escaped,
            b'$' => is_rule && !is_escaped && octets.peek().is_none(),
            octet => octet.is_ascii_alphanumeric(),
        };
        is_query |= octet == b'?' && !is_escaped;
        if is_plain {
            spelt.push(char::from(octet));
        } else {
            // Nothing can go wrong where a string is written to.
            let _ = write!(spelt, "%{octet:02X}");
        }
    }
    spelt
}

/// The value of a hexadecimal digit.
fn digit(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => letter - b'0',
        letter => (letter | 0x20) - b'a' + 10,
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
    use crate::clock::processor_time;

    proptest! {
        #[test]
        fn any_file_gives_some_answer(
            text in "((User-agent|Allow|Disallow|Crawl-delay|:|\\*|\\$|/|\\?|a|é|%|\n|\r|#| |9){0,120}|\\PC{0,200})",
            path in "/[a?*$%/]{0,20}",
        ) {
            let rules = Rules::read(&text, true);
            let url = Url::parse(&format!("https://example.com{path}")).unwrap();
            let _ = (rules.check(&url), rules.crawl_delay());
        }
    }

    fn allowed(robots: &str, path: &str) -> bool {
        let url = Url::parse("https://example.com").unwrap().join(path).unwrap();
        Rules::read(robots, true).check(&url).is_ok()
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
    fn rules_and_addresses_are_compared_octet_by_octet() {
        for (rule, path, is_closed) in [
            ("/caf%c3%a9", "/caf%C3%A9", true),
            ("/caf\u{e9}", "/caf%c3%a9", true),
            ("/used%2Dcars", "/used-cars", true),
            ("/used-cars", "/used%2dcars", true),
            ("/%62%61%7A", "/baz", true),
            ("/used|new", "/used%7Cnew", true),
            ("/bar?baz=https://foo.bar", "/bar?baz=https%3A%2F%2Ffoo.bar", true),
            ("/*?_dFR[make]", "/used?_dFR%5Bmake%5D=Ford", true),
            ("/it's", "/it%27s", true),
            ("/a%2Fb", "/a/b", false),
            ("/a/b", "/a%2Fb", false),
            ("/a%3Fb", "/a?b", false),
            ("/a+b", "/a%2Bb", false),
            ("/*/print", "/used?back=/print", true),
            ("/a-%2A.html", "/a-*.html", true),
            ("/a-%2A.html", "/a-b.html", false),
            ("/*.php$", "/list.php$", false),
            ("/list.php%24", "/list.php$1", true),
            ("/price$low", "/price$lowest", true),
            ("/50%off", "/50%off", true),
            ("/50%25off", "/50%off", true),
        ] {
            assert_eq!(allowed(&format!("User-agent: *\nDisallow: {rule} # why\n"), path), !is_closed, "{rule} {path}");
        }
    }

    #[test]
    fn the_version_behind_a_name_is_not_part_of_it() {
        for (agent, is_meant) in
            [("jpauto/1.0", true), ("JPauto /2", true), ("jpauto", true), ("jpautomat", false), ("other/jpauto", false)]
        {
            let robots = format!("User-agent: {agent}\nDisallow: /\n\nUser-agent: *\nDisallow:");
            assert_eq!(allowed(&robots, "/used"), !is_meant, "{agent}");
        }
    }

    #[test]
    fn a_file_cut_at_the_limit_loses_the_rule_cut_in_half() {
        let url = Url::parse("https://example.com/used").unwrap();
        let cut = "User-agent: *\nDisallow: /private\nDisallow: /";
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
            assert_eq!(Rules::read(&text, true).crawl_delay(), expected, "{delay}");
        }
    }

    #[test]
    fn a_file_of_many_costly_rules_is_not_read() {
        let url = Url::parse("https://example.com/used").unwrap();
        for (rules, open) in [(MOST_ANCHORED_RULES, true), (MOST_ANCHORED_RULES + 1, false)] {
            let text = format!("User-agent: *\n{}", "Disallow: /*a$\n".repeat(rules));
            assert_eq!(Rules::read(&text, true).check(&url).is_ok(), open);
        }
    }

    #[test]
    fn hostile_files_are_read_in_time() {
        let started = processor_time();
        let line = "Disallow: /*a*b*a*b*a*b*a*b*a*b*a*b$\n";
        let stars = format!("User-agent: *\n{}", line.repeat(500));
        let long = format!("User-agent: *\nDisallow: /{}$", "*a".repeat(200_000));
        let prefixes = format!("User-agent: *\n{}", "Disallow: /a\n".repeat(40_000));
        let agents = "User-agent: a\n".repeat(37_000);
        for text in [stars, long, prefixes, agents] {
            let path = format!("/{}", "ab".repeat(4000));
            allowed(&text, &path);
        }
        let taken = processor_time() - started;
        assert!(taken < Duration::from_secs(20), "{taken:?}");
    }
}
