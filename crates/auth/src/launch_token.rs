//! HTI launch tokens (HTI 2.0 as TOP-KT-007 profiles it; spec 2.1, 2.3): a portal
//! vouches for a user, a task and the module that is to be started.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::directory::{ConnectedInstance, Directory, Domain};
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::DomainTx;
use koppeltaal_store::authorization::{TokenUse, spend};
use serde_json::{Map, Value};

use crate::app::Inner;
use crate::assertion::jti;
use crate::jose::{Claims, Refused, Unverified};
use crate::key_ring::LEEWAY;
use crate::reference::Reference;

/// How long a launch token lives at most.
const MOST_LIFETIME: Duration = Duration::from_secs(300);

/// A launch token that holds. It is to be spent in the transaction that accepts it.
#[derive(Clone)]
pub(crate) struct Launch {
    /// All its claims, as the portal sent them.
    pub claims: Map<String, Value>,
    /// The context that a module is given.
    pub context: Context,
    /// The user.
    pub user: Reference,
    /// Its nonce.
    pub jti: String,
    issuer: String,
    until: Timestamp,
}

/// The context of a launch at the top level of a token response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// `Task/…`.
    pub resource: String,
    /// The ActivityDefinition, as the portal wrote it.
    pub definition: Option<String>,
    /// The patient, when the user is somebody else.
    pub patient: Option<String>,
    /// The intent.
    pub intent: Option<String>,
    /// Which identity provider the portal suggests.
    pub idp_hint: Option<String>,
}

impl Launch {
    /// Uses the token up for one purpose. False: it was used before.
    pub fn spend(&self, tx: &mut DomainTx<'_>, token_use: TokenUse) -> Result<bool> {
        spend(tx, token_use, &self.issuer, &self.jti, self.until)
    }
}

/// Verifies a launch token that was given to `module`. Nothing is used up yet.
pub(crate) async fn verify(
    app: &Inner,
    domain: &Domain,
    module: &ConnectedInstance,
    token: &str,
    now: Timestamp,
) -> Result<Launch, Refused> {
    let token = Unverified::parse(token)?;
    let claims = token.claims();
    let portal = portal(&app.directory(), domain, claims)?;
    let ours = format!("Device/{}", module.instance.client_id);
    match claims.audience().as_slice() {
        [audience] if *audience == ours => {}
        [_] => return Err(Refused::new("aud is not the Device of the calling client")),
        _ => return Err(Refused::new("aud is not one text")),
    }
    let until = in_force(claims, now)?;
    let user = claims.text("sub").and_then(Reference::parse).filter(Reference::is_person);
    let user = user.ok_or(Refused::new("sub is not a Patient, Practitioner or RelatedPerson"))?;
    let context = context(claims)?;
    let jti = jti(claims)?;
    let keys = app.client_keys.of(&portal, token.kid()).await.map_err(Refused::new)?;
    let claims = token.verify(&keys)?.into_map();
    Ok(Launch { claims, context, user, jti, issuer: portal.instance.client_id.clone(), until })
}

fn portal(
    directory: &Directory,
    domain: &Domain,
    claims: &Claims,
) -> Result<Arc<ConnectedInstance>, Refused> {
    let issuer = claims.text("iss").ok_or(Refused::new("no iss"))?;
    let portal = directory
        .instance_by_client_id(domain.number, issuer)
        .ok_or(Refused::new("iss is no client of this domain"))?;
    match portal.takes_part() {
        true => Ok(portal.clone()),
        false => Err(Refused::new("the portal does not take part")),
    }
}

fn in_force(claims: &Claims, now: Timestamp) -> Result<Timestamp, Refused> {
    let issued = claims.time("iat")?.ok_or(Refused::new("no iat"))?;
    let expires = claims.time("exp")?.ok_or(Refused::new("no exp"))?;
    if expires.plus(LEEWAY) <= now {
        return Err(Refused::new("it has expired"));
    }
    if expires <= issued || expires.since(issued) > MOST_LIFETIME {
        return Err(Refused::new("it lives longer than five minutes, or not at all"));
    }
    if issued > now.plus(LEEWAY) || claims.time("nbf")?.is_some_and(|at| at > now.plus(LEEWAY)) {
        return Err(Refused::new("it is of the future"));
    }
    Ok(expires.plus(LEEWAY))
}

