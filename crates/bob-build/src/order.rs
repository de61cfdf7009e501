//! Several formulae at once: dependencies come first.

use crate::Error;
use crate::formula::Formula;

/// Puts formulae in an order in which each stands behind those of the others that it names as
/// dependencies; apart from that they keep the order given. One that names itself is built with
/// what was deployed of it before.
pub(crate) fn sort(formulae: Vec<Formula>) -> Result<Vec<Formula>, Error> {
    let needs: Vec<Vec<usize>> = formulae
        .iter()
        .enumerate()
        .map(|(own, formula)| {
            let wanted = |other: &Formula| {
                let patterns = &formula.header.dependencies;
                patterns.iter().any(|pattern| manifest::glob::matches(pattern, &other.name))
            };
            (0..formulae.len()).filter(|at| *at != own && wanted(&formulae[*at])).collect()
        })
        .collect();
    let mut order = Vec::new();
    let mut state = vec![State::Open; formulae.len()];
    for at in 0..formulae.len() {
        visit(at, &needs, &mut state, &mut order)
            .map_err(|at| Error::Circle { name: formulae[at].name.clone() })?;
    }
    let mut formulae: Vec<Option<Formula>> = formulae.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|at| formulae[at].take()).collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Entered,
    Done,
}

/// Depth first; the error is a formula that needs itself by way of others.
fn visit(
    at: usize,
    needs: &[Vec<usize>],
    state: &mut [State],
    order: &mut Vec<usize>,
) -> Result<(), usize> {
    match state[at] {
        State::Done => return Ok(()),
        State::Entered => return Err(at),
        State::Open => state[at] = State::Entered,
    }
    for need in &needs[at] {
        visit(*need, needs, state, order)?;
    }
    state[at] = State::Done;
    order.push(at);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Header;

    fn sorted(given: &[(&str, &[&str])]) -> Result<Vec<String>, Error> {
        let formula = |(name, needs): &(&str, &[&str])| Formula {
            name: (*name).to_owned(),
            path: "/".into(),
            header: Header {
                build_path: None,
                dependencies: needs.iter().map(|need| (*need).to_owned()).collect(),
            },
        };
        let sorted = sort(given.iter().map(formula).collect())?;
        Ok(sorted.into_iter().map(|formula| formula.name).collect())
    }

    #[test]
    fn dependencies_come_first() {
        assert_eq!(
            sorted(&[("c", &["b-*"]), ("b-1", &["a"]), ("a", &[])]).unwrap(),
            ["a", "b-1", "c"]
        );
        assert_eq!(sorted(&[("b", &["elsewhere"]), ("a", &[])]).unwrap(), ["b", "a"]);
        assert_eq!(sorted(&[("a-2", &["a-*"]), ("a-1", &["a-1"])]).unwrap(), ["a-1", "a-2"]);
        assert!(matches!(sorted(&[("a", &["b"]), ("b", &["a"])]), Err(Error::Circle { .. })));
    }
}
