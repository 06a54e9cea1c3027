//! The catalogue of error codes: its document, and that every code is raised.

use std::{fmt::Write as _, fs, path::Path};

use jpauto::{ErrorCode, ErrorKind};
use regex::Regex;

/// Set it to write `docs/errors.md` anew instead of comparing it.
const UPDATE: &str = "UPDATE_DOCS";

/// What the kind means, its HTTP status, exit code and Python class. The adapters' own tests compare these with what they do.
fn row_of(kind: ErrorKind) -> (&'static str, u16, u8, &'static str) {
    match kind {
        ErrorKind::InvalidInput => {
            ("The input is not acceptable. `fields` says what is wrong.", 422, 2, "InvalidInput")
        }
        ErrorKind::NotFound => ("The thing that was named does not exist.", 404, 3, "NotFound"),
        ErrorKind::Conflict => ("The state of the data is against it.", 409, 3, "Conflict"),
        ErrorKind::Refused => ("A rule or the configuration does not allow it, whoever asks.", 409, 3, "Refused"),
        ErrorKind::Unauthenticated => ("Nobody is signed in.", 401, 3, "Unauthenticated"),
        ErrorKind::Forbidden => ("The actor is known and may not do it.", 403, 3, "Forbidden"),
        ErrorKind::RateLimited => ("It was asked for too often. Try later.", 429, 4, "RateLimited"),
        ErrorKind::Misconfigured => ("A value of the configuration is wrong.", 500, 2, "Misconfigured"),
        ErrorKind::Unavailable => ("Something outside does not answer. Try later.", 503, 4, "Unavailable"),
        ErrorKind::Internal => ("A fault of jpauto or of its database.", 500, 1, "Internal"),
        kind => panic!("{kind:?} is not documented"),
    }
}

/// Codes with an HTTP status that is not the one of their kind.
const STATUSES: [(ErrorCode, u16); 13] = [
    (ErrorCode::MalformedRequest, 400),
    (ErrorCode::MalformedJson, 400),
    (ErrorCode::InvalidQuery, 400),
    (ErrorCode::BodyBrokenOff, 400),
    (ErrorCode::MethodNotAllowed, 405),
    (ErrorCode::BodyTooSlow, 408),
    (ErrorCode::VersionChanged, 412),
    (ErrorCode::BodyTooLarge, 413),
    (ErrorCode::UnsupportedMediaType, 415),
    (ErrorCode::DatabaseReadOnly, 503),
    (ErrorCode::DatabaseOutdated, 503),
    (ErrorCode::DatabaseNewer, 503),
    (ErrorCode::DeadlinePassed, 504),
];

const HEAD: &str = "\
# Errors

Every failure has a *code*, such as `duplicate_vin`, and every code has a *kind*. Branch on the kind to choose what to do.
Compare the code to know the exact case. Codes stay the same across releases; messages do not.

This file is made from `core/error/catalogue.rs`. To add a code, add its row there, raise it, and run
`UPDATE_DOCS=1 cargo test --test integration errors`.

| where | kind | code | message | fields at fault | when to try again |
| --- | --- | --- | --- | --- | --- |
| Rust, `jpauto::Error` | `kind()` | `code()`, `is(ErrorCode::DuplicateVin)` | `to_string()` | `fields()` | `retry_after()` |
| HTTP, problem document | the status | `code`, end of `type` | `detail` | `errors` | header `Retry-After` |
| command line, stderr | the exit code | `error[code]: message` | the same line | in the message | in the message |
| command line, `--format json` | `error.kind` | `error.code` | `error.message` | `error.fields` | in the message |
| Python, `jpauto.Error` | the class | `error.code` | `str(error)` | `error.fields` | `error.retry_after` |

In Rust, the whole catalogue is `jpauto::ErrorCode::ALL`, with `kind()`, `sentence()` and `remedy()` of each code. The
`title` of a problem document is the sentence.

## Kinds

A call that failed with `rate_limited` or `unavailable` may succeed later with nothing changed
(`Error::is_transient()`, exit code 4).

| kind | meaning | HTTP status | exit code | Python class |
| --- | --- | --- | --- | --- |
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for kind in ErrorKind::ALL {
        let (meaning, status, exit_code, class) = row_of(*kind);
        writeln!(text, "| `{}` | {meaning} | {status} | {exit_code} | `{class}` |", kind.as_str()).unwrap();
    }
    text.push_str(
        "\nThese codes have an HTTP status of their own:\n\n| code | kind | HTTP status |\n| --- | --- | --- |\n",
    );
    for (code, status) in STATUSES {
        writeln!(text, "| [`{code}`](#{code}) | {} | {status} |", code.kind().as_str()).unwrap();
    }
    text.push_str("\n## Codes\n");
    let mut section = "";
    for code in ErrorCode::ALL {
        if code.section() != section {
            section = code.section();
            write!(
                text,
                "\n### {section}\n\n| code | kind | what happened | what to do |\n| --- | --- | --- | --- |\n"
            )
            .unwrap();
        }
        let (kind, sentence, remedy) = (code.kind().as_str(), code.sentence(), code.remedy());
        writeln!(text, "| <a id=\"{code}\"></a>`{code}` | {kind} | {sentence} | {remedy} |").unwrap();
    }
    text
}

#[test]
fn the_document_lists_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let document = document();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, document).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap();
    let differs = document.lines().zip(written.lines()).find(|(made, read)| made != read);
    assert_eq!(differs, None, "{UPDATE}=1 writes {} anew", path.display());
    assert_eq!(document.lines().count(), written.lines().count(), "{UPDATE}=1 writes {} anew", path.display());
}

#[test]
fn each_kind_has_its_documented_class_in_python() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/python/src/error.rs");
    let source = fs::read_to_string(path).unwrap();
    for kind in ErrorKind::ALL {
        let arm = Regex::new(&format!(r#"ErrorKind::{kind:?}( \| _)? => imported!\("{}"\)"#, row_of(*kind).3)).unwrap();
        assert!(arm.is_match(&source), "{kind:?}");
    }
}

#[test]
fn every_code_is_raised_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["core", "adapters/cli/src", "adapters/http/src", "bindings/python/src"] {
        read_sources(&root.join(folder), &mut sources);
    }
    // Comparisons and lists to compare with raise nothing.
    let compared = Regex::new(r"\.is\(ErrorCode::\w+\)|: \[ErrorCode; \d+\] =\s*\[[^\]]*\]").unwrap();
    let sources = compared.replace_all(&sources, "");
    let raised = Regex::new(r"\bErrorCode::(\w+)|\bwords!\(\s*\w+, (\w+) at ").unwrap();
    let raised: Vec<&str> = raised
        .captures_iter(&sources)
        .filter_map(|found| found.get(1).or(found.get(2)))
        .map(|name| name.as_str())
        .collect();
    let unused: Vec<_> = ErrorCode::ALL.iter().filter(|code| !raised.contains(&format!("{code:?}").as_str())).collect();
    assert!(unused.is_empty(), "nothing raises {unused:?}");
}

/// The sources without their tests and without the catalogue itself.
fn read_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            read_sources(&path, sources);
        } else if name.ends_with(".rs") && !["tests.rs", "catalogue.rs"].contains(&name) {
            let text = fs::read_to_string(&path).unwrap();
            sources.push_str(text.split("\nmod tests {").next().unwrap());
        }
    }
}
