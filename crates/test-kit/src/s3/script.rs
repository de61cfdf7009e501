//! Scripts of faults: which requests meet which fault, as data.
//!
//! A script is made in a test ([`Script::at`], [`Script::random`]) or written down, one rule a line:
//!
//! ```text
//! # the third request is cut after its effect, every PUT of an index is answered 503 once
//! 3 reset-after
//! first PUT packages.json: 503
//! random 20% seed 7
//! ```
//!
//! What a random script does to a request depends on the seed, the request and how often it came,
//! and not on the order in which requests of several threads arrive. So a seed that found something
//! finds it again.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Action, Request};

/// A fault that a script can do to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Cut without effect, and for a moment nobody can connect.
    Refuse,
    /// Answered 500 `InternalError`, without effect.
    Status500,
    /// Answered 503 `SlowDown`, without effect.
    Status503,
    /// Answered 429 `TooManyRequests`, without effect.
    Status429,
    /// Cut before the effect.
    ResetBefore,
    /// Cut after the effect.
    ResetAfter,
    /// Silence, without effect.
    StallBefore,
    /// Silence, after the effect.
    StallAfter,
    /// Half of the answer's body, then cut.
    Truncate,
    /// The answer in pieces, slowly.
    Slow,
    /// `Content-Length` announces more than comes.
    TooLong,
    /// The end of the body is missing, and `Content-Length` says that this is all.
    TooShort,
    /// Another `ETag` than the object's.
    OtherEtag,
    /// A listing that does not know the last changes.
    StaleList,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 14] = [
        Fault::Refuse,
        Fault::Status500,
        Fault::Status503,
        Fault::Status429,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::StallBefore,
        Fault::StallAfter,
        Fault::Truncate,
        Fault::Slow,
        Fault::TooLong,
        Fault::TooShort,
        Fault::OtherEtag,
        Fault::StaleList,
    ];

    /// Its name in a script that is written down.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fault::Refuse => "refuse",
            Fault::Status500 => "500",
            Fault::Status503 => "503",
            Fault::Status429 => "429",
            Fault::ResetBefore => "reset-before",
            Fault::ResetAfter => "reset-after",
            Fault::StallBefore => "stall-before",
            Fault::StallAfter => "stall-after",
            Fault::Truncate => "truncate",
            Fault::Slow => "slow",
            Fault::TooLong => "too-long",
            Fault::TooShort => "too-short",
            Fault::OtherEtag => "other-etag",
            Fault::StaleList => "stale-list",
        }
    }

    /// What the server does.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Fault::Refuse => Action::Refuse(Duration::from_millis(30)),
            Fault::Status500 => Action::Answer(500, "InternalError"),
            Fault::Status503 => Action::Answer(503, "SlowDown"),
            Fault::Status429 => Action::Answer(429, "TooManyRequests"),
            Fault::ResetBefore => Action::ResetBefore,
            Fault::ResetAfter => Action::ResetAfter,
            Fault::StallBefore => Action::StallBefore,
            Fault::StallAfter => Action::StallAfter,
            Fault::Truncate => Action::Truncate(20),
            Fault::Slow => Action::Slow(Duration::from_millis(2)),
            Fault::TooLong => Action::TooLong(7),
            Fault::TooShort => Action::TooShort(7),
            Fault::OtherEtag => Action::OtherEtag,
            Fault::StaleList => Action::StaleList(2),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let found = Fault::ALL.into_iter().find(|fault| fault.name() == text);
        found.ok_or_else(|| format!("{text:?} is no fault"))
    }
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// The request of this number.
    At(usize, Fault),
    /// All requests whose `METHOD /bucket/key?query` holds each of these words; `once`: the first.
    Like { words: Vec<String>, once: bool, fault: Fault },
    /// So many of a hundred requests, each with a fault of its own out of these.
    Random { percent: u64, seed: u64, faults: Vec<Fault> },
}

/// Which requests meet which fault. Of several rules that fit the first one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    rules: Vec<Rule>,
}

impl Script {
    /// Adds a fault to the request of this number.
    #[must_use]
    pub fn at(mut self, number: usize, fault: Fault) -> Script {
        self.rules.push(Rule::At(number, fault));
        self
    }

    /// Adds a fault to each request whose `METHOD /bucket/key?query` holds all of these words.
    #[must_use]
    pub fn every(self, words: &str, fault: Fault) -> Script {
        self.like(words, false, fault)
    }

    /// The same, to the first such request.
    #[must_use]
    pub fn first(self, words: &str, fault: Fault) -> Script {
        self.like(words, true, fault)
    }

    fn like(mut self, words: &str, once: bool, fault: Fault) -> Script {
        let words = words.split_whitespace().map(str::to_owned).collect();
        self.rules.push(Rule::Like { words, once, fault });
        self
    }

    /// Lets so many of a hundred requests fail, each with a fault drawn from all.
    #[must_use]
    pub fn random(self, percent: u64, seed: u64) -> Script {
        self.random_of(percent, seed, &Fault::ALL)
    }

    /// The same, with a fault drawn from these.
    ///
    /// # Panics
    /// Without any.
    #[must_use]
    pub fn random_of(mut self, percent: u64, seed: u64, faults: &[Fault]) -> Script {
        assert!(!faults.is_empty(), "no faults to draw from");
        self.rules.push(Rule::Random { percent, seed, faults: faults.to_vec() });
        self
    }

