//! Koppeltaal 1.3 over HTTP, one file per verb.
