//! A generated directory in which every item carries words of its own, and what an
//! administrator may see and change of it, said in another way than the program
//! says it.

use std::collections::BTreeSet;

use koppeltaal_core::administrator::Role;
use proptest::prelude::*;

/// Secrets that no answer holds.
pub const SECRETS: [&str; 4] = ["geheim-oauth", "geheim-hook", "geheim-idp", "geheim-opslag"];

/// A hash that costs nothing to make.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Domains and applications by number, and which of them are connected.
#[derive(Debug, Clone)]
pub struct Plan {
    pub domains: usize,
    pub applications: usize,
    pub connected: BTreeSet<(usize, usize)>,
    pub who: Who,
}

/// An administrator, by numbers of domains or applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub role: Role,
    pub of: BTreeSet<usize>,
}

pub fn plans() -> impl Strategy<Value = Plan> {
    (2..4_usize, 2..4_usize).prop_flat_map(|(domains, applications)| {
        let pairs = (0..domains).flat_map(move |d| (0..applications).map(move |a| (d, a)));
        let pairs: Vec<_> = pairs.collect();
        let most = pairs.len();
        let role = prop::sample::select(Role::ALL.to_vec());
        (prop::sample::subsequence(pairs, 1..=most), role, any::<u8>()).prop_map(
            move |(connected, role, bits)| {
                let all = match role {
                    Role::System => 0,
                    Role::Domain => domains,
                    Role::Application => applications,
                };
                let mut of: BTreeSet<usize> = (0..all).filter(|at| bits & (1 << at) != 0).collect();
                if role != Role::System && of.is_empty() {
                    of.insert(usize::from(bits) % all);
                }
                let connected = connected.into_iter().collect();
                Plan { domains, applications, connected, who: Who { role, of } }
            },
        )
    })
}

pub fn domain(d: usize) -> String {
    format!("domein-{d}")
}

pub fn application(a: usize) -> String {
    format!("APP{a}X")
}

pub fn instance(d: usize, a: usize) -> String {
    format!("user-{a}-at-{d}")
}

fn client_id(d: usize, a: usize) -> String {
    format!("00000000-0000-4000-8000-0000000{d:02}{a:03}")
}

impl Plan {
    /// The provisioning file. Every value that is an item's own carries its mark.
    pub fn file(&self) -> String {
        let mut text = String::new();
        for d in 0..self.domains {
            text += &format!(
                "[[domain]]\nname = \"{0}\"\ntitle = \"titel-d{d}-\"\nphase = \"test\"\n\
                 cors_origins = [\"https://cors-d{d}-.example\"]\n\
                 storage = {{ kind = \"proxy\", url = \"https://opslag-d{d}-.example\", \
                 username = \"opslag-d{d}-\", password = \"geheim-opslag\" }}\n\n\
                 [[role]]\ndomain = \"{0}\"\nname = \"rol-d{d}-\"\npermissions = []\n\n\
                 [[identity_provider]]\ndomain = \"{0}\"\nname = \"idp-d{d}-\"\n\
                 discovery_url = \"https://idp-d{d}-.example\"\nclient_id = \"idp-client-d{d}-\"\n\
                 client_secret = \"geheim-idp\"\nidentifier_system = \"https://system-d{d}-.example\"\n\n",
                domain(d)
            );
        }
        for a in 0..self.applications {
            text += &format!(
                "[[application]]\nid = \"{}\"\ntitle = \"titel-a{a}-\"\n\
                 launch_url = \"https://launch-a{a}-.example\"\noauth_secret = \"geheim-oauth\"\n\n",
                application(a)
            );
        }
        for (d, a) in &self.connected {
            text += &format!(
                "[[instance]]\ndomain = \"{}\"\napplication = \"{}\"\nusername = \"{}\"\n\
                 client_id = \"{}\"\npassword_hash = \"{HASH}\"\n\
                 webhook = {{ url = \"https://hook-i{d}i{a}-.example\", \
                 headers = {{ X-Secret = \"geheim-hook\" }} }}\n\n",
                domain(*d),
                application(*a),
                instance(*d, *a),
                client_id(*d, *a)
            );
        }
        text
    }

    fn has_domain(&self, d: usize) -> bool {
        self.who.role == Role::System || (self.who.role == Role::Domain && self.who.of.contains(&d))
    }

    fn has_application(&self, a: usize) -> bool {
        self.who.role == Role::System
            || (self.who.role == Role::Application && self.who.of.contains(&a))
    }

    /// Words that no answer to this administrator holds, unless they asked with them.
    pub fn hidden(&self) -> Vec<String> {
        let mut hidden = Vec::new();
        for d in (0..self.domains).filter(|d| !self.has_domain(*d)) {
            // Inside: for its administrators alone.
            hidden.extend(
                ["cors", "opslag", "rol", "idp", "idp-client", "system"]
                    .map(|of| format!("{of}-d{d}-")),
            );
            // By name: where they have an application.
            if !self.connected.iter().any(|(at, a)| *at == d && self.has_application(*a)) {
                hidden.extend([domain(d), format!("titel-d{d}-")]);
            }
        }
        for a in (0..self.applications).filter(|a| !self.has_application(*a)) {
            hidden.push(format!("launch-a{a}-"));
            if !self.connected.iter().any(|(d, at)| *at == a && self.has_domain(*d)) {
                hidden.extend([application(a), format!("titel-a{a}-")]);
            }
        }
        for (d, a) in &self.connected {
            if !self.has_domain(*d) && !self.has_application(*a) {
                hidden.extend([instance(*d, *a), client_id(*d, *a), format!("hook-i{d}i{a}-")]);
            }
        }
        hidden
    }

    /// Whether this administrator may change the item of an export.
    pub fn may_change(&self, kind: &str, item: &toml::Table) -> bool {
        if self.who.role == Role::System {
            return true;
        }
        let text = |key: &str| item.get(key).and_then(toml::Value::as_str).unwrap_or("");
        let own_domain =
            |name: &str| (0..self.domains).any(|d| domain(d) == name && self.has_domain(d));
        let own_application = |id: &str| {
            (0..self.applications).any(|a| application(a) == id && self.has_application(a))
        };
        match kind {
            "domain" => own_domain(text("name")),
            "application" => own_application(text("id")),
            "role" | "identity_provider" => own_domain(text("domain")),
            _ => own_domain(text("domain")) || own_application(text("application")),
        }
    }
}
