//! The answers, for people and for programs.

use location::Location;
use serde::Serialize;
use tool::{Exit, Failure, Line};

use crate::report::{Style, count};

const KIND: &str = "service.v1";
/// A longer answer is a text of the service, and is cut.
const LONGEST: usize = 160;

/// What an answer means for repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Otherwise, and nothing is worse for it than a few requests more.
    Note,
    /// Otherwise, and something is less safe for it.
    Warning,
    /// Repositories cannot be right here.
    Unsupported,
}

/// One question with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name, for programs.
    pub name: &'static str,
    /// What was asked; two spaces before it: a part of the question above.
    pub question: &'static str,
    /// What the service does.
    pub answer: String,
    /// What that means.
    pub verdict: Verdict,
    /// What follows for the user; empty where nothing does.
    pub follows: &'static str,
}

impl Row {
    /// A row; what follows counts where the answer is not a good one.
    pub fn new(
        name: &'static str,
        question: &'static str,
        (answer, verdict): (String, Verdict),
        follows: &'static str,
    ) -> Self {
        let answer = printable::line(&answer);
        let answer = match answer.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &answer[..end]),
            None => answer.into_owned(),
        };
        let follows = if verdict == Verdict::Good { "" } else { follows };
        Self { name, question, answer, verdict, follows }
    }

    /// The same for something that the tools do without: it is never worse than this.
    #[must_use]
    pub fn at_most(self, verdict: Verdict) -> Self {
        Self { verdict: self.verdict.min(verdict), ..self }
    }
}

/// The table, and what follows from it.
pub fn lines(place: &str, rows: &[Row], style: Style) -> Vec<Line> {
    let width = rows.iter().map(|row| row.question.chars().count()).max().unwrap_or_default();
    let mut lines = vec![Line::from(format!("The service of {place}:")), Line::new()];
    for row in rows {
        let question = format!("  {:width$}  ", row.question);
        let colour = match row.verdict {
            _ if !style.colour => "",
            Verdict::Good => "32",
            Verdict::Note => "",
            Verdict::Warning => "1;33",
            Verdict::Unsupported => "1;31",
        };
        lines.push(Line::from(question).append(&Line::new().styled(colour, &row.answer)));
    }
    let mut told: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| !row.follows.is_empty()) {
        if told.contains(&row.follows) {
            continue;
        }
        told.push(row.follows);
        let same = rows.iter().filter(|other| other.follows == row.follows);
        let names: Vec<&str> = same.map(|row| row.name).collect();
        lines.extend([Line::new(), Line::from(format!("{}:", names.join(", ")))]);
        lines.push(format!("  -> {}", row.follows).into());
    }
    let number = |verdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
    lines.push(Line::new());
    lines.push(match number(Verdict::Unsupported) {
        0 => match number(Verdict::Warning) {
            0 => Line::from("Nothing is wrong with this service."),
            warnings => Line::from(format!(
                "Repositories can be kept here, with {}.",
                count(warnings, "warning")
            )),
        },
        _ => Line::from("This service is not supported."),
    });
    lines
}

#[derive(Serialize)]
struct Document<'a> {
    kind: &'a str,
    place: String,
    bucket: &'a str,
    prefix: String,
    supported: bool,
    answers: &'a [Row],
}

/// The same as one JSON document.
pub fn document(location: &Location, rows: &[Row]) -> Result<String, Failure> {
    let rows: Vec<Row> =
        rows.iter().map(|row| Row { question: row.question.trim_start(), ..row.clone() }).collect();
    let document = Document {
        kind: KIND,
        place: location.to_string(),
        bucket: &location.bucket,
        prefix: location.prefix.to_string(),
        supported: rows.iter().all(|row| row.verdict != Verdict::Unsupported),
        answers: &rows,
    };
    serde_json::to_string(&document)
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot write the table: {error}")))
}
