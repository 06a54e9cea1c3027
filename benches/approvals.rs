//! Approvals a second: submit and approve, each its own transaction with its audit trail, on both databases.
//!
//! PostgreSQL takes part where `JPAUTO_TEST_POSTGRES` names a server, as under `make bench`.

#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise and says what it did"
)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jpauto::{Actor, Approval, Dealership, Desk, Money, NewSubmission, Submission};

fn offer(number: u32) -> NewSubmission {
    NewSubmission {
        year: 2018,
        make: "Toyota".into(),
        model: "Corolla".into(),
        vin: Some(format!("2T1BURHE0JC{number:06}")),
        mileage: Some(52_000),
        asking_price: Some(Money::from_dollars(15_000)),
        images: vec!["https://example.com/1.jpg".into()],
        ..NewSubmission::default()
    }
}

fn measure(criterion: &mut Criterion, database: &str, desk: &Desk) {
    let mut number = 0;
    let mut submit = || -> Submission {
        number += 1;
        desk.submissions().submit(&offer(number)).unwrap()
    };
    let mut group = criterion.benchmark_group("approvals");
    group.throughput(Throughput::Elements(1)).sample_size(50);
    group.bench_function(database, |bencher| {
        bencher.iter_batched(
            &mut submit,
            |submission| black_box(desk.submissions().approve(submission.id, &Approval::as_offered()).unwrap()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn approvals(criterion: &mut Criterion) {
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        measure(criterion, "sqlite", &Dealership::open(url).unwrap().acting_as(Actor::system()));
    }
    #[cfg(feature = "postgres")]
    match std::env::var("JPAUTO_TEST_POSTGRES") {
        Ok(server) => {
            use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

            let schema = format!("bench_approvals_{}", std::process::id());
            let mut admin = PgConnection::establish(&server).unwrap();
            admin.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
            let dealership = Dealership::open(format!("{server}?options=--search_path%3D{schema}")).unwrap();
            dealership.migrate().unwrap();
            measure(criterion, "postgres", &dealership.acting_as(Actor::system()));
            admin.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
        }
        Err(_) => println!("PostgreSQL is not measured: JPAUTO_TEST_POSTGRES names no server"),
    }
}

criterion_group!(benches, approvals);
criterion_main!(benches);
