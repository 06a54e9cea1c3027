//! `GET /docs`: the table of operations as a page for people. It has no script and loads nothing.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use warp::http::{StatusCode, header::CONTENT_SECURITY_POLICY};

use crate::{
    answer,
    app::App,
    encoding::Unchanging,
    openapi,
    operation::{Answer, Content, Operation, Outcome, handler},
    request::Request,
    routes,
};

pub(crate) const OPERATIONS: &[Operation] = &[Operation::get("/docs", handler!(page))
    .summary("The operations as a page for people")
    .answers(&[Answer::other(StatusCode::OK, "The page.", Content::Other("text/html"))])];

/// Its own style, which is named by its hash, is all that the page may use.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
summary { cursor: pointer } code { font-size: 0.95em } .method { display: inline-block; width: 4.5em; font-weight: bold }
table { border-collapse: collapse; margin: 0.5rem 0 1rem } td, th { text-align: left; vertical-align: top; padding: 0.15rem 1rem 0.15rem 0 }
details > *:not(summary) { margin-left: 4.5em }
";

const HEAD: &str = "\
<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>jpauto: HTTP API</title>
";

const INTRODUCTION: &str = "\
<h1>HTTP API</h1>
<p>The whole document with all schemas is at <a href=\"/openapi.json\"><code>/openapi.json</code></a> (OpenAPI 3.1).
Send an API token as <code>Authorization: Bearer</code>, or the cookie of a session.</p>
";

static PAGE: LazyLock<Unchanging> =
    LazyLock::new(|| Unchanging::new(|| (Bytes::from(made()), "text/html; charset=utf-8")));

fn made() -> String {
    let mut page = format!("{HEAD}<style>{STYLE}</style>\n{INTRODUCTION}");
    let mut noun = "";
    for operation in routes::operations() {
        if operation.noun() != noun {
            noun = operation.noun();
            page.push_str(&format!("<h2>{}</h2>\n", escaped(noun)));
        }
        page.push_str(&section(operation));
    }
    page
}

async fn page(_app: App, request: Request) -> Outcome {
    Ok(answer::with_header(PAGE.answer(&request.headers).await?, CONTENT_SECURITY_POLICY, &POLICY))
}

fn section(operation: &Operation) -> String {
    let Operation { method, path, summary, about, .. } = operation;
    let mut text = format!(
        "<details><summary><span class=\"method\">{method}</span> <code>{}</code> {}</summary>\n",
        escaped(path),
        escaped(summary)
    );
    let role = match operation.permission.and_then(|permission| permission.needs()) {
        Some(role) => format!("Takes the role {role} or a higher one."),
        None => "Anybody may.".to_owned(),
    };
    text.push_str(&format!("<p>{} {role}</p>\n<table>\n", escaped(about).replace('`', "")));
    for parameter in operation.query.iter().copied().flatten() {
        row(&mut text, parameter.name, parameter.about);
    }
    if let Some(body) = operation.body {
        row(&mut text, "body", &(body.name)());
    }
    for Answer { status, about, content, .. } in operation.answers {
        let shape = if let Content::Json(shape) = content { (shape.name)() } else { "".into() };
        row(&mut text, status.as_str(), &format!("{about} {shape}"));
    }
    let codes: Vec<_> = openapi::errors(operation).iter().map(|code| code.as_str()).collect();
    row(&mut text, "errors", &codes.join(", "));
    text.push_str("</table></details>\n");
    text
}

fn row(text: &mut String, name: &str, about: &str) {
    text.push_str(&format!("<tr><td><code>{}</code></td><td>{}</td></tr>\n", escaped(name), escaped(about)));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
