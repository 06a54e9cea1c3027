//! The words of an e-mail: templates in the language of Jinja, which the owner may replace by files of a folder.
//!
//! A message has a subject (`submission.created.subject.txt`), a text (`submission.created.txt`) and the same as HTML
//! (`submission.created.html`, or `message.html` for all events). What the data say is escaped in HTML. A file that is wrong is
//! named with its line by [`check_templates`], and the usual words are sent instead.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use minijinja::{
    Environment, UndefinedBehavior,
    syntax::SyntaxConfig,
    value::{Serde, Value as Word},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Event;

/// The words of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// A template of the owner's that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TemplateFault {
    /// The name of the file.
    pub file: String,
    /// The line at fault, where one is.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, message } = self;
        match line {
            Some(line) => write!(f, "{file}:{line}: {message}"),
            None => write!(f, "{file}: {message}"),
        }
    }
}

/// The usual templates, by the names of their files.
const USUAL: [(&str, &str); 15] = [
    ("message.html", include_str!("templates/message.html")),
    ("submission.created.subject.txt", include_str!("templates/submission.created.subject.txt")),
    ("submission.created.txt", include_str!("templates/submission.created.txt")),
    ("alert.critical.subject.txt", include_str!("templates/alert.critical.subject.txt")),
    ("alert.critical.txt", include_str!("templates/alert.critical.txt")),
    ("job.failed.subject.txt", include_str!("templates/job.failed.subject.txt")),
    ("job.failed.txt", include_str!("templates/job.failed.txt")),
    ("export.held_back.subject.txt", include_str!("templates/export.held_back.subject.txt")),
    ("export.held_back.txt", include_str!("templates/export.held_back.txt")),
    ("storage.alert.subject.txt", include_str!("templates/storage.alert.subject.txt")),
    ("storage.alert.txt", include_str!("templates/storage.alert.txt")),
    ("digest.daily.subject.txt", include_str!("templates/digest.daily.subject.txt")),
    ("digest.daily.txt", include_str!("templates/digest.daily.txt")),
    ("notification.test.subject.txt", include_str!("templates/notification.test.subject.txt")),
    ("notification.test.txt", include_str!("templates/notification.test.txt")),
];

/// No template is larger.
const LARGEST: u64 = 256 * 1024;

/// What a message is made of.
#[derive(Clone, Debug)]
pub(super) struct Content<'a> {
    pub(super) event: Event,
    pub(super) raised_at: String,
    pub(super) dealership: Option<&'a str>,
    pub(super) data: &'a Value,
}

/// The templates of the owner, by the names of their files.
#[derive(Default)]
pub(crate) struct Templates {
    own: BTreeMap<String, String>,
}

impl Templates {
    /// Reads the owner's templates. Those that are wrong are left out, and the log names them.
    pub(super) fn load(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let (own, faults) = read(folder);
        for fault in faults {
            tracing::warn!(%fault, "a template of notifications is wrong; the usual one is used");
        }
        Self { own }
    }

    /// The words of a message. Where a template of the owner's fails on these data, the usual one speaks.
    pub(super) fn words(&self, content: &Content<'_>) -> Words {
        let name = content.event.as_str();
        let subject = self.rendered(&[&format!("{name}.subject.txt")], content, None);
        let text = self.rendered(&[&format!("{name}.txt")], content, None);
        let parts = (subject.as_str(), text.as_str());
        let html = self.rendered(&[&format!("{name}.html"), "message.html"], content, Some(parts));
        Words { subject, text, html }
    }

    /// The first of the templates that is there: an owner's before the usual ones.
    fn rendered(&self, names: &[&str], content: &Content<'_>, parts: Option<(&str, &str)>) -> String {
        for name in names {
            let Some(own) = self.own.get(*name) else { continue };
            match render(name, own, content, parts) {
                Ok(text) => return text,
                Err(reason) => tracing::warn!(template = name, %reason, "a template failed; the usual one is used"),
            }
        }
        let usual = names.iter().find_map(|name| USUAL.iter().find(|(usual, _)| usual == name));
        let rendered = usual.map(|(name, source)| render(name, source, content, parts));
        // A test renders each of them; an event of another release has none.
        rendered.and_then(Result::ok).unwrap_or_else(|| content.event.to_string())
    }
}

/// Looks at a folder of templates: each that cannot be used, with its line. What is right is used all the same.
#[must_use]
pub fn check_templates(folder: &Path) -> Vec<TemplateFault> {
    read(folder).1
}

/// The templates of a folder that can be used, and what is wrong with the others.
fn read(folder: &Path) -> (BTreeMap<String, String>, Vec<TemplateFault>) {
    let (mut own, mut faults) = (BTreeMap::new(), Vec::new());
    let fault = |file: &str, message: String| TemplateFault { file: file.to_owned(), line: None, message };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(reason) => {
            faults.push(fault(&folder.display().to_string(), format!("the folder cannot be read: {reason}")));
            return (own, faults);
        }
    };
    let mut paths: Vec<_> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        match read_one(&path, &name) {
            Ok(source) => {
                own.insert(name, source);
            }
            Err(wrong) => faults.push(wrong),
        }
    }
    (own, faults)
}

