//! Long lists, worked on side by side.

use std::sync::{Mutex, PoisonError};

use crate::crew;

/// Fewer items than this are not worth a thread.
const MIN_SHARE: usize = 200;

/// So many shares for each thread: one that gets less of its processor takes fewer of them.
const SHARES: usize = 8;

/// What `work` makes of a list, in its order: each thread works on shares of it, this one too.
pub fn map<I: Send, T: Send>(
    threads: usize,
    items: Vec<I>,
    work: impl Fn(Vec<I>) -> Vec<T> + Sync,
) -> Vec<T> {
    let threads = items.len().div_ceil(MIN_SHARE).min(threads);
    if threads <= 1 {
        return work(items);
    }
    let size = items.len().div_ceil(threads * SHARES);
    let rest = Mutex::new((0, items.into_iter()));
    let take = || {
        let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
        let share: Vec<I> = rest.1.by_ref().take(size).collect();
        rest.0 += 1;
        (!share.is_empty()).then_some((rest.0, share))
    };
    let results = || {
        let numbered = |(number, share)| (number, work(share));
        std::iter::from_fn(take).map(numbered).collect::<Vec<(usize, Vec<T>)>>()
    };
    let mut results: Vec<_> = crew(threads, results).into_iter().flatten().collect();
    results.sort_by_key(|(number, _)| *number);
    let mut all = Vec::with_capacity(results.iter().map(|(_, results)| results.len()).sum());
    results.into_iter().for_each(|(_, results)| all.extend(results));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_complete() {
        for length in [0, 1, 199, 200, 201, 400, 401, 1000, 1999] {
            let items: Vec<usize> = (0..length).collect();
            for threads in [0, 1, 2, 3, 16] {
                let odd = |share: Vec<usize>| share.into_iter().filter(|n| n % 2 == 1).collect();
                let expected: Vec<usize> = items.iter().copied().filter(|n| n % 2 == 1).collect();
                assert_eq!(map(threads, items.clone(), odd), expected, "{length} {threads}");
            }
        }
    }
}
