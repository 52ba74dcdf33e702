//! The executable: configuration, wiring, commands.

mod cli;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod context;
mod logging;
mod output;
pub mod server;

pub use cli::main;
pub use koppeltaal_admin::provision;
use koppeltaal_admin::toml_lines;
