//! When a notification is tried again, and what is told of an event.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::NotificationRules;
use crate::{
    outbox::{Event, Raised},
    submissions::Submission,
};

/// What came of one try.
#[derive(Debug, PartialEq)]
pub(super) enum Attempt {
    /// The receiver has it.
    Taken { answer: String },
    /// It may be taken later, and not before some time where the receiver says so.
    Later { error: String, wait: Option<Duration> },
    /// Nobody has answered, or nobody may send: the channel's other receivers would be waited for as long.
    Unreached { error: String },
    /// It will not be taken.
    Never { error: String },
    /// The receiver wants nothing any more.
    Gone { error: String },
}

/// How a notification stands after a try.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Delivered,
    TryAgain(DateTime<Utc>),
    GivenUp,
}

/// Judges a try. `spread`, from 0 to 1, keeps what failed together from being tried again together.
pub(super) fn judge(
    rules: &NotificationRules,
    attempt: &Attempt,
    attempts: u32,
    spread: f64,
    now: DateTime<Utc>,
) -> Verdict {
    match attempt {
        Attempt::Taken { .. } => Verdict::Delivered,
        Attempt::Never { .. } | Attempt::Gone { .. } => Verdict::GivenUp,
        Attempt::Later { .. } | Attempt::Unreached { .. } if attempts >= rules.attempts => Verdict::GivenUp,
        Attempt::Later { .. } | Attempt::Unreached { .. } => {
            let wait = if let Attempt::Later { wait, .. } = attempt { *wait } else { None };
            let pause = pause_after(rules, attempts).mul_f64(0.9 + 0.2 * spread.clamp(0.0, 1.0));
            let pause = pause.max(wait.unwrap_or_default()).min(rules.longest_backoff);
            Verdict::TryAgain(now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::zero()))
        }
    }
}

/// The pause after so many tries: four times the last one, up to the longest.
fn pause_after(rules: &NotificationRules, attempts: u32) -> Duration {
    let times = 4_u32.checked_pow(attempts.saturating_sub(1));
    let pause = times.and_then(|times| rules.first_backoff.checked_mul(times));
    pause.unwrap_or(rules.longest_backoff).min(rules.longest_backoff)
}

/// What may be taken out of the outbox now, by when the oldest alert and the oldest other event were raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takeable {
    Nothing,
    /// The alerts are still being gathered.
    AllButAlerts,
    All,
}

