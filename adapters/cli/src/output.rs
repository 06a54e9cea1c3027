//! The one place that prints: the same answer as a table for people, as JSON, or as one JSON object a line.
//!
//! Answers go to stdout and remarks about them to stderr, so a pipe carries answers alone. What is deliberately not here:
//! what is printed; each noun says what its columns are.

mod chart;
mod table;
mod words;

use std::{
    borrow::Cow,
    io::{self, BufWriter, Stdout, Write},
};

use clap::ValueEnum;
use serde::Serialize;

pub(crate) use chart::{Moment, distribution, over_time};
pub(crate) use table::{Cell, Column, Row, Tone};
pub(crate) use words::{NOTHING, car, counted, dash, day, dollars, miles, moment, money, percent};

use jpauto::extract::is_unseen;

use crate::{failure::Failure, log};

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Jsonl,
}

/// Where a command prints to.
pub(crate) struct Output {
    chosen: Option<Format>,
    format: Format,
    out: BufWriter<Stdout>,
    page: table::PageStyle,
    stands_at_top: bool,
}

/// Without a terminal, and where `COLUMNS` says nothing.
const COLUMNS: usize = 120;

impl Output {
    /// Prints to stdout, as was chosen or else as a table.
    pub(crate) fn to_stdout(chosen: Option<Format>) -> Self {
        let from_environment = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let columns = console::Term::stdout().size_checked().map(|(_rows, columns)| usize::from(columns));
        let columns = columns.or_else(from_environment).unwrap_or(COLUMNS);
        Self {
            chosen,
            format: chosen.unwrap_or(Format::Table),
            out: BufWriter::with_capacity(64 * 1024, io::stdout()),
            page: table::PageStyle { columns, in_colour: console::colors_enabled() && !is_told_not_to_colour() },
            stands_at_top: true,
        }
    }

    /// Takes this format where none was chosen.
    pub(crate) fn prefer(&mut self, format: Format) {
        self.format = self.chosen.unwrap_or(format);
    }

    /// How wide the page is.
    pub(crate) fn columns(&self) -> usize {
        self.page.columns
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// One thing: its fields, those without a value left out for people.
    pub(crate) fn item<T: Serialize>(&mut self, item: &T) -> Result<(), Failure> {
        match self.format {
            Format::Table => {
                let text = table::fields(item, self.page)?;
                self.text(&text)
            }
            Format::Json => self.json(item),
            Format::Jsonl => self.json_line(item),
        }
    }

    /// What was done, in words for people and as an object for programs.
    pub(crate) fn done<T: Serialize>(&mut self, sentence: &str, item: &T) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.text(sentence),
            Format::Json => self.json(item),
            Format::Jsonl => self.json_line(item),
        }
    }

    /// Rows under their columns, whatever the format; a table for people alone calls it.
    pub(crate) fn table<'a, T: Row + 'a>(&mut self, rows: impl IntoIterator<Item = &'a T>) -> Result<(), Failure> {
        let text = table::rows(T::COLUMNS, rows.into_iter().map(Row::cells).collect(), self.page);
        self.text(&text)
    }

    /// A heading over what follows, apart from what stands before.
    pub(crate) fn heading(&mut self, title: &str, remark: &str) -> Result<(), Failure> {
        if !self.stands_at_top {
            self.text("")?;
        }
        let text = table::heading(title, remark, self.page);
        self.text(&text)
    }

    /// A text and a line break.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stands_at_top = false;
        Ok(writeln!(self.out, "{}", as_it_is(text))?)
    }

    /// A text in its colour.
    pub(crate) fn toned(&self, text: &str, tone: Tone) -> String {
        table::toned(text, tone, self.page)
    }

    /// A JSON document that a person can read too.
    pub(crate) fn json<T: Serialize + ?Sized>(&mut self, document: &T) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.out, document).map_err(io::Error::from)?;
        Ok(writeln!(self.out)?)
    }

    /// One object on one line.
    pub(crate) fn json_line<T: Serialize + ?Sized>(&mut self, object: &T) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, object).map_err(io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }

    /// Lets a reader at the other end of a pipe have what there is.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// The end of all printing.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// <https://no-color.org>: present and not empty.
fn is_told_not_to_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// What stands in a text is what is seen: what would turn its direction or hide in it is a space. Our own colours stay.
fn as_it_is(text: &str) -> Cow<'_, str> {
    let is_hidden = |sign: char| is_unseen(sign) && !matches!(sign, '\u{1b}' | '\n');
    if text.contains(is_hidden) { text.replace(is_hidden, " ").into() } else { text.into() }
}

/// A remark on stderr; nothing is lost where nobody listens.
pub(crate) fn remark(text: &str) {
    log::remark(&as_it_is(text));
}

#[cfg(test)]
mod tests {
    use super::as_it_is;

    #[test]
    fn a_text_is_shown_as_it_is() {
        assert_eq!(as_it_is("\u{1b}[31mCam\u{202e}ry\u{1b}[0m\r\nSE"), "\u{1b}[31mCam ry\u{1b}[0m \nSE");
        assert!(matches!(as_it_is("–車"), std::borrow::Cow::Borrowed("–車")));
    }
}
