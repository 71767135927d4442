//! A next version of `bellwire`, for tests of upgrades: the same, but for one more migration of
//! PostgreSQL.

fn main() -> std::process::ExitCode {
    let mut migrations = bellwire_store::POSTGRES_MIGRATIONS.to_vec();
    migrations.push(include_str!("next.sql"));
    bellwire_server::cli::main_with(migrations.leak())
}
