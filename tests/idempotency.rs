//! Calls that may be repeated: on both databases they are done once.

use std::ops::ControlFlow;

use chrono::TimeDelta;
use jpauto::{
    KeptAnswer, NewUser, PageRequest, Repetition,
    jobs::{Job, JobReport, RunOptions},
};

use crate::support::Lot;

fn user(number: usize) -> NewUser {
    NewUser { email: format!("{number}@example.com"), name: "A".into(), ..NewUser::default() }
}

on_both_databases! {
    fn a_call_is_done_once_and_answered_alike_for_a_day(lot: &Lot) {
        let desk = lot.desk();
        let Repetition::First(call) = desk.repetition("key", b"one").unwrap() else { panic!("it is the first") };
        desk.once(&call).users().add(&user(1)).unwrap();
        assert_eq!(desk.repetition("key", b"one").unwrap_err().code(), "request_in_flight");
        assert_eq!(desk.repetition("key", b"two").unwrap_err().code(), "idempotency_key_reused");
        let answer = KeptAnswer::new(201, Some("/api/users/1".into()), "{}".into());
        desk.keep_answer(&call, &answer).unwrap();
        match desk.repetition("key", b"one").unwrap() {
            Repetition::Answered(kept) => assert_eq!(kept, answer),
            other => panic!("{other:?}"),
        }
        assert!(matches!(desk.repetition("another", b"one").unwrap(), Repetition::First(_)));
        lot.pass(TimeDelta::hours(24));
        let Repetition::First(call) = desk.repetition("key", b"two").unwrap() else { panic!("the key has ended") };
        desk.once(&call).users().add(&user(2)).unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM idempotency_keys"), 1, "a write sweeps up");
    }

    fn the_clean_up_removes_answers_that_nobody_may_ask_for_any_more(lot: &Lot) {
        let desk = lot.desk();
        for (number, key) in ["old", "new"].into_iter().enumerate() {
            lot.pass(TimeDelta::hours(13));
            let Repetition::First(call) = desk.repetition(key, b"one").unwrap() else { panic!("it is the first") };
            desk.once(&call).users().add(&user(number)).unwrap();
        }
        lot.pass(TimeDelta::hours(11));
        for (options, removed, left) in [(RunOptions::dry_run(), 1, 2), (RunOptions::default(), 1, 1), (RunOptions::default(), 0, 1)] {
            let run = desk.jobs().run(Job::CleanUp, &options, &mut |_| ControlFlow::Continue(())).unwrap();
            let Some(JobReport::CleanUp(report)) = run.report() else { panic!("{run:?}") };
            let calls = lot.count("SELECT count(*) FROM idempotency_keys");
            assert_eq!((report.removed["repeatable_calls"], calls), (removed, left), "{options:?}");
        }
        assert_eq!(desk.repetition("new", b"one").unwrap_err().code(), "request_in_flight");
    }

    fn of_two_calls_at_once_one_is_done(lot: &Lot) {
        let desk = lot.desk();
        let calls = [1, 2].map(|_| match desk.repetition("key", b"one").unwrap() {
            Repetition::First(call) => call,
            other => panic!("{other:?}"),
        });
        let outcomes: Vec<_> = std::thread::scope(|threads| {
            let both = calls.iter().enumerate().map(|(number, call)| {
                let desk = desk.once(call);
                threads.spawn(move || desk.users().add(&user(number)))
            });
            both.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refused.iter().map(|refusal| refusal.code()).collect::<Vec<_>>(), ["request_in_flight"]);
        assert_eq!(desk.users().list(&PageRequest::default()).unwrap().items.len(), 1);
    }

    fn a_call_that_fails_leaves_no_key(lot: &Lot) {
        let desk = lot.desk();
        let Repetition::First(call) = desk.repetition("key", b"one").unwrap() else { panic!("it is the first") };
        assert_eq!(desk.once(&call).users().add(&NewUser::default()).unwrap_err().code(), "invalid_user");
        assert_eq!(lot.count("SELECT count(*) FROM idempotency_keys"), 0);
        desk.once(&call).users().add(&user(1)).unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM idempotency_keys"), 1);
    }

    fn a_change_upon_an_older_version_is_refused_and_nothing_is_lost(lot: &Lot) {
        let desk = lot.desk();
        let read = desk.users().add(&user(1)).unwrap();
        let outcomes: Vec<_> = std::thread::scope(|threads| {
            let both = [jpauto::Role::Manager, jpauto::Role::Admin].map(|role| {
                let (desk, version) = (desk.clone(), [read.version()]);
                threads.spawn(move || desk.users().if_version(&version).set_role(read.id, role))
            });
            both.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refused.iter().map(|refusal| refusal.code()).collect::<Vec<_>>(), ["version_changed"]);
        let now = desk.users().get(read.id).unwrap();
        assert!(!desk.users().if_version(&[now.version()]).deactivate(read.id).unwrap().is_active);
    }
}
