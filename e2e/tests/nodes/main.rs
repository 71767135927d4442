//! Several nodes on one PostgreSQL, as processes: they are killed, stopped, cut off and replaced under
//! load, and their database with them. Nothing that was accepted is lost.
mod clock;
mod cluster;
mod crash;
mod database;
mod pause;
mod secrets;
mod session;
mod together;
mod upgrade;
