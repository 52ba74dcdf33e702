//! From a request below a FHIR base to its interaction, and what every answer has
//! in common: format, headers, CORS, the ids of the request (TOP-KT-011).

use std::error::Error as StdError;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, header};
use koppeltaal_auth::{Answer, Area, Place};
use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{ConnectedInstance, Domain};
use koppeltaal_core::told::Told;
use koppeltaal_core::trace::Trace;

use crate::answer::render;
use crate::app::App;
use crate::authorize::caller;
use crate::body::{parse_form, read_body, read_resource};
use crate::call::Call;
use crate::capabilities::capabilities;
use crate::interaction::Interaction;
use crate::localize::localize;
use crate::negotiate::{Wants, for_refusal, negotiate};
use crate::outcome::Refusal;
use crate::query_string::{pairs, segment};
use crate::record::{Kind, Query, Request as Recorded};
use crate::reply::Reply;
use crate::unserved::{no_interaction, no_type};
use crate::{
    conformance, create, delete, history, kind, read, request_ids, search, update, validate, vread,
};

/// Answers a request below the FHIR base of a domain. The answer carries a
/// [`Told`].
pub async fn handle<B>(app: App, place: Place, request: Request<B>, request_id: String) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let began = app.clock.now();
    let path = match place.area {
        Area::Fhir(path) => path,
        _ => Vec::new(),
    };
    let domain = place.domain;
    let mut told = Told { domain: Some(domain.name.clone()), ..Told::default() };
    let decoded: Result<Vec<String>, Refusal> = path.iter().map(|part| segment(part)).collect();
    let (path, odd) = match decoded {
        Ok(path) => (path, None),
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    let segments: Vec<&str> = path.iter().map(String::as_str).collect();
    let trace = request_ids::trace(&head.headers, &request_id);
    let is_discovery = segments == [".well-known", "smart-configuration"];
    let mut answer = if head.method == Method::OPTIONS {
        koppeltaal_auth::preflight(&domain, &head.headers, is_discovery)
    } else if is_discovery && is_get(&head) {
        told.verb = "smart-configuration";
        app.authorization.smart_configuration(&domain)
    } else {
        let request = Asked { app: &app, domain: &domain, head: &head, odd, trace: &trace, began };
        request.answer(body, &segments, is_discovery, &mut told).await
    };
    let headers = answer.headers_mut();
    koppeltaal_auth::secure(headers);
    if is_discovery {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        koppeltaal_auth::share_with_listed(&domain, &head.headers, headers);
    }
    request_ids::mark(&head.headers, &trace, headers);
    answer.extensions_mut().insert(told);
    answer
}

fn is_get(head: &Parts) -> bool {
    head.method == Method::GET || head.method == Method::HEAD
}

/// A request on its way to its interaction.
struct Asked<'a> {
    app: &'a App,
    domain: &'a Arc<Domain>,
    head: &'a Parts,
    /// What is wrong with its path.
    odd: Option<Refusal>,
    trace: &'a Trace,
    began: Timestamp,
}

