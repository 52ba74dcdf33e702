//! Subscriptions and what operators do: what is imported is told of, own search
//! parameters count in criteria, and where nothing can be known somebody is told.

use std::io::{BufRead, BufReader, Cursor};

use koppeltaal_kt2::operate::{Imported, Importing, Operator, import, switch_off};
use koppeltaal_store::definitions;
use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::client::path;
use crate::notified::{notified, sql, told, version};
use crate::resources::{ORIGIN, device, official, patient, subscription};
use crate::support::{Engine, eventually};
use crate::world::{World, base};

on_both_engines!(
    what_is_imported_is_told_of_unless_it_is_not_to_be,
    a_subscription_that_is_imported_counts_from_then_on,
    own_search_parameters_count_in_criteria_while_they_come_and_when_they_are_gone,
    an_operator_switches_a_subscription_off_and_its_owner_on,
);

async fn operator(world: &World) -> Operator {
    Operator {
        store: world.app.store().clone(),
        ids: world.app.ids().await,
        clock: world.app.clock.clone(),
        domain: world.app.domain(ZORG),
        base: base(ZORG),
        bases: vec![base(ZORG)],
        agent: "test".to_owned(),
    }
}

async fn imported(world: &World, resources: &[Value], importing: Importing) -> Imported {
    let operator = operator(world).await;
    let text: String = resources.iter().map(|resource| format!("{resource}\n")).collect();
    let open = || -> std::io::Result<Box<dyn BufRead>> {
        Ok(Box::new(BufReader::new(Cursor::new(text.clone().into_bytes()))))
    };
    let done = import(&operator, &open, importing, &mut |_| {}).await.unwrap();
    assert_eq!(done.problems, []);
    done
}

/// A resource of a Device as it is imported.
fn of(device: &str, id: &str, mut resource: Value) -> Value {
    resource["id"] = id.into();
    let reference = json!({ "reference": device, "type": "Device" });
    resource["extension"] = json!([{ "url": ORIGIN, "valueReference": reference }]);
    resource
}

async fn what_is_imported_is_told_of_unless_it_is_not_to_be(engine: Engine) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let kept = world.client("admin").await.create(&subscription("Patient?active=true")).await;
    let device = world.device("own");
    let mut other = patient();
    other["active"] = false.into();
    let first = [of(&device, "p-1", patient()), of(&device, "p-2", other.clone())];
    imported(&world, &first, Importing::default()).await;
    assert_eq!(told(store, &kept).await, ["Patient/p-1/_history/1"]);
    assert_eq!(notified(store).await[0].requester, None);
    // What is there just so is not told of, what changes is.
    other["active"] = true.into();
    let second = [first[0].clone(), of(&device, "p-2", other)];
    imported(&world, &second, Importing::default()).await;
    assert_eq!(told(store, &kept).await, ["Patient/p-1/_history/1", "Patient/p-2/_history/2"]);
    let quiet = Importing { no_notifications: true, ..Importing::default() };
    let third = [of(&device, "p-3", patient()), of(&device, "s-1", subscription("Patient?"))];
    imported(&world, &third, quiet).await;
    assert_eq!(told(store, &kept).await.len(), 2);
    // The Subscription is there all the same.
    let made = world.client("own").await.create(&patient()).await;
    assert_eq!(told(store, &json!({ "id": "s-1" })).await, [version(&made)]);
}

async fn a_subscription_that_is_imported_counts_from_then_on(engine: Engine) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let own = world.client("own").await;
    own.create(&patient()).await;
    // One is of a Device that stands for nobody here: nothing is known of its rights.
    let lines = [
        of(&world.device("own"), "somebody-else", device()),
        of(&world.device("own"), "known", subscription("Patient?gender=female")),
        of("Device/somebody-else", "unknown", subscription("Patient?gender=female")),
        of(&world.device("nobody"), "nothing", subscription("Patient?gender=female")),
    ];
    imported(&world, &lines, Importing::default()).await;
    let made = own.create(&patient()).await;
    let foreign = world.client("own2").await.create(&patient()).await;
    let of = async |id: &str| told(store, &json!({ "id": id })).await;
    assert_eq!(of("known").await, [version(&made)]);
    assert_eq!(of("unknown").await, [version(&made), version(&foreign)]);
    assert_eq!(of("nothing").await, [""; 0]);
    let all = notified(store).await;
    let unknown = all.iter().find(|one| one.subscription == "unknown").unwrap();
    assert_eq!(unknown.instance, 0);
    assert_eq!(counted(&world, "koppeltaal_subscriptions_unknown_total").await, 2);
    assert_eq!(counted(&world, "koppeltaal_subscriptions_unread_total").await, 0);
}

