//! The `bellwire` binary.

/// In a profile the system's allocator took a sixth of the samples; nearly half of that was SQLite's own
/// allocation, which this does not reach.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bellwire_server::cli::main()
}
