//! `GET /openapi.json`: the table of operations as an OpenAPI 3.1 document.
//!
//! The schemas are those of the library's types. What every operation has in common is written here once: the headers, the
//! parameters of the path, and the errors that follow from what an operation takes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jpauto::ErrorCode;
use serde_json::{Map, Value, json};
use warp::http::{Method, StatusCode};

use crate::{
    app::App,
    encoding::Unchanging,
    operation::{Answer, Content, Operation, Outcome, Parameter, Shape, handler},
    problem::status_of,
    request::Request,
    routes,
};

pub(crate) const OPERATIONS: &[Operation] = &[Operation::get("/openapi.json", handler!(document))
    .summary("This document")
    .answers(&[Answer::other(StatusCode::OK, "The document.", Content::Other("application/json"))])];

static DOCUMENT: Unchanging = Unchanging::new(|| (Bytes::from(made().to_string()), "application/json"));

async fn document(_app: App, request: Request) -> Outcome {
    DOCUMENT.answer(&request.headers).await
}

/// The document.
pub(crate) fn made() -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for operation in routes::operations() {
        let of_path = paths.entry(operation.path).or_insert_with(|| json!({}));
        of_path[operation.method.as_str().to_lowercase()] = described(operation, &mut schemas);
    }
    let tags: BTreeSet<_> = routes::operations().map(Operation::noun).collect();
    let tags: Vec<_> = tags.into_iter().map(|name| json!({"name": name})).collect();
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
            "schemas": schemas.finished(),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "connect.sid", "description": "The session of a person."},
                "token": {"type": "http", "scheme": "bearer", "description": "An API token of a machine."},
            },
        },
    })
}

const ABOUT: &str = "\
A car dealership's inventory, submissions, market and competitors.

Amounts are texts such as `\"13500.00\"`, times are RFC 3339 in UTC, and a field without a value is `null`. A list has at most \
`limit` items; `next` is the cursor of the next page, and the header `Link` has its address. Reads have an `ETag`. Every \
error is a problem document (RFC 9457) with a stable `code`.";

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
            json!({"required": true, "content": {"application/json": {"schema": schemas.of(shape, Used::Sent)}}});
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
    if operation.method == Method::GET && operation.permission.is_some() {
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
    for Answer { status, about, content } in operation.answers {
        let mut response = json!({"description": about});
        match content {
            Content::Nothing => {}
            Content::Json(shape) => {
                response["content"] = json!({"application/json": {"schema": schemas.of(*shape, Used::Answered)}});
            }
            Content::Other(media_type) => response["content"] = json!({(*media_type): {}}),
        }
        if let Some(headers) = headers(operation, *status) {
            response["headers"] = headers;
        }
        responses.insert(status.as_str().to_owned(), response);
    }
    if operation.method == Method::GET && operation.permission.is_some() {
        responses.insert("304".to_owned(), json!({"description": "The client has this answer already."}));
    }
    let mut by_status: BTreeMap<StatusCode, BTreeSet<&str>> = BTreeMap::new();
    for code in errors(operation) {
        by_status.entry(status_of(code)).or_default().insert(code.as_str());
    }
    for (status, codes) in by_status {
        let mut problem = problem(status, &codes);
        // An answer of the operation may have the status of a problem, in another media type.
        if let Some(content) = responses.get(status.as_str()).and_then(|own| own.get("content")?.as_object()) {
            content.iter().for_each(|(media_type, schema)| problem["content"][media_type] = schema.clone());
        }
        responses.insert(status.as_str().to_owned(), problem);
    }
    Value::Object(responses)
}

fn headers(operation: &Operation, status: StatusCode) -> Option<Value> {
    let header = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    match status {
        StatusCode::CREATED => Some(json!({"Location": header("The address of what was created.")})),
        StatusCode::ACCEPTED => Some(json!({"Location": header("The address of what was begun.")})),
        StatusCode::SEE_OTHER => Some(json!({"Location": header("Where to go on.")})),
        StatusCode::OK if operation.is_list() => {
            Some(json!({"Link": header("The address of the next page, as `rel=\"next\"`.")}))
        }
        _ => None,
    }
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

const OF_WRITES: &[ErrorCode] =
    &[ErrorCode::CrossSiteRequest, ErrorCode::DatabaseFull, ErrorCode::DatabaseReadOnly, ErrorCode::AuditFailed];

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
    let examples: Map<String, Value> =
        ErrorCode::ALL.iter().filter(|code| codes.contains(code.as_str())).map(|code| example(*code, status)).collect();
    json!({
        "description": format!("{}: {}.", status.canonical_reason().unwrap_or("Problem"), about.join(", ")),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    })
}

fn example(code: ErrorCode, status: StatusCode) -> (String, Value) {
    let value = json!({
        "type": crate::problem::type_of(code),
        "title": code.sentence(),
        "status": status.as_u16(),
        "code": code,
        "detail": code.sentence(),
        "instance": "01890a5d-ac96-774b-bcce-b302099a8057",
        "errors": [],
    });
    (code.to_string(), json!({"summary": code.remedy(), "value": value}))
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

    fn insert(&mut self, name: String, schema: Value, used: Used) {
        if used == Used::Answered {
            self.answered.insert(name.clone());
        }
        self.named.insert(name, schema);
    }

    fn finished(mut self) -> BTreeMap<String, Value> {
        for name in &self.answered {
            if let Some(schema) = self.named.get_mut(name) {
                require_every_property(schema);
            }
        }
        self.named.insert("Problem".to_owned(), schema_of_problems());
        self.named
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
            "code": {"type": "string", "description": "The stable word for programs."},
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
        let document = made();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let named = document["components"]["schemas"].as_object().unwrap();
        let known: BTreeSet<_> = named.keys().map(|name| format!("#/components/schemas/{name}")).collect();
        assert_eq!(found, known);
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
