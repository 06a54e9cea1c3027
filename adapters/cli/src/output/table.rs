//! Tables for people: columns that fit the terminal, numbers to the right, colours only where they are wanted.
//!
//! What is deliberately not here: writing; everything here is text.

use std::{fmt, io};

use comfy_table::{
    Attribute, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle, presets::NOTHING,
};
use console::measure_text_width;
use jpauto::extract::is_unseen;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

const STYLE: TableStyle = NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// A cell of a list shows at most this many characters: a table of very long ones would say nothing, and takes long to be laid out.
const CELL_SHOWN: usize = 500;

/// Between two columns.
const GAP: usize = 2;

/// What is known of the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageStyle {
    pub(crate) columns: usize,
    pub(crate) in_colour: bool,
}

/// Something that stands in a list.
pub(crate) trait Row: Serialize {
    /// What is shown of it.
    const COLUMNS: &'static [Column];

    /// One cell a column.
    fn cells(&self) -> Vec<Cell>;
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    to_the_right: bool,
    /// The larger, the sooner it is left out on a narrow terminal; zero stays always.
    spare: u8,
    /// The width that it is given at the least; a longer text takes several lines, and no other column is left out for it.
    wraps_at: usize,
}

impl Column {
    /// A column of texts.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self { title, to_the_right: false, spare: 0, wraps_at: usize::MAX }
    }

    /// A column of numbers or amounts.
    pub(crate) const fn number(title: &'static str) -> Self {
        Self { title, to_the_right: true, spare: 0, wraps_at: usize::MAX }
    }

    /// One of long texts, which takes several lines where there is no room.
    pub(crate) const fn wraps(self) -> Self {
        const LEAST: usize = 28;
        Self { wraps_at: LEAST, ..self }
    }

    /// One that may be left out; the larger the number, the sooner.
    pub(crate) const fn spare(self, spare: u8) -> Self {
        Self { spare, ..self }
    }
}

/// How a text is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
    Faint,
    Strong,
}

/// A text in a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        // A stranger's text must neither move the cursor nor turn what stands beside it.
        let text = text.into().replace(is_unseen, " ");
        Self { text, tone: Tone::Plain }
    }

    pub(crate) fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// The text in its colour, to stand in a sentence.
    pub(crate) fn painted(&self, output: &super::Output) -> String {
        output.toned(&self.text, self.tone)
    }

    /// The cell as far as a list shows it.
    fn cut(mut self) -> Self {
        if let Some((end, _)) = self.text.char_indices().nth(CELL_SHOWN) {
            self.text.truncate(end);
            self.text.push('…');
        }
        self
    }

    fn width(&self) -> usize {
        measure_text_width(&self.text)
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Rows under their columns; what does not fit the terminal is left out from the least needed column on.
pub(crate) fn rows(columns: &[Column], rows: Vec<Vec<Cell>>, page: PageStyle) -> String {
    let rows: Vec<Vec<_>> = rows.into_iter().map(|row| row.into_iter().map(Cell::cut).collect()).collect();
    let widths: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let widest = rows.iter().filter_map(|row| row.get(place)).map(Cell::width).max().unwrap_or(0);
            widest.min(column.wraps_at).max(measure_text_width(column.title)) + GAP
        })
        .collect();
    let shown = fitting(columns, &widths, page.columns);
    let mut table = bare(page);
    table.set_header(shown.iter().map(|&place| {
        let column = columns[place];
        let tone = if page.in_colour { Attribute::Bold } else { Attribute::Reset };
        aligned(comfy_table::Cell::new(column.title).add_attribute(tone), column)
    }));
    for row in rows {
        let cells = shown.iter().filter_map(|&place| Some((row.get(place)?, columns[place])));
        table.add_row(cells.map(|(cell, column)| aligned(painted(cell, page), column)));
    }
    finished(table)
}

/// The places of the columns that are shown.
fn fitting(columns: &[Column], widths: &[usize], available: usize) -> Vec<usize> {
    let mut shown: Vec<_> = (0..columns.len()).collect();
    loop {
        let needed: usize = shown.iter().map(|&place| widths[place]).sum();
        // The last gap is trimmed.
        if needed <= available + GAP {
            return shown;
        }
        let least_needed = shown.iter().copied().filter(|&place| columns[place].spare > 0);
        match least_needed.max_by_key(|&place| columns[place].spare) {
            Some(least_needed) => shown.retain(|&place| place != least_needed),
            None => return shown,
        }
    }
}

/// The fields of one thing, under one another; those without a value are left out.
pub(crate) fn fields<T: Serialize>(item: &T, page: PageStyle) -> io::Result<String> {
    let Fields(fields) = serde_json::from_str(&serde_json::to_string(item)?)?;
    let mut table = bare(page);
    for (name, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Array(items) if items.is_empty() => continue,
            Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        };
        table.add_row([painted(&Cell::new(name).tone(Tone::Faint), page), painted(&Cell::new(text), page)]);
    }
    Ok(finished(table))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A heading over a table.
