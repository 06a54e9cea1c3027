//! What a file or an environment variable gives for a key, and how the types of the settings read it.
//!
//! A file gives a value of TOML, a variable gives a text. Each type reads both, and says what it expected instead.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use chrono::TimeDelta;
use jpauto::{
    Money, Pooler, Sandbox,
    market::{AutoDevPlan, AutoDevVersion, Coordinates, TierLimits},
};
use jpauto_http::{IpNet, Origin};
use toml::de::{DeTable, DeValue};

use super::quantity;

/// A value that was given for a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Text(String),
    Integer(i64),
    Float(f64),
    Switch(bool),
    List(Vec<Given>),
    Table(Vec<(String, Given)>),
    /// A kind of value that no key takes, such as a date.
    Other,
}

impl Given {
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Self::Other, Self::Integer)
            }
            DeValue::Float(number) => number.as_str().parse().map_or(Self::Other, Self::Float),
            DeValue::Boolean(is_on) => Self::Switch(*is_on),
            DeValue::Array(items) => Self::List(items.iter().map(|item| Self::of(item.get_ref())).collect()),
            DeValue::Table(table) => Self::of_table(table),
            DeValue::Datetime(_) => Self::Other,
        }
    }

    fn of_table(table: &DeTable<'_>) -> Self {
        Self::Table(table.iter().map(|(key, value)| (key.get_ref().to_string(), Self::of(value.get_ref()))).collect())
    }

    /// An empty text counts as not given.
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

/// A type of settings.
pub(super) trait Setting: Sized {
    /// Reads what was given, or says what was expected.
    fn read(given: &Given) -> Result<Self, String>;
    /// The value as a configuration file writes it.
    fn show(&self) -> String;
}

/// A way to write a setting of type `T`.
pub(super) trait Form<T> {
    fn read(given: &Given) -> Result<T, String>;
    fn show(value: &T) -> String;
}

/// The way that the type itself has.
pub(super) struct Usual;

impl<T: Setting> Form<T> for Usual {
    fn read(given: &Given) -> Result<T, String> {
        T::read(given)
    }

    fn show(value: &T) -> String {
        value.show()
    }
}

/// A number of bytes, with or without a unit: `16 MiB`.
pub(super) struct Bytes;

impl<T: Copy + TryFrom<u64> + TryInto<u64>> Form<T> for Bytes {
    fn read(given: &Given) -> Result<T, String> {
        let bytes = match given {
            Given::Integer(number) => u64::try_from(*number).ok(),
            Given::Text(text) => quantity::bytes(text),
            _ => None,
        };
        bytes.and_then(|bytes| T::try_from(bytes).ok()).ok_or_else(|| "expected a size such as \"16 MiB\"".to_owned())
    }

    fn show(value: &T) -> String {
        quoted(&quantity::shown_bytes((*value).try_into().unwrap_or(u64::MAX)))
    }
}

/// Secrets, in a list or one on a line.
pub(super) struct Secrets;

impl Form<Vec<String>> for Secrets {
    fn read(given: &Given) -> Result<Vec<String>, String> {
        let secrets: Vec<String> = match given {
            Given::Text(text) => text.lines().map(str::to_owned).collect(),
            Given::List(items) => items.iter().map(String::read).collect::<Result<_, _>>()?,
            _ => return Err("expected secrets in quotes".to_owned()),
        };
        // A file of secrets may have an empty line. In a list it is one that somebody forgot.
        if matches!(given, Given::List(_)) && secrets.iter().any(|secret| secret.trim().is_empty()) {
            return Err("one of the secrets is empty".to_owned());
        }
        Ok(secrets.iter().map(|secret| secret.trim()).filter(|secret| !secret.is_empty()).map(str::to_owned).collect())
    }

    fn show(value: &Vec<String>) -> String {
        value.show()
    }
}

/// A text in the quotes of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            sign if sign.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(sign))),
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

impl Setting for String {
    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::Text(text) => Ok(text.trim().to_owned()),
            _ => Err("expected a text in quotes".to_owned()),
        }
    }

    fn show(&self) -> String {
        quoted(self)
    }
}

impl Setting for bool {
    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::Switch(is_on) => Ok(*is_on),
            Given::Text(text) => Ok(crate::arguments::switch(text)?),
            _ => Err("expected true or false".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A key that may be left out is written as an empty text.
impl<T: Setting> Setting for Option<T> {
    fn read(given: &Given) -> Result<Self, String> {
        if given.is_empty() { Ok(None) } else { T::read(given).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| quoted(""), Setting::show)
    }
}

/// A list in brackets; in a variable its items are separated by commas.
impl<T: Setting> Setting for Vec<T> {
    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::List(items) => items.iter().map(T::read).collect(),
            Given::Text(text) if text.trim_start().starts_with('[') => {
                let list = DeValue::parse(text.trim()).map_err(|wrong| wrong.message().to_owned())?;
                Self::read(&Given::of(list.get_ref()))
            }
            Given::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::read(&Given::Text(item.to_owned())))
                .collect(),
            _ => Err("expected a list in brackets".to_owned()),
        }
    }

    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Setting::show).collect::<Vec<_>>().join(", "))
    }
}

/// The fewest and the most of something.
impl Setting for (usize, usize) {
    fn read(given: &Given) -> Result<Self, String> {
        match Vec::<usize>::read(given)?[..] {
            [least, most] if least <= most => Ok((least, most)),
            _ => Err("expected two numbers, the smaller one first".to_owned()),
        }
    }

