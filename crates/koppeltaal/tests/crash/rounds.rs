//! The rounds of a run: clients at work, a kill at a moment by chance, a restart.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::claimers::claim;
use crate::ledger::Ledger;
use crate::senders::{Ended, Senders};
use crate::verdict;
use crate::world::{Engine, Hook, Server, World, connector, told, until};

/// What a run is like.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub engine: Engine,
    /// Processes on the store, of which one at a time is killed.
    pub servers: usize,
    pub rounds: usize,
}

/// The recipients of [`World`]; the second has a webhook.
pub const RECIPIENTS: [&str; 2] = ["module", "told"];

const PATIENCE: Duration = Duration::from_secs(20);

/// Nothing lapses during a run, so that a copy is claimed again only when its
/// claimer gave it back; and the log is for what goes wrong.
const SETTINGS: [(&str, &str); 2] =
    [("KOPPELTAAL_KT1_CLAIM_TIMEOUT", "1h"), ("KOPPELTAAL_LOG_LEVEL", "error")];

struct Run {
    world: World,
    ledger: Arc<Ledger>,
    chance: Arc<Chance>,
    senders: Arc<Senders>,
}

/// Runs the rounds and judges what is left.
pub async fn run(plan: Plan) {
    let hook = Hook::start().await;
    let world = World::with(plan.engine, &told(&hook)).await;
    let (ledger, chance) = (Arc::<Ledger>::default(), Arc::new(Chance::new()));
    let senders = Arc::new(Senders::new(ledger.clone(), chance.clone()));
    let run = Run { world, ledger, chance, senders };
    let mut servers: Vec<Server> = (0..plan.servers).map(|_| run.serve()).collect();
    for round in 1..=plan.rounds {
        // In the last round nobody is told before the kill.
        hook.answer(round < plan.rounds);
        run.round(&mut servers).await;
    }
    if plan.servers == 1 {
        let waiting = run.world.list(&["notifications", "list", "--state", "pending"]);
        assert!(!waiting.is_empty(), "a kill between accept and delivery was part of it");
    }
    hook.answer(true);
    servers.push(run.serve());
    verdict::judge(&run.world, &run.ledger, &servers[0], &hook).await;
}

impl Run {
    fn serve(&self) -> Server {
        self.world.serve_with(&SETTINGS)
    }

    /// Clients at work on every server; the first server is killed, and started
    /// again unless it was the only one.
    async fn round(&self, servers: &mut Vec<Server>) {
        let (stop, stopped) = watch::channel(false);
        let victim = servers.remove(0);
        let cut = self.clients(&victim, &stopped);
        let others: Vec<_> =
            servers.iter().flat_map(|server| self.clients(server, &stopped)).collect();
        self.until_accepted(20).await;
        tokio::time::sleep(Duration::from_millis(self.chance.below(500))).await;
        victim.kill();
        for ended in join_all(cut).await {
            assert_eq!(ended.unwrap(), Ended::Cut);
        }
        if !others.is_empty() {
            // The others do not even notice.
            self.until_accepted(20).await;
        }
        stop.send_replace(true);
        for ended in join_all(others).await {
            assert_eq!(ended.unwrap(), Ended::Told);
        }
        servers.push(self.serve());
    }

    async fn until_accepted(&self, more: usize) {
        let goal = self.ledger.accepted() + more;
        until("messages are accepted", PATIENCE, async || self.ledger.accepted() >= goal).await;
    }

    fn clients(&self, server: &Server, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<Ended>> {
        let mut clients = Vec::new();
        for _ in 0..4 {
            let sender = self.senders.clone();
            clients.push(tokio::spawn(sender.send(connector(server, "portal"), stop.clone())));
        }
        for recipient in RECIPIENTS.into_iter().cycle().take(4) {
            let (ledger, chance) = (self.ledger.clone(), self.chance.clone());
            let module = connector(server, recipient);
            clients.push(tokio::spawn(claim(module, recipient, ledger, chance, stop.clone())));
        }
        clients
    }
}
