//! Sessions that were found in the database lately. Only their holders are clients of their own where the gate shares its workers out.
//!
//! A signature alone says little: a Node server beside may sign a cookie for each visitor, and the cookie of somebody who has signed out is
//! still signed. So a session counts from the request after the one that found it.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// For how long a session is known after it was found.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// Sessions that are known at a time. Where more are in use, the others count as their addresses.
const MOST: usize = 4_096;

/// The sessions, by the hashes of their cookies.
#[derive(Debug, Default)]
pub(crate) struct KnownSessions(Mutex<HashMap<u64, Instant>>);

impl KnownSessions {
    /// No code panics while it holds the lock.
    fn sessions(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash of the cookie, if its session is known.
    pub(crate) fn find(&self, cookie: &str) -> Option<u64> {
        let hash = hash(cookie);
        let found = self.sessions().get(&hash).copied()?;
        (found.elapsed() < KNOWN_FOR).then_some(hash)
    }

    /// Notes whether the session of a cookie was found.
    pub(crate) fn note(&self, cookie: &str, is_found: bool) {
        let (hash, mut sessions) = (hash(cookie), self.sessions());
        if !is_found {
            sessions.remove(&hash);
            return;
        }
        if sessions.len() >= MOST && !sessions.contains_key(&hash) {
            sessions.retain(|_, found| found.elapsed() < KNOWN_FOR);
        }
        if sessions.len() < MOST || sessions.contains_key(&hash) {
            sessions.insert(hash, Instant::now());
        }
    }
}

fn hash(cookie: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    cookie.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_from_when_it_was_found_until_it_is_not() {
        let known = KnownSessions::default();
        assert_eq!(known.find("s:one"), None);
        known.note("s:one", true);
        assert!(known.find("s:one").is_some() && known.find("s:two").is_none());
        known.note("s:one", false);
        assert_eq!(known.find("s:one"), None);
        (0..MOST + 10).for_each(|number| known.note(&format!("s:{number}"), true));
        assert_eq!(known.sessions().len(), MOST);
        known.note("s:0", true);
        assert!(known.find("s:0").is_some(), "one that is known stays so");
    }
}
