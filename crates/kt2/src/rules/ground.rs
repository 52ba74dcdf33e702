//! What resources are judged on: the same whether an application sends one or an
//! operator imports it.

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::Domain;

use crate::call::Call;
use crate::catalog::Catalog;

/// What a resource is judged on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The domain it is for.
    pub domain: &'a Domain,
    /// The definitions of the domain.
    pub catalog: &'a Catalog,
    /// The FHIR base of the domain and its alias, without a slash at their ends.
    pub bases: &'a [String],
    /// The hosts that hooks of its sender may have; any when empty.
    pub hook_hosts: &'a [String],
    /// The present.
    pub now: Timestamp,
}

impl<'a> Ground<'a> {
    /// That of a request.
    pub fn of(call: &'a Call) -> Self {
        let access = call.access.as_ref();
        Self {
            domain: &call.domain,
            catalog: &call.catalog,
            bases: &call.bases,
            hook_hosts: access.map_or(&[], |access| &access.instance.instance.hook_hosts),
            now: call.began,
        }
    }
}
