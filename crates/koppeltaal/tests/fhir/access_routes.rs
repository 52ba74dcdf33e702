//! Every interaction for every kind of caller (K012-1): whoever may not read all of
//! a type hears the same of what is unknown, foreign, deleted or elsewhere.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{JSON, path};
use crate::resources::{CONFORMANCE, Ground, TYPES, changed};
use crate::routes::{CASES, Sends};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    nobody_hears_what_there_is,
    whoever_may_read_all_is_told_what_there_is,
    whoever_may_do_nothing_does_nothing,
    rights_of_one_kind_give_no_others,
    definitions_are_for_everybody_with_a_token,
);

/// A resource of each type of two clients, one that was deleted, and one in the
/// other domain.
struct Scene {
    world: World,
    of_own2: Ground,
    of_own: Ground,
}

impl Scene {
    async fn start(engine: Engine) -> Self {
        let world = World::start(engine).await;
        let of_own2 = Ground::of(&world, "own2").await;
        let of_own = Ground::of(&world, "own").await;
        Self { world, of_own2, of_own }
    }

    /// Ids of resources that only `own2` may know of, and of none.
    async fn secrets(&self, kind: &str) -> Vec<(&'static str, String)> {
        let owner = self.world.client("own2").await;
        let id = |resource: &Value| resource["id"].as_str().unwrap().to_owned();
        let kept = owner.create(&self.of_own2.resource(kind)).await;
        let mut all = vec![("unknown", Uuid::new_v4().to_string()), ("foreign", id(&kept))];
        if kind != "AuditEvent" {
            let gone = owner.create(&self.of_own2.resource(kind)).await;
            owner.delete(&path(&gone)).await.expect(200);
            all.push(("deleted", id(&gone)));
            let newer = owner.create(&self.of_own2.resource(kind)).await;
            owner.update(&changed(&newer)).await;
            all.push(("changed", id(&newer)));
        }
        let elsewhere = self.world.client("elsewhere").await;
        let ground = Ground::of(&self.world, "elsewhere").await;
        all.push(("elsewhere", id(&elsewhere.create(&ground.resource(kind)).await)));
        all.push((
            "an id of another type",
            self.of_own2.patient.trim_start_matches("Patient/").to_owned(),
        ));
        if kind == "Patient" {
            all.pop();
        }
        all
    }
}

async fn nobody_hears_what_there_is(engine: Engine) {
    let scene = Scene::start(engine).await;
    let world = &scene.world;
    for kind in TYPES {
        let secrets = scene.secrets(kind).await;
        let body = scene.of_own2.resource(kind);
        for name in ["own", "granted", "nobody"] {
            let client = world.client(name).await;
            for case in CASES.iter().filter(|case| case.is_of_instance()) {
                let mut seen: Option<String> = None;
                for (what, id) in &secrets {
                    let reply = case.ask(&client, kind, id, &body).await;
                    // Who may change AuditEvents at all hears that nobody can.
                    let is_fixed =
                        kind == "AuditEvent" && "UD".contains(case.right) && name == "own";
                    let expected = if is_fixed { 405 } else { 403 };
                    let about = format!("{name} {} {kind}, {what}", case.name);
                    assert_eq!(reply.status, expected, "{about}: {}", reply.text());
                    let text = reply.seen();
                    assert!(!text.contains(id.as_str()), "{about}: {text}");
                    match &seen {
                        None => seen = Some(text),
                        Some(seen) => assert_eq!(*seen, text, "{about}"),
                    }
                }
            }
        }
    }
}

async fn whoever_may_read_all_is_told_what_there_is(engine: Engine) {
    let scene = Scene::start(engine).await;
    let admin = scene.world.client("admin").await;
    for kind in TYPES {
        // Subscriptions are their owner's, whatever a role says.
        let is_private = kind == "Subscription";
        let secrets = scene.secrets(kind).await;
        let body = scene.of_own2.resource(kind);
        for (what, id) in &secrets {
            for case in CASES.iter().filter(|case| case.is_of_instance()) {
                let is_write = "UD".contains(case.right);
                // The others are still to be asked for.
                let ends = case.name == "Delete" && *what == "changed";
                if ends || (is_write && *what == "foreign") {
                    continue;
                }
                let reply = case.ask(&admin, kind, id, &body).await;
                let is_history = ["Vread", "HistoryInstance"].contains(&case.name);
                let expected = match *what {
                    _ if kind == "AuditEvent" && is_write => 405,
                    _ if is_private => 403,
                    "foreign" => 200,
                    "changed" if case.name == "Update" => 412,
                    "changed" => 200,
                    "deleted" if is_history => 200,
                    "deleted" => 410,
                    _ => 404,
                };
                let about = format!("{} {kind}, {what}", case.name);
                assert_eq!(reply.status, expected, "{about}: {}", reply.text());
            }
        }
    }
    // What is granted can be read, and no more.
    let granted = scene.world.client("granted").await;
    for kind in TYPES.into_iter().filter(|kind| *kind != "Subscription") {
        let own = scene.world.client("own").await;
        let one = own.create(&scene.of_own.resource(kind)).await;
        let id = one["id"].as_str().unwrap();
        for case in CASES.iter().filter(|case| case.is_of_instance()) {
            let reply = case.ask(&granted, kind, id, &scene.of_own.resource(kind)).await;
            let expected = if case.right == 'R' { 200 } else { 403 };
            assert_eq!(reply.status, expected, "{} {kind}: {}", case.name, reply.text());
        }
    }
}

