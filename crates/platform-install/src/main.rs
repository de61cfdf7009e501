//! Entry point; see the library of this crate.

fn main() -> std::process::ExitCode {
    tool::main(&platform_install::TOOL)
}
