//! What the Koppeltaal 2.0 profiles demand, rule by rule (implementation guide 0.16.3), as it
//! stands in the snapshots that the program uses.

mod data_types;
mod look;
mod organizations;
mod people;
mod search;
mod snapshots;
mod terminology;
mod work;
