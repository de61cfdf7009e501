//! Rounds of everything at once, in one repository: deploys, syncs, removals, rollbacks, snapshots and
//! gc, of which some are killed and some are stopped for a while. Readers read all the time.
//!
//! `SLIPWAY_TEST_ROUNDS` says how many rounds there are on each kind of store, `SLIPWAY_TEST_SEED` with
//! which numbers. A failure names the seed: the same seed makes the same processes and disturbs them
//! at the same times, but how they meet is the machine's choice.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::thread;
use std::time::{Duration, Instant};

use end_to_end::crowd::{DAY, STAGE, check_clean, check_readable, check_whole, deploy, put, sync};
use end_to_end::model::{self, Change, Expected, State, acknowledged};
use end_to_end::reader::Readers;
use end_to_end::series::Series;
use end_to_end::{DEVELOP, Place};
use test_kit::{Output, Process, Running};

/// How many rounds there are unless `SLIPWAY_TEST_ROUNDS` says so.
const ROUNDS: usize = 6;
/// As many packages of their owners there are, about.
const PACKAGES: usize = 16;
/// The packages that the second repository may have.
const SYNCED: usize = 4;
/// A stopped process goes on after this time at the latest: it may hold the lock of a folder, which
/// all others wait for.
const LONGEST_STOP: Duration = Duration::from_secs(3);

/// A process of a round.
#[derive(Debug)]
enum Work {
    /// Something that the owner of a package does to it.
    Own(String, Change),
    /// From the second repository, without removals.
    Sync,
    /// From the second repository, with removals: of all that owners have deployed.
    SyncAll,
    Publish,
    Snapshot(String),
    /// It keeps so many generations, and perhaps only the newest snapshots.
    Gc(&'static str, bool),
    Rollback(&'static str),
}

/// What befalls a process; times are parts of what a process usually takes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Undisturbed,
    Killed(f64),
    /// Stopped at a time, for a time.
    Stopped(f64, f64),
    /// Stopped at a time until all others have ended.
    Outlasting(f64),
    /// Stopped at a time, and killed a time later.
    StoppedAndKilled(f64, f64),
}

#[derive(Clone, Copy)]
enum Signal {
    Kill,
    Stop,
    Resume,
}

impl Work {
    fn process(&self, place: &Place, new: bool) -> Process {
        let bucket = &place.bucket;
        match self {
            Work::Own(name, Change::Deploy(content)) if new => deploy(place, name, content),
            Work::Own(name, Change::Deploy(content)) => {
                deploy(place, name, content).arg("--overwrite")
            }
            Work::Own(name, Change::Remove) => place.tool("pkg-remove").args(["--yes", name]),
            Work::Sync => sync(place, &["--no-remove"], DEVELOP),
            Work::SyncAll => sync(place, &[], DEVELOP),
            Work::Publish => place.tool("repo-mkrepo").args(["--upload", bucket, DEVELOP]),
            Work::Snapshot(name) => {
                place.tool("repo-mkrepo").args(["--upload", "-c", name, bucket, DEVELOP])
            }
            Work::Gc(generations, snapshots) => {
                let tool = place.tool("repo-check").args(["--gc", "--yes", "--older-than", "0s"]);
                let tool = tool.args(["--keep-generations", generations]);
                tool.args(if *snapshots { &["--keep-snapshots", "3"][..] } else { &[] })
            }
            Work::Rollback(to) => {
                place.tool("repo-mkrepo").args(["rollback", "--yes", to, bucket, DEVELOP])
            }
        }
    }

    /// Whether it may change the packages of all owners.
    fn is_global(&self) -> bool {
        matches!(self, Work::SyncAll | Work::Rollback(_))
    }

    /// How it may end when it is not killed.
    fn statuses(&self, global: bool) -> &'static [i32] {
        match self {
            // What is to be removed may be gone by then, or the generation to go back to.
            Work::Own(_, Change::Remove) if global => &[0, 7, 12],
            Work::Rollback(_) => &[0, 7, 12],
            _ => &[0, 12],
        }
    }
}

impl Fate {
    fn random(series: &mut Series) -> Fate {
        let (at, long) = (series.fraction() * 1.2, series.fraction() * 3.0);
        match series.below(20) {
            0..=3 => Fate::Killed(at),
            4..=7 => Fate::Stopped(at, long),
            8..=9 => Fate::Outlasting(at),
            10 => Fate::StoppedAndKilled(at, long),
            _ => Fate::Undisturbed,
        }
    }

    fn signals(self) -> Vec<(f64, Signal)> {
        match self {
            Fate::Undisturbed => vec![],
            Fate::Killed(at) => vec![(at, Signal::Kill)],
            Fate::Stopped(at, long) => vec![(at, Signal::Stop), (at + long, Signal::Resume)],
            Fate::Outlasting(at) => vec![(at, Signal::Stop)],
            Fate::StoppedAndKilled(at, long) => vec![(at, Signal::Stop), (at + long, Signal::Kill)],
        }
    }

