//! What the Support API needs of the rest of the program: changes of the directory
//! by the rules of `apply`.

use std::sync::Arc;

use koppeltaal_auth::SealKey;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::search::Indexer;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_kt1::jsonapi::{Planned, Problem, Provision, Table};
use koppeltaal_kt2::Catalogs;

use koppeltaal_admin::provision::{Entry, File, Kind, Problems, Rules, plan};

/// The rules of `apply` for one table at a time.
pub struct Provisioner {
    /// Seals secrets.
    pub seal: Arc<SealKey>,
    /// The limits of the server.
    pub rules: Rules,
    /// What finds the searchable values of Devices.
    pub catalogs: Catalogs,
}

impl Provision for Provisioner {
    fn plan(
        &self,
        tables: Vec<Table>,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<Result<Planned, Vec<Problem>>> {
        let mut file = File::default();
        for (place, table) in tables.into_iter().enumerate() {
            let kind = Kind::ALL
                .into_iter()
                .find(|kind| kind.name() == table.kind)
                .ok_or_else(|| Error::Internal(format!("there is no table {}", table.kind)))?;
            file.entries.push(Entry::of_values(kind, place + 1, table.values));
        }
        let problems = Problems::default();
        let planned = plan(&file, problems, directory, &self.seal, &self.rules, now)?;
        Ok(match planned {
            Ok(plan) => Ok(Planned {
                based_on: plan.based_on,
                password: plan.lines.into_iter().find_map(|line| line.generated_password),
                changes: plan.changes,
            }),
            Err(problems) => Err(problems
                .sorted()
                .into_iter()
                .map(|problem| Problem {
                    key: problem.key,
                    text: problem.text,
                    forbidden: problem.forbidden,
                })
                .collect()),
        })
    }

    fn indexer(&self) -> &dyn Indexer {
        &self.catalogs
    }
}
