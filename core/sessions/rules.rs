//! The rules of sessions: what is stored, who is signed in, and when a session ends. No I/O.

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Session, SessionConfig};
use crate::ids::UserId;

/// A session is extended when this part of `idle` has passed, and not with each request.
const EXTENSIONS: i32 = 100;

/// How far the clocks of two servers may be apart. A sign-in further in the future would put off its end.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(1);

/// What is stored of a new session: the cookie as express-session describes it, the user as Passport does, and what is ours.
pub(super) fn stored(user: UserId, config: &SessionConfig, now: DateTime<Utc>) -> Value {
    let end = first_end(config, now).to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut cookie = json!({
        "originalMaxAge": millis(config.idle),
        "expires": end,
        "httpOnly": true,
        "path": "/",
        "sameSite": "lax",
    });
    if config.secure {
        cookie["secure"] = Value::Bool(true);
    }
    json!({
        "cookie": cookie,
        "passport": {"user": user},
        "jpauto": {"signed_in_at": written(now)},
    })
}

/// Reads what a server stored. Without a user nobody is signed in; what has another type than expected is passed over.
pub(super) fn read(stored: &str, expires_at: DateTime<Utc>) -> Option<Session> {
    let stored: Value = serde_json::from_str(stored).ok()?;
    let user_id = stored.pointer("/passport/user")?.as_str()?.parse().ok()?;
    // What stands there and is no time has no end, so it signs nobody in.
    let time = |name: &str| match stored.pointer(name) {
        None => Some(None),
        Some(text) => Some(Some(DateTime::parse_from_rfc3339(text.as_str()?).ok()?.to_utc())),
    };
    let (signed_in_at, first_seen_at) = (time("/jpauto/signed_in_at")?, time("/jpauto/first_seen_at")?);
    Some(Session { user_id, signed_in_at, first_seen_at, expires_at })
}

/// How a time is written into a session.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Whether it has to be noted in the session that it was seen: nothing there says since when it lasts.
pub(super) fn is_new_here(session: &Session) -> bool {
    session.signed_in_at.or(session.first_seen_at).is_none()
}

/// When a new session ends if nothing extends it.
pub(super) fn first_end(config: &SessionConfig, now: DateTime<Utc>) -> DateTime<Utc> {
    (now + delta(config.idle)).trunc_subsecs(0)
}

/// Whether the session has not ended.
pub(super) fn is_live(session: &Session, config: &SessionConfig, now: DateTime<Utc>) -> bool {
    let within = |since: DateTime<Utc>| now < since + delta(config.longest) && since <= now + CLOCKS_DIFFER;
    now < session.expires_at && session.signed_in_at.or(session.first_seen_at).is_none_or(within)
}

/// The end to which a request extends the session, if that is worth a write.
pub(super) fn extension(session: &Session, config: &SessionConfig, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last = session.signed_in_at? + delta(config.longest);
    let end = (now + delta(config.idle)).min(last).trunc_subsecs(0);
    (end - session.expires_at >= delta(config.idle) / EXTENSIONS).then_some(end)
}

fn delta(time: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

fn millis(time: std::time::Duration) -> i64 {
    delta(time).num_milliseconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn config() -> SessionConfig {
        SessionConfig::new(vec!["a secret of many letters".into()])
    }

    fn session(age: TimeDelta, left: TimeDelta) -> Session {
        Session {
            user_id: UserId::new(noon()),
            signed_in_at: Some(noon() - age),
            first_seen_at: None,
            expires_at: noon() + left,
        }
    }

    #[test]
    fn what_is_stored_is_read_and_is_what_node_writes() {
        let user = UserId::new(noon());
        let stored = stored(user, &config(), noon());
        let cookie = json!({"originalMaxAge": 604_800_000, "expires": "2023-11-21T22:13:20.000Z", "httpOnly": true,
            "path": "/", "sameSite": "lax", "secure": true});
        assert_eq!((&stored["cookie"], &stored["passport"]), (&cookie, &json!({"user": user})));
        let end = first_end(&config(), noon());
        let read = read(&stored.to_string(), end).unwrap();
        assert_eq!((read.user_id, read.signed_in_at, read.expires_at), (user, Some(noon()), end));
    }

    #[test]
    fn a_session_without_a_user_signs_nobody_in() {
        let user = UserId::new(noon());
        for stored in [
            "",
            "{",
            "[]",
            "1",
            "null",
            "{}",
            r#"{"passport": {}}"#,
            r#"{"passport": "x"}"#,
            r#"{"passport": {"user": 7}}"#,
            r#"{"passport": {"user": "seven"}}"#,
            r#"{"passport": {"user": {"id": 1}}}"#,
            &json!({"passport": {"user": user}, "jpauto": {"signed_in_at": "garbage"}}).to_string(),
            &json!({"passport": {"user": user}, "jpauto": {"signed_in_at": null}}).to_string(),
            &json!({"passport": {"user": user}, "jpauto": {"first_seen_at": "long ago"}}).to_string(),
        ] {
            assert_eq!(read(stored, noon()), None, "{stored}");
        }
        let foreign = json!({"passport": {"user": user}, "jpauto": 7, "basket": [1]}).to_string();
        assert!(is_new_here(&read(&foreign, noon()).unwrap()));
    }

    #[test]
    fn a_session_ends_when_idle_and_after_thirty_days() {
        let (day, second) = (TimeDelta::days(1), TimeDelta::seconds(1));
        for (age, left, live, extended_by) in [
            (day, day * 6, true, Some(day * 7)),
            (TimeDelta::hours(1), day * 7 - TimeDelta::hours(1), true, None),
            (TimeDelta::hours(2), day * 7 - TimeDelta::hours(2), true, Some(day * 7)),
            (day * 28, day * 2, true, None),
            (day * 27, day, true, Some(day * 3)),
            (day * 29, -second, false, Some(day)),
            (day * 30, day, false, None),
            (day * 30 - second, day, true, None),
            (-day, day, false, Some(day * 7)),
            (-second, day, true, Some(day * 7)),
        ] {
            let session = session(age, left);
            assert_eq!(is_live(&session, &config(), noon()), live, "{age} {left}");
            assert_eq!(extension(&session, &config(), noon()), extended_by.map(|by| noon() + by), "{age} {left}");
        }
        let of_node = Session { signed_in_at: None, ..session(day, day) };
        assert!(is_live(&of_node, &config(), noon()) && extension(&of_node, &config(), noon()).is_none());
        for (seen, live) in [(day * 29, true), (day * 30, false), (-day, false)] {
            let of_node = Session { first_seen_at: Some(noon() - seen), ..of_node.clone() };
            assert_eq!(is_live(&of_node, &config(), noon()), live, "{seen}");
            assert_eq!(extension(&of_node, &config(), noon()), None, "Node extends what Node made");
        }
    }
}