    fn kills(self) -> bool {
        matches!(self, Fate::Killed(_) | Fate::StoppedAndKilled(..))
    }
}

/// All rounds on one place.
struct Rounds<'a> {
    place: &'a Place,
    series: Series,
    /// What is published.
    state: State,
    /// What the second repository has.
    source: State,
    /// What a process takes beside others, about.
    typical: Duration,
}

impl<'a> Rounds<'a> {
    fn new(place: &'a Place, seed: u64) -> Rounds<'a> {
        let mut source = State::new();
        for name in ["s0-1", "s1-1"] {
            put(place, STAGE, &[(name, DAY)]);
            source.insert(name.to_owned(), format!("archive of {name} of {DAY}"));
        }
        let _ = deploy(place, "first-1", "first").run().success();
        let _ = sync(place, &["--no-remove"], DEVELOP).run().success();
        let state = model::state(place, DEVELOP);
        let typical = Duration::from_millis(200);
        Rounds { place, series: Series::new(seed), state, source, typical }
    }

    /// The second repository gets a package, a newer one, or loses one.
    fn change_source(&mut self, round: usize) {
        let name = format!("s{}-1", self.series.below(SYNCED));
        if self.source.len() > 1 && self.series.happens(0.3) && self.source.remove(&name).is_some()
        {
            let keys = ["composer.json", "tar.gz"].map(|end| format!("{STAGE}{name}.{end}"));
            self.place.store().delete_many(&keys).unwrap();
            put(self.place, STAGE, &[]);
            return;
        }
        let time = format!("2026-02-01 {:02}:{:02}:00", round / 60, round % 60);
        put(self.place, STAGE, &[(&name, &time)]);
        self.source.insert(name.clone(), format!("archive of {name} of {time}"));
    }

    /// The processes of a round, in the order in which they start.
    fn works(&mut self, round: usize) -> Vec<Work> {
        let series = &mut self.series;
        let mut works = Vec::new();
        let mut own: Vec<String> =
            self.state.keys().filter(|name| !name.starts_with('s')).cloned().collect();
        let many = own.len() > PACKAGES;
        for number in 0..2 + series.below(3) {
            let content = format!("of round {round}, {}", "x".repeat(number + series.below(9)));
            let name = if own.is_empty() || series.happens(if many { 0.1 } else { 0.5 }) {
                works.push(Work::Own(format!("n{round}_{number}-1"), Change::Deploy(content)));
                continue;
            } else {
                own.swap_remove(series.below(own.len()))
            };
            let remove = series.happens(if many { 0.8 } else { 0.4 });
            let change = if remove { Change::Remove } else { Change::Deploy(content) };
            works.push(Work::Own(name, change));
        }
        works.push(Work::Sync);
        if series.happens(0.3) {
            works.push(Work::Sync);
        }
        if series.happens(0.3) {
            works.push(Work::Publish);
        }
        if series.happens(0.6) {
            works.push(Work::Snapshot(format!("r{round}")));
        }
        for _ in 0..series.below(3) {
            let generations = ["1", "3", "100"][series.below(3)];
            works.push(Work::Gc(generations, series.happens(0.5)));
        }
        if series.happens(0.25) {
            works.push(match series.below(4) {
                0 => Work::SyncAll,
                back => Work::Rollback(["HEAD~1", "HEAD~2", "HEAD~3"][back - 1]),
            });
        }
        // In any order.
        for at in (1..works.len()).rev() {
            works.swap(at, series.below(at + 1));
        }
        works
    }

    /// Starts all at once, disturbs them, and waits for them.
    fn run(&mut self, works: &[Work]) -> Vec<(Fate, Output)> {
        let fates: Vec<Fate> = works.iter().map(|_| Fate::random(&mut self.series)).collect();
        let mut signals = Vec::new();
        for (number, fate) in fates.iter().enumerate() {
            for (at, signal) in fate.signals() {
                signals.push((self.typical.mul_f64(at), number, signal));
            }
        }
        signals.sort_by_key(|(at, ..)| *at);
        let begin = Instant::now();
        let mut running: Vec<Running> = works
            .iter()
            .map(|work| {
                let new = matches!(work, Work::Own(name, _) if !self.state.contains_key(name));
                work.process(self.place, new).spawn()
            })
            .collect();
        for (at, number, signal) in signals {
            thread::sleep(at.saturating_sub(begin.elapsed()));
            match signal {
                Signal::Kill => running[number].kill(),
                Signal::Stop => running[number].stop(),
                Signal::Resume => running[number].resume(),
            }
        }
        let stopped = Instant::now();
        let outlasts = |fate: &Fate| matches!(fate, Fate::Outlasting(_));
        let mut others =
            || running.iter_mut().zip(&fates).any(|(one, fate)| !outlasts(fate) && !one.ended());
        while others() && stopped.elapsed() < LONGEST_STOP {
            thread::sleep(Duration::from_millis(5));
        }
        for one in &running {
            one.resume();
        }
        fates.into_iter().zip(running.into_iter().map(Running::wait)).collect()
    }

    /// One round; what is wrong after it, in lines.
    fn round(&mut self, round: usize, readers: &Readers) -> Vec<String> {
        if self.series.happens(0.6) {
            self.change_source(round);
        }
        let works = self.works(round);
        let global = works.iter().any(Work::is_global);
        let ends = self.run(&works);
        let mut lines = Vec::new();
        let mut expected = Expected::of(&self.state);
        let synced = works.iter().zip(&ends);
        let synced = synced.filter(|(work, _)| matches!(work, Work::Sync));
        let done = synced.fold(false, |done, (_, (_, output))| done || acknowledged(output));
        for (name, content) in &self.source {
            expected.change(name, &Change::Deploy(content.clone()), done);
        }
        for (work, (fate, output)) in works.iter().zip(&ends) {
            if let Work::Own(name, change) = work {
                expected.change(name, change, acknowledged(output));
            }
            let killed = fate.kills() && output.status == 137;
            if !killed && !work.statuses(global).contains(&output.status) {
                lines.push(format!("{work:?}: status {}: {}", output.status, output.stderr));
            }
        }
        let begin = Instant::now();
        self.settle();
        // As many as there are share two processors.
        self.typical = begin.elapsed().mul_f64(works.len() as f64 / 2.0);
        lines.extend(end_to_end::reader::pass(self.place, &self.place.store(), DEVELOP));
        if lines.is_empty() {
            self.state = model::state(self.place, DEVELOP);
            // A rollback may have taken what was deployed before, or beside it.
            if !global {
                lines = expected.differences(&self.state);
            }
        }
        lines.extend(readers.found().1.into_iter().map(|line| format!("a reader: {line}")));
        if !lines.is_empty() {
            let ends = works.iter().zip(&ends);
            lines.extend(ends.map(|(work, (fate, output))| {
                let last = output.stderr.trim_end().lines().last().unwrap_or_default();
                format!("    {work:?}, {fate:?}: status {}: {last}", output.status)
            }));
        }
        lines
    }

    /// Publishes what killed processes have left.
    fn settle(&self) {
        let store = self.place.store();
        // Of processes that were killed: others would wait for a minute.
        let claims = store.list(&format!("{DEVELOP}.slipway/claim-")).unwrap();
        let claims: Vec<String> = claims.into_iter().map(|object| object.key).collect();
        store.delete_many(&claims).unwrap();
        // A tool: it also completes or undoes what these have left.
        let _ = Work::Publish.process(self.place, false).run().success();
    }
}

/// The number in a variable.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// Ends the readers also when the test fails.
struct Stop<'a>(&'a Readers);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn adversity(place: &Place) {
    // Any other each time, so that many runs try much.
    let any = || u64::from(jiff::Timestamp::now().subsec_nanosecond().unsigned_abs());
    let seed = number("SLIPWAY_TEST_SEED").unwrap_or_else(any);
    let count = number("SLIPWAY_TEST_ROUNDS").map_or(ROUNDS, |rounds| rounds.try_into().unwrap());
    let mut rounds = Rounds::new(place, seed);
    let readers = Readers::default();
    thread::scope(|scope| {
        let stop = Stop(&readers);
        scope.spawn(|| readers.read(place, DEVELOP));
        for round in 0..count {
            let lines = rounds.round(round, &readers);
            let head = format!("{}, SLIPWAY_TEST_SEED={seed}, round {round}", place.kind);
            assert!(lines.is_empty(), "{head}:\n{}", lines.join("\n"));
        }
        drop(stop);
    });
    let (passes, problems) = readers.found();
    assert!(passes > 0 && problems.is_empty(), "{}, {passes} passes: {problems:?}", place.kind);
    check_readable(place, DEVELOP, "at the end");
    // Archives of deploys that were killed before their manifests.
    let _ = Work::Gc("100", false).process(place, false).run().success();
    check_whole(place, DEVELOP);
    check_clean(place, DEVELOP);
    assert_eq!(rounds.state, model::state(place, DEVELOP), "{}", place.kind);
}

#[test]
fn on_a_folder() {
    adversity(&Place::folder());
}

#[test]
fn on_seaweedfs() {
    adversity(&Place::seaweed());
}

#[test]
fn on_a_service_without_conditional_writes() {
    adversity(&Place::without_conditions());
}
