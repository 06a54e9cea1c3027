//! The dictionaries that `open` takes, as the settings of the library's configuration. Their names are those of `jpauto.toml`.
//!
//! What a setting may be is a rule of the library. Here is read what it is: a number, a text, a span of time. Faults are collected, each
//! with the place of its setting. Values that may be secret are never repeated.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use jpauto::{
    BrowserConfig, FetchConfig, IntakeRules, InventoryRules, Money, Sandbox, VehicleLimits,
    competitors::{MarketViewRules, MetricsRules, ScrapingRules},
    evaluation::VpicConfig,
    jobs::{Job, JobRules, RetentionRules},
    market::{AutoDevConfig, AutoDevPlan, AutoDevVersion, Coordinates},
    storage::StorageRules,
};
use pyo3::{
    prelude::*,
    types::{PyBool, PyList, PyMapping, PyString, PyTuple},
};

use crate::{error::invalid_argument, input};

/// What is wrong, and where.
pub(crate) type Faults = Vec<(String, String)>;

/// One setting, or a dictionary of them: sets it, or says at its place what was expected.
pub(crate) struct Key<S> {
    name: &'static str,
    set: fn(&mut S, &str, &Bound<'_, PyAny>, &mut Faults),
}

/// A dictionary of settings.
pub(crate) trait Section: Sized + 'static {
    const KEYS: &'static [Key<Self>];

    fn knows(name: &str) -> bool {
        Self::KEYS.iter().any(|key| key.name == name)
    }

    /// Sets what is given.
    fn fill(&mut self, at: &str, given: &Bound<'_, PyAny>, faults: &mut Faults) {
        each(at, given, faults, |name, at, value, faults| match Self::KEYS.iter().find(|key| key.name == name) {
            Some(key) => (key.set)(self, &at, value, faults),
            None => faults.push((at, expected_one_of(Self::KEYS.iter().map(|key| key.name)))),
        });
    }
}

/// Goes through a dictionary: each name with its place and its value.
fn each(
    at: &str,
    given: &Bound<'_, PyAny>,
    faults: &mut Faults,
    mut take: impl FnMut(&str, String, &Bound<'_, PyAny>, &mut Faults),
) {
    let Ok(given) = given.cast::<PyMapping>() else {
        faults.push((at.to_owned(), "expected a dictionary".to_owned()));
        return;
    };
    let Ok(items) = given.items() else { return };
    for item in items {
        let Ok((name, value)) = item.extract::<(String, Bound<'_, PyAny>)>() else {
            faults.push((at.to_owned(), "expected names that are text".to_owned()));
            continue;
        };
        take(&name, format!("{at}{}", input::pointer(&name)), &value, faults);
    }
}

fn expected_one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    format!("expected one of {}", names.into_iter().collect::<Vec<_>>().join(", "))
}

/// Says of a struct of settings which of its fields can be set. Those in brackets are dictionaries; `and` adds a key that is no field.
macro_rules! section {
    ($settings:ty { $($name:ident),* $(,)? } $([$($part:ident),+])? $(and $other:expr)?) => {
        impl Section for $settings {
            const KEYS: &'static [Key<Self>] = &[
                $(Key {
                    name: stringify!($name),
                    set: |settings, at, given, faults| match Setting::read(given) {
                        Some(value) => settings.$name = value,
                        None => faults.push((at.to_owned(), expected(&settings.$name))),
                    },
                },)*
                $($(Key {
                    name: stringify!($part),
                    set: |settings, at, given, faults| Section::fill(&mut settings.$part, at, given, faults),
                },)+)?
                $($other,)?
            ];
        }
    };
}

section!(
    FetchConfig {
        contact,
        pause,
        max_pages,
        page_timeout,
        scrape_timeout,
        retries,
        first_backoff,
        longest_backoff,
        longest_retry_after,
        max_body_bytes,
        max_header_bytes,
        max_redirects,
        robots_lifetime,
        closed_lifetime,
        max_robots_bytes,
        allow_private_networks,
        allow_any_port,
        allowed_servers,
    }[browser]
);

