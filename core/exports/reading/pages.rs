//! Pages read back, from a folder or a ZIP file: front matter between two lines `---`, a text below.

use std::{
    fs::{self, File},
    io::{BufReader, Read},
    path::Path,
};

use serde_json::Value;

use super::{Head, LONGEST_ROW, Named, Unreadable, Visitor};
use crate::exports::feed::Feed;

/// More pages than this are no feed.
const MOST_PAGES: usize = 1_000_000;

pub(super) fn read_folder(path: &Path, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") && names.len() < MOST_PAGES {
            names.push(name);
        }
    }
    names.sort_unstable();
    let mut pages = Pages { feed, row: Named::new(feed), head: Head::default() };
    for name in names {
        let file = File::open(path.join(&name))?;
        if pages.show(&name, file, visitor)?.is_break() {
            break;
        }
    }
    Ok(pages.head)
}

pub(super) fn read_zip(file: File, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let no_zip = |reason: zip::result::ZipError| Unreadable::At(1, format!("expected a ZIP file: {reason}"));
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(no_zip)?;
    let mut pages = Pages { feed, row: Named::new(feed), head: Head::default() };
    for place in 0..archive.len().min(MOST_PAGES) {
        let entry = archive.by_index(place).map_err(no_zip)?;
        let name = entry.name().map_err(no_zip)?.into_owned();
        if name.ends_with(".md") && pages.show(&name, entry, visitor)?.is_break() {
            break;
        }
    }
    Ok(pages.head)
}

struct Pages<'f> {
    feed: &'f Feed,
    row: Named,
    head: Head,
}

impl Pages<'_> {
    fn show(
        &mut self,
        name: &str,
        file: impl Read,
        visitor: &mut Visitor<'_>,
    ) -> Result<std::ops::ControlFlow<()>, Unreadable> {
        self.head.rows += 1;
        let at = |expected: &str| Unreadable::At(self.head.rows, format!("{name}: expected {expected}"));
        let mut page = String::new();
        file.take(LONGEST_ROW + 1).read_to_string(&mut page).map_err(|_no_text| at("a page in UTF-8"))?;
        if page.len() as u64 > LONGEST_ROW {
            return Err(at("a page of at most 4 MiB"));
        }
        let mut lines = page.lines();
        if lines.next() != Some("---") {
            return Err(at("front matter, which begins with a line ---"));
        }
        self.row.clear();
        loop {
            let line = lines.next().ok_or_else(|| at("a line --- at the end of the front matter"))?;
            if line == "---" {
                break;
            }
            let (key, value) = line.split_once(": ").ok_or_else(|| at("a line `key: value` in the front matter"))?;
            // A scalar that is no JSON is a plain text of YAML.
            match serde_json::from_str(value).unwrap_or_else(|_plain| Value::String(value.to_owned())) {
                Value::Array(values) => values.iter().for_each(|value| self.row.add(self.feed, key, &text_of(value))),
                value => self.row.add(self.feed, key, &text_of(&value)),
            }
        }
        Ok(self.row.show(self.head.rows, Some(name), visitor))
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
