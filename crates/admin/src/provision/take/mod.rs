//! One table of the file at a time: which stored item it means, its keys onto
//! that item, and the rules that concern it alone.

mod application;
mod domain;
mod identity_provider;
mod instance;
mod names;
mod password;
mod public_keys;
mod role;

use koppeltaal_auth::SealKey;
use koppeltaal_core::{Result, Timestamp};

use super::file::Entry;
use super::model::Model;
use super::plan::Rules;
use super::problem::Problems;
use super::schema::Kind;

/// What taking a table needs beside the table.
pub struct Taking<'a> {
    /// The directory as it is to be.
    pub model: &'a mut Model,
    /// What is wrong.
    pub problems: &'a mut Problems,
    /// Seals secrets.
    pub seal: &'a SealKey,
    /// The limits of the server.
    pub rules: &'a Rules,
    /// The present moment.
    pub now: Timestamp,
    /// Passwords that were made up: entry and password.
    pub generated: &'a mut Vec<(usize, String)>,
}

impl Taking<'_> {
    /// Takes the table at place `at` of the file.
    pub fn take(&mut self, at: usize, entry: &Entry) -> Result<()> {
        match entry.kind {
            Kind::Domain => self.domain(at, entry),
            Kind::Application => self.application(at, entry),
            Kind::Role => self.role(at, entry),
            Kind::IdentityProvider => self.identity_provider(at, entry),
            Kind::Instance => self.instance(at, entry),
        }
    }

    /// Notes the outcome of a check of one key.
    fn check(&mut self, entry: &Entry, key: &str, outcome: Result<(), String>) {
        if let Err(why) = outcome {
            self.problems.invalid(entry.line_of(key), key, why);
        }
    }

    /// Notes that two tables of the file mean the same item.
    fn twice(&mut self, entry: &Entry) {
        let text = "the file has this item twice: keep one table";
        self.problems.invalid(entry.line, entry.kind.name(), text);
    }
}
