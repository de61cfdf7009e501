//! Many independent questions, on all processors.

use std::convert::Infallible;

/// The results of `work` on each item, in their order, or the first error in that order.
pub fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let done =
        ::parallel::map(::parallel::processors(), items, |item| Ok::<_, Infallible>(work(item)));
    match done {
        Ok(results) => results.into_iter().collect(),
    }
}
