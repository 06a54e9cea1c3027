//! The writers of this process, one after the other, in the order in which they came.
//!
//! SQLite has one writer at a time. A mutex would let a thread that writes in a loop take it again before those who wait for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A queue of writers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    numbers: Mutex<Numbers>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Numbers {
    /// The number that the next writer to ask will get.
    next: u64,
    /// The number of the writer whose turn it is.
    served: u64,
}

impl Queue {
    /// Waits until all who came before have written.
    pub(super) fn wait(&self) -> Place<'_> {
        let mut numbers = self.numbers();
        let own = numbers.next;
        numbers.next += 1;
        while numbers.served != own {
            numbers = self.moved.wait(numbers).unwrap_or_else(PoisonError::into_inner);
        }
        Place(self)
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to write. Dropped, it is the next one's.
#[derive(Debug)]
pub(super) struct Place<'a>(&'a Queue);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.numbers().served += 1;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn writers_come_in_the_order_of_their_arrival_and_one_that_comes_again_comes_last() {
        let (queue, order) = (Queue::default(), Mutex::new(Vec::new()));
        let place = queue.wait();
        thread::scope(|scope| {
            for number in 1..=5 {
                let (queue, order) = (&queue, &order);
                scope.spawn(move || {
                    let _place = queue.wait();
                    order.lock().unwrap().push(number);
                });
                // It has its number before the next one asks for one.
                while queue.numbers().next <= number {
                    thread::yield_now();
                }
            }
            drop(place);
            let _again = queue.wait();
            assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4, 5]);
        });
    }

    #[test]
    fn a_writer_that_panics_lets_the_next_one_write() {
        let queue = Queue::default();
        let panicked = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _place = queue.wait();
                    panic!("as meant");
                })
                .join()
        });
        assert!(panicked.is_err());
        drop(queue.wait());
    }
}
