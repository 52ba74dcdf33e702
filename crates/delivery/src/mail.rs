//! Mails out of their outbox by SMTP: leased, so that several processes send each
//! once, and retried with growing pauses for three days.

mod transport;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use koppeltaal_core::{Clock, Error, Result, Timestamp};
use koppeltaal_store::Store;
use koppeltaal_store::mail::{self, Mail, Outcome};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::{Jitter, OpenSecret};

/// How often the outbox is looked at.
const POLL: Duration = Duration::from_secs(2);
/// Mails of one look; they go out one after the other.
const AT_ONCE: i64 = 20;
/// How long a lease lasts: all mails of a look fit in.
const LEASE: Duration = Duration::from_secs(15 * 60);
/// The limit on a whole attempt.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(30);
const FIRST_RETRY: Duration = Duration::from_secs(60);
const LONGEST_RETRY: Duration = Duration::from_secs(3600);
/// How long after it was written a mail is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(72 * 3600);
/// How often a mail is tried that the mail server refuses for good. More than
/// once: the refusal may be about our settings.
const PERMANENT_ATTEMPTS: i64 = 5;
/// How often mails that were sent long ago are removed.
const TIDY: Duration = Duration::from_secs(3600);

/// How mails are sent.
#[derive(Clone)]
pub struct MailSettings {
    /// `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`.
    pub url: String,
    /// The sender.
    pub from: String,
    /// Extra trust anchors (PEM).
    pub ca_file: Option<PathBuf>,
}

/// What a mailer works with.
#[derive(Clone)]
pub struct MailDeps {
    /// Where the outbox is.
    pub store: Store,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Opens the texts.
    pub open: OpenSecret,
    /// Spreads the retries.
    pub jitter: Jitter,
}

/// Sends mails.
pub struct Mailer {
    deps: MailDeps,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Fails when URL, sender or trust anchors cannot be used.
    pub fn new(deps: MailDeps, settings: &MailSettings) -> Result<Self> {
        let from = settings
            .from
            .parse()
            .map_err(|cause| Error::Invalid(format!("mail.from: `{}`: {cause}", settings.from)))?;
        Ok(Self { deps, transport: transport::of(settings)?, from })
    }

    /// Sends what is due, for ever. Runs until dropped; a mail in flight is then
    /// sent again when its lease ends.
    pub async fn run(self) {
        let mut tidied = None;
        let mut failing = false;
        loop {
            let now = self.deps.clock.now();
            if tidied.is_none_or(|at| now.since(at) >= TIDY) {
                tidied = Some(now);
                let gone = self.deps.store.write(move |tx| mail::forget_sent(tx, now)).await;
                if let Err(error) = gone {
                    tracing::warn!(%error, "mails that were sent could not be removed");
                }
            }
            match self.look().await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "the outbox of mails cannot be read");
                }
                Err(_) => {}
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn look(&self) -> Result<()> {
        let now = self.deps.clock.now();
        // A look at nothing costs no write.
        if !self.deps.store.read(move |tx| mail::is_due(tx, now)).await? {
            return Ok(());
        }
        let until = now.plus(LEASE);
        let leased = self.deps.store.write(move |tx| mail::lease(tx, now, until, AT_ONCE)).await?;
        for mail in leased {
            let outcome = match self.send(&mail).await {
                Ok(()) => Outcome::Sent,
                Err(failure) => self.after(&mail, failure),
            };
            let now = self.deps.clock.now();
            let (id, sent) = (mail.id, outcome == Outcome::Sent);
            let kept =
                self.deps.store.write(move |tx| mail::record(tx, &mail, &outcome, now)).await?;
            tracing::info!(mail = id, sent, kept, "mail");
        }
        Ok(())
    }

    async fn send(&self, mail: &Mail) -> Result<(), Failure> {
        let message = self
            .message(mail)
            .map_err(|error| Failure { text: error.to_string(), is_permanent: true })?;
        let sent = tokio::time::timeout(ATTEMPT, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                Err(Failure { is_permanent: error.is_permanent(), text: in_words(&error) })
            }
            Err(_) => {
                let text = "the mail server did not answer in time".to_owned();
                Err(Failure { is_permanent: false, text })
            }
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message> {
        let to: Mailbox = mail.recipient.parse().map_err(Error::internal)?;
        let since = Duration::from_micros(mail.created.0.unsigned_abs());
        // The same in every attempt: who gets it twice can tell.
        let id = format!("<{}.koppeltaal@{}>", mail.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .message_id(Some(id))
            .date(SystemTime::UNIX_EPOCH + since)
            .header(ContentType::TEXT_PLAIN)
            .body((self.deps.open)(&mail.body)?)
            .map_err(Error::internal)
    }

    fn after(&self, mail: &Mail, failure: Failure) -> Outcome {
        let now = self.deps.clock.now();
        let refused = failure.is_permanent && mail.attempts + 1 >= PERMANENT_ATTEMPTS;
        tracing::warn!(mail = mail.id, error = failure.text, "a mail could not be sent");
        match next(mail, now, (self.deps.jitter)()) {
            Some(due) if !refused => Outcome::Again(due, failure.text),
            _ => Outcome::GivenUp(failure.text),
        }
    }
}

struct Failure {
    text: String,
    is_permanent: bool,
}

/// When a mail that failed now is tried next; `None`: never.
fn next(mail: &Mail, now: Timestamp, jitter: f64) -> Option<Timestamp> {
    let doublings = u32::try_from(mail.attempts).unwrap_or(u32::MAX).min(10);
    let pause = FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY);
    let due = now.plus(pause.mul_f64(0.8 + 0.4 * jitter));
    (due.since(mail.created) < GIVE_UP_AFTER).then_some(due)
}

/// The deepest cause says most; what the server said is in it.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
        text = cause.to_string();
    }
    if let Some(code) = error.status() {
        text = format!("{code} {text}");
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