section!(BrowserConfig { executable, sandbox, page_timeout, settle, longest_settle, max_requests, max_bytes });

section!(VpicConfig {
    base_url,
    calls_a_second,
    call_timeout,
    decode_timeout,
    pause_before_retry,
    longest_retry_after,
    kept_for,
    kept_without_model_for,
    max_body_bytes,
    allow_private_networks,
});

section!(InventoryRules { age_bounds, turn_days, aged_factor, undo_sale_days }[limits]);

section!(IntakeRules { most_in_window, window, phone_digits }[limits]);

section!(VehicleLimits {
    oldest_year,
    highest_mileage,
    most_images,
    most_features,
    longest_text,
    lowest_usual_price,
    highest_usual_price,
    doubtful_price_factor,
});

section!(MetricsRules {
    recent_days,
    days_on_market_days,
    trend_days,
    trend_tolerance_days,
    long_trend_days,
    long_trend_tolerance_days,
    read_within_hours,
});

section!(MarketViewRules {
    sold_days,
    price_cut_days,
    lowest_price,
    highest_price,
    undercut_mileage,
    undercut_least_percent
});

section!(ScrapingRules {
    lease,
    first_retry,
    first_retry_when_unwanted,
    first_retry_when_partial,
    partial_retries,
    longest_retry,
    shared_host_wait,
    unchanged_at_most,
    data_share_percent,
});

section!(StorageRules {
    most_bytes,
    most_pixels,
    shortest_side,
    longest_side,
    small_side,
    jpeg_quality,
    upload_minutes,
    customer_minutes,
    most_customer_uploads,
    orphan_hours,
    limit_bytes,
    warning_percent,
    critical_percent,
});

section!(RetentionRules {
    research_days,
    price_history_days,
    price_history_kept,
    dismissed_alerts_days,
    notifications_days,
    outbox_days,
    runs_days,
    ended_tokens_days,
    audit_trail_days,
});

section!(AutoDevConfig {
    version, base_url, plan, zip, place, calls_a_second, calls_a_month, max_pages, call_timeout, search_timeout,
    pause_before_retry, longest_retry_after, kept_for, max_body_bytes, allow_private_networks,
} and Key {
    name: "key",
    set: |settings, at, given, faults| match String::read(given) {
        Some(key) => *settings = settings.clone().with_key(key),
        None => faults.push((at.to_owned(), String::EXPECTED.to_owned())),
    },
});

section!(JobRules { time_zone, lease, progress_every, backup_folder, backup_copies } [retention] and Key {
    name: "schedules",
    set: schedules,
});

/// When jobs run, by their names: an expression of cron, or `off`.
fn schedules(rules: &mut JobRules, at: &str, given: &Bound<'_, PyAny>, faults: &mut Faults) {
    each(at, given, faults, |name, at, value, faults| {
        let Some(job) = Job::ALL.into_iter().find(|job| job.as_str() == name) else {
            return faults.push((at, expected_one_of(Job::ALL.map(Job::as_str))));
        };
        match String::read(value) {
            Some(given) => *rules = std::mem::take(rules).scheduled(job, &given),
            None => {
                faults.push((at, "expected an expression of cron such as \"0 2 * * *\", or \"off\"".to_owned()));
            }
        }
    });
}

/// Settings that are given, over those that stand already.
///
/// # Errors
/// `invalid_argument`, with each setting that is unknown or of another type.
pub(crate) fn given<S: Section>(mut settings: S, at: &str, given: &Bound<'_, PyAny>) -> PyResult<S> {
    let mut faults = Faults::new();
    settings.fill(&input::pointer(at), given, &mut faults);
    if faults.is_empty() { Ok(settings) } else { Err(invalid_argument(given.py(), faults)) }
}

/// A type that settings have.
trait Setting: Sized {
    const EXPECTED: &'static str;

