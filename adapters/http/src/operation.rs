//! One operation of the API as a row of a table: how it is called, what it takes, what it answers, who may, and its handler.
//!
//! `routes.rs` collects the rows of all nouns and says how one is added.

use std::{borrow::Cow, future::Future, pin::Pin, str::FromStr};

use jpauto::{ErrorCode, Permission};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, Ref, RefOr, Schema, Type,
        schema::{ArrayBuilder, SchemaType},
    },
};
use warp::{
    http::{Method, StatusCode},
    reply::Response,
};

use crate::{app::App, problem::Problem, request::Request};

/// What a handler ends with.
pub(crate) type Outcome = Result<Response, Problem>;

/// The future of a handler.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A handler and its name, which is made by [`handler!`].
pub(crate) type Handler = (&'static str, fn(App, Request) -> Handling);

/// The handler for a row of the table, from an `async fn(App, Request) -> Outcome`.
macro_rules! handler {
    ($name:ident) => {
        (stringify!($name), |app, request| Box::pin($name(app, request)))
    };
}
pub(crate) use handler;

/// One method of one path.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// A segment in braces is a parameter. One that is named `id` must be a UUID.
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) handle: fn(App, Request) -> Handling,
    /// What the library asks for. `None` if the operation does not call it for the caller.
    pub(crate) permission: Option<Permission>,
    pub(crate) summary: &'static str,
    /// More than the summary says, in Markdown.
    pub(crate) about: &'static str,
    pub(crate) query: &'static [&'static [Parameter]],
    pub(crate) body: Option<Shape>,
    /// The media types of the file that is the body.
    pub(crate) file: &'static [&'static str],
    /// Whether the body may be as large as a file.
    pub(crate) large: bool,
    pub(crate) answers: &'static [Answer],
    /// The codes of its own. Those that follow from the other columns are not repeated.
    pub(crate) errors: &'static [ErrorCode],
    /// Whether `If-Match` is compared with the version of the thing.
    pub(crate) versioned: bool,
    /// Whether `Idempotency-Key` makes a repeated call answer as the first.
    pub(crate) repeatable: bool,
    /// Whether a customer's token in `Photo-Token` is what lets the caller.
    pub(crate) by_photo_token: bool,
    /// Whether its answer has an `ETag`, so that `If-None-Match` can be compared with it.
    pub(crate) tagged: bool,
}

impl Operation {
    const fn new(method: Method, path: &'static str, handler: Handler) -> Self {
        Self {
            method,
            path,
            name: handler.0,
            handle: handler.1,
            permission: None,
            summary: "",
            about: "",
            query: &[],
            body: None,
            file: &[],
            large: false,
            answers: &[],
            errors: &[],
            versioned: false,
            repeatable: false,
            by_photo_token: false,
            tagged: false,
        }
    }

    pub(crate) const fn get(path: &'static str, handler: Handler) -> Self {
        let mut read = Self::new(Method::GET, path, handler);
        read.tagged = true;
        read
    }

    pub(crate) const fn post(path: &'static str, handler: Handler) -> Self {
        Self::new(Method::POST, path, handler)
    }

    pub(crate) const fn patch(path: &'static str, handler: Handler) -> Self {
        Self::new(Method::PATCH, path, handler)
    }

    pub(crate) const fn put(path: &'static str, handler: Handler) -> Self {
        Self::new(Method::PUT, path, handler)
    }

    pub(crate) const fn delete(path: &'static str, handler: Handler) -> Self {
        Self::new(Method::DELETE, path, handler)
    }

    /// The permission that the library asks for. Where it takes a role, a caller without credentials gets 401 before anything
    /// is read.
    pub(crate) const fn permission(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// One line without a full stop.
    pub(crate) const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The parameters of the query, in groups that operations share. Any other parameter is refused.
    pub(crate) const fn query(mut self, groups: &'static [&'static [Parameter]]) -> Self {
        self.query = groups;
        self
    }

    /// The JSON object that the body holds.
    pub(crate) const fn body(mut self, shape: Shape) -> Self {
        self.body = Some(shape);
        self
    }

    /// The body is a file of one of these media types.
    pub(crate) const fn file(mut self, media_types: &'static [&'static str]) -> Self {
        self.file = media_types;
        self.large()
    }

    /// The body may be as large as a file. Before it is read, the library is asked whether the caller may.
    pub(crate) const fn large(mut self) -> Self {
        self.large = true;
        self
    }

    pub(crate) const fn answers(mut self, answers: &'static [Answer]) -> Self {
        self.answers = answers;
        self
    }

    pub(crate) const fn errors(mut self, errors: &'static [ErrorCode]) -> Self {
        self.errors = errors;
        self
    }

    /// `If-Match` is honoured; the handler passes `request.if_match()` to the library.
    pub(crate) const fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// A read whose answer no client keeps: it is a page, goes elsewhere, or is different each time.
    pub(crate) const fn untagged(mut self) -> Self {
        self.tagged = false;
        self
    }

    /// `Idempotency-Key` is honoured.
    pub(crate) const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The header `Photo-Token` has a customer's token, without which the library refuses.
    pub(crate) const fn by_photo_token(mut self) -> Self {
        self.by_photo_token = true;
        self
    }

    /// Whether the caller must be somebody.
    pub(crate) fn needs_a_role(&self) -> bool {
        self.permission.is_some_and(|permission| permission.needs().is_some())
    }

    /// Whether it answers a page of a list.
    pub(crate) fn is_list(&self) -> bool {
        self.query.iter().copied().flatten().any(|parameter| parameter.name == "after")
    }

    /// The noun: the folder of the path, and the tag in the document.
    pub(crate) fn noun(&self) -> &'static str {
        noun_of(self.path)
    }
}

