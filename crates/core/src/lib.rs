//! The domain in plain types and pure rules; no I/O, no clock.
