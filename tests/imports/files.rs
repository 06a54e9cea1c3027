//! Files that cannot be imported: each is answered with the row and the column, and writes nothing.

use std::io::Write as _;

use jpauto::{
    Desk, NewVehicle, PageRequest, VehicleFilter,
    imports::{ImportOptions, SheetFile},
};
use serde_json::Value;

use super::{HEADER, counts, csv, dry_run, imported, row, rows_of_all};
use crate::support::{Lot, corolla, vin};

/// All vehicles with all their columns, as a CSV file.
pub(crate) fn written_as_csv(desk: &Desk) -> SheetFile {
    let vehicles = desk.inventory().list(&VehicleFilter::default(), &PageRequest::largest()).unwrap().items;
    let rows: Vec<Value> = vehicles.iter().map(|stocked| serde_json::to_value(&stocked.vehicle).unwrap()).collect();
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().filter(|name| *name != "warnings").collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with('=') => quoted(&format!("'{text}")),
        Value::String(text) => quoted(text),
        Value::Array(items) => quoted(&items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join("\n")),
        other => other.to_string(),
    };
    let mut text = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",") + "\r\n";
    for row in &rows {
        text += &(names.iter().map(|name| cell(&row[name.as_str()])).collect::<Vec<_>>().join(",") + "\r\n");
    }
    SheetFile::from_bytes("plain.csv", text.into_bytes())
}

/// A text in four bytes a character, with its mark.
fn utf_32(text: &str, is_little: bool) -> Vec<u8> {
    let bytes = |sign: char| if is_little { u32::from(sign).to_le_bytes() } else { u32::from(sign).to_be_bytes() };
    format!("\u{feff}{text}").chars().flat_map(bytes).collect()
}

/// A file that is refused as a whole, by the code and a part of the message.
fn refused_whole(lot: &Lot, bytes: &[u8], code: &str, told: &str) {
    let file = SheetFile::from_bytes("stock.csv", bytes);
    for options in [ImportOptions::default(), dry_run()] {
        let refusal = lot.desk().inventory().import(&file, &options).unwrap_err();
        let said = format!("{refusal} {:?}", refusal.fields());
        assert_eq!(refusal.code(), code, "{said}");
        assert!(said.contains(told), "{said} has no {told}");
    }
    assert_eq!(rows_of_all(lot), [0; 4]);
}

/// The first fault of a file: its row, its column, and what is said of it.
fn first_fault(lot: &Lot, file: &SheetFile) -> (u64, String, String) {
    let report = imported(lot.desk().inventory(), file, &ImportOptions::default());
    assert_eq!(rows_of_all(lot), [0; 4]);
    let refused = report.refused.first().unwrap_or_else(|| panic!("nothing is refused: {:?}", counts(&report)));
    let fault = &refused.faults[0];
    (refused.row, fault.column.clone().unwrap_or_default(), fault.message.clone())
}

