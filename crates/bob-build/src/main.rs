//! Builds formulae into archives and manifests; see `bob-build --help`.

fn main() -> std::process::ExitCode {
    tool::main(&bob_build::TOOL)
}