/// Alerts are gathered for a while: one analysis may open hundreds.
pub(super) fn takeable(
    rules: &NotificationRules,
    alerts: Option<DateTime<Utc>>,
    others: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Takeable {
    let gathered = |since: DateTime<Utc>| (now - since).to_std().is_ok_and(|span| span >= rules.gather_alerts);
    match (alerts, others) {
        (Some(since), _) if gathered(since) => Takeable::All,
        (_, Some(_)) => Takeable::AllButAlerts,
        _ => Takeable::Nothing,
    }
}

/// The alerts of one message; more are counted.
const MOST_ALERTS: usize = 50;

/// Makes one event of all alerts that were taken out together. Other events stay as they are.
pub(super) fn gathered(raised: Vec<Raised>) -> Vec<Raised> {
    let (alerts, mut events): (Vec<_>, Vec<_>) =
        raised.into_iter().partition(|raised| raised.event == Event::AlertCritical);
    let count = alerts.len();
    let mut alerts = alerts.into_iter();
    if let Some(first) = alerts.next() {
        let listed: Vec<_> =
            std::iter::once(first.data.clone()).chain(alerts.map(|alert| alert.data)).take(MOST_ALERTS).collect();
        events.push(Raised { data: json!({"alerts": listed, "count": count}), ..first });
    }
    events
}

/// How a customer is reached, for a channel that is told so.
pub(super) fn contact(submission: Option<&Submission>) -> Value {
    let of = |field: fn(&Submission) -> &Option<String>| submission.and_then(|it| field(it).clone());
    json!({
        "name": of(|submission| &submission.customer_name),
        "email": of(|submission| &submission.customer_email),
        "phone": of(|submission| &submission.customer_phone),
    })
}

/// What a channel is told: of an offer its id, the car and the price, and of the customer only what the channel is to have.
pub(super) fn told(event: Event, data: &Value, contact: Option<Value>) -> Value {
    let mut told: Map<String, Value> = data.as_object().cloned().unwrap_or_default();
    if event == Event::SubmissionCreated
        && let Some(contact) = contact
    {
        told.insert("contact".to_owned(), contact);
    }
    Value::Object(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EventId;

    fn later(wait: Option<u64>) -> Attempt {
        Attempt::Later { error: "503".into(), wait: wait.map(Duration::from_secs) }
    }

    #[test]
    fn what_fails_is_tried_again_at_growing_pauses_and_then_given_up() {
        let (rules, now) = (NotificationRules::default(), DateTime::UNIX_EPOCH);
        let pause = |attempt: &Attempt, attempts, spread| match judge(&rules, attempt, attempts, spread, now) {
            Verdict::TryAgain(time) => Some((time - now).num_seconds()),
            _ => None,
        };
        for (attempts, wait, expected) in [
            (1, None, Some(30)),
            (2, None, Some(120)),
            (3, None, Some(480)),
            (4, None, Some(1_920)),
            (7, None, Some(43_200)),
            (9, None, Some(43_200)),
            (10, None, None),
            (1, Some(600), Some(600)),
            (1, Some(1), Some(30)),
            (1, Some(10_000_000), Some(43_200)),
        ] {
            assert_eq!(pause(&later(wait), attempts, 0.5), expected, "{attempts} {wait:?}");
        }
        assert_eq!((pause(&later(None), 1, 0.0), pause(&later(None), 1, 1.0)), (Some(27), Some(33)));
        for attempt in [Attempt::Never { error: String::new() }, Attempt::Gone { error: String::new() }] {
            assert_eq!(judge(&rules, &attempt, 1, 0.0, now), Verdict::GivenUp);
        }
        assert_eq!(judge(&rules, &Attempt::Taken { answer: String::new() }, 10, 0.0, now), Verdict::Delivered);
    }

    #[test]
    fn alerts_are_gathered_for_a_while_and_nothing_else_waits_for_them() {
        let rules = NotificationRules::default();
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let before = |seconds| Some(now - TimeDelta::seconds(seconds));
        for (alerts, others, expected) in [
            (None, None, Takeable::Nothing),
            (before(30), None, Takeable::Nothing),
            (before(30), before(1), Takeable::AllButAlerts),
            (before(120), None, Takeable::All),
            (None, before(0), Takeable::AllButAlerts),
        ] {
            assert_eq!(takeable(&rules, alerts, others, now), expected, "{alerts:?} {others:?}");
        }
        let raised = |event, number: usize| Raised {
            id: EventId::new(now),
            event,
            data: json!({"number": number}),
            raised_at: now,
        };
        let mut many = vec![raised(Event::JobFailed, 1)];
        many.extend((0..60).map(|number| raised(Event::AlertCritical, number)));
        let together = gathered(many);
        assert_eq!(
            together.iter().map(|raised| raised.event).collect::<Vec<_>>(),
            [Event::JobFailed, Event::AlertCritical]
        );
        assert_eq!(together[1].data["alerts"].as_array().map(Vec::len), Some(50));
        assert_eq!((&together[1].data["count"], &together[1].data["alerts"][49]["number"]), (&json!(60), &json!(49)));
    }

    #[test]
    fn only_an_offer_has_a_contact_and_only_where_it_is_to_be_told() {
        let data = json!({"submission_id": "1"});
        assert_eq!(told(Event::SubmissionCreated, &data, None), data);
        let contact = contact(None);
        assert_eq!(told(Event::JobFailed, &data, Some(contact.clone())), data);
        assert_eq!(told(Event::SubmissionCreated, &data, Some(contact))["contact"]["email"], Value::Null);
    }
}
