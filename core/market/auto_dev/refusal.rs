//! Errors of auto.dev, read from its answers and given one code each.
//!
//! Bodies have three shapes, or are none of them (a proxy's page):
//!
//! - flat: `{"status": 400, "error": "...", "code": "INVALID_VIN_FORMAT", "path": "...", "requestId": "..."}`;
//! - nested: `{"error": {"status": 404, "error": "...", "code": "RESOURCE_NOT_FOUND", ...}}`;
//! - of the gateway: `{"error": {"message": "..."}}`.
//!
//! An answer of status 200 may hold an error too.

use std::time::Duration;

use serde_json::Value;

use crate::{Error, ErrorCode, scrape::api::printable};

/// A refusal as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The service's own word, such as `INVALID_PARAMETER`.
    pub(super) word: Option<String>,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
    /// The plan that would allow it.
    pub(super) required_plan: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads the body of an error. `hide` takes the key out of what the service wrote.
    pub(super) fn read(status: u16, body: &[u8], hide: &dyn Fn(&str) -> String) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self { status, ..Self::of(&body, hide).unwrap_or_default() }
    }

    /// The refusal that a body holds, if it holds one; the status is the one that it names.
    pub(super) fn of(body: &Value, hide: &dyn Fn(&str) -> String) -> Option<Self> {
        let error = body.get("error").filter(|error| !error.is_null())?;
        let [outer, inner] = [body, error];
        // The key is taken out before the text is cut, or half of it would remain.
        let said = |text: &str| printable(&hide(text));
        let text = |name: &str| [inner, outer].iter().find_map(|from| from.get(name)?.as_str()).map(said);
        let message = error.as_str().map(said).or_else(|| inner.get("error")?.as_str().map(said));
        let status = [inner, outer].iter().find_map(|from| from.get("status")?.as_u64());
        Some(Self {
            status: status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
            word: text("code"),
            message: message.or_else(|| text("message")),
            request_id: text("requestId"),
            required_plan: text("requiredPlan"),
            retry_after: None,
        })
    }

    /// As the library's error.
    pub(super) fn into_error(self) -> Error {
        let (code, meaning) = self.meaning();
        let mut message = format!("auto.dev: {meaning}");
        if let Some(said) = &self.message {
            message.push_str(&format!(": {said}"));
        }
        if let Some(plan) = &self.required_plan {
            message.push_str(&format!("; the plan {plan} is needed"));
        }
        if let Some(request) = &self.request_id {
            message.push_str(&format!(" (request {request})"));
        }
        let error = Error::new(code, message);
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    fn meaning(&self) -> (ErrorCode, &'static str) {
        match (self.word.as_deref(), self.status) {
            (Some("INVALID_VIN_FORMAT"), _) => (ErrorCode::AutoDevInvalidVin, "it takes that for no VIN"),
            (Some("INVALID_PARAMETER"), _) => (ErrorCode::AutoDevInvalidParameter, "it does not know a parameter"),
            (Some("INVALID_LOCATION"), _) => (ErrorCode::AutoDevInvalidLocation, "it does not know the place"),
            (Some("VIN_NOT_FOUND"), _) => (ErrorCode::AutoDevVinNotFound, "it does not know the VIN"),
            (Some("RESOURCE_NOT_FOUND"), _) => (ErrorCode::AutoDevNotFound, "it has no such thing"),
            (Some("SOURCE_ERROR"), _) => (ErrorCode::AutoDevSourceError, "its own source does not answer"),
            (_, 400) => (ErrorCode::AutoDevBadRequest, "it does not understand the question"),
            (_, 401) => (ErrorCode::AutoDevKeyRefused, "it does not accept the key"),
            (_, 402) => (ErrorCode::AutoDevPlanRequired, "the plan does not include this"),
            (_, 403) => (ErrorCode::AutoDevForbidden, "the key may not do this"),
            (_, 404) => (ErrorCode::AutoDevNotFound, "it has no such thing"),
            (_, 429) => (ErrorCode::AutoDevRateLimited, "it wants to be asked less often"),
            (_, 500..) => (ErrorCode::AutoDevUnavailable, "it does not answer now"),
            _ => (ErrorCode::AutoDevRefused, "it refuses"),
        }
    }
}
