//! What each command answers when all is well.

use serde_json::{Value, json};

use crate::support::{CAMRY, Lot, saved_page};

#[test]
fn vin_answers_an_object_a_vin_whether_it_is_one_or_not() {
    let lot = Lot::new();
    let answers = lot.run(["vin", "1m8gdm9axkp042788", "1HGCM82633A00435"]).lines();
    assert_eq!(answers.len(), 2);
    assert_eq!((&answers[0]["vin"], &answers[0]["model_year"]), (&json!("1M8GDM9AXKP042788"), &json!(1989)));
    assert_eq!(answers[1]["reason"], "a VIN has 17 characters, and this has 16");
    for key in ["valid", "check_digit_ok", "model_year_alternatives", "conclusive", "wmi", "squish_vin"] {
        assert!(answers.iter().all(|answer| answer.get(key).is_some()), "{key}");
    }
    let fed = lot.feed(["vin", "--stdin"], b" 1M8GDM9AXKP042788 \r\n\n\xff\xfe\n1HGCM82633A004352").lines();
    assert_eq!(fed.iter().map(|answer| &answer["valid"]).collect::<Vec<_>>(), [true, false, true]);
    let table = lot.run(["vin", "--format", "table", "1HGCM82633A004352"]);
    assert!(table.stdout.contains("Check digit") && table.stdout.contains("2003"), "{table:?}");
    assert!(!lot.path("jpauto.db").exists(), "a VIN needs no database");
}

