//! Whatever comes along with results is authorised for itself, and a domain can
//! refuse it altogether.

use koppeltaal_core::directory::{Includes, Scope};

use crate::cast::{ZORG, right, role};
use crate::client::path;
use crate::found::included;
use crate::includes::{check, fill, to};
use crate::resources::{Ground, organization, patient, task};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(what_may_not_be_read_does_not_come_along, a_domain_can_refuse_includes,);

async fn what_may_not_be_read_does_not_come_along(engine: Engine) {
    let world = World::build(engine)
        .setup(|setup| {
            let own2 = setup.instance("own2").client_id.clone();
            let permissions = vec![
                right("Task", "R", Scope::All, &[]),
                right("Organization", "R", Scope::Own, &[]),
                right("Practitioner", "R", Scope::Granted, &[&own2]),
            ];
            role(setup, ZORG, "taken", permissions);
            setup.instance("nobody").role = Some("taken".to_owned());
        })
        .start()
        .await;
    let admin = world.client("admin").await;
    let own = world.client("own").await;
    let theirs = Ground::of(&world, "own").await;
    let others = Ground::of(&world, "own2").await;
    // A Task of `admin` that refers to everybody's.
    let mut one = task(&theirs.patient, &others.practitioner);
    one["requester"] = to(&theirs.practitioner);
    let one = path(&admin.create(&one).await);
    // One of `own` about the same patient, and about a patient of somebody else.
    let two = path(&own.create(&task(&theirs.patient, &theirs.practitioner)).await);
    let three = path(&own.create(&task(&others.patient, &others.practitioner)).await);

    let bundle = own.search("Task?_include=*&_include:iterate=Patient:organization").await;
    check(
        &bundle,
        &format!("{two} {three}"),
        &format!("{} {}", theirs.patient, theirs.practitioner),
        "own",
    );
    let bundle = own.search("Patient?_revinclude=Task:patient").await;
    check(&bundle, &theirs.patient, &two, "own, the other way");
    assert!(!bundle.to_string().contains(&one), "{bundle}");
    // Granted what is `own`'s.
    let granted = world.client("granted").await;
    let bundle = granted.search("Task?_include=*").await;
    check(
        &bundle,
        &format!("{two} {three}"),
        &format!("{} {}", theirs.patient, theirs.practitioner),
        "granted",
    );
    // Tasks of everybody, practitioners of one, no patients.
    let nobody = world.client("nobody").await;
    let bundle = nobody
        .search("Task?_include=*&_revinclude=Task:part-of&_revinclude=AuditEvent:entity")
        .await;
    check(&bundle, &format!("{one} {two} {three}"), &others.practitioner, "tasks");
    assert!(bundle.to_string().find("too-costly").is_none(), "nothing tells of what is left out");
    // An organization of its own comes along, that of others does not.
    let shelf = Shelf::of(&world).await;
    let mine = world.client_id("nobody");
    for (id, origin) in [("mine", mine.as_str()), ("foreign", "somebody")] {
        let mut resource = organization();
        resource["id"] = id.into();
        shelf.keep(ZORG, origin, &resource).await;
        let mut about = task("Patient/x", &format!("Organization/{id}"));
        about["id"] = format!("for-{id}").into();
        shelf.keep(ZORG, "somebody", &about).await;
    }
    let bundle = nobody.search("Task?_include=Task:owner:Organization").await;
    assert_eq!(included(&bundle), ["Organization/mine"]);
    // `admin` sees all of it.
    let bundle = admin.search("Task?_id:not=x&_include=Task:patient&_include=Task:owner").await;
    assert!(
        included(&bundle).contains(&theirs.patient) && included(&bundle).contains(&others.patient)
    );
    // A deleted one is no longer there to come.
    let gone = path(&admin.create(&patient()).await);
    let mut about = task(&gone, "Practitioner/x");
    about["id"] = "about-gone".into();
    shelf.keep(ZORG, "somebody", &about).await;
    let found = admin.search("Task?_id=about-gone&_include=Task:patient").await;
    assert_eq!(included(&found), [gone.as_str()]);
    shelf.remove(ZORG, "Patient", gone.trim_start_matches("Patient/")).await;
    let found = admin.search("Task?_id=about-gone&_include=Task:patient").await;
    assert_eq!(included(&found), Vec::<String>::new());
}

async fn a_domain_can_refuse_includes(engine: Engine) {
    let world = World::build(engine)
        .setup(|setup| setup.domain(ZORG).includes = Includes::Refuse)
        .start()
        .await;
    fill(&world).await;
    let client = world.client("reader").await;
    for query in [
        "_include=Task:patient",
        "_include=*",
        "_include:iterate=Task:patient",
        "_revinclude=Task:part-of",
    ] {
        let reply = client.get(&format!("Task?{query}")).await.refused(400, "not-supported");
        assert!(reply.diagnostics().contains("include"), "{}", reply.diagnostics());
    }
    client.search("Task?patient.organization.name=sub").await;
    let text = client.get("metadata").await.expect(200).text();
    assert!(!text.contains("searchInclude") && !text.contains("searchRevInclude"));
    let world = World::start(engine).await;
    let text = world.anyone().get("metadata").await.expect(200).text();
    assert!(text.contains("searchInclude") && text.contains("searchRevInclude"));
}
