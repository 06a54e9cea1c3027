//! `GET /openapi.json`: the table of operations as an OpenAPI 3.1 document.
//!
//! The schemas are those of the library's types. What every operation has in common is written here once: the headers, the
//! parameters of the path, and the errors that follow from what an operation takes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jpauto::{Config, ErrorCode, SessionConfig};
use serde_json::{Map, Value, json};
use warp::http::{Method, StatusCode};

use crate::{
    app::App,
    encoding::Unchanging,
    operation::{Answer, Content, Operation, Outcome, Parameter, Shape, handler},
    problem::status_of,
    request::Request,
    routes,
    samples::Samples,
};

pub(crate) const OPERATIONS: &[Operation] = &[Operation::get("/openapi.json", handler!(document))
    .summary("This document")
    .answers(&[Answer::other(StatusCode::OK, "The document.", Content::Other("application/json"))])];

async fn document(app: App, request: Request) -> Outcome {
    app.document().answer(&request.headers).await
}

/// The document as it is sent.
pub(crate) fn unchanging(config: &Config) -> Unchanging {
    let usual = || SessionConfig::new(Vec::new()).cookie_name;
    let cookie_name = config.sessions.as_ref().map_or_else(usual, |sessions| sessions.cookie_name.clone());
    Unchanging::new(move || (Bytes::from(made(&cookie_name).to_string()), "application/json"))
}

/// The document, with the name of the cookie of sessions.
pub(crate) fn made(cookie_name: &str) -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for operation in routes::operations() {
        let of_path = paths.entry(operation.path).or_insert_with(|| json!({}));
        of_path[operation.method.as_str().to_lowercase()] = described(operation, &mut schemas);
    }
    let tags: BTreeSet<_> = routes::operations().map(Operation::noun).collect();
    let tags: Vec<_> = tags.into_iter().map(|name| json!({"name": name})).collect();
    let of_codes = ErrorCode::ALL.iter().map(|code| (code.to_string(), example(*code)));
    let (schemas, mut examples) = schemas.finished();
    examples.extend(of_codes);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "jpauto",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": examples,
            "headers": headers_of_answers(),
            "responses": answers_of_no_operation(),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie_name, "description": "The session of a person."},
                "token": {"type": "http", "scheme": "bearer", "description": "An API token of a machine."},
            },
        },
    })
}

const ABOUT: &str = "\
A car dealership's inventory, submissions, market and competitors.

Amounts are texts such as `\"13500.00\"`, times are RFC 3339 in UTC, and a field without a value is `null`. A list has at most \
`limit` items; `next` is the cursor of the next page, and the header `Link` has its address. Reads have an `ETag`. Every \
error is a problem document (RFC 9457) with a stable `code`; the examples of the components have one of each code. A path that \
has not the method answers 405, a request that is none 400, and a header that is too long 431.";

fn described(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut described = json!({
        "operationId": format!("{}_{}", operation.noun().replace(['.', '-'], "_"), operation.name),
        "tags": [operation.noun()],
        "summary": operation.summary,
        "description": about(operation),
        "security": security(operation),
        "parameters": parameters(operation, schemas),
        "responses": responses(operation, schemas),
    });
    if let Some(shape) = operation.body {
        described["requestBody"] =
            json!({"required": true, "content": {"application/json": schemas.with_example(shape, Used::Sent)}});
    }
    if !operation.file.is_empty() {
        let content: Map<_, _> =
            operation.file.iter().map(|media_type| ((*media_type).to_owned(), json!({}))).collect();
        described["requestBody"] = json!({"required": true, "content": content});
    }
    described
}

