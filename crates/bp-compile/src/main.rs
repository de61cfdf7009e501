//! Entry point; see the library of this crate.

fn main() -> std::process::ExitCode {
    tool::main(&bp_compile::TOOL)
}
