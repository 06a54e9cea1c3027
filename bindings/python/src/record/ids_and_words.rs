//! The library's ids and words as plain values in Python: a UUID, and a text of a closed set. A new id or word is a line here.

use std::marker::PhantomData;

use pyo3::prelude::*;
use uuid::Uuid;

use super::Told;

/// Ids are plain UUIDs in Python.
macro_rules! ids {
    ($($id:ident),+ $(,)?) => {$(
        impl Told<jpauto::$id> for Uuid {
            fn told(id: jpauto::$id) -> Self {
                id.into()
            }
        }
    )+};
}

ids!(
    ActivityId,
    AlertId,
    AnalysisId,
    CompetitorId,
    EventId,
    ExportId,
    ListingId,
    MarketPriceId,
    NotificationId,
    RunId,
    ScrapeId,
    SubmissionId,
    TokenId,
    UserId,
    VehicleId,
);

/// The name and the words of a closed set.
macro_rules! closed_set {
    ($set:ident of $word:ty) => {
        (stringify!($set), <$word>::ALL.iter().map(|word| word.as_str()).collect())
    };
}

/// Words of closed sets are `str` in Python. The name of the set in `types.py` stands after `as`.
macro_rules! words {
    ($($word:ty $(as $set:ident)?),+ $(,)?) => {$(
        impl Told<$word> for &'static str {
            fn told(word: $word) -> Self {
                word.as_str()
            }

            $(fn annotation() -> Option<String> {
                Some(stringify!($set).to_owned())
            })?
        }

        $(impl Named for $word {
            const NAME: &'static str = stringify!($set);
        })?
    )+

    /// The closed sets that have a name in `types.py`, and their words, for the test of those types.
    #[pyfunction(name = "_closed_sets")]
    pub(crate) fn closed_sets() -> Vec<(&'static str, Vec<&'static str>)> {
        let mut sets = sets_of_arguments();
        $($(sets.push(closed_set!($set of $word));)?)+
        sets
    }};
}

/// A closed set that has a name in `types.py`.
pub(crate) trait Named {
    const NAME: &'static str;
}

macro_rules! named {
    ($($word:ty as $set:ident),+ $(,)?) => {$(
        impl Named for $word {
            const NAME: &'static str = stringify!($set);
        }
    )+};
}

named!(jpauto::Action as Action, jpauto::Provider as Provider, jpauto::jobs::RunKind as RunKind);

/// A text that is a word of `W`, unless another application has written the row.
pub(crate) struct Usually<W>(String, PhantomData<W>);

pub(crate) trait UsuallyWord {
    /// Says in the stub which words it has.
    fn usually<W: Named>(self) -> Usually<W>;
}

impl UsuallyWord for String {
    fn usually<W: Named>(self) -> Usually<W> {
        Usually(self, PhantomData)
    }
}

impl<W: Named> Told<Usually<W>> for String {
    fn told(word: Usually<W>) -> Self {
        word.0
    }

    fn annotation() -> Option<String> {
        Some(format!("{} | str", W::NAME))
    }
}

/// The closed sets that no record holds.
fn sets_of_arguments() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        closed_set!(Action of jpauto::Action),
        closed_set!(BacktestEvent of jpauto::market::BacktestEvent),
        closed_set!(ListingSort of jpauto::competitors::ListingSort),
        closed_set!(Provider of jpauto::Provider),
        closed_set!(SubmissionSort of jpauto::SubmissionSort),
        closed_set!(VehicleSort of jpauto::VehicleSort),
    ]
}

words!(
    jpauto::AlertType as AlertType,
    jpauto::FindingKind as FindingKind,
    jpauto::Role as Role,
    jpauto::Severity as Severity,
    jpauto::SubmissionStatus as SubmissionStatus,
    jpauto::VehicleStatus as VehicleStatus,
    jpauto::evaluation::IdentitySource as IdentitySource,
    jpauto::competitors::IncompleteReason as IncompleteReason,
    jpauto::notifications::Event as NotificationEvent,
    jpauto::notifications::NotificationStatus as NotificationStatus,
    jpauto::exports::ExportStatus as ExportStatus,
    jpauto::exports::FeedFormat as FeedFormat,
    jpauto::exports::Platform as Platform,
    jpauto::competitors::PlatformCertainty as PlatformCertainty,
    jpauto::competitors::RefusalReason as RefusalReason,
    jpauto::competitors::ScrapeErrorType as ScrapeErrorType,
    jpauto::competitors::Condition as Condition,
    jpauto::competitors::OdometerStatus as OdometerStatus,
    jpauto::competitors::SaleStatus as SaleStatus,
    jpauto::competitors::StockStatus as StockStatus,
    jpauto::competitors::TitleBrand as TitleBrand,
    jpauto::jobs::Job as Job,
    jpauto::jobs::RunStatus as RunStatus,
    jpauto::market::AutoDevVersion as AutoDevVersion,
    jpauto::market::Confidence as Confidence,
    jpauto::market::DataSource as DataSource,
    jpauto::market::MarketMood as MarketMood,
    jpauto::market::Recommendation as Recommendation,
    jpauto::market::Source as Source,
);

/// Closed sets whose words nothing lists.
macro_rules! words_unlisted {
    ($($word:ty as $set:ident),+ $(,)?) => {$(
        impl Told<$word> for &'static str {
            fn told(word: $word) -> Self {
                word.as_str()
            }

            fn annotation() -> Option<String> {
                Some(stringify!($set).to_owned())
            }
        }
    )+};
}

words_unlisted!(jpauto::Remedy as Remedy, jpauto::exports::Omitted as Omitted);

/// Closed sets whose words are known from their JSON only.
macro_rules! words_of_json {
    ($($word:ty as $set:ident),+ $(,)?) => {$(
        impl Told<$word> for String {
            fn told(word: $word) -> Self {
                serde_json::to_value(word).ok().and_then(|word| word.as_str().map(ToOwned::to_owned)).unwrap_or_default()
            }

            fn annotation() -> Option<String> {
                Some(stringify!($set).to_owned())
            }
        }
    )+};
}

words_of_json!(
    jpauto::AgeState as AgeState,
    jpauto::imports::ImportOutcome as ImportOutcome,
    jpauto::imports::LeftOut as ColumnLeftOut,
    jpauto::imports::SheetEncoding as SheetEncoding,
    jpauto::imports::SheetFormat as SheetFormat,
    jpauto::market::SlopeOutcome as SlopeOutcome,
    jpauto::vin::Region as Region,
);