fn read_one(path: &Path, name: &str) -> Result<String, TemplateFault> {
    let fault = |line, message: String| TemplateFault { file: name.to_owned(), line, message };
    let Some(event) = event_of(name) else {
        let known = "expected EVENT.subject.txt, EVENT.txt, EVENT.html or message.html, such as submission.created.txt";
        return Err(fault(None, known.to_owned()));
    };
    let size = path.metadata().map(|meta| meta.len()).unwrap_or_default();
    if size > LARGEST {
        return Err(fault(None, "it is larger than 256 KiB".to_owned()));
    }
    let source = fs::read_to_string(path).map_err(|reason| fault(None, format!("it cannot be read: {reason}")))?;
    let data = example(event);
    let content = Content {
        event,
        raised_at: "2026-03-01 12:00 UTC".to_owned(),
        dealership: Some("Example Motors"),
        data: &data,
    };
    let parts = name.ends_with(".html").then_some(("Subject", "Text"));
    match render(name, &source, &content, parts) {
        Ok(_) => Ok(source),
        Err(reason) => {
            let detail = reason.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            Err(fault(reason.line(), format!("{}{detail}", reason.kind())))
        }
    }
}

/// The event of a template by the name of its file. Each has `message.html`, which is tried on one of them.
fn event_of(name: &str) -> Option<Event> {
    if name == "message.html" {
        return Some(Event::NotificationTest);
    }
    let event = name.strip_suffix(".html").or_else(|| {
        let name = name.strip_suffix(".txt")?;
        Some(name.strip_suffix(".subject").unwrap_or(name))
    })?;
    event.parse().ok()
}

/// The steps that a template may take. Ours take some hundred; loops within loops have no end that a worker could wait for.
const LONGEST_RENDERING: u64 = 100_000;

fn render(
    name: &str,
    source: &str,
    content: &Content<'_>,
    parts: Option<(&str, &str)>,
) -> Result<String, minijinja::Error> {
    // By the end of the name: HTML is escaped, text is not.
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(LONGEST_RENDERING));
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("thousands", thousands);
    environment.add_template(name, source)?;
    let (subject, text) = parts.unwrap_or_default();
    let paragraphs: Vec<Vec<&str>> = text.trim().split("\n\n").map(|paragraph| paragraph.lines().collect()).collect();
    let seen = json!({
        "event": content.event,
        "raised_at": content.raised_at,
        "dealership": content.dealership,
        "data": content.data,
        "subject": subject.trim(),
        "text": text,
        "paragraphs": paragraphs,
    });
    environment.get_template(name)?.render(Word::from(Serde(&seen)))
}

/// `52000` as `52,000`, and `"15000.00"` as `15,000`. Other words stay as they are.
fn thousands(word: &Word) -> String {
    let text = word.to_string();
    let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if cents.bytes().all(|byte| byte == b'0') { grouped } else { format!("{grouped}.{cents}") }
}

