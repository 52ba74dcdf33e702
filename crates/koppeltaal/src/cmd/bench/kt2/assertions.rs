//! Forms with a client assertion each, signed before the clock starts: on all cores, because one
//! costs as much as the server's own signature, and right before their use, because they expire
//! after five minutes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use koppeltaal_client::kt2::{ASSERTION_TYPE, Assertion, Signer};
use url::form_urlencoded::Serializer;

use crate::output;

/// What of the five minutes may pass, signing and use together.
const USABLE: Duration = Duration::from_secs(240);

/// How many forms, and what is in them besides the assertion.
pub struct Wanted<'a> {
    /// How many.
    pub count: usize,
    /// Who signs, in turn.
    pub clients: &'a [String],
    /// The endpoint.
    pub audience: &'a str,
    /// The other fields.
    pub fields: &'a [(&'a str, &'a str)],
    /// How long they will be used after they were signed.
    pub used_for: Duration,
}

/// Signs them.
pub fn sign(wanted: &Wanted<'_>, signer: &Signer) -> anyhow::Result<Vec<Bytes>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (signed, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let started = Instant::now();
    let forms = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let numbers = (worker..wanted.count).step_by(threads);
                let (signed, stop) = (&signed, &stop);
                scope.spawn(move || {
                    let each =
                        numbers.take_while(|_| !stop.load(Ordering::Relaxed)).map(|number| {
                            signed.fetch_add(1, Ordering::Relaxed);
                            form(wanted, number, signer)
                        });
                    each.collect::<anyhow::Result<Vec<Bytes>>>()
                })
            })
            .collect();
        let mut told = started;
        while workers.iter().any(|worker| !worker.is_finished()) {
            thread::sleep(Duration::from_millis(50));
            if started.elapsed() + wanted.used_for > USABLE {
                stop.store(true, Ordering::Relaxed);
            }
            if told.elapsed() > Duration::from_secs(2) {
                told = Instant::now();
                let signed = signed.load(Ordering::Relaxed);
                output::remark(format_args!("signed {signed} of {} assertions", wanted.count));
            }
        }
        let mut forms = Vec::with_capacity(wanted.count);
        for worker in workers {
            let part = worker.join().map_err(|_| anyhow::anyhow!("a signing thread broke"))?;
            forms.extend(part?);
        }
        anyhow::Ok(forms)
    })?;
    if forms.len() < wanted.count {
        bail!("the first assertions would expire before the last are used: measure for less time");
    }
    Ok(forms)
}

fn form(wanted: &Wanted<'_>, number: usize, signer: &Signer) -> anyhow::Result<Bytes> {
    let client = wanted.clients.get(number % wanted.clients.len().max(1));
    let client = client.context("there are no clients")?;
    let assertion = Assertion::new(client, wanted.audience).sign(signer)?;
    let mut form = Serializer::new(String::with_capacity(assertion.len() + 256));
    form.extend_pairs(wanted.fields);
    form.append_pair("client_assertion_type", ASSERTION_TYPE);
    form.append_pair("client_assertion", &assertion);
    Ok(form.finish().into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use koppeltaal_client::kt2::{KeyKind, PrivateKey};

    use super::*;

    fn wanted(clients: &[String], used_for: Duration) -> Wanted<'_> {
        Wanted {
            count: 25,
            clients,
            audience: "https://a",
            fields: &[("grant_type", "x y")],
            used_for,
        }
    }

    #[test]
    fn each_form_has_an_assertion_of_its_own_and_the_clients_take_turns() {
        let clients = ["one".to_owned(), "two".to_owned()];
        let signer = Signer::new(PrivateKey::generate(KeyKind::P256).unwrap());
        let forms = sign(&wanted(&clients, Duration::ZERO), &signer).unwrap();
        assert_eq!(forms.iter().collect::<HashSet<_>>().len(), 25);
        assert!(
            forms.iter().all(|form| form.starts_with(b"grant_type=x+y&client_assertion_type=urn"))
        );
    }

    #[test]
    fn assertions_that_would_expire_in_use_are_not_made() {
        let clients = ["one".to_owned()];
        let signer = Signer::new(PrivateKey::generate(KeyKind::Rsa2048).unwrap());
        let many = Wanted { count: 1_000_000, ..wanted(&clients, Duration::from_secs(300)) };
        assert!(sign(&many, &signer).is_err());
    }
}
