//! What the request log tells of an answer, beside its status and time.

/// Travels with an answer from its protocol face to the log.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The verb, interaction or endpoint.
    pub verb: &'static str,
    /// The domain, once it is known.
    pub domain: Option<String>,
    /// The instance, once it is known.
    pub instance: Option<String>,
}