#[test]
fn a_hundred_thousand_vins_stream_through() {
    let mut input = Vec::new();
    for number in 0..100_000 {
        input.extend_from_slice(format!("1M8GDM9AXKP{number:06}\n").as_bytes());
    }
    let ran = Lot::new().feed(["vin", "--stdin"], &input);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 100_000));
    assert!(ran.stdout.lines().last().unwrap().contains("1M8GDM9AXKP099999"));
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_command_quietly() {
    use std::{io::Read as _, process::Stdio};
    let lot = Lot::new();
    let vins = vec!["1M8GDM9AXKP042788"; 5_000];
    let mut child =
        lot.command(["vin"].iter().chain(&vins)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn extract_prints_listings_and_says_what_it_found() {
    let lot = Lot::new();
    let page = saved_page("autowall/list.html");
    let page = page.to_str().unwrap();
    let ran = lot.run(["extract", page, "--url", "https://lot.example/used", "--format", "jsonl"]);
    let listings = ran.lines();
    assert_eq!(listings[0]["vin"], "1FTEW1EP6KFA10001");
    assert_eq!((&listings[0]["price"], &listings[2]["price"]), (&json!("31995.00"), &Value::Null));
    assert_eq!(listings[0].as_object().unwrap().len(), 24, "every column, absent ones as null");
    assert!(ran.stderr.starts_with("platform: autowall\ncount: 3\ntotal: 7\nnext: https://"), "{}", ran.stderr);

    let document = lot.json(["extract", page, "--url", "https://lot.example/used"]);
    assert_eq!((&document["platform"], &document["total"]), (&json!("autowall"), &json!(7)));
    assert_eq!(document["listings"].as_array().unwrap()[..], listings[..]);
    let html = std::fs::read(page).unwrap();
    let fed = lot.feed(["extract", "-", "--url", "https://lot.example/used", "--platform", "generic"], &html);
    assert!(fed.code == 0 && !fed.stderr.contains("platform: autowall"), "{fed:?}");
    assert!(!lot.path("jpauto.db").exists(), "a page needs no database");
}

#[test]
fn migrate_says_what_was_done() {
    let lot = Lot::new();
    let report = lot.json(["migrate"]);
    assert_eq!(report["applied"], json!([]), "a new file is made whole when it is opened");
    let table = lot.run(["migrate"]);
    assert_eq!(table.stdout, format!("version {}\n", report["version"].as_str().unwrap()));
    assert!(table.stderr.contains("nothing to do"));
}

#[test]
fn users_are_added_changed_and_obeyed() {
    let lot = Lot::new();
    let ann = lot.json(["user", "add", "Ann@Example.com", "--name", "Ann Lee", "--role", "manager"]);
    assert_eq!((&ann["email"], &ann["role"]), (&json!("ann@example.com"), &json!("manager")));
    lot.add_camry();
    lot.run(["--as", "ann@example.com", "vehicle", "delete", "A1042"]).fails(3, "error[forbidden]: ");
    let updated = lot.json(["--as", "ann@example.com", "vehicle", "update", "A1042", "--price", "15500"]);
    assert_eq!(updated["updated_by"], ann["id"]);
    assert_eq!(lot.json(["user", "set-role", "ann@example.com", "admin"])["role"], "admin");
    let entries = lot.items(["activity", "list", "--by", "ann@example.com"]);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["changes"]["price"], json!({"from": "15900.00", "to": "15500.00"}));
    assert!(entries[0]["user_agent"].as_str().unwrap().starts_with("jpauto-cli/"));
    assert_eq!(lot.json(["user", "deactivate", "ann@example.com"])["is_active"], false);
    lot.run(["--as", "ann@example.com", "vehicle", "list"]).fails(3, "error[");
    assert_eq!(lot.json(["user", "activate", "ann@example.com"])["is_active"], true);
    assert_eq!(lot.items(["user", "list"]).len(), 1);
    lot.json(["user", "delete", ann["id"].as_str().unwrap()]);
    assert_eq!(lot.json(["user", "show", ann["id"].as_str().unwrap()])["is_active"], false, "rows name her");
}

#[test]
fn a_submission_is_corrected_approved_and_rejected() {
    let lot = Lot::new();
    let offer = lot.write("offer.json", r#"{"year": 2018, "make": "Toyota", "model": "Camry", "asking_price": 15000}"#);
    let offer = offer.to_str().unwrap();
    let submission =
        lot.json(["submission", "submit", "--json", offer, "--year", "2019", "--set", "customer_name=Ann Lee"]);
    assert_eq!((&submission["year"], &submission["asking_price"]), (&json!(2019), &json!("15000.00")));
    let id = submission["id"].as_str().unwrap();
    lot.run(["submission", "approve", id]).fails(2, "error[approval_incomplete]: ");
    let corrected =
        lot.json(["submission", "update", id, "--vin", CAMRY, "--mileage", "31000", "--set", "customer_name="]);
    assert_eq!((&corrected["vin"], &corrected["customer_name"]), (&json!(CAMRY), &Value::Null));
    let vehicle = lot.json(["submission", "approve", id, "--price", "13500", "--set", "trim=XSE"]);
    assert_eq!((&vehicle["price"], &vehicle["trim"]), (&json!("13500.00"), &json!("XSE")));
    assert_eq!(vehicle["source_submission_id"], id);
    lot.run(["submission", "approve", id]).fails(3, "error[submission_already_reviewed]: ");

    let fed = lot.feed(
        ["submission", "submit", "--json", "-", "--format", "json"],
        br#"{"year": 2001, "make": "Ford", "model": "Focus"}"#,
    );
    let other: Value = serde_json::from_str(&fed.stdout).unwrap();
    let other = other["id"].as_str().unwrap();
    let rejected = lot.json(["submission", "reject", other, "--reason", "rust"]);
    assert_eq!(rejected["rejection_reason"], "rust");
    assert_eq!(lot.items(["submission", "list", "--status", "rejected"]).len(), 1);
    assert_eq!(lot.items(["submission", "list", "--sort", "submitted_at"])[0]["id"], id);
    assert_eq!(lot.json(["submission", "delete", other]), json!({"deleted": other}));
    lot.run(["submission", "show", other]).fails(3, "error[submission_not_found]: ");
}

#[test]
fn a_vehicle_is_found_by_id_vin_and_stock_number_and_lives_its_life() {
    let lot = Lot::new();
    let id = lot.add_camry();
    for name in [id.as_str(), CAMRY, "4t1b11hk9ku211111", "A1042"] {
        assert_eq!(lot.json(["vehicle", "show", name])["id"], id.as_str(), "{name}");
    }
    assert_eq!(lot.json(["vehicle", "show", &id])["days_in_stock"], 0);
    let sold = lot.json(["vehicle", "status", "A1042", "sold", "--sale-price", "15000"]);
    assert_eq!(sold["status"], "sold");
    lot.run(["vehicle", "status", "A1042", "hold"]).fails(3, "error[vehicle_sold]: ");
    assert_eq!(lot.json(["vehicle", "relist", "A1042"])["status"], "available");
    assert_eq!(lot.json(["vehicle", "feature", "A1042"])["featured"], true);
    assert_eq!(lot.items(["vehicle", "list", "--featured", "true"]).len(), 1);
    assert_eq!(lot.json(["vehicle", "unfeature", "A1042"])["featured"], false);
    let statistics = lot.json(["vehicle", "statistics"]);
    assert_eq!(statistics["total"], json!({"count": 1, "value": "15900.00", "cost": "12500.00"}));
    assert!(lot.run(["vehicle", "statistics"]).stdout.contains("$15,900"));
    lot.run(["vehicle", "show", "B7"]).fails(3, "error[vehicle_not_found]: ");
    assert_eq!(lot.json(["vehicle", "delete", "A1042"]), json!({"deleted": id}));
    assert_eq!(lot.items(["vehicle", "list"]).len(), 0);
}

#[test]
fn a_list_goes_on_where_its_page_ended() {
    let lot = Lot::new();
    for (number, price) in [("1", "9000"), ("2", "7000"), ("3", "8000")] {
        let vin = format!("4T1B11HK5KU21111{number}");
        lot.json([
            "vehicle",
            "add",
            "--year",
            "2019",
            "--make",
            "Toyota",
            "--model",
            "Camry",
            "--mileage",
            "1",
            "--vin",
            &vin,
            "--price",
            price,
        ]);
    }
    let first = lot.json(["vehicle", "list", "--sort", "-price", "--limit", "2"]);
    let prices =
        |page: &Value| page["items"].as_array().unwrap().iter().map(|car| car["price"].clone()).collect::<Vec<_>>();
    assert_eq!(prices(&first), ["9000.00", "8000.00"]);
    let cursor = first["next"].as_str().unwrap();
    let second = lot.json(["vehicle", "list", "--sort", "-price", "--limit", "2", "--after", cursor]);
    assert_eq!((prices(&second), &second["next"]), (vec![json!("7000.00")], &Value::Null));
    let lines = lot.run(["vehicle", "list", "--limit", "2", "--format", "jsonl"]);
    assert_eq!(lines.lines().len(), 2);
    assert!(lines.stderr.starts_with("more: --after "), "{lines:?}");
    assert_eq!(lot.run(["vehicle", "list", "--all", "--format", "jsonl"]).lines().len(), 3);
    assert_eq!(lot.items(["vehicle", "list", "--all", "--price-max", "8500"]).len(), 2);
    lot.run(["vehicle", "list", "--after", "nonsense"]).fails(2, "error[invalid_cursor]: ");
}

#[test]
fn tables_are_plain_where_nobody_looks_and_fit_their_width() {
    let lot = Lot::new();
    lot.add_camry();
    let wide = lot.run(["vehicle", "list"]);
    assert!(!wide.stdout.contains('\u{1b}'), "no colours without a terminal");
    assert!(wide.stdout.contains("$15,900") && wide.stdout.contains(CAMRY), "{}", wide.stdout);
    let narrow = lot.command(["vehicle", "list"]).env("COLUMNS", "70").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.lines().all(|line| line.chars().count() <= 70), "{narrow}");
    assert!(narrow.contains("$15,900") && !narrow.contains(CAMRY), "{narrow}");
    let coloured = lot.command(["vehicle", "list"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(coloured.stdout.contains(&0x1b));
    let refused = lot.command(["vehicle", "list"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!refused.stdout.contains(&0x1b), "NO_COLOR wins");
}

#[test]
fn alerts_are_listed_and_dismissed() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    assert_eq!(lot.items(["alert", "list", "--type", "overpriced", "--with-dismissed"]).len(), 0);
    lot.run(["alert", "dismiss", "01890a5d-ac96-774b-bcce-b302099a8057"]).fails(3, "error[alert_not_found]: ");
}

#[test]
fn alerts_that_are_over_say_since_when_and_by_whom_in_a_narrow_terminal() {
    let lot = Lot::new();
    lot.add_camry();
    let manager = "ann@dealer.example";
    lot.json(["user", "add", manager, "--name", "Ann", "--role", "manager"]);
    // Two jobs that fail: no backup has a folder where a file stands.
    lot.write("backups", "");
    lot.run(["job", "run", "backup", "--backup-folder", "backups/deep"]);
    lot.write("feeds", "");
    let feed = "[exports.dealer_center]\ndestination = \"feeds/deep/cars.csv\"\ndealer_id = \"D1\"\n";
    lot.write("jpauto.toml", feed);
    lot.run(["job", "run", "export_dealer_center", "--config", "jpauto.toml"]);
    let alerts = lot.items(["alert", "list"]);
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    let id = alerts[0]["id"].as_str().unwrap();
    lot.json(["alert", "dismiss", id, "--as", manager]);
    for columns in ["80", "100", "120", "200"] {
        let table = lot.command(["alert", "list", "--with-dismissed"]).env("COLUMNS", columns).output().unwrap();
        let table = String::from_utf8(table.stdout).unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= columns.parse().unwrap()), "{table}");
        let head = table.lines().next().unwrap();
        assert!(head.contains("Over") && head.contains("By") && table.contains(manager), "{columns}: {table}");
    }
    let open = lot.run(["alert", "list"]).stdout;
    assert!(open.contains("Id") && !open.contains("Over") && !open.contains(id), "{open}");
}

#[cfg(unix)]
#[test]
fn serve_says_where_answers_and_ends_when_told() {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        process::Stdio,
    };
    let lot = Lot::new();
    lot.add_camry();
    let mut child = lot
        .command(["serve", "--address", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
    let address = told.trim().strip_prefix("serving on http://").unwrap().trim_end_matches('/').to_owned();
    let mut connection = std::net::TcpStream::connect(&address).unwrap();
    write!(connection, "GET /api/inventory HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(CAMRY), "{answer}");
    let taken = lot.run(["serve", "--address", &address]);
    taken.fails(4, "error[server_not_started]: ");
    let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn serve_goes_on_where_nobody_reads_its_log_any_more() {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        process::Stdio,
        thread::sleep,
        time::Duration,
    };
    let lot = Lot::new();
    lot.add_camry();
    let mut command = lot.command(["serve", "--address", "127.0.0.1:0"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut told = String::new();
    // The pipe is closed behind the first line.
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut told).unwrap();
    let address = told.trim().strip_prefix("serving on http://").unwrap().trim_end_matches('/').to_owned();
    for _ in 0..3 {
        let mut connection = std::net::TcpStream::connect(&address).unwrap();
        write!(connection, "GET /api/inventory HTTP/1.1\r\nHost: lot\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(CAMRY), "{answer}");
        // Until the lines of the requests are written.
        sleep(Duration::from_millis(150));
    }
    let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn serve_answers_and_ends_beside_a_reader_of_its_log_that_stops() {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        process::Stdio,
        time::{Duration, Instant},
    };
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    let mut command = lot.command(["serve", "--address", "127.0.0.1:0"]);
    let mut child =
        command.env("JPAUTO_LOG_FORMAT", "json").stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let (mut log, mut told) = (BufReader::new(child.stderr.take().unwrap()), String::new());
    // Nothing behind the first line is read. A pipe holds 64 KiB.
    log.read_line(&mut told).unwrap();
    let first: Value = serde_json::from_str(&told).unwrap();
    let address = first["message"].as_str().unwrap().strip_prefix("serving on http://").unwrap().trim_end_matches('/');
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let requests = 1_000;
    for number in 1..=requests {
        let end = if number == requests { "Connection: close\r\n" } else { "" };
        write!(connection, "GET /healthz HTTP/1.1\r\nHost: lot\r\n{end}\r\n").unwrap();
    }
    let mut answers = String::new();
    connection.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), requests);
    let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "it ended by itself");
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    let whole: Vec<_> = rest.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
    assert!(whole.len() > 100, "{} lines", whole.len());
    for line in whole {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn serve_says_once_that_it_does_not_trust_a_proxy() {
    use std::io::{Read as _, Write as _};
    for (trusted, said) in [(&[] as &[&str], 1), (&["--trust-proxy", "127.0.0.0/8"], 0)] {
        let lot = Lot::new();
        assert_eq!(lot.run(["migrate"]).code, 0);
        let log = lot.path("log");
        let command = ["serve", "--address", "127.0.0.1:0"].iter().chain(trusted);
        let mut child = lot.command(command).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
        let told = || std::fs::read_to_string(&log).unwrap();
        let address = || {
            let told = told();
            let (_, address) = told.split_once("serving on http://")?;
            address.split_once("/\n").map(|(address, _)| address.to_owned())
        };
        let start = std::time::Instant::now();
        while address().is_none() && start.elapsed().as_secs() < 60 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        for _ in 0..3 {
            let mut connection = std::net::TcpStream::connect(address().unwrap()).unwrap();
            let asked =
                "GET /api/inventory HTTP/1.1\r\nhost: lot\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close\r\n\r\n";
            connection.write_all(asked.as_bytes()).unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(ended.success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let told = told();
        assert_eq!(told.matches("a proxy that is not trusted").count(), said, "{told}");
        assert_eq!(told.matches("--trust-proxy").count(), said, "{told}");
    }
}
