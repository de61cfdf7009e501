//! Every operation with every fault at every request, and with many at random: it completes or
//! fails cleanly, readers never notice, and running it again completes it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::sync::Arc;

use end_to_end::full;
use end_to_end::trial::{self, OPERATIONS, Operation, State, Trial};
use test_kit::Output;
use test_kit::s3::{Fault, Request, Script};

/// Every 17th case runs, unless all are asked for. A request has twelve faults: a step that shares no
/// factor with twelve reaches each fault.
const STEP: usize = 17;

/// The undisturbed end, and the requests that it takes.
fn undisturbed(operation: Operation) -> (Arc<State>, Vec<Request>) {
    let trial = Trial::new(operation);
    let _ = trial.run().success();
    (Arc::new(trial.state()), trial.server().requests())
}

/// The numbers of the requests that are worth a try: of those that differ in digits only, side by
/// side, two.
fn telling(requests: &[Request]) -> Vec<usize> {
    let mut last = String::new();
    let mut times = 0;
    let mut numbers = Vec::new();
    for request in requests {
        let file = request.path.rsplit('/').next().unwrap_or_default();
        let ending = file.split_once('.').map_or(file, |(_, ending)| ending);
        let kind = format!("{} {ending} {}", request.method, request.query);
        times = if kind == last { times + 1 } else { 1 };
        last = kind;
        if times <= 2 {
            numbers.push(request.number);
        }
    }
    numbers
}

/// A run may fail, but with a documented status and in words.
fn check_clean(case: &str, trial: &Trial, output: &Output) -> Result<(), String> {
    let said = &output.stderr;
    let clean = match output.status {
        0 => true,
        1..=12 => said.lines().last().is_some_and(|line| !line.trim().is_empty()),
        _ => false,
    };
    if !clean || said.contains("panicked") {
        return Err(format!("{case}: status {}: {said}", output.status));
    }
    let unreadable = trial.unreadable();
    if !unreadable.is_empty() {
        return Err(format!("{case}: status {}: {unreadable:?}", output.status));
    }
    let litter = trial.site.workspace.litter();
    if !litter.is_empty() {
        return Err(format!("{case}: left {litter:?}"));
    }
    Ok(())
}

/// Runs it again, undisturbed, if need be: the end must be as if nothing had happened.
fn check_end(case: &str, trial: &Trial, first: &Output, end: &State) -> Result<(), String> {
    trial.server().clear_hook();
    let complete = trial.state() == *end;
    // An archive that seems to be another one by now is kept, and that is said.
    if first.status == 0 && first.stderr.contains("Keeping dists that others have replaced") {
        return check_kept(case, &trial.state(), end);
    }
    if first.status == 0 && !complete {
        let difference = trial::difference(end, &trial.state());
        return Err(format!("{case}: status 0, but\n{difference}{}", first.stderr));
    }
    let again = trial.run();
    if again.status != 0 && !complete {
        return Err(format!(
            "{case}: status {}: {}, again: status {}: {}",
            first.status, first.stderr, again.status, again.stderr
        ));
    }
    let found = trial.state();
    if found != *end {
        return Err(format!("{case}, again:\n{}", trial::difference(end, &found)));
    }
    Ok(())
}

/// The right end, and archives beside it.
fn check_kept(case: &str, found: &State, end: &State) -> Result<(), String> {
    let archives =
        found.iter().filter(|(key, _)| end.contains_key(*key) || !key.ends_with(".tar.gz"));
    let rest: State = archives.map(|(key, text)| (key.clone(), text.clone())).collect();
    match rest == *end {
        true => Ok(()),
        false => Err(format!("{case}, kept:\n{}", trial::difference(end, &rest))),
    }
}

#[test]
fn every_fault_at_every_request() {
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        let (end, requests) = undisturbed(operation);
        for number in telling(&requests) {
            for fault in Fault::ALL {
                // These three are one to the client: each request gets one of them.
                let alike = [Fault::Status500, Fault::Status503, Fault::Status429];
                if alike.contains(&fault) && alike[number % 3] != fault {
                    continue;
                }
                cases.push((operation, number, fault, Arc::clone(&end)));
            }
        }
    }
    let step = if full() { 1 } else { STEP };
    let cases: Vec<_> = cases.into_iter().step_by(step).collect();
    trial::all(&cases, |(operation, number, fault, end)| {
        let trial = Trial::new(*operation);
        trial.server().set_script(Script::default().at(*number, *fault));
        let output = trial.run_disturbed();
        let requests = trial.server().requests();
        let line = requests.get(number - 1).map(|request| request.line()).unwrap_or_default();
        let case = format!("{}, {fault} at request {number}, {line}", operation.name);
        check_clean(&case, &trial, &output)?;
        check_end(&case, &trial, &output, end)
    });
}

/// What services do when they fail. One that lies about what lies there is another matter: archives
/// that seem to be others are not removed.
fn failures() -> Vec<Fault> {
    let lies = [Fault::OtherEtag, Fault::TooLong, Fault::TooShort];
    Fault::ALL.into_iter().filter(|fault| !lies.contains(fault)).collect()
}

#[test]
fn a_fifth_of_all_requests_at_random() {
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        let (end, _) = undisturbed(operation);
        cases.extend((1..=10).map(|seed| (operation, seed, Arc::clone(&end))));
    }
    trial::all(&cases, |(operation, seed, end)| {
        let trial = Trial::new(*operation);
        // Again and again, as a user would, while the service goes on failing.
        let mut output = None;
        for round in 0..3 {
            let script = Script::default().random_of(20, seed * 10 + round, &failures());
            trial.server().set_script(script);
            let run = trial.run_disturbed();
            let case = format!("{}, seed {seed}, round {round}", operation.name);
            check_clean(&case, &trial, &run)?;
            let done = run.status == 0;
            output = Some(run);
            if done {
                break;
            }
        }
        let case = format!("{}, seed {seed}", operation.name);
        check_end(&case, &trial, &output.unwrap(), end)
    });
}
