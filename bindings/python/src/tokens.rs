//! API tokens for machines: `lot.tokens`.

use chrono::{DateTime, Utc};
use jpauto::{NewToken, TokenId};
use pyo3::{prelude::*, types::PyDateTime};
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    query::Query,
    record::{Told as _, record},
    typed, unicode, whole,
};

record! {
    /// An API token, without its secret.
    Token of jpauto::Token {
        () {
            /// The token's id.
            id: Uuid,
            /// What it is for.
            name: String,
            /// The most that it may do: `viewer`, `manager` or `admin`.
            role: &'static str,
            /// The user who created it and for whom it acts; `None` if the system did.
            user_id: Option<Uuid>,
            /// When it was created.
            created_at: DateTime<Utc>,
            /// When it ends by itself.
            expires_at: Option<DateTime<Utc>>,
            /// When it was last used, to the minute.
            last_used_at: Option<DateTime<Utc>>,
            /// When it was revoked.
            revoked_at: Option<DateTime<Utc>>,
            /// The address of that user.
            user_email: Option<String>,
            /// Whether it may act: it is not revoked and not at its end, and its user may act, too.
            works: bool,
        }
    }
}

/// A new token with its secret, which is never shown again.
#[pyclass(frozen, get_all, module = "jpauto")]
pub(crate) struct IssuedToken {
    /// The token.
    token: Token,
    /// What the machine sends as `Authorization: Bearer`. It begins with `jpa_`.
    secret: String,
}

#[pymethods]
impl IssuedToken {
    // Without the secret: what is shown may be logged.
    fn __repr__(&self) -> String {
        format!("<jpauto.IssuedToken {}>", self.token.id)
    }
}

/// API tokens. Users manage their own, administrators everybody's.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Tokens {
    handle: Handle,
}

impl Tokens {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl Tokens {
    /// Creates a token. Its role is not above that of the user who acts. Without `expires_at` it is valid until it is revoked.
    ///
    /// Raises `InvalidInput` (`invalid_token`), `Forbidden` (`role_above_own`).
    #[pyo3(signature = (*, name, role = "viewer", expires_at = None))]
    fn create(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::name)] name: String,
        #[pyo3(from_py_with = unicode::role)] role: &str,
        #[pyo3(from_py_with = typed::expires_at)] expires_at: Option<&Bound<'_, PyDateTime>>,
    ) -> PyResult<IssuedToken> {
        let expires_at = expires_at.map(|end| input::instant("expires_at", end)).transpose()?;
        let new = NewToken { name, role: input::word(py, role)?, expires_at };
        let issued = self.handle.run(py, |desk| desk.tokens().create(&new))?;
        Ok(IssuedToken { token: Token::told(issued.token), secret: issued.secret })
    }

    /// The tokens, newest first; for an administrator those of everybody.
    #[pyo3(signature = (*, limit = None))]
    fn list(&self, #[pyo3(from_py_with = whole::limit)] limit: Option<usize>) -> Query {
        Query::of::<Token, _>(&self.handle, limit, |desk, page| desk.tokens().list(page))
    }

    /// One token. Raises `NotFound` (`token_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Token> {
        let id = TokenId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.tokens().get(id)).map(Token::told)
    }

    /// The token of this id or name, or the only one whose id begins so.
    ///
    /// Raises `NotFound` (`token_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Token> {
        self.handle.run(py, |desk| desk.tokens().find(text)).map(Token::told)
    }

    /// Revokes a token, which is refused from now on. Raises `NotFound` (`token_not_found`).
    fn revoke(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Token> {
        let id = TokenId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.tokens().revoke(id)).map(Token::told)
    }
}
