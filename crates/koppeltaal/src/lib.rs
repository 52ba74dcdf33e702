//! The executable: configuration, wiring, commands.

mod cli;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod context;
mod logging;
mod output;
pub mod provision;
pub mod server;
mod toml_lines;

pub use cli::main;