fn about(operation: &Operation) -> String {
    let role = operation.permission.and_then(|permission| permission.needs());
    let role = role.map_or_else(String::new, |role| format!("Takes the role `{role}` or a higher one."));
    [operation.about, &role].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn security(operation: &Operation) -> Value {
    match operation.permission {
        None => json!([]),
        Some(_) if operation.needs_a_role() => json!([{"token": []}, {"session": []}]),
        Some(_) => json!([{}, {"token": []}, {"session": []}]),
    }
}

fn parameters(operation: &Operation, schemas: &mut Schemas) -> Vec<Value> {
    let names = operation.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names
        .map(|name| {
            let schema =
                if name == "id" { json!({"type": "string", "format": "uuid"}) } else { json!({"type": "string"}) };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    for Parameter { name, about, shape, repeats, required } in operation.query.iter().copied().flatten() {
        let one = schema_of_parameter(schemas.of(*shape, Used::Sent), *required);
        let schema = if *repeats { json!({"type": "array", "items": one}) } else { one };
        parameters
            .push(json!({"name": name, "in": "query", "description": about, "required": required, "schema": schema}));
    }
    let header = |name: &str, about: &str| json!({"name": name, "in": "header", "description": about, "schema": {"type": "string"}});
    if operation.tagged {
        parameters
            .push(header("If-None-Match", "The `ETag` of an earlier answer. If it still holds, the answer is 304."));
    }
    if operation.versioned {
        parameters.push(header(
            "If-Match",
            "The `ETag` of the thing as it was read. If it has changed since, nothing is done.",
        ));
    }
    if operation.repeatable {
        let mut key = header(
            "Idempotency-Key",
            "A text of the client's choice, such as a UUID. A repeated call with the same key is done once, within 24 hours.",
        );
        key["schema"] = json!({"type": "string", "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"});
        parameters.push(key);
    }
    if operation.by_photo_token {
        let mut token = header(
            "Photo-Token",
            "The token that the answer to the submission had. It holds for an hour, for this submission, while it is pending.",
        );
        token["required"] = json!(true);
        parameters.push(token);
    }
    parameters
}

/// The schema of a parameter of a query. A blank one counts as not given, and a text with NUL is refused.
fn schema_of_parameter(mut schema: Value, required: bool) -> Value {
    let is_any_text =
        schema["type"] == "string" && ["enum", "format", "pattern"].iter().all(|key| schema[key].is_null());
    if is_any_text {
        schema["pattern"] = json!(if required { r"^[^\u0000]+$" } else { r"^[^\u0000]*$" });
    }
    if required || !schema["pattern"].is_null() {
        return schema;
    }
    json!({"anyOf": [schema, {"type": "string", "maxLength": 0}]})
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for Answer { status, about, content, located } in operation.answers {
        let mut response = json!({"description": about});
        match content {
            Content::Nothing => {}
            Content::Json(shape) => {
                response["content"] = json!({"application/json": schemas.with_example(*shape, Used::Answered)});
            }
            Content::Other(media_type) => response["content"] = json!({(*media_type): {}}),
        }
        response["headers"] = headers(operation, *status, *located);
        responses.insert(status.as_str().to_owned(), response);
    }
    if operation.tagged {
        let headers = headers(operation, StatusCode::NOT_MODIFIED, false);
        let response = json!({"description": "The client has this answer already.", "headers": headers});
        responses.insert("304".to_owned(), response);
    }
    let mut by_status: BTreeMap<StatusCode, BTreeSet<&str>> = BTreeMap::new();
    for code in errors(operation) {
        by_status.entry(status_of(code)).or_default().insert(code.as_str());
    }
    for (status, codes) in by_status {
        let mut problem = problem(status, &codes);
        // An answer of the operation may have the status of a problem, in another media type.
        if let Some(own) = responses.get(status.as_str()) {
            for part in ["content", "headers"] {
                let members = own[part].as_object().into_iter().flatten();
                members.for_each(|(name, value)| problem[part][name] = value.clone());
            }
        }
        responses.insert(status.as_str().to_owned(), problem);
    }
    Value::Object(responses)
}

/// The headers of an answer that is no problem.
fn headers(operation: &Operation, status: StatusCode, located: bool) -> Value {
    let has_version = operation.versioned && status == StatusCode::OK;
    let is_read = operation.tagged && matches!(status, StatusCode::OK | StatusCode::NOT_MODIFIED);
    named([
        ("X-Request-Id", true),
        ("ETag", has_version || is_read),
        ("Location", located),
        ("Link", operation.is_list() && status == StatusCode::OK),
        ("Idempotency-Replayed", operation.repeatable && status.is_success()),
    ])
}

/// The headers of a problem.
fn headers_of_problem(status: StatusCode) -> Value {
    use StatusCode as S;
    named([
        ("X-Request-Id", true),
        ("Retry-After", matches!(status, S::CONFLICT | S::TOO_MANY_REQUESTS | S::SERVICE_UNAVAILABLE)),
        ("WWW-Authenticate", status == S::UNAUTHORIZED),
        ("Allow", status == S::METHOD_NOT_ALLOWED),
    ])
}

fn named<const N: usize>(headers: [(&str, bool); N]) -> Value {
    let sent = headers.into_iter().filter(|(_, is_sent)| *is_sent);
    sent.map(|(name, _)| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))).collect()
}

/// Every header that an answer may have and that a client acts upon.
fn headers_of_answers() -> Value {
    let headers = [
        ("X-Request-Id", "The id of the request, which is also in the log: the client's own, or a new one."),
        ("ETag", "The tag of the answer, for `If-None-Match`, and with the version of the thing for `If-Match`."),
        ("Location", "The address of what was created or begun, or where to go on."),
        ("Link", "The address of the next page, as `rel=\"next\"`. The last page has none."),
        ("Idempotency-Replayed", "`true`, where the call was done before and this is the answer of that time."),
        (
            "Retry-After",
            "The seconds after which it is worth to try again. A conflict has it where it passes by itself.",
        ),
        ("WWW-Authenticate", "How to prove who asks."),
        ("Allow", "The methods of the path."),
    ];
    let described =
        headers.map(|(name, about)| (name.to_owned(), json!({"description": about, "schema": {"type": "string"}})));
    Value::Object(described.into_iter().collect())
}

/// What is answered before it is known which operation is meant.
fn answers_of_no_operation() -> Value {
    let of = |code: ErrorCode| problem(status_of(code), &BTreeSet::from([code.as_str()]));
    json!({
        "MethodNotAllowed": of(ErrorCode::MethodNotAllowed),
        "MalformedRequest": of(ErrorCode::MalformedRequest),
        "NotFound": of(ErrorCode::NotFound),
        "HeaderTooLong": problem(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &BTreeSet::from([ErrorCode::MalformedRequest.as_str()])),
    })
}

/// The codes that an operation may answer with: its own, and those that follow from what it takes.
pub(crate) fn errors(operation: &Operation) -> BTreeSet<ErrorCode> {
    let mut codes: BTreeSet<_> = operation.errors.iter().copied().collect();
    let Some(_) = operation.permission else { return codes };
    let is_write = operation.method != Method::GET;
    codes.extend(OF_ALL);
    codes.extend([ErrorCode::InvalidQuery]);
    for (applies, more) in [
        (operation.needs_a_role(), &[ErrorCode::NotSignedIn, ErrorCode::Forbidden][..]),
        (operation.path.contains("{id}"), &[ErrorCode::NotFound]),
        (operation.is_list(), &[ErrorCode::InvalidCursor]),
        (operation.versioned, &[ErrorCode::VersionChanged]),
        (operation.repeatable, OF_REPEATABLE_CALLS),
        (is_write, OF_WRITES),
        (!is_write, &[ErrorCode::TooManyRequests]),
        (operation.body.is_some(), OF_JSON),
        (operation.body.is_some() || operation.large, OF_BODIES),
        (operation.body.is_some() || !operation.query.is_empty(), &[ErrorCode::InvalidText]),
    ] {
        if applies {
            codes.extend(more);
        }
    }
    codes
}

const OF_ALL: &[ErrorCode] = &[
    ErrorCode::TokenRefused,
    ErrorCode::UserInactive,
    ErrorCode::Overloaded,
    ErrorCode::DeadlinePassed,
    ErrorCode::InternalError,
    ErrorCode::DatabaseUnavailable,
    ErrorCode::DatabaseBusy,
    ErrorCode::DatabaseTimeout,
    ErrorCode::DatabaseOutdated,
    ErrorCode::DatabaseNewer,
    ErrorCode::DatabaseError,
];

const OF_WRITES: &[ErrorCode] = &[
    ErrorCode::CrossSiteRequest,
    ErrorCode::UnsupportedCondition,
    ErrorCode::DatabaseFull,
    ErrorCode::DatabaseReadOnly,
    ErrorCode::AuditFailed,
];

const OF_REPEATABLE_CALLS: &[ErrorCode] =
    &[ErrorCode::InvalidIdempotencyKey, ErrorCode::IdempotencyKeyReused, ErrorCode::RequestInFlight];

const OF_BODIES: &[ErrorCode] =
    &[ErrorCode::UnsupportedMediaType, ErrorCode::BodyTooLarge, ErrorCode::BodyTooSlow, ErrorCode::BodyBrokenOff];

const OF_JSON: &[ErrorCode] = &[ErrorCode::MalformedJson, ErrorCode::InvalidBody];

fn problem(status: StatusCode, codes: &BTreeSet<&str>) -> Value {
    let about: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    let schema = json!({
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"code": {"enum": codes}, "status": {"const": status.as_u16()}}},
        ],
    });
    let examples: Map<_, _> = codes.iter().map(|code| ((*code).to_owned(), reference_to_example(code))).collect();
    json!({
        "description": format!("{}: {}.", status.canonical_reason().unwrap_or("Problem"), about.join(", ")),
        "headers": headers_of_problem(status),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    })
}

