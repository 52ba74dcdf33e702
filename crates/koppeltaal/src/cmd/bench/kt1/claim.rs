//! Claiming: GetNextNewAndClaim and then Success, the pair a receiving application makes for every
//! message.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Uri};
use koppeltaal_fhir::dstu1::message_header::{Delivery, event, set_delivery};
use koppeltaal_fhir::{json, object};

use super::{Common, json_headers};
use crate::cmd::bench::load::{self, Connection, Next, Recorder, Report, Target, Worker};
use crate::cmd::bench::message::CARE_PLAN;

/// The kinds of requests of this workload, in the order in which they are recorded.
pub(super) const KINDS: [&str; 3] = ["claim", "success", "pair"];

/// Claims and acknowledges over one connection.
pub struct Claim {
    connection: Connection,
    target: Target,
    search: Uri,
    success: Bytes,
    first_kind: usize,
    /// The mailboxes it moves along when one is empty, and where it is.
    mailboxes: Vec<HeaderValue>,
    at: usize,
    /// How many mailboxes in a row were empty.
    empty: usize,
    /// How long to wait when all are empty; `None` ends the worker.
    when_empty: Option<Duration>,
}

impl Claim {
    /// A worker that begins with the mailbox `at` and records as `first_kind` and the two after it.
    pub fn new(
        target: &Target,
        mailboxes: &[HeaderValue],
        at: usize,
        first_kind: usize,
        when_empty: Option<Duration>,
    ) -> anyhow::Result<Claim> {
        let at = at % mailboxes.len();
        Ok(Claim {
            connection: Connection::new(target, Some(mailboxes[at].clone()), &json_headers()),
            mailboxes: mailboxes.to_vec(),
            at,
            empty: 0,
            target: target.clone(),
            search: target.uri(
                "/FHIR/Koppeltaal/MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim",
            )?,
            success: success_body(),
            first_kind,
            when_empty,
        })
    }

    /// The mailbox is empty: the next one, unless that was the last to be tried.
    async fn move_on(&mut self) -> Next {
        self.empty += 1;
        self.at = (self.at + 1) % self.mailboxes.len();
        self.connection.authorize(self.mailboxes[self.at].clone());
        if self.empty >= self.mailboxes.len() {
            self.empty = 0;
            let Some(pause) = self.when_empty else {
                return Next::Done;
            };
            tokio::time::sleep(pause).await;
        }
        Next::Again
    }
}

/// A header with the status Success; the number stands in the path, so one serves for all.
fn success_body() -> Bytes {
    let mut header = object! {
        "resourceType" => "MessageHeader",
        "identifier" => "bench",
        "timestamp" => "2024-01-05T10:00:00+00:00",
        "event" => event(CARE_PLAN),
        "source" => object! { "software" => "bench", "endpoint" => "https://bench.example/fhir" },
        "data" => [object! { "reference" => "https://bench.example/fhir/CarePlan/1" }],
    };
    let delivery = Delivery {
        patient: None,
        status: "Success",
        last_changed: "2024-01-05T10:00:00+00:00",
        exception: None,
        is_expired: false,
    };
    set_delivery(&mut header, &delivery);
    Bytes::from(json::render(&header))
}

impl Worker for Claim {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let started = Instant::now();
        let answer = self.connection.send(Method::GET, self.search.clone(), Bytes::new()).await;
        let (status, body) = match answer {
            Ok((status, body)) => (Ok(status), body),
            Err(why) => (Err(why), Bytes::new()),
        };
        let number = number_in(&body);
        if matches!(status, Ok(200)) && number.is_none() {
            return self.move_on().await;
        }
        self.empty = 0;
        if !recorder.record(self.first_kind, started, status) {
            return Next::Again;
        }
        let put = number
            .map(|number| self.target.uri(&format!("/FHIR/Koppeltaal/MessageHeader/{number}")));
        let Some(Ok(uri)) = put else {
            return Next::Again;
        };
        let half = Instant::now();
        let answer = self.connection.send(Method::PUT, uri, self.success.clone()).await;
        let status = answer.map(|(status, _)| status);
        if recorder.record(self.first_kind + 1, half, status.clone()) {
            recorder.record(self.first_kind + 2, started, status);
        }
        Next::Again
    }
}

/// The number of the message in a bundle: the first that follows `/MessageHeader/`.
fn number_in(body: &[u8]) -> Option<&str> {
    const BEFORE: &[u8] = b"/MessageHeader/";
    let mut rest = body;
    loop {
        let at = rest.windows(BEFORE.len()).position(|window| window == BEFORE)?;
        rest = &rest[at + BEFORE.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            return std::str::from_utf8(&rest[..digits]).ok();
        }
    }
}

pub(super) fn run(common: &Common) -> anyhow::Result<Report> {
    let target = common.target()?;
    let instances = common.credentials.read()?;
    let mailboxes = instances.mailboxes()?;
    let workers = (0..common.plan.connections.max(1))
        .map(|index| Claim::new(&target, mailboxes, index, 0, None))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let measured = load::run(&common.plan, &KINDS, workers)?;
    let workload = format!("kt1 claim + Success ({} mailboxes)", mailboxes.len());
    Ok(Report::of(&workload, target.to_string(), common.plan.connections, &measured))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_that_of_the_first_header_and_not_of_a_search_link() {
        let body = br#"{"link":[{"href":"http://h/MessageHeader/_search?x"}],"entry":[{"id":"http://h/MessageHeader/45909"}]}"#;
        assert_eq!(number_in(body), Some("45909"));
        assert_eq!(number_in(br#"{"entry":[]}"#), None);
        assert_eq!(number_in(b"/MessageHeader/"), None);
    }
}