pub(crate) fn heading(title: &str, remark: &str, page: PageStyle) -> String {
    let title = toned(title, Tone::Strong, page);
    if remark.is_empty() { title } else { format!("{title}  {}", toned(remark, Tone::Faint, page)) }
}

/// A text in its colour.
pub(crate) fn toned(text: &str, tone: Tone, page: PageStyle) -> String {
    let style = console::Style::new().force_styling(page.in_colour);
    let style = match tone {
        Tone::Plain => style,
        Tone::Good => style.green(),
        Tone::Warning => style.yellow(),
        Tone::Bad => style.red(),
        Tone::Faint => style.dim(),
        Tone::Strong => style.bold(),
    };
    style.apply_to(text).to_string()
}

fn bare(page: PageStyle) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(page.columns).unwrap_or(u16::MAX));
    table.force_no_tty();
    if page.in_colour {
        table.enforce_styling();
    }
    table
}

fn finished(mut table: Table) -> String {
    let last = table.column_count().saturating_sub(1);
    for (place, column) in table.column_iter_mut().enumerate() {
        // The separator itself is as wide as a space.
        column.set_padding((0, if place == last { 0 } else { 1 }));
    }
    table.trim_fmt()
}

fn aligned(cell: comfy_table::Cell, column: Column) -> comfy_table::Cell {
    cell.set_alignment(if column.to_the_right { CellAlignment::Right } else { CellAlignment::Left })
}

fn painted(cell: &Cell, page: PageStyle) -> comfy_table::Cell {
    let painted = comfy_table::Cell::new(&cell.text);
    if !page.in_colour {
        return painted;
    }
    match cell.tone {
        Tone::Plain => painted,
        Tone::Good => painted.fg(Color::Green),
        Tone::Warning => painted.fg(Color::Yellow),
        Tone::Bad => painted.fg(Color::Red),
        Tone::Faint => painted.add_attribute(Attribute::Dim),
        Tone::Strong => painted.add_attribute(Attribute::Bold),
    }
}

/// An object's members in the order in which they are written.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::text("VIN").spare(1),
        Column::text("Note").spare(2),
    ];

    fn table(columns: usize) -> String {
        let row = |car: &str, price: &str| {
            vec![car.into(), price.into(), "1M8GDM9AXKP042788".into(), "nothing to say".into()]
        };
        let page = PageStyle { columns, in_colour: false };
        rows(COLUMNS, vec![row("2019 Toyota Camry", "$13,500"), row("Fiat", "$900")], page)
    }

    #[test]
    fn amounts_stand_to_the_right_and_columns_fall_away_by_need() {
        insta::assert_snapshot!(table(80), @r"
        Vehicle              Price  VIN                Note
        ─────────────────────────────────────────────────────────────
        2019 Toyota Camry  $13,500  1M8GDM9AXKP042788  nothing to say
        Fiat                  $900  1M8GDM9AXKP042788  nothing to say
        ");
        insta::assert_snapshot!(table(50), @r"
        Vehicle              Price  VIN
        ─────────────────────────────────────────────
        2019 Toyota Camry  $13,500  1M8GDM9AXKP042788
        Fiat                  $900  1M8GDM9AXKP042788
        ");
        insta::assert_snapshot!(table(20), @r"
        Vehicle        Price
        ────────────────────
        2019 Toyota  $13,500
        Camry
        Fiat            $900
        ");
    }

    #[test]
    fn a_long_text_takes_lines_and_no_other_column_away() {
        const COLUMNS: &[Column] = &[Column::text("Message").wraps(), Column::text("Id").spare(1)];
        let page = PageStyle { columns: 50, in_colour: false };
        let long = "the inventory of Example Motors has dropped to a half of what it was";
        insta::assert_snapshot!(rows(COLUMNS, vec![vec![long.into(), "0195b2c4".into()]], page), @r"
        Message                              Id
        ─────────────────────────────────────────────
        the inventory of Example Motors has  0195b2c4
        dropped to a half of what it was
        ");
    }

    #[test]
    fn fields_keep_their_order_and_empty_ones_are_left_out() {
        #[derive(Serialize)]
        struct Thing {
            year: i32,
            make: Option<&'static str>,
            images: Vec<&'static str>,
            about: Value,
        }
        let page = PageStyle { columns: 80, in_colour: false };
        let thing = Thing { year: 2019, make: None, images: vec!["a", "b"], about: json!({"x": 1}) };
        insta::assert_snapshot!(fields(&thing, page).unwrap(), @r#"
        year    2019
        images  a, b
        about   {"x":1}
        "#);
    }

    #[test]
    fn a_long_cell_is_cut() {
        let page = PageStyle { columns: 80, in_colour: false };
        let row = vec![Cell::new("x".repeat(1_000_000)), "$900".into(), "V".into(), "N".into()];
        let text = rows(COLUMNS, vec![row], page);
        assert_eq!(text.matches('x').count(), CELL_SHOWN);
        assert!(text.contains('…'), "{text}");
    }

    #[test]
    fn a_strangers_text_can_not_move_the_cursor() {
        assert_eq!(Cell::new("a\u{1b}[2Jb\n").text, "a [2Jb ");
    }
}
