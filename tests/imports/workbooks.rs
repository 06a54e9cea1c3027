//! Excel workbooks.

use std::io::{Cursor, Write as _};

use jpauto::imports::{ImportOptions, Mapping, SheetFile};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{counts, dry_run, imported, rows_of_all};
use crate::support::{Lot, vin};

/// A workbook of worksheets: each has a name, the XML of its rows, and what follows them.
fn workbook(sheets: &[(&str, String, &str)]) -> SheetFile {
    SheetFile::from_bytes("stock.xlsx", packed(sheets, None))
}

fn packed(sheets: &[(&str, String, &str)], shared: Option<&str>) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: String, text: String| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    add(
        "[Content_Types].xml".into(),
        format!(
            "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
        ),
    );
    add(
        "_rels/.rels".into(),
        format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let (mut names, mut targets) = (String::new(), String::new());
    for (number, (name, rows, after)) in (1..).zip(sheets) {
        names += &format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
        targets += &format!(
            "<Relationship Id=\"rId{number}\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
        add(
            format!("xl/worksheets/sheet{number}.xml"),
            format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData>{after}</worksheet>"),
        );
    }
    if let Some(shared) = shared {
        targets +=
            &format!("<Relationship Id=\"rId99\" Type=\"{relations}/sharedStrings\" Target=\"sharedStrings.xml\"/>");
        add("xl/sharedStrings.xml".into(), shared.to_owned());
    }
    targets += &format!("<Relationship Id=\"rId98\" Type=\"{relations}/styles\" Target=\"styles.xml\"/>");
    add(
        "xl/styles.xml".into(),
        format!(
            "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
        ),
    );
    add(
        "xl/workbook.xml".into(),
        format!("<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets>{names}</sheets></workbook>"),
    );
    add(
        "xl/_rels/workbook.xml.rels".into(),
        format!("<Relationships xmlns=\"{package}/relationships\">{targets}</Relationships>"),
    );
    zip.finish().unwrap().into_inner()
}

fn text(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn number(at: &str, number: &str) -> String {
    format!("<c r=\"{at}\"><v>{number}</v></c>")
}

fn line(row: u32, cells: &[String]) -> String {
    format!("<row r=\"{row}\">{}</row>", cells.concat())
}

/// A workbook whose cells are these texts, as a spreadsheet saves a CSV file.
pub(super) fn of_texts(rows: &[Vec<String>]) -> SheetFile {
    let column = |place: usize| match place {
        0..26 => char::from(b'A' + place as u8).to_string(),
        _ => format!("A{}", char::from(b'A' + (place - 26) as u8)),
    };
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let cell = |row: u32, (place, text): (usize, &String)| {
        let at = format!("{}{row}", column(place));
        format!("<c r=\"{at}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", escaped(text))
    };
    let lines = (1..).zip(rows).map(|(row, cells)| {
        let filled = cells.iter().enumerate().filter(|(_, text)| !text.is_empty());
        line(row, &filled.map(|it| cell(row, it)).collect::<Vec<_>>())
    });
    workbook(&[("Stock", lines.collect(), "")])
}

/// The names of columns in row 3, from column B.
fn header() -> String {
    let names = ["Stock #", "VIN", "Year", "Make", "Model", "Miles", "Price", "Date in stock"];
    let cells: Vec<_> = names.iter().zip('B'..).map(|(name, column)| text(&format!("{column}3"), name)).collect();
    line(1, &[text("B1", "Stock of our lot")]) + &line(3, &cells)
}

fn car(row: u32, vehicle: u32, price: &str) -> String {
    line(
        row,
        &[
            number(&format!("B{row}"), &(1_000 + vehicle).to_string()),
            text(&format!("C{row}"), &vin(vehicle)),
            number(&format!("D{row}"), "2018"),
            text(&format!("E{row}"), "Toyota"),
            text(&format!("F{row}"), "Corolla"),
            number(&format!("G{row}"), "60000"),
            price.to_owned(),
            format!("<c r=\"I{row}\" s=\"1\"><v>46054</v></c>"),
        ],
    )
}

on_both_databases! {
    fn a_workbook_is_imported(lot: &Lot) {
        let formula = "<c r=\"H5\"><f>H4+500</f><v>13999.999999999998</v></c>";
        let rows = header() + &car(4, 1, &number("H4", "13500")) + &car(5, 2, formula);
        let other = line(1, &[text("A1", "Notes")]);
        let file = workbook(&[("Notes", other, ""), ("Lot", rows, "<mergeCells count=\"1\"><mergeCell ref=\"B1:I1\"/></mergeCells>")]);
        let report = imported(lot.desk().inventory(), &file, &ImportOptions::default());
        assert_eq!((counts(&report), report.shape.sheet.as_deref(), report.shape.header), ([2, 0, 0, 0, 0, 0], Some("Lot"), Some(3)), "{:?}", report.refused);
        let read = lot.desk().inventory().get(report.added[1].id).unwrap().vehicle;
        assert_eq!((read.price.to_string().as_str(), read.stock_number.as_deref()), ("14000.00", Some("1002")));
        // Midnight of the dealership, which is in Los Angeles where nothing else is said.
        assert_eq!(read.listed_at, Some("2026-02-01T08:00:00Z".parse().unwrap()));
        let again = imported(lot.desk().inventory(), &file, &ImportOptions::default());
        assert_eq!(counts(&again), [0, 0, 0, 0, 2, 0]);
    }

    fn cells_that_say_nothing_certain_are_refused_by_row(lot: &Lot) {
        let merged = "<mergeCells count=\"1\"><mergeCell ref=\"H4:H5\"/></mergeCells>";
        let good = number("H4", "13500");
        let first_fault = |rows: String, after: &str| {
            let report = imported(lot.desk().inventory(), &workbook(&[("Lot", rows, after)]), &ImportOptions::default());
            assert_eq!(rows_of_all(lot), [0; 4]);
            let refused = &report.refused[0];
            let fault = &refused.faults[0];
            (refused.row, fault.column.clone().unwrap_or_default(), fault.message.clone(), fault.value.clone())
        };
        let stock_number = |cell: &str| car(4, 1, &good).replace(&number("B4", "1001"), cell);
        let scientific = car(4, 1, &good).replace(&text("C4", &vin(1)), &number("C4", "1.23457E+16"));
        for (rows, after, row, column, told, seen) in [
            (car(4, 1, "<c r=\"H4\"><f>H3*2</f></c>"), "", 4, "Price", "the formula has no stored value", "a formula"),
            (car(4, 1, "<c r=\"H4\" t=\"e\"><v>#REF!</v></c>"), "", 4, "Price", "Excel's error", "#REF!"),
            (car(4, 1, "<c r=\"H4\" t=\"e\"><v>#N/A</v></c>"), "", 4, "Price", "Excel's error", "#N/A"),
            (car(4, 1, "<c r=\"H4\" s=\"1\"><v>46054</v></c>"), "", 4, "Price", "found a date", "2026-02-01"),
            (car(4, 1, &good) + &car(5, 2, ""), merged, 4, "", "the cells H4 to H5 are merged", ""),
            (scientific, "", 4, "VIN", "lost its digits", "12345700000000000"),
            (stock_number("<c r=\"B4\" t=\"b\"><v>1</v></c>"), "", 4, "Stock #", "expected a stock number", "true"),
            (stock_number(&number("B4", "1.23457E+16")), "", 4, "Stock #", "lost its digits", "12345700000000000"),
            (car(4, 1, &good).replace("I4", "K4"), "", 4, "", "column K has a value and no name", ""),
        ] {
            let (found_row, found_column, message, value) = first_fault(header() + &rows, after);
            assert_eq!((found_row, found_column.as_str()), (row, column), "{message}");
            assert!(message.contains(told), "{message}");
            assert_eq!(value.as_deref().unwrap_or_default(), seen, "{message}");
        }
    }

    fn workbooks_that_are_not_as_they_should_be_are_refused(lot: &Lot) {
        let rows = || header() + &car(4, 1, &number("H4", "13500"));
        let refusal = |bytes: Vec<u8>, options: &ImportOptions| {
            let file = SheetFile::from_bytes("stock.xlsx", bytes);
            lot.desk().inventory().import(&file, options).unwrap_err().to_string()
        };
        let two = packed(&[("North", rows(), ""), ("South", rows(), "")], None);
        assert!(refusal(two.clone(), &dry_run()).contains("choose one of \"North\", \"South\""));
        let named = |sheet: &str| ImportOptions { mapping: Mapping { sheet: Some(sheet.into()), ..Mapping::default() }, ..dry_run() };
        assert!(refusal(two.clone(), &named("East")).contains("there is no worksheet \"East\""));
        let file = SheetFile::from_bytes("stock.xlsx", two);
        assert_eq!(counts(&imported(lot.desk().inventory(), &file, &named("south"))), [1, 0, 0, 0, 0, 0]);
        let announcing = packed(&[("Lot", rows(), "")], Some("<sst uniqueCount=\"99999999999999\"></sst>"));
        assert!(refusal(announcing, &dry_run()).contains("announces more texts"));
        let mut small = dry_run();
        small.limits.unpacked_bytes = 10_000;
        let bomb = packed(&[("Lot", rows() + &" ".repeat(1 << 20), "")], None);
        assert!(bomb.len() < 10_000);
        assert!(refusal(bomb, &small).contains("when it is unpacked"));
        let mut short = dry_run();
        short.limits.row_bytes = 1_000;
        let with_make = |row: u32, make: &str| car(row, 1, &number(&format!("H{row}"), "13500")).replace("Toyota", make);
        // A text may be as long as a row by itself, and in the cells of a row together with others.
        for make in ["x".repeat(100_000), "x".repeat(1_001)] {
            let long = packed(&[("Lot", header() + &with_make(4, &make), "")], None);
            let refusal = refusal(long, &short);
            assert!(refusal.contains("row 4 of the worksheet is longer than"), "{refusal}");
        }
        let shared = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "x".repeat(400));
        let cells: Vec<_> = "ABC".chars().map(|column| format!("<c r=\"{column}4\" t=\"s\"><v>0</v></c>")).collect();
        let together = packed(&[("Lot", header() + &line(4, &cells), "")], Some(&shared));
        assert!(refusal(together, &short).contains("row 4 of the worksheet is longer than"));
        let backwards = packed(&[("Lot", header() + &car(5, 1, "") + &car(4, 2, ""), "")], None);
        assert!(refusal(backwards, &dry_run()).contains("out of order"));
    }
}

#[test]
fn a_workbook_that_is_cut_or_changed_anywhere_ends_in_an_answer() {
    let lot = Lot::on_sqlite();
    let whole = packed(&[("Lot", header() + &car(4, 1, &number("H4", "13500")), "")], None);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..150 {
        let mut bytes = whole.clone();
        match random.bool() {
            true => bytes.truncate(random.usize(..bytes.len())),
            false => (0..4).for_each(|_| bytes[random.usize(..whole.len())] = random.u8(..)),
        }
        drop(lot.desk().inventory().import(&SheetFile::from_bytes("s.xlsx", bytes), &dry_run()));
    }
    for sheet in [
        "<row r=\"99999999999\">",
        "<c r=\"ZZZZZZZZZZ1\"><v>1</v></c>",
        "<c t=\"s\"><v>7</v></c>",
        "<c r=\"A1\"><f t=\"shared\" si=\"4000000000\" ref=\"A1\"/></c>",
    ] {
        let bytes = packed(&[("Lot", format!("{}{sheet}", header()), "")], None);
        drop(lot.desk().inventory().import(&SheetFile::from_bytes("s.xlsx", bytes), &dry_run()));
    }
}
