use std::panic::resume_unwind;
use std::thread;

/// Applies `work` to all items on up to `threads` threads, and returns what it gives in their order.
///
/// Fewer than `least` items a thread are not worth starting one.
pub(crate) fn map<T: Sync, U: Send>(
    items: &[T],
    threads: usize,
    least: usize,
    work: impl Fn(&T) -> U + Sync,
) -> Vec<U> {
    map_stretches(items.iter().collect(), threads, least, |items| items.into_iter().map(&work).collect())
}

/// Applies `work` to the items in as many stretches as there are threads, and returns what it gives, in their order.
pub(crate) fn map_stretches<T: Send, U: Send>(
    mut items: Vec<T>,
    threads: usize,
    least: usize,
    work: impl Fn(Vec<T>) -> Vec<U> + Sync,
) -> Vec<U> {
    let share = items.len().div_ceil(threads.max(1)).max(least);
    if items.len() <= share {
        return work(items);
    }
    let work = &work;
    thread::scope(|scope| {
        let mut workers = Vec::new();
        while !items.is_empty() {
            let rest = items.split_off(share.min(items.len()));
            let stretch = std::mem::replace(&mut items, rest);
            workers.push(scope.spawn(move || work(stretch)));
        }
        let joined =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    })
}

/// Returns how many threads can run at once.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        let doubled: Vec<u32> = items.iter().map(|n| n * 2).collect();
        for threads in [0, 1, 3, 200] {
            assert_eq!(map(&items, threads, 1, |n| n * 2), doubled);
        }
        assert_eq!(map(&items, 4, 1000, |n| n * 2), doubled);
        assert!(map(&[] as &[u32], 4, 1, |n| *n).is_empty());
    }
}