    fn show(&self) -> String {
        vec![self.0, self.1].show()
    }
}

impl Setting for TierLimits {
    fn read(given: &Given) -> Result<Self, String> {
        let expected = "expected {mileage_window = MILES, year_window = YEARS}";
        let Given::Table(entries) = given else { return Err(expected.to_owned()) };
        let number = |name: &str| {
            entries
                .iter()
                .find(|(key, _)| key == name)
                .ok_or_else(|| expected.to_owned())
                .and_then(|it| i32::read(&it.1))
        };
        let limits = Self { mileage_window: number("mileage_window")?, year_window: number("year_window")? };
        if entries.len() == 2 { Ok(limits) } else { Err(expected.to_owned()) }
    }

    fn show(&self) -> String {
        format!("{{mileage_window = {}, year_window = {}}}", self.mileage_window, self.year_window)
    }
}

impl Setting for Money {
    fn read(given: &Given) -> Result<Self, String> {
        let text = match given {
            Given::Text(text) => text.trim().trim_start_matches('$').replace(',', ""),
            Given::Integer(number) => number.to_string(),
            Given::Float(number) => number.to_string(),
            _ => String::new(),
        };
        text.parse().map_err(|_no_amount| "expected an amount such as 1500 or \"1500.00\"".to_owned())
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for f64 {
    fn read(given: &Given) -> Result<Self, String> {
        let number = match given {
            Given::Float(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "a number that a person writes as a whole one")]
            Given::Integer(number) => Some(*number as f64),
            Given::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| "expected a number".to_owned())
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

const A_SPAN: &str = "expected a span of time such as \"30 s\", \"500 ms\", \"2 h 30 min\" or \"7 days\"";

impl Setting for Duration {
    fn read(given: &Given) -> Result<Self, String> {
        let span = match given {
            Given::Integer(seconds) => u64::try_from(*seconds).ok().map(Self::from_secs),
            Given::Float(seconds) => Self::try_from_secs_f64(*seconds).ok(),
            Given::Text(text) => quantity::span(text),
            _ => None,
        };
        span.ok_or_else(|| A_SPAN.to_owned())
    }

    fn show(&self) -> String {
        quoted(&quantity::shown_span(*self))
    }
}

impl Setting for TimeDelta {
    fn read(given: &Given) -> Result<Self, String> {
        Self::from_std(Duration::read(given)?).map_err(|_too_long| A_SPAN.to_owned())
    }

    fn show(&self) -> String {
        self.to_std().unwrap_or_default().show()
    }
}

fn whole_number<T: TryFrom<i64> + FromStr>(given: &Given, least: impl fmt::Display) -> Result<T, String> {
    let number = match given {
        Given::Integer(number) => T::try_from(*number).ok(),
        Given::Text(text) => text.trim().replace('_', "").parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| format!("expected a whole number from {least} on, and none too large"))
}

macro_rules! whole_numbers {
    ($($type:ty),+) => {
        $(
            impl Setting for $type {
                fn read(given: &Given) -> Result<Self, String> {
                    whole_number(given, <$type>::MIN)
                }

                fn show(&self) -> String {
                    self.to_string()
                }
            }
        )+
    };
}

whole_numbers!(i32, u8, u16, u32, i64, u64, usize);

macro_rules! texts {
    ($($type:ty: $expected:expr, $show:expr;)+) => {
        $(
            impl Setting for $type {
                fn read(given: &Given) -> Result<Self, String> {
                    let expected = || $expected.to_owned();
                    let Given::Text(text) = given else { return Err(expected()) };
                    text.trim().parse().map_err(|_wrong| expected())
                }

                fn show(&self) -> String {
                    let show: fn(&Self) -> String = $show;
                    quoted(&show(self))
                }
            }
        )+
    };
}

texts! {
    SocketAddr: "expected an address and a port such as \"127.0.0.1:8080\"", ToString::to_string;
    IpNet: "expected a network such as \"10.0.0.0/8\"", ToString::to_string;
    Origin: "expected an origin such as \"https://console.example\", without a path", ToString::to_string;
    AutoDevPlan: "expected \"starter\", \"growth\" or \"scale\"", |plan| plan.as_str().to_owned();
    AutoDevVersion: "expected \"v1\" or \"v2\"", |version| version.as_str().to_owned();
    Coordinates: "expected degrees north and east, such as \"34.0522,-118.2437\"",
        |place| format!("{},{}", place.latitude, place.longitude);
    PathBuf: "expected a path", |path| path.display().to_string();
}

/// Makes a setting of words.
macro_rules! words {
    ($($type:ty { $($variant:ident => $word:literal),+ } or $expected:literal;)+) => {
        $(
            impl Setting for $type {
                fn read(given: &Given) -> Result<Self, String> {
                    match given {
                        $(Given::Text(text) if text.trim() == $word => Ok(Self::$variant),)+
                        _ => Err($expected.to_owned()),
                    }
                }

                fn show(&self) -> String {
                    quoted(match self { $(Self::$variant => $word),+ })
                }
            }
        )+
    };
}

words! {
    Sandbox { UnlessRoot => "unless_root", Always => "always", Never => "never" }
        or "expected \"unless_root\", \"always\" or \"never\"";
    Pooler { None => "none", Transaction => "transaction" } or "expected \"none\" or \"transaction\"";
    super::LogFormat { Text => "text", Json => "json" } or "expected \"text\" or \"json\"";
}
