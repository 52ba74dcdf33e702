//! Token requests: each with an assertion that was signed beforehand.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::cmd::bench::load::{self, Connection, Measured, Next, Plan, Recorder, Target, Worker};

/// Forms that are waiting to be sent; every worker takes the next.
pub type Forms = Rc<RefCell<std::vec::IntoIter<Bytes>>>;

struct Token {
    connection: Connection,
    uri: Uri,
    forms: Forms,
}

impl Worker for Token {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let Some(form) = self.forms.borrow_mut().next() else {
            return Next::Done;
        };
        let started = Instant::now();
        let answer = self.connection.send(Method::POST, self.uri.clone(), form).await;
        recorder.record(0, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

/// The headers of a form.
pub fn headers() -> HeaderMap {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    [(ACCEPT, HeaderValue::from_static("application/json")), (CONTENT_TYPE, form)]
        .into_iter()
        .collect()
}

/// Asks for tokens as fast as they come.
pub fn run(plan: &Plan, endpoint: &str, forms: Vec<Bytes>) -> anyhow::Result<Measured> {
    let target = Target::parse(endpoint)?;
    let uri = target.uri("")?;
    let forms: Forms = Rc::new(RefCell::new(forms.into_iter()));
    let workers = (0..plan.connections.max(1)).map(|_| Token {
        connection: Connection::new(&target, None, &headers()),
        uri: uri.clone(),
        forms: forms.clone(),
    });
    load::run(plan, &["token"], workers.collect())
}
