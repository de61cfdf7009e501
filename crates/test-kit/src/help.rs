//! What a tool's help must name.

/// The options that a source file names in its string literals: `"--yes"`, `["-c", "--snapshot"]`.
/// For the test that each stands in the help; give it the file without its tests.
pub fn options_in(source: &str) -> impl Iterator<Item = &str> {
    source
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .split('"')
        .filter(|text| text.len() > 1 && text.starts_with('-') && !text.contains([' ', '\n']))
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_options_of_the_program_itself() {
        let source = r#"args.value(["-c", "--snapshot"]); say("- no"); x = "y"; #[cfg(test)] "-x""#;
        let found: Vec<&str> = super::options_in(source).collect();
        assert_eq!(found, ["-c", "--snapshot"]);
    }
}
