//! Long lists, worked on side by side.

use std::panic::resume_unwind;
use std::thread;

/// Fewer items than this are not worth a thread.
const MIN_SHARE: usize = 200;

/// What `work` makes of a list, in its order: each thread works on a share of it, this one too.
pub fn map<I: Send, T: Send>(
    threads: usize,
    mut items: Vec<I>,
    work: impl Fn(Vec<I>) -> Vec<T> + Sync,
) -> Vec<T> {
    let share = items.len().div_ceil(threads.max(1)).max(MIN_SHARE);
    let mut shares = Vec::new();
    while items.len() > share {
        // From the back, so that nothing is moved twice.
        let start = (items.len() - 1) / share * share;
        shares.push(items.split_off(start));
    }
    let work = &work;
    thread::scope(|scope| {
        let others: Vec<_> =
            shares.into_iter().rev().map(|share| scope.spawn(move || work(share))).collect();
        let mut results = work(items);
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
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
