//! Is who signed in the user of the launch (TOP-KT-007 eis 4, TOP-KT-023)? The
//! user's resource in the store decides: it exists, is active, and has what the
//! identity provider says among its identifiers.

use koppeltaal_core::Result;
use koppeltaal_core::directory::{Domain, IdentityProvider, InactiveUser};
use koppeltaal_store::resource;
use serde_json::Value;

use super::session::Launched;
use crate::app::Inner;

/// Tells why who signed in is not the user of the launch; `None`: it is.
pub(super) async fn mismatch(
    app: &Inner,
    domain: &Domain,
    provider: &IdentityProvider,
    launched: &Launched,
    username: &str,
) -> Result<Option<&'static str>> {
    let user = launched.user.clone();
    let found = app
        .parts
        .store
        .scope(domain)
        .read(move |tx| resource::read(tx, &user.kind, &user.id))
        .await?;
    let Some(found) = found.filter(|found| !found.deleted) else {
        return Ok(Some("the user of the launch does not exist"));
    };
    let text = found.body.render(found.resource_type, &found.id, found.version, found.updated);
    let resource: Value = serde_json::from_str(&text).map_err(koppeltaal_core::Error::internal)?;
    Ok(compare(&resource, domain, provider, launched, username))
}

fn compare(
    resource: &Value,
    domain: &Domain,
    provider: &IdentityProvider,
    launched: &Launched,
    username: &str,
) -> Option<&'static str> {
    if resource["active"] == false && domain.inactive_user == InactiveUser::Refuse {
        return Some("the user of the launch is not active");
    }
    if launched.user.kind == "RelatedPerson" {
        let patient = resource["patient"]["reference"].as_str();
        if launched.patient.is_none() || patient != launched.patient.as_deref() {
            return Some("the related person does not belong to the patient of the launch");
        }
    }
    let system = provider.identifier_system.as_deref();
    let mut identifiers = resource["identifier"].as_array().into_iter().flatten();
    let is_user = identifiers.any(|identifier| {
        identifier["value"].as_str() == Some(username)
            && system.is_none_or(|system| identifier["system"].as_str() == Some(system))
    });
    (!is_user).then_some("who signed in is not the user of the launch")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::reference::Reference;

    fn launched(user: &str, patient: Option<&str>) -> Launched {
        Launched {
            client_id: String::new(),
            redirect_uri: String::new(),
            scope: String::new(),
            nonce: None,
            challenge: None,
            user: Reference::parse(user).unwrap(),
            resource: "Task/1".into(),
            definition: None,
            patient: patient.map(str::to_owned),
            intent: None,
            claims: Map::new(),
            trace: "t".into(),
        }
    }

    #[test]
    fn system_and_value_of_an_identifier_must_be_those_of_the_provider() {
        let patient = json!({ "identifier": [
            { "system": "urn:mail", "value": "a@example.org" },
            { "system": "urn:other", "value": "b@example.org" },
        ]});
        let provider = |system: Option<&str>| IdentityProvider {
            identifier_system: system.map(str::to_owned),
            ..IdentityProvider::default()
        };
        let domain = Domain::default();
        let launched = launched("Patient/1", None);
        for (system, username, is_user) in [
            (Some("urn:mail"), "a@example.org", true),
            (Some("urn:mail"), "b@example.org", false),
            (Some("urn:mail"), "A@example.org", false),
            (None, "b@example.org", true),
            (None, "c@example.org", false),
        ] {
            let why = compare(&patient, &domain, &provider(system), &launched, username);
            assert_eq!(why.is_none(), is_user, "{system:?} {username}");
        }
        let bare = json!({});
        assert!(compare(&bare, &domain, &provider(None), &launched, "").is_some());
    }

    #[test]
    fn only_an_explicitly_inactive_user_is_refused_and_only_where_the_domain_says_so() {
        let user = |active: Value| json!({ "active": active, "identifier": [{ "value": "u" }] });
        let provider = IdentityProvider::default();
        let launched = launched("Practitioner/1", None);
        let refuse = Domain::default();
        let allow = Domain { inactive_user: InactiveUser::Allow, ..Domain::default() };
        for (domain, active, good) in [
            (&refuse, json!(true), true),
            (&refuse, json!(null), true),
            (&refuse, json!(false), false),
            (&allow, json!(false), true),
        ] {
            let why = compare(&user(active.clone()), domain, &provider, &launched, "u");
            assert_eq!(why.is_none(), good, "{active}");
        }
    }

    #[test]
    fn a_related_person_belongs_to_the_patient_of_the_launch() {
        let person =
            json!({ "patient": { "reference": "Patient/1" }, "identifier": [{ "value": "u" }] });
        let (domain, provider) = (Domain::default(), IdentityProvider::default());
        for (patient, good) in
            [(Some("Patient/1"), true), (Some("Patient/2"), false), (None, false)]
        {
            let launched = launched("RelatedPerson/9", patient);
            let why = compare(&person, &domain, &provider, &launched, "u");
            assert_eq!(why.is_none(), good, "{patient:?}");
        }
    }
}
