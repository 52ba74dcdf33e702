//! A connector: what an application needs to take part in Koppeltaal. The command line, the tests
//! and the load generator of this project use it, and so can any other program.

pub mod kt1;
pub mod kt2;
mod tls;