async fn whoever_may_do_nothing_does_nothing(engine: Engine) {
    let scene = Scene::start(engine).await;
    let (nobody, anyone) = (scene.world.client("nobody").await, scene.world.anyone());
    let granted = scene.world.client("granted").await;
    let mut forbidden: Option<String> = None;
    for kind in TYPES {
        let body = scene.of_own2.resource(kind);
        let id = Uuid::new_v4().to_string();
        for case in &CASES {
            let reply = case.ask(&nobody, kind, &id, &body).await.expect(403);
            let seen = forbidden.get_or_insert_with(|| reply.seen()).clone();
            assert_eq!(seen, reply.seen(), "{} {kind}", case.name);
            case.ask(&anyone, kind, &id, &body).await.expect(401);
            // Authorised before anything is read (K012-2).
            let broken = json!({ "resourceType": kind, "nonsense": true });
            case.ask(&nobody, kind, &id, &broken).await.expect(403);
            if case.right == 'C' {
                case.ask(&granted, kind, &id, &body).await.expect(403);
            }
        }
        for (method, headers) in
            [("POST", [("content-type", "text/plain")]), ("PUT", [("content-type", JSON)])]
        {
            let url = if method == "POST" { kind.to_owned() } else { format!("{kind}/{id}") };
            nobody.call(method, &url, &headers, "{ no json").await.expect(403);
        }
    }
}

async fn rights_of_one_kind_give_no_others(engine: Engine) {
    use crate::cast::{ZORG, right, role};
    use koppeltaal_core::directory::Scope;
    // One client for each letter, with everybody's resources of one type.
    let letters = [("own", "C"), ("own2", "R"), ("granted", "U"), ("cascade", "D")];
    let world = World::build(engine)
        .setup(|setup| {
            for (client, letter) in letters {
                let scope = if letter == "C" { Scope::Own } else { Scope::All };
                let permissions = vec![right("Patient", letter, scope, &[])];
                role(setup, ZORG, &format!("only-{letter}"), permissions);
                setup.instance(client).role = Some(format!("only-{letter}"));
            }
        })
        .start()
        .await;
    let admin = world.client("admin").await;
    for (name, letter) in letters {
        let client = world.client(name).await;
        for case in &CASES {
            let one = admin.create(&crate::resources::patient()).await;
            let id = one["id"].as_str().unwrap();
            let reply = case.ask(&client, "Patient", id, &crate::resources::patient()).await;
            let may = letter.contains(case.right);
            let about = format!("{letter} for {}: {}", case.name, reply.text());
            assert_eq!(reply.status != 403, may, "{about}");
            assert!(!may || reply.status < 400, "{about}");
            // Of another type nothing at all.
            let other = crate::resources::organization();
            case.ask(&client, "Organization", id, &other).await.expect(403);
        }
    }
    // Who creates and may not read does not see what became of it afterwards.
    let own = world.client("own").await;
    let one = own.create(&crate::resources::patient()).await;
    own.get(&path(&one)).await.expect(403);
    own.get("Patient").await.expect(403);
}

async fn definitions_are_for_everybody_with_a_token(engine: Engine) {
    let world = World::start(engine).await;
    let body = |kind: &str| json!({ "resourceType": kind, "url": "http://example.test/x", "status": "draft" });
    for kind in CONFORMANCE {
        let known = world.client("nobody").await.search(kind).await;
        let id = known["entry"][0]["resource"]["id"].as_str().map(str::to_owned);
        for name in ["nobody", "own", "admin"] {
            let client = world.client(name).await;
            for case in &CASES {
                let id = id.clone().unwrap_or_else(|| "none".to_owned());
                let reply = case.ask(&client, kind, &id, &body(kind)).await;
                let is_write = "CUD".contains(case.right) && !case.name.starts_with("Validate");
                match is_write {
                    true => assert!(
                        [403, 405].contains(&reply.status),
                        "{name} {} {kind}: {}",
                        case.name,
                        reply.status
                    ),
                    false => assert!(
                        reply.status == 200 || id == "none" || case.sends == Sends::Resource,
                        "{name} {} {kind}: {} {}",
                        case.name,
                        reply.status,
                        reply.text()
                    ),
                }
            }
        }
        for case in CASES.iter().filter(|case| case.sends == Sends::Nothing && case.right == 'R') {
            let id = id.clone().unwrap_or_else(|| "none".to_owned());
            let reply = case.ask(&world.anyone(), kind, &id, &Value::Null).await;
            match kind {
                "ImplementationGuide" => assert_eq!(reply.status, 200, "{}", case.name),
                _ => assert_eq!(reply.status, 401, "{} {kind}", case.name),
            }
        }
    }
}
