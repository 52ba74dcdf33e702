//! Koppeltaal 2.0 over HTTP: the FHIR face, one file per interaction. Today it
//! tells what it is, and reads the resources that the server itself keeps: the
//! Devices.

mod app;
mod authorize;
mod capabilities;
mod outcome;
mod read;
mod routes;

pub use app::{App, Parts};
pub use routes::handle;