fn reference_to_example(name: &str) -> Value {
    json!({"$ref": format!("#/components/examples/{name}")})
}

fn example(code: ErrorCode) -> Value {
    let value = json!({
        "type": crate::problem::type_of(code),
        "title": code.sentence(),
        "status": status_of(code).as_u16(),
        "code": code,
        "detail": code.sentence(),
        "instance": "01890a5d-ac96-774b-bcce-b302099a8057",
        "errors": [],
    });
    json!({"summary": code.remedy(), "value": value})
}

/// Which way a schema goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    Sent,
    Answered,
}

/// The schemas with names.
#[derive(Default)]
struct Schemas {
    named: BTreeMap<String, Value>,
    answered: BTreeSet<String>,
    /// Those that are whole bodies, of which each has an example.
    whole: BTreeMap<String, Value>,
}

impl Schemas {
    /// The schema as it stands where it is used: a reference, unless it has no name.
    fn of(&mut self, shape: Shape, used: Used) -> Value {
        let mut parts = Vec::new();
        (shape.parts)(&mut parts);
        let name = (shape.name)().into_owned();
        let whole = json!((shape.schema)());
        for (name, schema) in parts {
            self.insert(name, json!(schema), used);
        }
        if name.is_empty() {
            return whole;
        }
        self.insert(name.clone(), whole, used);
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    /// The schema of a whole body, with an example.
    fn with_example(&mut self, shape: Shape, used: Used) -> Value {
        let (name, schema) = ((shape.name)().into_owned(), self.of(shape, used));
        if name.is_empty() {
            return json!({"schema": schema, "example": Samples { named: &self.named }.of("", &schema)});
        }
        self.whole.insert(name.clone(), schema.clone());
        let referred = reference_to_example(&name);
        json!({"schema": schema, "examples": {name: referred}})
    }

    fn insert(&mut self, name: String, schema: Value, used: Used) {
        if used == Used::Answered {
            self.answered.insert(name.clone());
        }
        self.named.insert(name, schema);
    }

    /// The schemas, and the examples of those that are whole bodies.
    fn finished(mut self) -> (BTreeMap<String, Value>, Map<String, Value>) {
        for name in &self.answered {
            if let Some(schema) = self.named.get_mut(name) {
                require_every_property(schema);
            }
        }
        let samples = Samples { named: &self.named };
        let examples = self
            .whole
            .iter()
            .map(|(name, schema)| (name.clone(), json!({"value": samples.of(name, schema)})))
            .collect();
        self.named.insert("Problem".to_owned(), schema_of_problems());
        (self.named, examples)
    }
}

/// An answer leaves no field out.
fn require_every_property(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let names =
                members.get("properties").and_then(Value::as_object).map(|properties| properties.keys().cloned());
            let names = names.map(Vec::from_iter).filter(|names| !names.is_empty());
            // A schema that takes no other fields is of what clients send, and an answer repeats it as it was sent.
            let is_sent = members.get("additionalProperties") == Some(&Value::Bool(false));
            if let Some(names) = names.filter(|_| !is_sent) {
                members.insert("required".to_owned(), json!(names));
            }
            members.values_mut().for_each(require_every_property);
        }
        Value::Array(items) => items.iter_mut().for_each(require_every_property),
        _ => {}
    }
}

