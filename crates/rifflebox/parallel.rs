//! Work for many things at once, on as many threads as there are cores.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rifflebox_core::Result;

/// Does work for each item, and returns what it gives in the order of the items; nothing is begun after an error.
///
/// A thread takes the next item once it is done with one: as much is held at once as there are threads.
///
/// # Errors
/// That of the first item whose work failed.
pub(crate) fn try_map<T: Sync, U: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<U> + Sync,
) -> Result<Vec<U>> {
    let threads = cores().min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let outcome = work(item);
            failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
            done.push((at, outcome));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut done = worker();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Returns how many threads can run at once.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Error, ErrorKind};

    use super::*;

    #[test]
    fn the_order_is_that_of_the_items() {
        let items: Vec<u32> = (0..1000).collect();
        let doubled: Vec<u32> = items.iter().map(|n| n * 2).collect();
        assert_eq!(try_map(&items, |n| Ok(n * 2)).unwrap(), doubled);
        assert_eq!(try_map(&items[..1], |n| Ok(n * 2)).unwrap(), doubled[..1]);
        assert_eq!(try_map(&[] as &[u32], |n| Ok(*n)).unwrap(), [0; 0]);
    }

    #[test]
    fn an_error_is_that_of_the_first_item_that_failed() {
        let items: Vec<u32> = (0..1000).collect();
        let fails = |n: &u32| match n {
            0 | 1 => Err(Error::new(ErrorKind::Input, format!("item {n} is broken"))),
            _ => Ok(()),
        };
        assert_eq!(try_map(&items, fails).unwrap_err().to_string(), "item 0 is broken");
    }
}
