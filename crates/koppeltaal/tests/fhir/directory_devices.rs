//! The Devices that follow the directory, of application instances and of the server:
//! applications read them and refer to them, and only provisioning changes them (K004).

use koppeltaal_core::resource::Body;
use koppeltaal_core::search::Indexer;
use koppeltaal_kt2::Catalogs;
use koppeltaal_store::resource::{self, Indexed, Updated};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{DomainTx, Store};

use crate::cast::ZORG;
use crate::client::{JSON, path};
use crate::resources::{audit_event, changed, device, organization};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    no_application_changes_or_deletes_them,
    other_devices_are_their_owners,
    a_cascade_does_not_take_them,
);

async fn no_application_changes_or_deletes_them(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let server = format!("Device/{}", world.app.domain(ZORG).server_device);
    for device in [world.device("own"), world.device("admin"), world.device("nobody"), server] {
        let before = admin.get(&device).await.expect(200).json();
        let refused = admin.try_update(&changed(&before)).await.refused(409, "business-rule");
        assert!(refused.diagnostics().contains("provisioning"), "{}", refused.text());
        // That is known before the body is looked at, and not before the version is named.
        let headers = [("content-type", JSON), ("if-match", r#"W/"1""#)];
        admin.call("PUT", &device, &headers, "{").await.refused(409, "business-rule");
        admin.delete(&device).await.refused(409, "business-rule");
        let cascade = world.client("cascade").await;
        let url = format!("{device}?_cascade=delete");
        cascade.delete(&url).await.refused(409, "business-rule");
        assert_eq!(admin.get(&device).await.expect(200).json(), before);
        let url = format!("{device}/$validate?mode=delete");
        let told = admin.call("POST", &url, &[], "").await.refused(200, "business-rule");
        assert_eq!(told.issues()[0]["severity"], "error");
        // Whoever has no right hears nothing new.
        for client in ["own", "granted", "reader"] {
            let client = world.client(client).await;
            client.try_update(&changed(&before)).await.refused(403, "forbidden");
            client.delete(&device).await.refused(403, "forbidden");
        }
    }
    world.client("elsewhere").await.delete(&world.device("own")).await.expect(404);
}

async fn other_devices_are_their_owners(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut mine = device();
    mine["identifier"][0]["value"] = world.client_id("own").into();
    let mine = own.create(&mine).await;
    own.update(&changed(&mine)).await;
    own.delete(&path(&mine)).await.expect(200);
    // They are referred to like all others.
    own.create(&audit_event(&world.device("own"), &world.device("own2"))).await;
}

async fn a_cascade_does_not_take_them(engine: Engine) {
    let world = World::start(engine).await;
    let owner = path(&world.client("own").await.create(&organization()).await);
    // Another version of the program let an application say whose Device it is.
    let store = Store::open(&world.app.config.database, &options()).await.unwrap();
    let domain = world.app.domain(ZORG);
    let (ids, now, number) = (world.app.ids().await, world.app.now(), domain.number);
    let (id, to) = (world.client_id("own"), owner.clone());
    let work = move |tx: &mut DomainTx<'_>| {
        let known = resource::locked(tx, "Device", &id)?.unwrap();
        let owned = format!(r#""owner":{{"reference":"{to}"}},"status":"active""#);
        let body = Body::of_tail(known.body.tail().replace(r#""status":"active""#, &owned));
        let text = body.render("Device", &id, 2, now);
        let indexed: Indexed = Catalogs::default().index(number, &text).into();
        resource::update(tx, &ids, "Device", &id, None, &body, &indexed, now)
    };
    assert!(matches!(store.scope(&domain).write(work).await.unwrap(), Updated::Done(_)));
    store.close().await;
    let cascade = world.client("cascade").await;
    let url = format!("{owner}?_cascade=delete");
    cascade.delete(&url).await.refused(409, "conflict");
    cascade.get(&owner).await.expect(200);
    let kept = cascade.get(&world.device("own")).await.expect(200).json();
    assert_eq!(kept["owner"]["reference"], owner);
}
