//! The Koppeltaal 2.0 profiles as definitions on top of R4.