    /// The script as a hook, see [`super::Server::set_hook`].
    pub fn into_hook(self) -> impl FnMut(&Request) -> Action + Send + 'static {
        let mut spent = vec![false; self.rules.len()];
        let mut seen: HashMap<String, u64> = HashMap::new();
        move |request| {
            let text = format!("{}?{}", request.line(), request.query);
            let times = seen.entry(text.clone()).or_insert(0);
            *times += 1;
            for (rule, spent) in self.rules.iter().zip(&mut spent) {
                match rule {
                    Rule::At(number, fault) if *number == request.number => return fault.action(),
                    Rule::Like { words, once, fault }
                        if !*spent && words.iter().all(|word| text.contains(word)) =>
                    {
                        *spent = *once;
                        return fault.action();
                    }
                    Rule::Random { percent, seed, faults } => {
                        let die = die(*seed, &text, *times);
                        if die % 100 < *percent {
                            let drawn = usize::try_from(die / 100).unwrap_or(0) % faults.len();
                            return faults[drawn].action();
                        }
                    }
                    Rule::At(..) | Rule::Like { .. } => {}
                }
            }
            Action::Serve
        }
    }
}

/// A number that looks random and depends on nothing else (FNV-1a, then the mixer of SplitMix64).
fn die(seed: u64, text: &str, times: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let bytes = seed.to_le_bytes().into_iter().chain(times.to_le_bytes()).chain(text.bytes());
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Script, String> {
        let mut script = Script::default();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            script = rule(script, line).map_err(|problem| format!("{line:?}: {problem}"))?;
        }
        Ok(script)
    }
}

fn rule(script: Script, line: &str) -> Result<Script, String> {
    let (first, rest) = line.split_once(' ').ok_or("no fault is named")?;
    match first {
        "first" | "every" => {
            let (words, fault) = rest.rsplit_once(": ").ok_or("no ': ' before the fault")?;
            Ok(script.like(words, first == "first", fault.trim().parse()?))
        }
        "random" => {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let [percent, "seed", seed, faults @ ..] = &words[..] else {
                return Err("not 'random PERCENT% seed NUMBER [FAULT…]'".to_owned());
            };
            let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number"));
            let percent = number(percent.trim_end_matches('%'))?;
            let faults = faults.iter().map(|name| name.parse()).collect::<Result<Vec<_>, _>>()?;
            let faults = if faults.is_empty() { Fault::ALL.to_vec() } else { faults };
            Ok(script.random_of(percent, number(seed)?, &faults))
        }
        number => {
            let number = number.parse().map_err(|_| "neither a number nor a word of rules")?;
            Ok(script.at(number, rest.trim().parse()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(number: usize, method: &str, path: &str) -> Request {
        let (method, path) = (method.to_owned(), path.to_owned());
        Request {
            number,
            method,
            path,
            query: String::new(),
            signed: true,
            acl: None,
            status: None,
        }
    }

    #[test]
    fn what_is_written_down_is_what_is_made() {
        let written = "# a script\n 3 reset-after\n\nfirst PUT packages.json: 503\n\
                       every GET p/: slow\nrandom 20% seed 7\nrandom 1% seed 8 truncate stale-list";
        let made = Script::default()
            .at(3, Fault::ResetAfter)
            .first("PUT packages.json", Fault::Status503)
            .every("GET p/", Fault::Slow)
            .random(20, 7)
            .random_of(1, 8, &[Fault::Truncate, Fault::StaleList]);
        assert_eq!(written.parse::<Script>().unwrap(), made);
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        for bad in
            ["3", "x reset-after", "3 explode", "first PUT 503", "random 20%", "random x seed 1"]
        {
            assert!(bad.parse::<Script>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rules_fit_as_they_say() {
        let script = Script::default()
            .at(2, Fault::Status500)
            .first("PUT index", Fault::Status503)
            .every("GET", Fault::Status429);
        let mut hook = script.into_hook();
        assert_eq!(hook(&request(1, "PUT", "/b/index")), Action::Answer(503, "SlowDown"));
        assert_eq!(hook(&request(2, "GET", "/b/k")), Action::Answer(500, "InternalError"));
        assert_eq!(hook(&request(3, "PUT", "/b/index")), Action::Serve);
        assert_eq!(hook(&request(4, "GET", "/b/k")), Action::Answer(429, "TooManyRequests"));
        assert_eq!(hook(&request(5, "GET", "/b/k")), Action::Answer(429, "TooManyRequests"));
    }

    #[test]
    fn chance_is_as_often_as_it_says_and_the_same_each_time() {
        let run = |seed| {
            let mut hook = Script::default().random(20, seed).into_hook();
            let actions = (0..1000).map(|number| hook(&request(number, "GET", "/b/k")));
            actions.collect::<Vec<_>>()
        };
        let first = run(1);
        let hits = first.iter().filter(|action| **action != Action::Serve).count();
        assert!((150..250).contains(&hits), "{hits}");
        assert!(Fault::ALL.iter().all(|fault| first.contains(&fault.action())));
        assert_eq!(first, run(1));
        assert_ne!(first, run(2));
    }
}