    /// The value; `None` for one of another type.
    fn read(given: &Bound<'_, PyAny>) -> Option<Self>;
}

/// What is expected of a setting of this type.
fn expected<T: Setting>(_setting: &T) -> String {
    T::EXPECTED.to_owned()
}

/// A bool is an int in Python, and no number here.
fn number<'a, 'py>(given: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyAny>> {
    Some(given).filter(|given| given.cast::<PyBool>().is_err())
}

macro_rules! whole_numbers {
    ($($type:ty: $expected:literal),+ $(,)?) => {$(
        impl Setting for $type {
            const EXPECTED: &'static str = $expected;

            fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
                number(given)?.extract().ok()
            }
        }
    )+};
}

whole_numbers!(
    u8: "expected a whole number from 0 to 255",
    u32: "expected a whole number from 0 on, and none too large",
    u64: "expected a whole number from 0 on, and none too large",
    usize: "expected a whole number from 0 on, and none too large",
    i32: "expected a whole number, and none too large",
    i64: "expected a whole number, and none too large",
);

impl Setting for f64 {
    const EXPECTED: &'static str = "expected a number";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        number(given)?.extract().ok().filter(|number: &Self| number.is_finite())
    }
}

impl Setting for bool {
    const EXPECTED: &'static str = "expected True or False";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        given.cast::<PyBool>().ok().map(|truth| truth.is_true())
    }
}

impl Setting for String {
    const EXPECTED: &'static str = "expected text";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        given.cast::<PyString>().ok()?.extract().ok()
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "expected a path";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        given.extract().ok()
    }
}

impl<T: Setting> Setting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        if given.is_none() { Some(None) } else { T::read(given).map(Some) }
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXPECTED: &'static str = "expected a list";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        let is_list = given.cast::<PyList>().is_ok() || given.cast::<PyTuple>().is_ok();
        let items = given.try_iter().ok().filter(|_| is_list)?;
        items.map(|item| T::read(&item.ok()?)).collect()
    }
}

impl Setting for (usize, usize) {
    const EXPECTED: &'static str = "expected two whole numbers, the smaller one first";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        match Vec::read(given)?.as_slice() {
            &[smaller, larger] if smaller <= larger => Some((smaller, larger)),
            _ => None,
        }
    }
}

impl Setting for Duration {
    const EXPECTED: &'static str = "expected a timedelta or a number of seconds";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        let seconds = match given.call_method0("total_seconds") {
            Ok(seconds) => seconds.extract().ok(),
            Err(_no_timedelta) => f64::read(given),
        };
        Self::try_from_secs_f64(seconds?).ok()
    }
}

impl Setting for TimeDelta {
    const EXPECTED: &'static str = Duration::EXPECTED;

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        Self::from_std(Duration::read(given)?).ok()
    }
}

impl Setting for Money {
    const EXPECTED: &'static str = "expected an amount in dollars with at most two decimal places";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        input::money("", Some(number(given)?)).ok().flatten()
    }
}

impl Setting for Coordinates {
    const EXPECTED: &'static str = "expected degrees north and east, such as (34.0522, -118.2437)";

    fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
        let text = match Vec::<f64>::read(given) {
            Some(degrees) => match degrees.as_slice() {
                [north, east] => format!("{north},{east}"),
                _ => return None,
            },
            None => String::read(given)?,
        };
        text.parse().ok()
    }
}

/// Settings that are texts of a kind.
macro_rules! texts {
    ($($type:ty: $expected:literal, $read:expr;)+) => {$(
        impl Setting for $type {
            const EXPECTED: &'static str = $expected;

            fn read(given: &Bound<'_, PyAny>) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(&String::read(given)?)
            }
        }
    )+};
}

texts! {
    AutoDevPlan: "expected \"starter\", \"growth\" or \"scale\"", |text| text.parse().ok();
    AutoDevVersion: "expected \"v1\" or \"v2\"", |text| text.parse().ok();
    SocketAddr: "expected the number and port of a server, such as 127.0.0.1:8000", |text| text.parse().ok();
    Sandbox: "expected \"unless_root\", \"always\" or \"never\"", |text| match text {
        "unless_root" => Some(Sandbox::UnlessRoot),
        "always" => Some(Sandbox::Always),
        "never" => Some(Sandbox::Never),
        _ => None,
    };
}
