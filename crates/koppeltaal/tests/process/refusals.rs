//! What `serve` refuses to start with, what it says, and its exit code.

use std::net::TcpListener;

use crate::world::{Engine, World, said};

#[tokio::test]
async fn the_development_key_seals_nothing_of_real_people() {
    for phase in ["acceptance", "production"] {
        let more = format!("[[domain]]\nname = \"real\"\nphase = \"{phase}\"\n");
        let world = World::with(Engine::Sqlite, "").await;
        let key = "b3duLWtleS1vZi10aGlydHktdHdvLWJ5dGVzLWxvbmc=";
        world.file("real.toml", &more);
        let mut apply = world.program(env!("CARGO_BIN_EXE_koppeltaal"));
        apply.args(["apply", "real.toml"]).env("KOPPELTAAL_SEAL_KEY", key);
        let applied = said(&apply.output().unwrap());
        assert_eq!(applied.code, 0, "{}", applied.err);
        let refused = world.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.code, 4, "{}", refused.err);
        for word in ["domain real", phase, "KOPPELTAAL_SEAL_KEY", "openssl rand -base64 32"] {
            assert!(refused.err.contains(word), "{word}: {}", refused.err);
        }
        assert!(!refused.out.contains("listening"), "{}", refused.out);
        let server = world.serve_with(&[("KOPPELTAAL_SEAL_KEY", key)]);
        drop(server);
    }
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let world = World::with(Engine::Sqlite, "").await;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    for (setting, key) in
        [("KOPPELTAAL_LISTEN", "listen"), ("KOPPELTAAL_METRICS_LISTEN", "metrics.listen")]
    {
        let mut command = world.program(env!("CARGO_BIN_EXE_koppeltaal"));
        command.arg("serve").env("KOPPELTAAL_LISTEN", "127.0.0.1:0").env(setting, &address);
        let said = said(&command.output().unwrap());
        assert_eq!(said.code, 5, "{}", said.err);
        assert!(said.err.contains(&format!("cannot bind {address}")), "{}", said.err);
        assert!(said.err.contains(&format!("set `{key}`")), "{}", said.err);
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_with_its_line_and_key() {
    let world = World::with(Engine::Sqlite, "").await;
    for (text, says) in [
        ("[kt1]\nclaim_timeout = 'soon'\n", "k.toml:2: kt1.claim_timeout"),
        ("\n\nlisten = 'everywhere'\n", "k.toml:3: listen"),
        ("[limits]\n\nbodi = '1MiB'\n", "k.toml:3: limits.bodi"),
        ("listen = \n", "k.toml:1"),
    ] {
        world.file("k.toml", text);
        let said = world.run(&["serve", "--config", "k.toml"]);
        assert_eq!(said.code, 2, "{text}: {}", said.err);
        assert!(said.err.contains(says), "{text}: {}", said.err);
    }
    let said = world.run(&["serve", "--listen", "nowhere"]);
    assert_eq!(said.code, 2, "{}", said.err);
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_told() {
    let world = World::with(Engine::Sqlite, "").await;
    let wrong = [
        "postgres://k:hidden@127.0.0.1:1/k".to_owned(),
        "sqlite:/proc/no/such/place/koppeltaal.db".to_owned(),
    ];
    for url in wrong {
        let said = world.run(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
        assert_eq!(said.code, 5, "{url}: {}", said.err);
        assert!(!said.err.contains("hidden"), "{}", said.err);
    }
}
