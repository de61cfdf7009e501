//! Uploads archives and manifests; see `pkg-deploy --help`.

fn main() -> std::process::ExitCode {
    tool::main(&pkg_deploy::TOOL)
}