/// The segment that names the noun: the first one, or the one after `api`.
pub(crate) fn noun_of(path: &str) -> &str {
    let mut segments = path.trim_start_matches('/').split('/');
    match segments.next() {
        Some("api") => segments.next().unwrap_or_default(),
        first => first.unwrap_or_default(),
    }
}

/// A parameter of a query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) shape: Shape,
    /// Whether it may be repeated.
    pub(crate) repeats: bool,
    /// Whether the operation makes no sense without it.
    pub(crate) required: bool,
}

impl Parameter {
    pub(crate) const fn new(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, about, shape, repeats: false, required: false }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn repeated(mut self) -> Self {
        self.repeats = true;
        self
    }
}

/// An answer that is no problem.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) about: &'static str,
    pub(crate) content: Content,
    /// Whether the header `Location` has the address of something else.
    pub(crate) located: bool,
}

/// What the body of an answer is.
pub(crate) enum Content {
    Nothing,
    Json(Shape),
    /// Another media type.
    Other(&'static str),
}

impl Answer {
    /// 200 with JSON.
    pub(crate) const fn ok(shape: Shape) -> Self {
        Self::other(StatusCode::OK, "Done.", Content::Json(shape))
    }

    /// 201 with JSON and `Location`.
    pub(crate) const fn created(shape: Shape) -> Self {
        Self::other(StatusCode::CREATED, "Created. `Location` has its address.", Content::Json(shape)).located()
    }

    /// 202 with JSON and `Location`.
    pub(crate) const fn accepted(shape: Shape) -> Self {
        let about = "Begun. `Location` has the address at which to look at it.";
        Self::other(StatusCode::ACCEPTED, about, Content::Json(shape)).located()
    }

    /// 204 without a body.
    pub(crate) const fn nothing(about: &'static str) -> Self {
        Self::other(StatusCode::NO_CONTENT, about, Content::Nothing)
    }

    /// 303 to another page.
    pub(crate) const fn elsewhere(about: &'static str) -> Self {
        Self::other(StatusCode::SEE_OTHER, about, Content::Nothing).located()
    }

    /// Another status or media type.
    pub(crate) const fn other(status: StatusCode, about: &'static str, content: Content) -> Self {
        Self { status, about, content, located: false }
    }

    /// With `Location`.
    pub(crate) const fn located(mut self) -> Self {
        self.located = true;
        self
    }
}

/// The schema of a type, made when the document is.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Empty for a schema that stands where it is used.
    pub(crate) name: fn() -> Cow<'static, str>,
    pub(crate) schema: fn() -> RefOr<Schema>,
    /// Adds the schemas that this one refers to.
    pub(crate) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// The schema of a type with a name.
pub(crate) const fn shape<T: ToSchema>() -> Shape {
    Shape { name: T::name, schema: T::schema, parts: T::schemas }
}

/// The schema of a type that needs no name, such as a text or a number.
pub(crate) const fn plain<T: PartialSchema>() -> Shape {
    Shape { name: || Cow::Borrowed(""), schema: T::schema, parts: |_parts| {} }
}

/// The schema of one word of a closed set, as a client sends it. What a row may hold beside the words of the set is not sent.
pub(crate) const fn word<T: PartialSchema + FromStr>() -> Shape {
    Shape { name: || Cow::Borrowed(""), schema: sent_words::<T>, parts: |_parts| {} }
}

fn sent_words<T: PartialSchema + FromStr>() -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema
        && let Some(words) = &mut object.enum_values
    {
        words.retain(|word| word.as_str().is_some_and(|word| word.parse::<T>().is_ok()));
    }
    schema
}

/// The schema of a page of a list.
pub(crate) const fn page_of<T: ToSchema>() -> Shape {
    Shape {
        name: || Cow::Owned(format!("PageOf{}", T::name())),
        schema: || {
            let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
            let next = ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .description(Some("The cursor of the next page."));
            ObjectBuilder::new().property("items", items).property("next", next).into()
        },
        parts: |parts| {
            parts.push((T::name().into_owned(), T::schema()));
            T::schemas(parts);
        },
    }
}