/// A counter of the server.
async fn counted(world: &World, name: &str) -> u64 {
    let url = format!("http://{}/metrics", world.app.server.address);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).parse().unwrap()
}

async fn own_search_parameters_count_in_criteria_while_they_come_and_when_they_are_gone(
    engine: Engine,
) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let own = world.client("own").await;
    let url = "https://example.test/SearchParameter/own-name";
    let parameter = json!({
        "resourceType": "SearchParameter", "id": "own-name", "url": url, "name": "OwnName",
        "status": "active", "description": "a test", "code": "own-name", "base": ["Patient"],
        "type": "string", "expression": "Patient.name.given",
    });
    let refused = own.try_create(&subscription("Patient?own-name=zoe")).await;
    refused.refused(422, "not-supported").about("Subscription.criteria");
    imported(&world, &[parameter], Importing::default()).await;
    eventually("the parameter is known", async || {
        own.try_create(&subscription("Patient?own-name=never")).await.status == 201
    })
    .await;
    let kept = own.create(&subscription("Patient?own-name=zoe")).await;
    let named = |given: &str| {
        let mut new = patient();
        new["name"] = json!([official("Jansen", given)]);
        new
    };
    let first = own.create(&named("Zoë")).await;
    own.create(&named("Bart")).await;
    assert_eq!(told(store, &kept).await, [version(&first)]);
    // As it is while resources are indexed anew: a search does not know it.
    let scope = store.scope(&world.app.domain(ZORG));
    let begin = move |tx: &mut koppeltaal_store::DomainTx<'_>| {
        definitions::begin(tx, url)?;
        definitions::changed(tx)
    };
    scope.write(begin).await.unwrap();
    eventually("a search does not know it", async || {
        let strict = [("prefer", "handling=strict")];
        own.get_with("Patient?own-name=zoe", &strict).await.status == 400
    })
    .await;
    let second = own.create(&named("Zoë")).await;
    own.create(&named("Bart")).await;
    assert_eq!(told(store, &kept).await, [version(&first), version(&second)]);
    assert_eq!(counted(&world, "koppeltaal_subscriptions_unread_total").await, 0);
    // Gone: nobody knows any more what was asked, so everything is told that may be read.
    sql(store, "UPDATE resource SET deleted = 1 WHERE id = 'own-name'").await;
    let gone = move |tx: &mut koppeltaal_store::DomainTx<'_>| {
        definitions::finish(tx, url)?;
        definitions::changed(tx)
    };
    scope.write(gone).await.unwrap();
    let third = own.create(&named("Bart")).await;
    world.client("own2").await.create(&named("Zoë")).await;
    let all = [version(&first), version(&second), version(&third)];
    assert_eq!(told(store, &kept).await, all, "{}", path(&kept));
    assert!(counted(&world, "koppeltaal_subscriptions_unread_total").await > 0);
}

async fn an_operator_switches_a_subscription_off_and_its_owner_on(engine: Engine) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let own = world.client("own").await;
    let mut new = subscription("Patient?");
    new["channel"]["header"] = json!(["Authorization: Bearer s3cret"]);
    let kept = own.create(&new).await;
    let id = kept["id"].as_str().unwrap();
    let operator = operator(&world).await;
    for _ in 0..2 {
        let off = switch_off(&operator, id).await.unwrap().unwrap();
        assert_eq!(off.version, 2, "once is enough");
    }
    assert_eq!(switch_off(&operator, "nobody").await.unwrap(), None);
    own.create(&patient()).await;
    assert_eq!(told(store, &kept).await, [""; 0]);
    let mut now = own.get(&path(&kept)).await.expect(200).json();
    assert_eq!(now["status"], "off");
    assert_eq!((&now["channel"], &now["criteria"]), (&kept["channel"], &kept["criteria"]));
    now["status"] = "requested".into();
    let on = own.update(&now).await;
    let made = own.create(&patient()).await;
    assert_eq!(told(store, &on).await, [version(&made)]);
}
