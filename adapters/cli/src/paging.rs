//! Lists: one page, or all pages one after the other. What is deliberately not here: filters, which are the nouns'.

use std::cell::RefCell;

use clap::Args;
use jpauto::{Page, PageRequest};
use serde::Serialize;
use serde_json::json;

use crate::{
    failure::Failure,
    output::{Format, Output, Row, remark},
};

/// Which part of a list is asked for.
#[derive(Args, Debug)]
#[command(next_help_heading = "Paging")]
pub(crate) struct Paging {
    /// At most so many, up to 500
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after the page that gave this cursor
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// All pages
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Paging {
    /// Prints what is asked for.
    pub(crate) fn print<T: Row>(
        &self,
        output: &mut Output,
        fetch: impl Fn(&PageRequest) -> jpauto::Result<Page<T>>,
    ) -> Result<(), Failure> {
        let (gathered, next) = self.gather(output, fetch)?;
        if output.format() == Format::Json {
            return output.json(&json!({"items": gathered, "next": next}));
        }
        finish(output, &gathered, next)
    }

    /// The same below what `above` prints for people, once it is known that there is such a page.
    pub(crate) fn print_below<T: Row>(
        &self,
        output: &mut Output,
        above: impl FnOnce(&mut Output) -> Result<(), Failure>,
        fetch: impl Fn(&PageRequest) -> jpauto::Result<Page<T>>,
    ) -> Result<(), Failure> {
        if output.format() != Format::Table {
            return self.print(output, fetch);
        }
        let (gathered, next) = self.gather(output, fetch)?;
        above(output)?;
        finish(output, &gathered, next)
    }

    /// Prints what is asked for with what is true of all of it: an object with a `total`, which stands beside the items in JSON and
    /// is the last of the lines; for people a line above them.
    pub(crate) fn print_with_total<T: Row, H: Serialize>(
        &self,
        output: &mut Output,
        line: impl Fn(&H) -> String,
        fetch: impl Fn(&PageRequest) -> jpauto::Result<(H, Page<T>)>,
    ) -> Result<(), Failure> {
        let told = RefCell::new(None);
        let (gathered, next) = self.gather(output, |request| {
            let (head, items) = fetch(request)?;
            told.borrow_mut().get_or_insert(head);
            Ok(items)
        })?;
        let head = told.into_inner();
        match (output.format(), &head) {
            (Format::Json, head) => return output.json(&Whole { head, items: &gathered, next }),
            (Format::Jsonl, Some(head)) => output.json_line(head)?,
            (Format::Table, Some(head)) => output.text(&line(head))?,
            (_, None) => {}
        }
        finish(output, &gathered, next)
    }

    /// Reads the pages asked for; lines for programs are printed as they come.
    fn gather<T: Row>(
        &self,
        output: &mut Output,
        fetch: impl Fn(&PageRequest) -> jpauto::Result<Page<T>>,
    ) -> Result<(Vec<T>, Option<String>), Failure> {
        let mut request = if self.all { PageRequest::largest() } else { PageRequest::first(self.limit) };
        if let Some(cursor) = &self.after {
            request = request.after(cursor);
        }
        let mut gathered = Vec::new();
        let next = loop {
            let Page { items, next, .. } = fetch(&request)?;
            match output.format() {
                // Lines need not wait for the last page.
                Format::Jsonl => items.iter().try_for_each(|item| output.json_line(item))?,
                Format::Table | Format::Json => gathered.extend(items),
            }
            match next {
                Some(cursor) if self.all => request = request.after(cursor),
                next => break next,
            }
        };
        Ok((gathered, next))
    }
}

/// A list with what is true of all of it.
#[derive(Serialize)]
struct Whole<'a, T, H> {
    #[serde(flatten)]
    head: &'a Option<H>,
    items: &'a [T],
    next: Option<String>,
}

/// The rows for people, and how to go on.
fn finish<T: Row>(output: &mut Output, gathered: &[T], next: Option<String>) -> Result<(), Failure> {
    match output.format() {
        Format::Table if gathered.is_empty() => remark("nothing found"),
        Format::Table => output.table(gathered)?,
        Format::Json | Format::Jsonl => {}
    }
    if let Some(cursor) = next {
        remark(&format!("more: --after {cursor}"));
    }
    Ok(())
}