impl Asked<'_> {
    async fn answer<B>(&self, body: B, path: &[&str], is_discovery: bool, told: &mut Told) -> Answer
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let catalog = self.app.catalog(self.domain);
        let headers = &self.head.headers;
        let (query, asked) = match pairs(self.head.uri.query()) {
            Err(refusal) => (Vec::new(), Err(refusal)),
            Ok(query) => match negotiate(headers, &query) {
                Err(refusal) => (query, Err(refusal)),
                Ok(wants) => (Vec::new(), Ok((wants, query))),
            },
        };
        let mut seen =
            Recorded { kind: Kind::of_method(self.head.method.as_str()), ..Recorded::default() };
        let (wants, reply) = match asked {
            Err(refusal) => {
                seen.caller = self.known_caller().await;
                (for_refusal(headers, &query), Err(refusal))
            }
            Ok((wants, _)) if is_discovery => {
                let told = "This document can be read, and nothing else.";
                (wants, Err(Refusal::method(&[Method::GET, Method::HEAD], told)))
            }
            Ok((wants, _)) if path == ["metadata"] && is_get(self.head) => {
                told.verb = "capabilities";
                seen.kind = Kind::Capabilities;
                seen.caller = self.known_caller().await;
                let urls = self.app.authorization.urls(self.domain);
                (wants, Ok(capabilities(self.app, self.domain, &urls, &catalog)))
            }
            Ok((mut wants, pairs)) => {
                let reply = self.interaction(body, path, pairs, &mut wants, told, &mut seen).await;
                (wants, reply)
            }
        };
        seen.record(self.app, self.domain, self.trace, self.began, reply.as_ref());
        let reply = reply.unwrap_or_else(Refusal::into_reply);
        render(reply, &wants, catalog.definitions())
    }

    /// Who sent a request that needs no token, or is refused before the token is
    /// looked at, as far as that is known.
    async fn known_caller(&self) -> Option<Arc<ConnectedInstance>> {
        let headers = &self.head.headers;
        if !headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        let access = caller(self.app, self.domain, headers, &self.trace.request_id).await.ok()?;
        // Beyond its limit an instance is not recorded.
        self.app.limit.check(access.instance.instance.number).ok()?;
        Some(access.instance)
    }

    async fn interaction<B>(
        &self,
        body: B,
        path: &[&str],
        pairs: Vec<(String, String)>,
        wants: &mut Wants,
        told: &mut Told,
        seen: &mut Recorded,
    ) -> Result<Reply, Refusal>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let Self { app, domain, head, odd, trace, began } = self;
        // The guide of the domain can be read before there is a token.
        let is_open = is_get(head)
            && path.first() == Some(&"ImplementationGuide")
            && !head.headers.contains_key(header::AUTHORIZATION);
        let access = match is_open {
            true => None,
            false => Some(caller(app, domain, &head.headers, &trace.request_id).await?),
        };
        if let Some(access) = &access {
            app.limit.check(access.instance.instance.number).map_err(Refusal::throttled)?;
        }
        told.instance = access.as_ref().map(|access| access.instance.name().to_owned());
        seen.caller = access.as_ref().map(|access| access.instance.clone());
        if let Some(odd) = odd {
            return Err(odd.clone());
        }
        let urls = app.authorization.urls(domain);
        let mut call = Call {
            catalog: app.catalog(domain),
            base: urls.fhir_base(),
            bases: urls.fhir_bases(),
            began: *began,
            app: (*app).clone(),
            domain: (*domain).clone(),
            trace: (*trace).clone(),
            access,
            wants: wants.clone(),
        };
        let (Some(name), rest) = (path.first(), path.get(1..).unwrap_or_default()) else {
            return Err(Refusal::not_supported(
                "Neither searches nor changes of the whole system are supported: name a resource type.",
            ));
        };
        let headers = &head.headers;
        let Some(kind) = kind::named(name) else { return Err(no_type(name)) };
        seen.resource_type = Some(kind);
        seen.id = rest.first().map(|id| (*id).to_owned());
        let Some(interaction) = Interaction::asked(head.method.as_str(), rest) else {
            return Err(no_interaction(head.method.as_str(), rest));
        };
        told.verb = interaction.verb();
        seen.kind = Kind::of(interaction);
        let query = |form: &[(String, String)]| {
            Some(Query::of(kind, head.uri.query(), form, domain.audit_mask_queries))
        };
        let is_conformance = kind::is_conformance(kind);
        let id = rest.first().copied().unwrap_or_default();
        match interaction {
            Interaction::Search => {
                seen.query = query(&[]);
                match is_conformance {
                    true => conformance::search(&call, kind, pairs),
                    false => search::search(&call, kind, pairs).await,
                }
            }
            Interaction::SearchByForm => {
                let bytes = read_body(headers, body, app.body_limit).await?;
                call.catalog = app.catalog(domain);
                let form = parse_form(headers, &bytes)?;
                seen.query = query(&form);
                let mut all = pairs;
                all.extend(form);
                // The form can say as much about the answer as the URL.
                *wants = negotiate(headers, &all)?;
                call.wants = wants.clone();
                match is_conformance {
                    true => conformance::search(&call, kind, all),
                    false => search::search(&call, kind, all).await,
                }
            }
            Interaction::Read if is_conformance => conformance::read(&call, kind, id, headers),
            Interaction::Read => read::read(&call, kind, id, headers).await,
            Interaction::Vread => {
                let version = rest.get(2).copied().unwrap_or_default();
                match is_conformance {
                    true => conformance::vread(&call, kind, id, version),
                    false => vread::vread(&call, kind, id, version).await,
                }
            }
            Interaction::HistoryInstance if is_conformance => {
                conformance::history(&call, kind, Some(id), pairs)
            }
            Interaction::HistoryInstance => history::of_instance(&call, kind, id, pairs).await,
            Interaction::HistoryType if is_conformance => {
                conformance::history(&call, kind, None, pairs)
            }
            Interaction::HistoryType => history::of_type(&call, kind, pairs).await,
            Interaction::Create => {
                create::permit(&call, kind, headers)?;
                let resource = self.resource(&mut call, body).await?;
                create::create(&mut call, kind, resource).await
            }
            Interaction::Update => {
                let found = update::permit(&call, kind, id, headers).await?;
                let resource = self.resource(&mut call, body).await?;
                update::update(&mut call, found, resource).await
            }
            Interaction::Delete => delete::delete(&call, kind, id, headers, &pairs).await,
            Interaction::ValidateType | Interaction::ValidateInstance => {
                let id = (interaction == Interaction::ValidateInstance).then_some(id);
                let found = validate::permit(&call, kind, id).await?;
                let sent = match validate::is_about_deletion(&pairs) {
                    true => {
                        read_body(headers, body, app.body_limit).await?;
                        None
                    }
                    false => Some(self.resource(&mut call, body).await?),
                };
                validate::validate(&call, kind, found.as_ref(), sent, &pairs).await
            }
        }
    }

    /// The resource in the body.
    async fn resource<B>(&self, call: &mut Call, body: B) -> Result<koppeltaal_fhir::Node, Refusal>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let bytes = read_body(&self.head.headers, body, self.app.body_limit).await?;
        // A body takes its time, and definitions may have changed meanwhile.
        call.catalog = self.app.catalog(self.domain);
        let mut resource = read_resource(&self.head.headers, bytes, &call.catalog).await?;
        localize(&mut resource, &call.bases);
        Ok(resource)
    }
}
