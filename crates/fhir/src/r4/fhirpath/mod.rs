//! FHIRPath, the language of invariants and search parameters.
