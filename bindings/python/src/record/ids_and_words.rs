//! The library's ids and words as plain values in Python: a UUID, and a text of a closed set. A new id or word is a line here.

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

/// Words of closed sets are `str` in Python.
macro_rules! words {
    ($($word:ty),+ $(,)?) => {$(
        impl Told<$word> for &'static str {
            fn told(word: $word) -> Self {
                word.as_str()
            }
        }
    )+};
}

words!(
    jpauto::AlertType,
    jpauto::FindingKind,
    jpauto::Remedy,
    jpauto::Role,
    jpauto::Severity,
    jpauto::SubmissionStatus,
    jpauto::VehicleStatus,
    jpauto::evaluation::IdentitySource,
    jpauto::competitors::IncompleteReason,
    jpauto::notifications::Event,
    jpauto::notifications::NotificationStatus,
    jpauto::exports::ExportStatus,
    jpauto::exports::FeedFormat,
    jpauto::exports::Omitted,
    jpauto::exports::Platform,
    jpauto::competitors::RefusalReason,
    jpauto::competitors::ScrapeErrorType,
    jpauto::competitors::Condition,
    jpauto::competitors::OdometerStatus,
    jpauto::competitors::SaleStatus,
    jpauto::competitors::StockStatus,
    jpauto::competitors::TitleBrand,
    jpauto::jobs::Job,
    jpauto::jobs::RunStatus,
    jpauto::market::AutoDevVersion,
    jpauto::market::Confidence,
    jpauto::market::DataSource,
    jpauto::market::MarketMood,
    jpauto::market::Recommendation,
    jpauto::market::Source,
);

/// Closed sets whose words are known from their JSON only.
macro_rules! words_of_json {
    ($($word:ty),+ $(,)?) => {$(
        impl Told<$word> for String {
            fn told(word: $word) -> Self {
                serde_json::to_value(word).ok().and_then(|word| word.as_str().map(ToOwned::to_owned)).unwrap_or_default()
            }
        }
    )+};
}

words_of_json!(
    jpauto::AgeState,
    jpauto::imports::ImportOutcome,
    jpauto::imports::LeftOut,
    jpauto::imports::SheetEncoding,
    jpauto::imports::SheetFormat,
    jpauto::market::SlopeOutcome,
    jpauto::vin::Region,
);
