//! Every operation, killed at each of its requests: readers never notice, and running it again
//! completes it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::sync::{Arc, Mutex};

use end_to_end::full;
use end_to_end::trial::{self, OPERATIONS, Operation, Trial};
use test_kit::s3::Action;

/// The undisturbed end, and how many requests it takes.
fn undisturbed(operation: Operation) -> (trial::State, usize) {
    let trial = Arc::new(Trial::new(operation));
    // A reader at every moment between two effects.
    let problems = Arc::new(Mutex::new(Vec::new()));
    let (watched, found) = (Arc::downgrade(&trial), Arc::clone(&problems));
    trial.server().set_hook(move |request| {
        if let Some(trial) = watched.upgrade() {
            let unreadable = trial.unreadable();
            if !unreadable.is_empty() {
                found.lock().unwrap().push(format!("before {}: {unreadable:?}", request.line()));
            }
        }
        Action::Serve
    });
    let _ = trial.run().success();
    trial.server().clear_hook();
    assert_eq!(*problems.lock().unwrap(), [""; 0], "{}", operation.name);
    assert_eq!(trial.unreadable(), [""; 0], "{}", operation.name);
    (trial.state(), trial.server().requests().len())
}

#[test]
fn at_every_request() {
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        let (end, requests) = undisturbed(operation);
        let end = Arc::new(end);
        assert!(requests > 5, "{}: {requests}", operation.name);
        for number in 1..=requests {
            for after in [false, true] {
                // Half of the cases, unless all are asked for: before one request, after the next.
                if !full() && after == (number % 2 == 0) {
                    continue;
                }
                cases.push((operation, number, after, Arc::clone(&end)));
            }
        }
    }
    trial::all(&cases, |(operation, number, after, end)| {
        let trial = Trial::new(*operation);
        let killed = trial.run_until_killed(*number, *after);
        let requests = trial.server().requests();
        let line = requests.get(number - 1).map(|request| request.line()).unwrap_or_default();
        let when = if *after { "after" } else { "before" };
        let case = format!("{}, killed {when} request {number}, {line}", operation.name);
        // Requests that are made side by side are not always as many.
        if killed.status != 137 && killed.status != 0 {
            return Err(format!("{case}: status {}: {}", killed.status, killed.stderr));
        }
        let unreadable = trial.unreadable();
        if !unreadable.is_empty() {
            return Err(format!("{case}: {unreadable:?}"));
        }
        let complete = trial.state() == **end;
        let again = trial.run();
        if again.status != 0 && !complete {
            return Err(format!("{case}, again: status {}: {}", again.status, again.stderr));
        }
        let found = trial.state();
        if found != **end {
            return Err(format!("{case}, again:\n{}", trial::difference(end, &found)));
        }
        Ok(())
    });
}
