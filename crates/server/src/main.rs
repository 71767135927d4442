//! The `bellwire` binary.
fn main() -> std::process::ExitCode {
    bellwire_server::cli::main()
}
