//! A launch that failed: it is recorded for the domain (110100/110120,
//! TOP-KT-012c), told to the module by a redirect once it is sure that the
//! redirect URI is the module's (RFC 6749, 4.1.2.1), and to the person before that.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use koppeltaal_core::audit::Entry;
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_store::audit;

use super::page::{Advice, page};
use crate::answer::{Answer, OauthError, redirect};
use crate::app::{Counted, Inner};
use crate::asked::Asked;
use crate::audit_event::{Outcome, failed_launch};
use crate::task::in_its_version;

/// What is known of a launch when it fails.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The module.
    pub module: Option<Arc<ConnectedInstance>>,
    /// The trace of the launch: the jti of its token, if it has no other.
    pub trace: Option<String>,
    /// The task, from a launch token that was verified.
    pub task: Option<String>,
}

/// Where a failure is told.
#[derive(Debug, Clone)]
pub(super) enum Told {
    /// On a page.
    Page(StatusCode, Advice),
    /// To the module: its redirect URI, its state, the error code.
    Module { redirect_uri: String, state: Option<String>, error: &'static str },
}

/// A launch that failed.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub known: Known,
    pub told: Told,
    pub outcome: Outcome,
    /// For the log and the trail: no personal data, no tokens.
    pub reason: String,
    /// More rows of the trail that belong to it.
    pub entries: Vec<Entry>,
}

impl Failure {
    /// The row of the trail for the failed launch itself.
    fn entry(&self, asked: &Asked, task: Option<&str>) -> Entry {
        let trace = asked.trace(self.known.trace.as_deref());
        let module = self.known.module.as_deref();
        let words = (self.outcome, self.reason.as_str());
        failed_launch(asked, &trace, module, task, words)
    }

    /// The answer to the browser.
    pub fn answer(&self, asked: &Asked) -> Answer {
        match &self.told {
            Told::Page(status, advice) => page(*status, *advice, &asked.request_id),
            Told::Module { redirect_uri, state, error } => {
                let mut parameters = vec![("error", *error)];
                if let Some(state) = state {
                    parameters.push(("state", state));
                }
                match with_parameters(redirect_uri, &parameters) {
                    Some(url) => redirect(&url),
                    None => page(StatusCode::BAD_REQUEST, Advice::AskForHelp, &asked.request_id),
                }
            }
        }
    }
}

/// A redirect URI with parameters added to its query.
pub(super) fn with_parameters(redirect_uri: &str, parameters: &[(&str, &str)]) -> Option<String> {
    let mut url = url::Url::parse(redirect_uri).ok()?;
    for (name, value) in parameters {
        url.query_pairs_mut().append_pair(name, value);
    }
    Some(url.into())
}

/// Records a failed launch and tells it. Who fails too often is told to wait,
/// and no longer recorded: a flood must not reach the store. A launch whose token
/// was verified is evidence: it is counted by itself, so that nobody who fails on
/// purpose can keep it out of the trail.
pub(super) async fn fail(app: &Inner, asked: &Asked, failure: Failure) -> Answer {
    let client = failure.known.module.as_deref().map_or("", |m| m.instance.client_id.as_str());
    tracing::info!(
        request_id = asked.request_id,
        domain = asked.domain.name,
        client_id = client,
        peer = %asked.peer,
        reason = failure.reason,
        "a launch failed"
    );
    app.parts.metrics.launch_failed(&asked.domain.name);
    let counted = match (&failure.known.task, &failure.known.trace) {
        (Some(_), Some(trace)) => Counted::Launch(trace),
        _ => Counted::Client(client),
    };
    if let Some(wait) = app.failed(counted, asked.peer, app.now()) {
        return too_many(asked, wait);
    }
    let mut entries = failure.entries.clone();
    let task = match &failure.known.task {
        Some(task) => Some(in_its_version(app, &asked.domain, task).await),
        None => None,
    };
    entries.push(failure.entry(asked, task.as_deref()));
    let ids = app.parts.ids.clone();
    let scope = app.parts.store.scope(&asked.domain);
    let recorded = scope.write(move |tx| audit::append(tx, &ids, &entries));
    match recorded.await {
        Ok(_) => {
            let mut answer = failure.answer(asked);
            asked.mark(&mut answer, failure.known.trace.as_deref());
            answer
        }
        Err(error) => {
            let status = OauthError::from(error).status;
            page(status, Advice::AskForHelp, &asked.request_id)
        }
    }
}

/// A launch whose parameters cannot even be read.
pub(crate) async fn malformed(app: &Inner, asked: &Asked, status: StatusCode) -> Answer {
    let failure = Failure {
        known: Known::default(),
        told: Told::Page(status, Advice::AskForHelp),
        outcome: Outcome::Minor,
        reason: "the parameters cannot be read".to_owned(),
        entries: Vec::new(),
    };
    fail(app, asked, failure).await
}

/// The page for who fails too often.
fn too_many(asked: &Asked, wait: Duration) -> Answer {
    let mut answer = page(StatusCode::TOO_MANY_REQUESTS, Advice::Wait, &asked.request_id);
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_to_those_of_the_redirect_uri() {
        for (uri, expected) in [
            ("https://m.example/after", "https://m.example/after?error=x&state=a+b%26"),
            ("https://m.example/after?k=v", "https://m.example/after?k=v&error=x&state=a+b%26"),
        ] {
            let url = with_parameters(uri, &[("error", "x"), ("state", "a b&")]);
            assert_eq!(url.as_deref(), Some(expected));
        }
        assert_eq!(with_parameters("not a url", &[]), None);
    }
}
