//! The detection.

use bp_tool::{Look, Phase};
use serde_json::json;
use tool::{Exit, Failure, Io};

/// The platform's database holds no more characters.
const LONGEST: usize = 255;

/// Prints the tags of all components that are for the application.
pub fn run(look: &Look, io: &mut Io) -> Result<(), Failure> {
    let (application, cache) = (&look.application, look.cache.as_deref());
    let phase = Phase::Detect;
    let (tags, found) = bp_tool::run(&look.common, io, phase, application, cache, |staging| {
        let tags = staging.detect()?;
        Ok((tags, bp_tool::found(staging)))
    })?;
    if look.common.json {
        let answer = json!({
            "kind": "detect.v1",
            "detected": tags.is_some(),
            "tags": tags.clone().unwrap_or_default(),
            "components": found,
        });
        io.data(&format!("{answer}\n"))?;
    } else if let Some(tags) = &tags {
        io.data(&format!("{}\n", shortened(&tags.join(" "))))?;
    }
    tags.map(|_| ()).ok_or_else(|| Failure::silent(Exit::Failure))
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_by_characters() {
        assert_eq!(shortened(&"é".repeat(255)), "é".repeat(255));
        assert_eq!(shortened(&"é".repeat(256)), format!("{}...", "é".repeat(252)));
    }
}
