//! Claimers: most of what they claim becomes Success; some fails, some is given
//! back, and some is forgotten.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_client::kt1::{Connector, Error, Filter, Status};
use koppeltaal_fhir::dstu1::reference::split_version;
use tokio::sync::watch;

use crate::chance::Chance;
use crate::ledger::Ledger;
use crate::senders::Ended;

/// Claims until it is told to stop or its server is gone.
pub async fn claim(
    module: Connector,
    recipient: &'static str,
    ledger: Arc<Ledger>,
    chance: Arc<Chance>,
    stop: watch::Receiver<bool>,
) -> Ended {
    while !*stop.borrow() {
        let message = match module.claim(&Filter::default()).await {
            Ok(Some(message)) => message,
            Ok(None) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            Err(Error::Transport(_)) => return Ended::Cut,
            Err(error) => panic!("claim: {error}"),
        };
        let header = message.header();
        let link = message.bundle().entry[0].self_link().expect("a link").to_owned();
        let stamp = split_version(&link).1.expect("a version").into_owned();
        let key = (recipient.to_owned(), header.id().to_owned());
        ledger.claimed(&key, &stamp);
        let focal = message.focal().expect("the focal resource is in the message");
        assert_eq!(focal.self_link(), header.focal(), "in the version that the header names");
        let status = match chance.below(10) {
            0 => Status::New,
            1 => Status::Failed("it does not work".to_owned()),
            2 => continue,
            _ => Status::Success,
        };
        let claims = ledger.with(|record| record.copies[&key].claims);
        ledger.asks(&key, status.code());
        match module.set_status(header, &status).await {
            Ok(answer) => ledger.became(&key, answer.status(), claims),
            Err(Error::Transport(_)) => return Ended::Cut,
            Err(error) => panic!("{status:?}: {error}"),
        }
    }
    Ended::Told
}
