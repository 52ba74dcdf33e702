//! The HTTP clients with which commands call out, set up as those of the server.

use std::sync::Arc;

use koppeltaal_core::Result;
use koppeltaal_outbound::{Clients, Settings};

use crate::context::Context;

/// Clients with the configured trust anchors.
pub fn clients(context: &Context) -> Result<Arc<Clients>> {
    let ca_file = context.config.outbound_ca_file.clone();
    Clients::new(Settings { ca_file, ..Settings::default() }).map(Arc::new)
}
