//! One request: its id, where it goes, its line in the log.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use koppeltaal_admin::api;
use koppeltaal_auth::{Area, is_kt2_path, place};
use koppeltaal_core::told::Told;
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_kt1 as kt1;
use koppeltaal_kt2 as kt2;
use koppeltaal_store::Store;

use super::metrics::Gatherer;
use super::page::Page;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where requests go.
pub struct Router {
    pub(super) app: kt1::App,
    pub(super) support: kt1::jsonapi::Api,
    pub(super) authorization: koppeltaal_auth::App,
    pub(super) kt2: kt2::App,
    /// The administration, unless it has a listener of its own.
    pub(super) admin: Option<api::App>,
    pub(super) store: Store,
    pub(super) gatherer: Arc<Gatherer>,
    pub(super) serves_metrics: bool,
    pub(super) page: Page,
    pub(super) strict_transport: bool,
}

type Answer = Response<Full<Bytes>>;

/// An answer that may be a stream.
type Streamed = Response<kt1::HubBody>;

impl Router {
    /// The router of a listener that serves metrics and health only.
    pub(super) fn metrics_only(&self) -> Self {
        Self {
            app: self.app.clone(),
            support: self.support.clone(),
            authorization: self.authorization.clone(),
            kt2: self.kt2.clone(),
            admin: None,
            store: self.store.clone(),
            gatherer: self.gatherer.clone(),
            serves_metrics: true,
            page: Page::none(),
            strict_transport: false,
        }
    }

    /// The router of a listener that serves the administration and health only;
    /// this one serves the administration no more.
    pub(super) fn split_admin(&mut self) -> Self {
        Self {
            admin: self.admin.take(),
            serves_metrics: false,
            strict_transport: self.strict_transport,
            ..self.metrics_only()
        }
    }

    /// Answers a request and logs it.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Streamed {
        let began = Instant::now();
        let request_id = request_id(&request);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let work = AssertUnwindSafe(self.route(request, peer, request_id.clone()));
        let mut response = match work.catch_unwind().await {
            Ok(response) => response,
            Err(_) => {
                tracing::error!(request_id, "a request panicked");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why\n")
                    .map(Either::Left)
            }
        };
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::try_from(&request_id) {
            headers.insert(REQUEST_ID, value);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.strict_transport {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
        let told = response.extensions().get::<Told>().cloned().unwrap_or_default();
        tracing::info!(
            request_id,
            method = method.as_str(),
            path,
            status = response.status().as_u16(),
            duration_ms = (began.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            domain = told.domain,
            instance = told.instance,
            verb = told.verb,
            %peer,
            "request"
        );
        response
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        request_id: String,
    ) -> Streamed {
        if self.page.is_some() && kt1::is_hub_path(request.uri().path()) {
            return kt1::handle_hub(self.app.clone(), request, peer, request_id).await;
        }
        self.whole(request, peer, request_id).await.map(Either::Left)
    }

    async fn whole(&self, request: Request<Incoming>, peer: IpAddr, request_id: String) -> Answer {
        let path = request.uri().path();
        if let Some(app) = self.admin.as_ref().filter(|_| api::is_api_path(path)) {
            return api::handle(app.clone(), request, peer, request_id).await;
        }
        if kt1::is_kt1_path(path) && self.page.is_some() {
            return kt1::handle(self.app.clone(), request, peer, request_id).await;
        }
        if kt1::is_sso_path(path) && self.page.is_some() {
            return kt1::handle_sso(self.app.clone(), request, peer, request_id).await;
        }
        if kt1::jsonapi::is_support_path(path) && self.page.is_some() {
            return kt1::jsonapi::handle(self.support.clone(), request, peer, request_id).await;
        }
        let directory = self.authorization.directory();
        if self.page.is_some() && is_kt2_path(&directory, path) {
            let Some(place) = place(&directory, path) else {
                let mut answer = nothing();
                koppeltaal_auth::secure(answer.headers_mut());
                return answer;
            };
            return match place.area {
                Area::Fhir(_) => kt2::handle(self.kt2.clone(), place, request, request_id).await,
                _ => {
                    let app = self.authorization.clone();
                    koppeltaal_auth::handle(app, place, request, peer, request_id).await
                }
            };
        }
        match path {
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            "/readyz" => match self.store.ping().await {
                Ok(()) => plain(StatusCode::OK, "ready\n"),
                Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be reached\n"),
            },
            "/metrics" if self.serves_metrics => match self.gatherer.text().await {
                Ok(text) => typed(
                    StatusCode::OK,
                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
                    text,
                ),
                Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "metrics are not available now\n"),
            },
            "/" if self.page.is_some() => {
                let mut response =
                    typed(StatusCode::OK, "text/html; charset=utf-8", self.page.html());
                response.headers_mut().insert(
                    header::CONTENT_SECURITY_POLICY,
                    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
                );
                response
            }
            _ => nothing(),
        }
    }
}

fn nothing() -> Answer {
    typed(
        StatusCode::NOT_FOUND,
        "application/problem+json",
        "{\"title\":\"Not found\",\"status\":404,\"detail\":\"There is nothing at this URL.\"}"
            .to_owned(),
    )
}

/// The caller's request id, if it is one, or a new one.
fn request_id<B>(request: &Request<B>) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    given
        .filter(|id| is_fhir_id(id))
        .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned)
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    typed(status, "text/plain; charset=utf-8", text.to_owned())
}

fn typed(status: StatusCode, content_type: &'static str, text: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
