//! The check itself: reads, decides, tells.

use record::{CheckSummary, Severity};
use repo_tool::open;
use repository::index::{self, FILE_NAME};
use store::Store;
use tool::{Exit, Failure, Io, Records};

use crate::args::{self, KEEP_GENERATIONS, Options};
use crate::check::{self, Evidence};
use crate::finding::{Finding, Kind};
use crate::inventory::Class;
use crate::read::Reader;
use crate::state::State;
use crate::{Error, TOOL, deep, report, resolve};

/// How often a repository with errors is looked at again because it has changed meanwhile.
const ATTEMPTS: u32 = 3;

/// Checks, and fails without a word when something was found.
pub fn run(options: &Options, check: &args::Check, io: &mut Io) -> Result<(), Failure> {
    if !options.json {
        return survey(options, check, io, None);
    }
    io.with_records(&TOOL, None, |io, records| survey(options, check, io, Some(records)))
}

fn survey(
    options: &Options,
    how: &args::Check,
    io: &mut Io,
    records: Option<&mut Records>,
) -> Result<(), Failure> {
    let location = options.target.location(io)?;
    let store = open::readable(io, &location, options.target.profile.as_deref())?;
    let cache = options.target.cache.folder(io);
    let location = index::recognise(&store, &location)?;
    let mut reader = Reader::new(&store, &location, cache, KEEP_GENERATIONS);
    let (state, mut evidence, calm) = look(&mut reader, &options.keep)?;
    if state.inventory.items().is_empty() {
        return Err(Error::NoRepository { place: location.to_string() }.into());
    }
    if !calm {
        io.say(format!(
            "NOTICE: {location} kept changing while it was read; what is found may be the past."
        ));
    }
    if how.deep {
        evidence.deep = read_archives(&state, &store, &location, &how.limits, io)?;
    }
    let mut findings = check::check(&state, &evidence);
    if let (Some(how), Some(published)) = (&how.resolve, state.index.read()) {
        findings.extend(resolve::run(&published.index, how, &options.target, io)?);
        // The gravest first.
        findings.sort_by_key(|finding| (finding.kind.severity(), finding.kind));
    }
    if how.allow_external {
        findings.retain(|finding| finding.kind != Kind::ExternalUrl);
    }
    let summary = summary(&state, &findings, how, &location);
    match records {
        Some(records) => {
            for finding in &findings {
                records.write(report::record(finding, &location))?;
            }
            records.write(summary.clone())?;
        }
        None => {
            let style = report::Style::of(io, how.all);
            for line in report::lines(&location.to_string(), &findings, &summary, style) {
                io.show(line)?;
            }
        }
    }
    if summary.errors > 0 || (how.strict && summary.warnings > 0) {
        return Err(Failure::silent(Exit::Failure));
    }
    Ok(())
}

/// Reads the state, and what else has to be known of it. Where that shows errors they are to be
/// of one moment: a repository that is being changed is looked at again.
fn look(reader: &mut Reader<'_>, keep: &[String]) -> Result<(State, Evidence, bool), Error> {
    let mut attempt = 1;
    loop {
        let (state, still) = reader.read()?;
        let names = check::wanted_heads(&state);
        let heads = reader.heads(&state.inventory, &names)?;
        let (keep, prefix) = (keep.to_vec(), reader.prefix());
        let evidence = Evidence { heads, keep, prefix, ..Evidence::default() };
        let grave = |finding: &Finding| finding.kind.severity() == Severity::Error;
        let errors = check::check(&state, &evidence).iter().any(grave);
        let calm = !errors || (still && reader.holds(&state)?);
        if calm || attempt == ATTEMPTS {
            return Ok((state, evidence, calm));
        }
        attempt += 1;
    }
}

fn read_archives(
    state: &State,
    store: &Store,
    location: &location::Location,
    limits: &archive::Limits,
    io: &Io,
) -> Result<std::collections::BTreeMap<String, check::Deep>, Error> {
    // One that would have to be restored first has a finding of its own.
    let archives = state.inventory.of(Class::Archive).filter(|item| item.archived.is_none());
    let names: Vec<String> = archives.map(|item| item.name.clone()).collect();
    let bar = io.notes().progress(names.len());
    let read = deep::read(store, location, &names, limits, &|name| bar.step(name))?;
    Ok(read.into_iter().collect())
}

fn summary(
    state: &State,
    findings: &[Finding],
    how: &args::Check,
    location: &location::Location,
) -> CheckSummary {
    let count = |severity| {
        findings.iter().filter(|finding| finding.kind.severity() == severity).count() as u64
    };
    let archives = || state.inventory.of(Class::Archive);
    CheckSummary {
        bucket: location.bucket.clone(),
        prefix: location.prefix.to_string(),
        etag: state.inventory.get(FILE_NAME).map(|item| item.etag.clone()),
        manifests: state.manifests.len() as u64,
        archives: archives().count() as u64,
        archive_bytes: archives().map(|item| item.size).sum(),
        snapshots: state.snapshots.len() as u64,
        deep: how.deep,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        infos: count(Severity::Info),
    }
}