on_both_databases! {
    fn files_that_are_no_tables_are_refused_whole(lot: &Lot) {
        let good = format!("{HEADER}\n{}\n", row(1));
        for (bytes, code, told) in [
            (Vec::new(), "sheet_unreadable", "is empty"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "sheet_unreadable", "an old or an encrypted Excel workbook"),
            (b"PK\x03\x04 and no archive".to_vec(), "sheet_unreadable", "no whole workbook"),
            (b"<table><tr><td>VIN</td></tr></table>".to_vec(), "sheet_unreadable", "a web page"),
            (b"[{\"vin\": 1}]".to_vec(), "sheet_unreadable", "one object a line"),
            (b"%PDF-1.7".to_vec(), "sheet_unreadable", "a PDF"),
            (utf_32(&good, true), "sheet_unreadable", "is UTF-32"),
            (utf_32(&good, false), "sheet_unreadable", "is UTF-32"),
            (good.replace(HEADER, "a,b,c,d,e,f,g").into_bytes(), "sheet_without_header", "no names of columns"),
            (good.replace("Stock #,VIN", "Lot,Key").into_bytes(), "sheet_without_header", "VIN or the stock number"),
            (good.replace("Odometer", "Internet Price").into_bytes(), "invalid_import_mapping", "are both price"),
            (good.bytes().flat_map(|byte| [byte, 0]).collect(), "sheet_unreadable", "line 1 holds a NUL"),
            ([good.as_bytes(), "é\n".as_bytes(), b"\xe9 \n"].concat(), "sheet_unreadable", "mixes encodings"),
        ] {
            refused_whole(lot, &bytes, code, told);
        }
    }

    fn bad_rows_are_named_with_their_column(lot: &Lot) {
        let good = row(1);
        let scientific = good.replace(&vin(1), "1.23457E+16");
        for (rows, expected) in [
            (vec![good.clone(), row(2).replace(&vin(2), &vin(1))], (3, "VIN", "stands in row 2 already")),
            (vec![good.clone(), row(2).replace("A2", "A1")], (3, "Stock #", "stands in row 2 already")),
            (vec![scientific], (2, "VIN", "lost its digits")),
            (vec![good.replace("A1,", "1.2E+05,")], (2, "Stock #", "lost its digits")),
            (vec![good.replace(&vin(1), "NOTAVIN")], (2, "VIN", "17")),
            (vec![good.replace("$14,000", "14.000,00")], (2, "List Price", "expected dollars")),
            (vec![good.replace("$14,000", "")], (2, "List Price", "is missing")),
            (vec![good.replace("60,000", "TMU")], (2, "Odometer", "expected a whole number")),
            (vec![good.replace("2018", "1018")], (2, "Yr", "expected a model year")),
            (vec![good.replace(",Toyota", "")], (2, "", "the row has 6 values and the header 7 columns")),
            (vec![format!("{good},x")], (2, "", "the row has 8 values and the header 7 columns")),
            (vec![good.replace("60,000", "-5")], (2, "Odometer", "")),
            (vec![good.replace("$14,000", "-$14,000")], (2, "List Price", "")),
            (vec![good.replace("$14,000", "1,4000")], (2, "List Price", "expected dollars")),
            (vec![good.replace(&vin(1), "").replace("A1", "")], (2, "", "neither a VIN nor a stock number")),
            (vec![String::new(), good.replace("\"60,000\"", "\"60,000")], (3, "Odometer", "expected a whole number")),
        ] {
            let (row, column, message) = first_fault(lot, &csv(&rows));
            assert_eq!((row, column.as_str()), (expected.0, expected.1), "{message}");
            assert!(message.contains(expected.2), "{message}");
        }
        for (column, value, told) in [
            ("Status", "lost", "expected"),
            ("In Stock Date", "2099-01-01", "in the future"),
            ("In Stock Date", "31.02.2026", ""),
            ("Photos", "C:\\photos\\1.jpg", ""),
        ] {
            let text = format!("{HEADER},{column}\n{},{value}\n", row(1));
            let (row, found, message) = first_fault(lot, &SheetFile::from_bytes("s.csv", text.into_bytes()));
            assert_eq!((row, found.as_str()), (2, column), "{message}");
            assert!(message.contains(told), "{message}");
        }
        let without = SheetFile::from_bytes("s.csv", format!("Stock #,VIN,Yr,Make,Model,Odometer\nA1,{},2018,Toyota,Corolla,5\n", vin(1)).into_bytes());
        let (_, _, message) = first_fault(lot, &without);
        assert!(message.contains("the file has no column for its price"), "{message}");
        let dates = format!("{HEADER},In Stock Date\n{},13/02/2026\n{},02/13/2026\n{},1/2/2026\n", row(1), row(2), row(3));
        let (row, column, message) = first_fault(lot, &SheetFile::from_bytes("s.csv", dates.into_bytes()));
        assert_eq!((row, column.as_str()), (4, "In Stock Date"));
        assert!(message.contains("row 3 has the month first and row 2 the day"), "{message}");
    }
}

on_both_databases! {
    fn a_stock_number_that_a_spreadsheet_has_rounded_is_taken_where_a_vehicle_is_known_by_it(lot: &Lot) {
        let known = NewVehicle { stock_number: Some("1.2E+05".into()), ..corolla(1) };
        let known = lot.desk().inventory().add(&known).unwrap();
        let report = imported(lot.desk().inventory(), &written_as_csv(&lot.desk()), &ImportOptions::default());
        assert_eq!(counts(&report), [0, 0, 0, 0, 1, 0], "{:?}", report.refused);
        let other = format!("{{\"vin\": \"{}\", \"stock_number\": \"1.3E+05\", \"price\": \"9000\", \"mileage\": 5, \
                             \"year\": 2018, \"make\": \"Toyota\", \"model\": \"Corolla\"}}\n", vin(2));
        let lines = SheetFile::from_bytes("stock.jsonl", other.into_bytes());
        let report = imported(lot.desk().inventory(), &lines, &ImportOptions::default());
        assert_eq!(counts(&report), [1, 0, 0, 0, 0, 0], "a program writes what it means: {:?}", report.refused);
        assert_ne!(report.added[0].id, known.id);
    }
}

#[test]
fn a_row_of_a_gibibyte_is_refused_without_being_held() {
    let lot = Lot::on_sqlite();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stock.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    write!(file, "{HEADER}\n{}\nA2,\"", row(1)).unwrap();
    // The rest are zeros that take no room on the disk.
    file.set_len(1 << 30).unwrap();
    let refusal = lot.desk().inventory().import(&SheetFile::at(&path), &ImportOptions::default()).unwrap_err();
    assert!(refusal.to_string().contains("line 3 holds a NUL"), "{refusal}");
    let text = format!("{HEADER}\n{}\nA2,\"{}", row(1), "x".repeat(3 << 20));
    let refusal =
        lot.desk().inventory().import(&SheetFile::from_bytes("s.csv", text.into_bytes()), &ImportOptions::default());
    assert!(refusal.unwrap_err().to_string().contains("begins on line 3 is longer than 1 MiB"));
}