fn schema_of_problems() -> Value {
    json!({
        "type": "object",
        "description": "An error, as RFC 9457 has it.",
        "required": ["type", "title", "status", "code", "detail", "instance", "errors"],
        "properties": {
            "type": {"type": "string", "description": "A stable address for the code."},
            "title": {"type": "string", "description": "What happened, in general."},
            "status": {"type": "integer"},
            "code": {
                "type": "string",
                "description": "The stable word for programs. A later release may have more.",
                "enum": ErrorCode::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
            },
            "detail": {"type": "string", "description": "What happened this time."},
            "instance": {"type": "string", "description": "The id of the request, which is also in the log."},
            "errors": {
                "type": "array",
                "description": "The fields or parameters at fault.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "message"],
                    "properties": {
                        "pointer": {"type": "string", "description": "Where it is, as RFC 6901 has it."},
                        "message": {"type": "string"},
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of the document.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = made("connect.sid");
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let components = document["components"].as_object().unwrap();
        let known = |part: &str| -> BTreeSet<String> {
            components[part].as_object().unwrap().keys().map(|name| format!("#/components/{part}/{name}")).collect()
        };
        let mut all: BTreeSet<_> = ["schemas", "headers", "examples"].into_iter().flat_map(known).collect();
        // A code that no operation answers stands there all the same.
        let of_codes: BTreeSet<_> =
            ErrorCode::ALL.iter().map(|code| format!("#/components/examples/{}", code.as_str())).collect();
        assert!(of_codes.is_subset(&all), "every code of the catalogue has an example");
        all.retain(|name| found.contains(name) || !of_codes.contains(name));
        assert_eq!(found, all);
    }

    #[test]
    fn every_body_has_an_example_that_fits() {
        let document = made("connect.sid");
        let (mut schemas, mut examples, mut problems) = (Map::new(), Map::new(), 0);
        let operations =
            document["paths"].as_object().unwrap().values().flat_map(|of_path| of_path.as_object().unwrap());
        for operation in operations.map(|(_, operation)| operation) {
            let name = operation["operationId"].as_str().unwrap();
            let answers = operation["responses"].as_object().unwrap().iter();
            let body = ("body".to_owned(), operation["requestBody"].clone());
            for (status, part) in answers.chain([(&body.0, &body.1)]) {
                let content = part["content"].as_object().into_iter().flatten();
                for (kind, media) in content.filter(|(_, media)| !media["schema"].is_null()) {
                    let referred = media["examples"].as_object().into_iter().flatten();
                    let referred =
                        referred.map(|(_, it)| &document.pointer(&it["$ref"].as_str().unwrap()[1..]).unwrap()["value"]);
                    let own = Some(&media["example"]).filter(|example| !example.is_null());
                    let of_media: Vec<_> = referred.chain(own).cloned().collect();
                    assert!(!of_media.is_empty(), "{name} {status} {kind} has no example");
                    let key = format!("{name} {status} {kind}");
                    problems += usize::from(kind == "application/problem+json");
                    schemas.insert(key.clone(), json!({"items": media["schema"]}));
                    examples.insert(key, json!(of_media));
                }
            }
        }
        assert!(problems > 500 && examples.len() > problems + 100, "{problems} of {}", examples.len());
        // One schema of all, so that they are compiled once.
        let whole = json!({"properties": schemas, "components": document["components"]});
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap();
        let examples = Value::Object(examples);
        let faults: Vec<_> =
            validator.iter_errors(&examples).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn a_blank_parameter_fits_the_schema_unless_it_is_required() {
        for operation in routes::operations() {
            for parameter in parameters(operation, &mut Schemas::default()) {
                let (name, schema) = (&parameter["name"], &parameter["schema"]);
                if parameter["in"] != "query" || schema["type"] == "array" {
                    continue;
                }
                let takes_blank = jsonschema::draft202012::new(schema).unwrap().is_valid(&json!(""));
                assert_eq!(takes_blank, parameter["required"] == false, "{name} of {}: {schema}", operation.path);
            }
        }
    }

    #[test]
    fn a_name_stands_for_one_schema() {
        let mut seen: BTreeMap<String, Value> = BTreeMap::new();
        let answers =
            routes::operations().flat_map(|operation| operation.answers).filter_map(|answer| match answer.content {
                Content::Json(shape) => Some(shape),
                Content::Nothing | Content::Other(_) => None,
            });
        for shape in answers.chain(routes::operations().filter_map(|operation| operation.body)) {
            let mut parts = Vec::new();
            (shape.parts)(&mut parts);
            parts.push(((shape.name)().into_owned(), (shape.schema)()));
            for (name, schema) in parts {
                let schema = json!(schema);
                let first = seen.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(*first, schema, "two types are named {name}");
            }
        }
    }
}
