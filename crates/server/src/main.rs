//! The `bellwire` binary.

/// Measured: allocation was a sixth of the time per delivery with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bellwire_server::cli::main()
}
