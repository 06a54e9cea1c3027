use std::sync::mpsc;

use super::*;

fn gate(workers: usize, queue: usize, deadline: Duration) -> Gate {
    let longest_wait = Duration::from_millis(50);
    Gate::new(GateLimits {
        workers,
        queue,
        longest_wait,
        deadline,
        offers: 0,
        writes: 0,
        spare: 0,
        ..GateLimits::default()
    })
}

const LONG: Duration = Duration::from_secs(10);

const SOMEBODY: Client = Client::Session(1);

/// Occupies a worker until the sender is dropped.
async fn occupy(gate: &Gate, lane: Lane) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), Shut>>) {
    let (free, freed) = mpsc::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let gate = gate.clone();
    let task = tokio::spawn(async move {
        gate.run(lane, SOMEBODY, move || {
            begun.send(()).unwrap();
            assert!(freed.recv().is_err(), "the sender is dropped, not used");
        })
        .await
    });
    has_begun.await.unwrap();
    (free, task)
}

fn waiting(gate: &Gate) -> usize {
    gate.inner.state().queues.iter().map(FairQueue::len).sum()
}

async fn until_free(gate: &Gate) {
    while gate.inner.state().free == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn what_finds_no_place_is_refused_at_once_and_what_finds_no_worker_after_the_wait() {
    let gate = gate(1, 1, LONG);
    let (free, working) = occupy(&gate, Lane::Reads).await;
    let waiter = tokio::spawn({
        let gate = gate.clone();
        async move { gate.run(Lane::Reads, SOMEBODY, || ()).await }
    });
    while waiting(&gate) == 0 {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let refused = gate.run(Lane::Reads, SOMEBODY, || ()).await;
    assert_eq!(refused, Err(Shut::Full { retry_after: Duration::from_secs(1) }));
    assert!(began.elapsed() < Duration::from_millis(40), "{:?}", began.elapsed());
    assert!(matches!(waiter.await.unwrap(), Err(Shut::Full { .. })), "the longest wait has passed");
    drop(free);
    assert_eq!(working.await.unwrap(), Ok(()));
    assert_eq!(gate.run(Lane::Reads, SOMEBODY, || 7).await, Ok(7));
}

#[tokio::test]
async fn offers_and_writes_pass_while_readers_wait() {
    let limits = GateLimits { workers: 3, longest_wait: LONG, ..GateLimits::default() };
    let gate = Gate::new(limits);
    let (free, reading) = occupy(&gate, Lane::Reads).await;
    let reader = tokio::spawn({
        let gate = gate.clone();
        async move { gate.run(Lane::Reads, SOMEBODY, || 1).await }
    });
    while waiting(&gate) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gate.run(Lane::Offers, SOMEBODY, || 2).await, Ok(2));
    assert_eq!(gate.run(Lane::Writes, SOMEBODY, || 3).await, Ok(3));
    assert_eq!(waiting(&gate), 1, "the reader still waits");
    let (free_offers, offering) = occupy(&gate, Lane::Offers).await;
    let second_offer = tokio::spawn({
        let gate = gate.clone();
        async move { gate.run(Lane::Offers, SOMEBODY, || 4).await }
    });
    while waiting(&gate) == 1 {
        tokio::task::yield_now().await;
    }
    drop(free);
    assert_eq!((reading.await.unwrap(), reader.await.unwrap()), (Ok(()), Ok(1)), "the reader has waited longest");
    assert_eq!(second_offer.await.unwrap(), Ok(4), "then the shared worker takes the offer");
    drop(free_offers);
    assert_eq!(offering.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn long_work_keeps_nobody_out_and_is_kept_out_by_nobody() {
    let limits = GateLimits { workers: 1, long: 1, longest_wait: Duration::from_millis(50), ..GateLimits::default() };
    let gate = Gate::new(limits);
    let (free_long, long) = occupy(&gate, Lane::Long).await;
    assert_eq!(gate.run(Lane::Reads, SOMEBODY, || 1).await, Ok(1));
    let refused = gate.run(Lane::Long, SOMEBODY, || 2).await;
    assert!(matches!(refused, Err(Shut::Full { .. })), "its only place is taken, and others are not for it");
    drop(free_long);
    assert_eq!(long.await.unwrap(), Ok(()));
    let (free, reading) = occupy(&gate, Lane::Reads).await;
    assert_eq!(gate.run(Lane::Long, SOMEBODY, || 3).await, Ok(3));
    drop(free);
    assert_eq!(reading.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn one_client_that_floods_the_gate_keeps_no_other_out() {
    let gate = Gate::new(GateLimits { workers: 4, offers: 0, writes: 0, ..GateLimits::default() });
    let [flooding, another, third] = [1, 2, 3].map(|last| Client::Network([192, 0, 2, last].into()));
    let (free, freed) = mpsc::channel::<()>();
    let freed = Arc::new(Mutex::new(freed));
    let flood = |count: usize| -> Vec<_> {
        let slow = |_| {
            let (gate, freed) = (gate.clone(), Arc::clone(&freed));
            tokio::spawn(async move {
                gate.run(Lane::Reads, flooding, move || assert!(freed.lock().unwrap().recv().is_err())).await
            })
        };
        (0..count).map(slow).collect()
    };
    let slow = flood(40);
    while waiting(&gate) < 36 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gate.now().free, 2 + 4, "it has all that are shared, and neither spare ones nor those for long work");
    for round in 0..20 {
        // One alone, several of one client, and the crowd.
        let asked = [(another, 1), (another, 2), (another, 3), (third, 4), (Client::Crowd, 5), (Client::Crowd, 6)];
        let asked = asked.map(|(client, number)| {
            let gate = gate.clone();
            tokio::spawn(async move { gate.run(Lane::Reads, client, move || number).await })
        });
        for (at, answer) in asked.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), Ok(at + 1), "{round}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Those that waited are refused after a while: sooner in an overload, else after the wait of a stall.
    let began = Instant::now();
    while waiting(&gate) > 0 {
        assert!(began.elapsed() < LONG, "they wait for ever");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused = flood(40);
    drop(free);
    let mut outcomes = [0, 0];
    for task in slow.into_iter().chain(refused) {
        outcomes[usize::from(task.await.unwrap() == Ok(()))] += 1;
    }
    assert!(outcomes[0] >= 36 && outcomes[1] >= 4, "{outcomes:?}");
    assert_eq!(gate.run(Lane::Reads, flooding, || 7).await, Ok(7));
}

#[tokio::test]
async fn a_burst_waits_and_is_not_refused() {
    let gate = Gate::new(GateLimits { longest_wait: LONG, ..GateLimits::default() });
    let burst: Vec<_> = (0..64)
        .map(|number| {
            let gate = gate.clone();
            tokio::spawn(async move { gate.run(Lane::Reads, SOMEBODY, move || number).await })
        })
        .collect();
    for (number, answer) in burst.into_iter().enumerate() {
        assert_eq!(answer.await.unwrap(), Ok(number));
    }
    assert_eq!(gate.inner.state().free, 6, "every place was given back");
}

#[tokio::test]
async fn a_place_stays_taken_after_the_deadline_until_the_work_has_ended() {
    let gate = gate(1, 0, Duration::from_millis(50));
    let (free, overdue) = occupy(&gate, Lane::Reads).await;
    assert_eq!(overdue.await.unwrap(), Err(Shut::Overdue));
    assert!(matches!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Err(Shut::Full { .. })));
    drop(free);
    until_free(&gate).await;
    assert_eq!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Ok(()));
}

#[tokio::test]
async fn a_place_stays_taken_when_the_client_goes_away() {
    let gate = gate(1, 0, LONG);
    let (free, gone) = occupy(&gate, Lane::Reads).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert!(matches!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Err(Shut::Full { .. })));
    drop(free);
    until_free(&gate).await;
    assert_eq!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Ok(()));
}

#[tokio::test]
async fn a_client_that_leaves_the_queue_keeps_no_place() {
    let gate = gate(1, 8, LONG);
    let (free, working) = occupy(&gate, Lane::Reads).await;
    let impatient: Vec<_> = (0..3)
        .map(|_| {
            let gate = gate.clone();
            tokio::spawn(async move { gate.run(Lane::Reads, SOMEBODY, || ()).await })
        })
        .collect();
    while waiting(&gate) < 3 {
        tokio::task::yield_now().await;
    }
    for one in impatient {
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
    }
    drop(free);
    assert_eq!(working.await.unwrap(), Ok(()));
    until_free(&gate).await;
    assert_eq!(gate.run(Lane::Reads, SOMEBODY, || 7).await, Ok(7));
}

#[tokio::test]
async fn a_panic_is_told_as_such_and_frees_the_place() {
    let gate = gate(1, 0, LONG);
    for _ in 0..3 {
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || panic!("a fault")).await, Err::<(), _>(Shut::Panicked));
    }
    assert_eq!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Ok(()));
}

#[test]
fn no_more_reads_run_than_the_database_has_connections() {
    for connections in 0..40 {
        for offers in 0..3 {
            let limits = GateLimits { offers, ..GateLimits::default() }.fitting(connections);
            let gate = Gate::new(limits);
            let state = gate.inner.state();
            let (reads, connections) = (state.free + state.spares.free, connections.max(1));
            assert!((1..=connections).contains(&reads) && state.free > 0, "{connections}: {limits:?}");
            assert!(
                limits.workers <= connections && limits.long <= (connections / 2).max(1),
                "{connections}: {limits:?}"
            );
            assert!(connections < 2 || state.spares.free > 0, "{connections}: {limits:?}");
        }
    }
    assert_eq!(GateLimits::default().fitting(8), GateLimits::default());
}
