//! A copy of the directory that a file is put onto: each item as it is stored,
//! as it is to be, and the table of the file that says so.

use koppeltaal_core::directory::{
    Application, Directory, Domain, IdentityProvider, Instance, Role,
};

use super::file::Entry;

/// An item before and after.
#[derive(Debug, Clone)]
pub struct Draft<T> {
    /// As it is stored.
    pub old: Option<T>,
    /// As it is to be.
    pub new: T,
    /// The table of the file, by its place among the entries.
    pub entry: Option<usize>,
}

impl<T: Clone> Draft<T> {
    fn stored(item: &T) -> Self {
        Self { old: Some(item.clone()), new: item.clone(), entry: None }
    }
}

/// The directory as it is to be.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Domains.
    pub domains: Vec<Draft<Domain>>,
    /// Applications.
    pub applications: Vec<Draft<Application>>,
    /// Roles.
    pub roles: Vec<Draft<Role>>,
    /// Identity providers.
    pub identity_providers: Vec<Draft<IdentityProvider>>,
    /// Instances.
    pub instances: Vec<Draft<Instance>>,
}

impl Model {
    /// The directory as it is.
    pub fn of(directory: &Directory) -> Self {
        Self {
            domains: directory.domains().iter().map(|d| Draft::stored(d.as_ref())).collect(),
            applications: directory
                .applications()
                .iter()
                .map(|a| Draft::stored(a.as_ref()))
                .collect(),
            roles: directory.roles().iter().map(Draft::stored).collect(),
            identity_providers: directory.identity_providers().iter().map(Draft::stored).collect(),
            instances: directory
                .instances()
                .iter()
                .map(|connected| Draft::stored(&connected.instance))
                .collect(),
        }
    }

    /// The domain with this name.
    pub fn domain(&self, name: &str) -> Option<&Draft<Domain>> {
        self.domains.iter().find(|draft| draft.new.name == name)
    }

    /// The application with this id.
    pub fn application(&self, id: &str) -> Option<&Draft<Application>> {
        self.applications.iter().find(|draft| draft.new.id == id)
    }
}

/// Puts a draft in its place, or at the end when it has none yet.
pub fn put<T>(drafts: &mut Vec<Draft<T>>, place: Option<usize>, draft: Draft<T>) {
    match place.and_then(|place| drafts.get_mut(place)) {
        Some(place) => *place = draft,
        None => drafts.push(draft),
    }
}

/// The line to name for a rule between items: the first of these keys that the
/// file gives, else the first table of the file among them. `None` when the
/// file mentions none of the items, and so is not to blame.
pub fn blame(entries: &[Entry], suspects: &[(Option<usize>, &str)]) -> Option<usize> {
    let of = |entry: Option<usize>| entry.and_then(|at| entries.get(at));
    let by_key = suspects.iter().find_map(|(entry, key)| {
        let top = key.split(['.', '[']).next().unwrap_or(key);
        of(*entry).filter(|entry| entry.gives(top)).map(|entry| entry.line_of(key))
    });
    by_key.or_else(|| suspects.iter().find_map(|(entry, _)| of(*entry).map(|entry| entry.line)))
}