/// Data of each event as they may be, to try a template on.
fn example(event: Event) -> Value {
    let alert = json!({
        "alert_type": "overpriced", "severity": "critical", "subject_id": "0197e9a6-0000-7000-8000-000000000000",
        "message": "The vehicle is priced 25 % above its market.", "metadata": {},
    });
    match event {
        Event::SubmissionCreated => json!({
            "submission_id": "0197e9a6-0000-7000-8000-000000000000", "year": 2019, "make": "Toyota", "model": "Camry",
            "trim": "SE", "vin": "4T1B11HK5KU211111", "mileage": 52_000, "asking_price": "15000.00", "offered_again": false,
            "contact": {"name": "Ann Example", "email": "ann@example.com", "phone": "+1 555 010 2030"},
        }),
        Event::AlertCritical => json!({"alerts": [alert], "count": 1}),
        Event::JobFailed => {
            json!({"job": "backup", "error": "backup_failed: the disk is full", "message": "The job backup failed."})
        }
        Event::ExportHeldBack => json!({
            "platform": "cars_com", "destination": "/srv/feeds", "message": "The feed would shrink from 90 vehicles to 12.",
        }),
        Event::StorageAlert => alert,
        Event::DigestDaily => json!({
            "day": "2026-03-01", "submissions_new": 4, "submissions_pending": 2, "vehicles_available": 88, "vehicles_added": 3,
            "vehicles_sold": 1, "alerts_open": 5, "alerts_critical": 1, "jobs_failing": ["backup"], "feeds_failed": ["cars_com"],
            "notifications_given_up": 0,
        }),
        Event::NotificationTest | Event::Unknown => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(event: Event, data: &Value) -> Content<'_> {
        Content { event, raised_at: "2026-03-01 12:00 UTC".into(), dealership: None, data }
    }

    fn words(templates: &Templates, event: Event, data: &Value) -> Words {
        templates.words(&content(event, data))
    }

    #[test]
    fn every_event_has_words_whatever_of_it_is_known() {
        for event in Event::ALL {
            let mut data = example(event);
            for round in ["all of it", "as little as there may be"] {
                for ending in ["subject.txt", "txt"] {
                    let name = format!("{event}.{ending}");
                    let (_, source) = USUAL.iter().find(|(usual, _)| *usual == name).unwrap();
                    render(&name, source, &content(event, &data), None)
                        .unwrap_or_else(|reason| panic!("{name}, {round}: {reason}"));
                }
                let said = words(&Templates::default(), event, &data);
                assert!(
                    said.subject.trim().len() > 5 && said.text.len() > 20 && said.html.contains("</html>"),
                    "{said:?}"
                );
                assert!(!said.text.contains("none") && !said.subject.contains('\n'), "{event}, {round}: {said:?}");
                let Some(fields) = data.as_object_mut() else { continue };
                for (name, value) in fields.iter_mut() {
                    if ["trim", "vin", "mileage", "asking_price", "destination", "subject_id"].contains(&name.as_str())
                    {
                        *value = Value::Null;
                    }
                }
                fields.remove("contact");
            }
        }
    }

    #[test]
    fn one_offer_is_no_offers() {
        let mut data = example(Event::DigestDaily);
        (data["submissions_new"], data["alerts_open"]) = (json!(1), json!(1));
        let said = words(&Templates::default(), Event::DigestDaily, &data);
        assert_eq!(said.subject.trim(), "2026-03-01: 1 new offer, 1 sold, 1 open alert");
        data["submissions_new"] = json!(0);
        let said = words(&Templates::default(), Event::DigestDaily, &data);
        assert_eq!(said.subject.trim(), "2026-03-01: 0 new offers, 1 sold, 1 open alert");
    }

    #[test]
    fn hostile_words_stay_text_in_html() {
        let mut data = example(Event::SubmissionCreated);
        data["model"] = json!("<script>alert(1)</script> {{ 7 * 7 }} \"' &amp;\r\nBcc: x@y.example");
        let said = words(&Templates::default(), Event::SubmissionCreated, &data);
        assert!(said.text.contains("<script>alert(1)</script> {{ 7 * 7 }}"), "{}", said.text);
        assert!(!said.html.contains("<script") && said.html.contains("&lt;script&gt;"), "{}", said.html);
        assert!(said.html.contains("{{ 7 * 7 }}") && said.html.contains("&amp;amp;"), "{}", said.html);
    }

    #[test]
    fn an_owners_template_counts_and_a_wrong_one_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("submission.created.subject.txt", "Offer: {{ data.make }}");
        write("submission.created.html", "<html><b>{{ data.model }}</b> {{ text }}</html>");
        write("job.failed.txt", "One\n{% if data.job %}\nnever ends");
        write("digest.daily.txt", "Fine\n\n{{ data.submisions_new }}");
        write("submision.created.txt", "A slip of the pen");
        write("storage.alert.txt", "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}");
        write("alert.critical.txt", "{{ data.count | nonsense }}");
        let faults = check_templates(folder.path());
        let named: Vec<_> = faults.iter().map(|fault| (fault.file.as_str(), fault.line.is_some())).collect();
        assert_eq!(
            named,
            [
                ("alert.critical.txt", true),
                ("digest.daily.txt", true),
                ("job.failed.txt", true),
                ("storage.alert.txt", true),
                ("submision.created.txt", false),
            ]
        );
        assert_eq!((faults[0].line, faults[1].line), (Some(1), Some(3)), "{faults:?}");
        let templates = Templates::load(Some(folder.path()));
        let mut data = example(Event::SubmissionCreated);
        data["model"] = json!("<i>");
        let said = words(&templates, Event::SubmissionCreated, &data);
        assert_eq!(said.subject, "Offer: Toyota");
        assert!(said.html.starts_with("<html><b>&lt;i&gt;</b>"), "{}", said.html);
        let usual = words(&Templates::default(), Event::JobFailed, &example(Event::JobFailed));
        assert_eq!(words(&templates, Event::JobFailed, &example(Event::JobFailed)), usual);
        assert_eq!(check_templates(Path::new("/does/not/exist")).len(), 1);
    }

    #[test]
    fn a_template_that_fails_on_some_data_only_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("submission.created.txt"), "{{ data.contact.name }}").unwrap();
        let templates = Templates::load(Some(folder.path()));
        let mut data = example(Event::SubmissionCreated);
        assert_eq!(words(&templates, Event::SubmissionCreated, &data).text, "Ann Example");
        data.as_object_mut().unwrap().remove("contact");
        assert!(words(&templates, Event::SubmissionCreated, &data).text.contains("Camry"));
    }

    #[test]
    fn amounts_and_miles_are_grouped() {
        for (word, expected) in [
            (Word::from(52_000), "52,000"),
            (Word::from(999), "999"),
            (Word::from("15000.00"), "15,000"),
            (Word::from("1234567.89"), "1,234,567.89"),
            (Word::from("soon"), "soon"),
        ] {
            assert_eq!(thousands(&word), expected);
        }
    }
}