/// The context; HTI 1.1 has it in a nested `task` (spec 3.5).
fn context(claims: &Claims) -> Result<Context, Refused> {
    let map = claims.as_map();
    let text = |name: &str| -> Result<Option<String>, Refused> {
        match map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= 2048 && !text.contains('\0') => {
                Ok(Some(text.clone()).filter(|text| !text.is_empty()))
            }
            Some(_) => Err(Refused::new("a claim of the launch context is not a text")),
        }
    };
    let task = map.get("task").and_then(Value::as_object);
    let of_task = |name: &str| {
        task.and_then(|task| task.get(name)).and_then(Value::as_str).map(str::to_owned)
    };
    let nested = of_task("id").map(|id| match id.starts_with("Task/") {
        true => id,
        false => format!("Task/{id}"),
    });
    let resource = text("resource")?.or(nested).ok_or(Refused::new("no resource"))?;
    if Reference::parse(&resource).is_none_or(|reference| reference.kind != "Task") {
        return Err(Refused::new("resource is not Task/…"));
    }
    let patient = text("patient")?;
    let is_patient =
        |text: &String| Reference::parse(text).is_some_and(|found| found.kind == "Patient");
    if patient.as_ref().is_some_and(|patient| !is_patient(patient)) {
        return Err(Refused::new("patient is not Patient/…"));
    }
    Ok(Context {
        resource,
        definition: text("definition")?.or(of_task("instantiatesCanonical")),
        patient,
        intent: text("intent")?.or(of_task("intent")),
        idp_hint: text("idp_hint")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Result<Context, Refused> {
        context(&Claims::new(claims.as_object().unwrap().clone()))
    }

    #[test]
    fn the_context_of_hti_2_and_of_hti_1_1_is_read() {
        let context = read(json!({
            "resource": "Task/1", "definition": "ActivityDefinition/2", "patient": "Patient/3",
            "intent": "plan", "idp_hint": "x",
        }))
        .unwrap();
        assert_eq!(context.resource, "Task/1");
        assert_eq!(context.definition.as_deref(), Some("ActivityDefinition/2"));
        let old = json!({ "task": { "id": "1", "instantiatesCanonical": "http://x/y", "intent": "order" } });
        let context = read(old).unwrap();
        assert_eq!(context.resource, "Task/1");
        assert_eq!(context.definition.as_deref(), Some("http://x/y"));
        assert_eq!(context.intent.as_deref(), Some("order"));
    }

    #[test]
    fn odd_contexts_are_refused() {
        for odd in [
            json!({}),
            json!({ "resource": "Patient/1" }),
            json!({ "resource": ["Task/1"] }),
            json!({ "resource": "Task/1", "patient": "Practitioner/1" }),
            json!({ "resource": "Task/1", "intent": 7 }),
            json!({ "resource": "https://x/Task/1" }),
        ] {
            assert!(read(odd.clone()).is_err(), "{odd}");
        }
    }

    #[test]
    fn times_hold_with_leeway_and_five_minutes_at_most() {
        let now = Timestamp(1_800_000_000_000_000);
        let at = |iat: i64, exp: i64| {
            let seconds = 1_800_000_000;
            let claims = json!({ "iat": seconds + iat, "exp": seconds + exp });
            in_force(&Claims::new(claims.as_object().unwrap().clone()), now)
        };
        assert!(at(0, 300).is_ok());
        assert!(at(-330, -30).is_ok());
        assert!(at(30, 330).is_ok());
        for (iat, exp) in [(0, 301), (-400, -100), (90, 300), (0, 0), (100, 50)] {
            assert!(at(iat, exp).is_err(), "{iat} {exp}");
        }
    }
}
