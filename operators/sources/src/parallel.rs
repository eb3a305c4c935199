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
    let share = items.len().div_ceil(threads.max(1)).max(least);
    if items.len() <= share {
        return items.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let chunks = items.chunks(share);
        let workers: Vec<_> =
            chunks.map(|items| scope.spawn(move || items.iter().map(work).collect::<Vec<_>>())).collect();
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
