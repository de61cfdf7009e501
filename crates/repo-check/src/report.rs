//! Findings, told to people and to programs.

use location::Location;
use record::{CheckSummary, Severity};
use repo_tool::change::size;
use tool::{Io, Line};

use crate::finding::{ALL, Finding, Kind};

/// How many findings of one kind are told, unless all are asked for.
const SHOWN: usize = 20;

/// A record's texts are cut to so many bytes, so that a line stays within its limit whatever they
/// hold: JSON doubles some letters at worst, once control characters are gone.
const MESSAGE: usize = 600;
const NAME: usize = 128;

/// How the text looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// Everything, however long.
    pub all: bool,
}

impl Style {
    /// Coloured on terminals that can and may.
    pub fn of(io: &Io, all: bool) -> Self {
        let dumb = io.env("TERM").is_none_or(|term| term == "dumb");
        let colour = io.stdout_is_terminal() && io.env("NO_COLOR").is_none() && !dumb;
        Self { colour, all }
    }

    fn paint(self, code: &'static str, text: &str) -> Line {
        Line::new().styled(if self.colour { code } else { "" }, text)
    }

    fn severity(self, severity: Severity) -> Line {
        match severity {
            Severity::Error => self.paint("1;31", "error"),
            Severity::Warning => self.paint("1;33", "warning"),
            Severity::Info => self.paint("1", "info"),
        }
    }
}

/// The report: findings by kind, the gravest first, and the counts at the end.
pub fn lines(place: &str, findings: &[Finding], summary: &CheckSummary, style: Style) -> Vec<Line> {
    let head = format!(
        "{place}: {}, {} ({}), {}",
        count(summary.manifests, "manifest"),
        count(summary.archives, "archive"),
        size(summary.archive_bytes),
        count(summary.snapshots, "snapshot"),
    );
    let mut lines = vec![Line::from(head)];
    for kind in ALL {
        let found: Vec<&Finding> = findings.iter().filter(|finding| finding.kind == kind).collect();
        if !found.is_empty() {
            group(&mut lines, kind, &found, style);
        }
    }
    lines.push(Line::new());
    let (errors, warnings, infos) = (summary.errors, summary.warnings, summary.infos);
    if errors == 0 && warnings == 0 {
        let fine = style.paint("1;32", "Nothing is wrong");
        let read = if summary.deep { ", and all archives can be unpacked" } else { "" };
        lines.push(fine.text(read).text("."));
    } else {
        let (errors, warnings) = (count(errors, "error"), count(warnings, "warning"));
        let infos = if infos > 0 { format!(", {infos} for information") } else { String::new() };
        lines.push(format!("{errors}, {warnings}{infos}.").into());
    }
    lines
}

fn group(lines: &mut Vec<Line>, kind: Kind, found: &[&Finding], style: Style) {
    let severity = kind.severity();
    let (label, name, heading) = (style.severity(severity), kind.name(), kind.heading());
    lines.extend([Line::new(), label.text(&format!(": {name} ({}): {heading}", found.len()))]);
    // What is only good to know fills no screen.
    let shown = match (style.all, severity) {
        (true, _) => found.len(),
        (false, Severity::Info) if !kind.is_asked_for() => 0,
        (false, _) => SHOWN,
    };
    for finding in found.iter().take(shown) {
        let name = style.paint("1", &finding.name);
        lines.push(Line::from("  ").append(&name).text(" ").text(&finding.message));
    }
    let more = found.len().saturating_sub(shown);
    if more > 0 && shown > 0 {
        lines.push(format!("  … and {more} more (--all shows them)").into());
    }
    if severity != Severity::Info {
        lines.push(format!("  -> {}", kind.advice()).into());
    }
}

/// A number of things.
pub fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// The record of a finding.
pub fn record(finding: &Finding, location: &Location) -> record::Check {
    let (package, version) = match &finding.package {
        Some((package, version)) => (Some(package), Some(version).filter(|v| !v.is_empty())),
        None => (None, None),
    };
    let name = |text: Option<&String>| text.map(|text| cut(&printable::line(text), NAME));
    record::Check {
        finding: finding.kind.name().to_owned(),
        severity: finding.kind.severity(),
        key: location.key(&finding.name),
        package: name(package),
        version: name(version),
        message: cut(&printable::line(&format!("{} {}", finding.name, finding.message)), MESSAGE),
        advice: finding.kind.advice().to_owned(),
    }
}

/// The start of a text that is too long, with a mark.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mark = '…';
    let mut end = limit - mark.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{mark}", &text[..end])
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region, Service};
    use record::Producer;

    use super::*;

    fn summary() -> CheckSummary {
        CheckSummary {
            bucket: "b".to_owned(),
            prefix: "p/".to_owned(),
            etag: None,
            manifests: 1,
            archives: 2,
            archive_bytes: 1500,
            snapshots: 0,
            deep: false,
            errors: 0,
            warnings: 0,
            infos: 0,
        }
    }

    fn text(findings: &[Finding], summary: &CheckSummary, style: Style) -> String {
        let lines = lines("s3://b/p/", findings, summary, style);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn a_report() {
        let style = Style { colour: false, all: false };
        assert_eq!(
            text(&[], &summary(), style),
            "s3://b/p/: 1 manifest, 2 archives (1.5 kB), 0 snapshots\n\nNothing is wrong.\n"
        );
        let mut findings = vec![
            Finding::new(Kind::MissingArchive, "a\u{7}.tar.gz", "is not there"),
            Finding::new(Kind::BareArchive, "z.tar.gz", "is bare"),
        ];
        let number = |n| Finding::new(Kind::SnapshotOnly, format!("{n}"), "names x");
        findings.extend((0..22).map(number));
        let summary = CheckSummary { errors: 1, warnings: 22, infos: 1, ..summary() };
        let report = text(&findings, &summary, style);
        for line in [
            "error: missing-archive (1): readers are sent to an archive that is not there",
            "  a\\u{7}.tar.gz is not there",
            "  … and 2 more (--all shows them)",
            "info: bare-archive (1): an archive was deployed without a manifest",
            "1 error, 22 warnings, 1 for information.",
        ] {
            assert!(report.lines().any(|other| other == line), "{line}\n{report}");
        }
        assert!(!report.contains("z.tar.gz"), "{report}");
        let all = text(&findings, &summary, Style { colour: true, all: true });
        assert!(all.contains("\x1b[1mz.tar.gz\x1b[0m is bare"), "{all}");
    }

    #[test]
    fn a_record_fits_in_a_line_whatever_it_says() {
        let service = Service::Aws { region: Region::default() };
        let location = Location::new(service, "b", Prefix::default()).unwrap();
        for letter in ["\"", "\\", "\u{1}", "ä", "\u{202e}", "🦀"] {
            let long = letter.repeat(3000);
            // A key has 1,024 bytes, and no control characters.
            let key = if letter == "\u{1}" {
                "x".repeat(1024)
            } else {
                letter.repeat(1024 / letter.len())
            };
            for kind in ALL {
                let finding = Finding::new(kind, &key, &long).of(&long, &long);
                let mut producer = Producer::start(std::io::sink(), "repo-check", "1.0.0").unwrap();
                producer.write(record(&finding, &location)).unwrap();
            }
        }
    }
}
