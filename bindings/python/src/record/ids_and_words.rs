//! The library's ids and words as plain values in Python: a UUID, and a text of a closed set. A new id or word is a line here.

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
    )+

    /// The closed sets that have a name in `types.py`, and their words, for the test of those types.
    #[pyfunction(name = "_closed_sets")]
    pub(crate) fn closed_sets() -> Vec<(&'static str, Vec<&'static str>)> {
        let mut sets = sets_of_arguments();
        $($(sets.push(closed_set!($set of $word));)?)+
        sets
    }};
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
    jpauto::FindingKind,
    jpauto::Remedy,
    jpauto::Role as Role,
    jpauto::Severity as Severity,
    jpauto::SubmissionStatus as SubmissionStatus,
    jpauto::VehicleStatus as VehicleStatus,
    jpauto::evaluation::IdentitySource as IdentitySource,
    jpauto::competitors::IncompleteReason,
    jpauto::notifications::Event as NotificationEvent,
    jpauto::notifications::NotificationStatus as NotificationStatus,
    jpauto::exports::ExportStatus as ExportStatus,
    jpauto::exports::FeedFormat as FeedFormat,
    jpauto::exports::Platform as Platform,
    jpauto::competitors::PlatformCertainty as PlatformCertainty,
    jpauto::competitors::RefusalReason,
    jpauto::competitors::ScrapeErrorType as ScrapeErrorType,
    jpauto::competitors::Condition as Condition,
    jpauto::competitors::OdometerStatus as OdometerStatus,
    jpauto::competitors::SaleStatus as SaleStatus,
    jpauto::competitors::StockStatus as StockStatus,
    jpauto::competitors::TitleBrand as TitleBrand,
    jpauto::jobs::Job as Job,
    jpauto::jobs::RunStatus as RunStatus,
    jpauto::market::AutoDevVersion,
    jpauto::market::Confidence as Confidence,
    jpauto::market::DataSource as DataSource,
    jpauto::market::MarketMood as MarketMood,
    jpauto::market::Recommendation as Recommendation,
    jpauto::market::Source as Source,
);

impl Told<jpauto::exports::Omitted> for &'static str {
    fn told(word: jpauto::exports::Omitted) -> Self {
        word.as_str()
    }

    fn annotation() -> Option<String> {
        Some("Omitted".to_owned())
    }
}

/// Closed sets whose words are known from their JSON only.
macro_rules! words_of_json {
    ($($word:ty $(as $set:ident)?),+ $(,)?) => {$(
        impl Told<$word> for String {
            fn told(word: $word) -> Self {
                serde_json::to_value(word).ok().and_then(|word| word.as_str().map(ToOwned::to_owned)).unwrap_or_default()
            }

            $(fn annotation() -> Option<String> {
                Some(stringify!($set).to_owned())
            })?
        }
    )+};
}

words_of_json!(
    jpauto::AgeState as AgeState,
    jpauto::imports::ImportOutcome,
    jpauto::imports::LeftOut,
    jpauto::imports::SheetEncoding,
    jpauto::imports::SheetFormat,
    jpauto::market::SlopeOutcome,
    jpauto::vin::Region,
);
