//! One visitor who floods the server with reads, and what others see of it.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use jpauto::{Role, VehicleId};

use crate::support::{Lot, corolla};

/// A lot whose pages take a while, behind a proxy that tells whom it asks for.
fn lot() -> (Lot, Vec<VehicleId>) {
    let patient = Duration::from_millis(300);
    let lot = Lot::with(|config| {
        config.trusted_proxies.push("127.0.0.1/32".parse().unwrap());
        // A machine that does other things, too, makes nobody wait for so long.
        (config.gate.target_wait, config.gate.overload_after) = (patient, patient);
        config.gate.longest_wait = 10 * patient;
    });
    let (staff, description) = (lot.staff(), "one of a kind ".repeat(300));
    let add = |number| {
        let mut vehicle = corolla(number);
        vehicle.description = Some(description.clone());
        staff.inventory().add(&vehicle).unwrap().id
    };
    let ids = (0..120).map(add).collect();
    (lot, ids)
}

/// What a flood asks for, each request something else.
fn targets(ids: &[VehicleId]) -> Vec<String> {
    const SORTS: [&str; 6] = ["price", "-price", "year", "-year", "mileage", "-mileage"];
    let lists = (20..=50).flat_map(|limit| SORTS.map(|sort| format!("/api/inventory?limit={limit}&sort={sort}")));
    let plain = (20..=50).map(|limit| format!("/api/inventory?limit={limit}"));
    let one = ids.iter().map(|id| format!("/api/inventory/{id}"));
    lists.chain(plain).chain(one).collect()
}

#[test]
fn a_visitor_who_floods_the_server_with_short_pages_keeps_no_other_out() {
    let (lot, ids) = lot();
    let (targets, next, is_over) = (targets(&ids), AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|threads| {
        for number in 0..128 {
            let (lot, targets, next, is_over) = (&lot, &targets, &next, &is_over);
            threads.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let target = &targets[at % targets.len()];
                    // Some send a token, each time another one, which anybody can write.
                    let token =
                        if number % 8 == 0 { format!("authorization: Bearer jpa_{at}\r\n") } else { String::new() };
                    let head = format!(
                        "GET {target} HTTP/1.1\r\nhost: lot\r\nconnection: close\r\nx-forwarded-for: 203.0.113.7\r\n"
                    );
                    let Ok(mut stream) = TcpStream::connect(lot.address) else { continue };
                    // What becomes of it makes no difference.
                    let _ = stream.write_all(format!("{head}{token}\r\n").as_bytes());
                    let _ = stream.read_to_end(&mut Vec::new());
                }
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        for (number, id) in ids.iter().enumerate().take(12) {
            let from = format!("203.0.113.{}", 10 + number);
            let visitor = [("x-forwarded-for", from.as_str())];
            for target in [format!("/api/inventory/{id}"), "/api/inventory?limit=20".into(), targets[0].clone()] {
                let answer = lot.ask("GET", &target, &visitor, b"");
                if answer.status != 200 {
                    is_over.store(true, Ordering::SeqCst);
                }
                assert_eq!(answer.status, 200, "{number} {target}");
            }
        }
        is_over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn sixty_four_connections_of_one_address_read_by_id_without_a_refusal() {
    let (lot, ids) = lot();
    std::thread::scope(|threads| {
        for number in 0..64 {
            let (lot, ids) = (&lot, &ids);
            threads.spawn(move || {
                for round in 0..5 {
                    let target = format!("/api/inventory/{}", ids[(7 * number + round) % ids.len()]);
                    assert_eq!(lot.get(&target).status, 200);
                    assert_eq!(lot.get("/api/inventory?limit=20").status, 200);
                }
            });
        }
    });
}

#[test]
fn reads_of_one_client_are_limited_where_the_operator_wants_it() {
    let lot = Lot::with(|config| {
        config.trusted_proxies.push("127.0.0.1/32".parse().unwrap());
        (config.reads.most, config.reads.window) = (5, Duration::from_secs(600));
    });
    let id = lot.staff().inventory().add(&corolla(1)).unwrap().id;
    let token = lot.authorization(Role::Manager);
    let ask = |from: &str, method: &str, target: &str| {
        lot.ask(method, target, &[("x-forwarded-for", from), ("authorization", &token)], b"")
    };
    let (one, another) = ("203.0.113.7", "203.0.113.8");
    let targets =
        ["/api/inventory?limit=20".into(), format!("/api/inventory/{id}"), "/api/inventory/statistics".into()];
    let asked = targets.iter().cycle().take(4).map(|target| ask(one, "GET", target).status);
    assert_eq!(asked.collect::<Vec<_>>(), [200; 4]);
    assert_eq!(ask(one, "HEAD", "/api/inventory").status, 200);
    let refused = ask(one, "GET", &targets[0]);
    assert_eq!((refused.status, refused.problem().as_str()), (429, "too_many_requests"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((100..=120).contains(&wait), "{wait}");
    assert_eq!(ask(one, "HEAD", &targets[1]).status, 429);
    // Others, health, and what is no read.
    assert_eq!(ask(another, "GET", &targets[0]).status, 200);
    assert_eq!([ask(one, "GET", "/healthz").status, ask(one, "GET", "/readyz").status], [200, 200]);
    assert_eq!(ask(one, "DELETE", &targets[1]).status, 403, "a manager may not, which is another answer");
}
