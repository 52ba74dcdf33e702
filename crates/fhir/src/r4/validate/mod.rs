//! Judging a resource by the definitions.
