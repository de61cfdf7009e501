use super::*;

#[test]
fn the_help_has_every_option() {
    for option in args::OPTIONS.iter().chain(&["--bob", "--help", "--version"]) {
        assert!(TOOL.help.contains(option), "{option}");
    }
    for argument in generate::ARGUMENTS {
        assert!(TOOL.help.contains(argument), "{argument}");
    }
}
