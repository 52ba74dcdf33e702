//! The commands, one file each: its arguments and what it does.

pub mod admin;
pub mod application;
pub mod apply;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod client;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod erase;
pub mod export;
pub mod fhir;
pub mod identity_provider;
pub mod ig;
pub mod instance;
pub mod key;
pub mod mail;
pub mod messages;
pub mod migrate;
pub mod notifications;
pub mod reindex;
pub mod restore;
pub mod retention;
pub mod role;
pub mod serve;
pub mod trace;
pub mod validate;

mod directory;
mod outbound;
