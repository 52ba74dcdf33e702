//! Searches at random agree with the naive evaluation.

use koppeltaal_core::search::{Condition, Qualifier, Target, Test, Values};
use koppeltaal_store::resource::search::Search;
use koppeltaal_store::{Store, both};

use crate::naive::{self, Known};
use crate::random::Random;
use crate::world::{BORN, GENDER, NAME, OWNER, Plan, STATUS, World, is, plan, search, test, world};

async fn filled(store: &Store, random: &mut Random, resources: u64) -> (World, Vec<Known>) {
    let (w, other) = (world(store, 1), world(store, 2));
    let plans: Vec<Plan> = (0..resources).map(|number| random.plan(number, resources)).collect();
    let mut known = Vec::new();
    for plans in plans.chunks(2000) {
        for (stored, plan) in w.create(plans.to_vec()).await.into_iter().zip(plans) {
            known.push(Known { stored, indexed: plan.indexed.clone() });
        }
    }
    // Another domain that is full of the same.
    other.create(plans.into_iter().take(100).collect()).await;
    (w, known)
}

/// Searches page by page and compares with what is right.
async fn check(w: &World, all: &[Known], mut wanted: Search, limit: i64) {
    let shown = format!("{wanted:?}");
    let mut right = naive::find(all, &wanted.resource_type, &wanted.conditions);
    naive::sort(&mut right, &wanted.sort);
    let right: Vec<i64> = right.iter().map(|known| known.stored.stamp).collect();
    assert_eq!(
        w.count(&wanted.resource_type, &wanted.conditions).await,
        right.len() as i64,
        "{shown}"
    );
    wanted.limit = limit;
    let mut found = Vec::new();
    // Enough pages to be sure of the links, not all of a long list.
    for _ in 0..6 {
        let page = w.page(wanted.clone()).await;
        found.extend(page.found.iter().map(|stored| stored.stamp));
        if page.next.is_none() {
            assert_eq!(found, right, "{shown}");
            return;
        }
        assert_eq!(page.found.len() as i64, limit, "{shown}");
        wanted.after = page.next;
    }
    assert_eq!(found, right[..found.len()], "{shown}");
}

async fn agree(store: &Store, resources: u64, searches: u64, limit: i64) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (w, mut all) = filled(store, &mut random, resources).await;
    for known in all.iter_mut().step_by(5).take(60) {
        let (resource_type, id) = (known.stored.resource_type, known.stored.id.clone());
        if random.below(3) == 0 {
            known.stored = w.delete(resource_type, &id).await;
        } else {
            let mut next = random.plan(0, resources);
            while next.resource_type != resource_type {
                next = random.plan(0, resources);
            }
            known.indexed = next.indexed.clone();
            known.stored = w.update(Plan { id, ..next }).await;
        }
    }
    let mut met = 0;
    for _ in 0..searches {
        let resource_type = random.one_of(&["Patient", "Task"]);
        let conditions = random.conditions(resource_type, resources, 2);
        let sort = random.sort(resource_type);
        met += usize::from(!naive::find(&all, resource_type, &conditions).is_empty());
        check(&w, &all, Search { sort, ..search(resource_type, &conditions) }, limit).await;
    }
    assert!(met as u64 > searches / 3, "most searches find something: {met}");
}

both!(searches_agree_with_the_naive_evaluation, |store| async move {
    agree(&store, 300, 250, 20).await;
});

both!(searches_of_many_resources_agree_too, |store| async move {
    // More than candidates are counted to.
    let w = world(&store, 1);
    let (mut all, many) = (Vec::new(), 24_000);
    for part in 0..8 {
        let plans: Vec<Plan> = (0..many / 8)
            .map(|number| {
                let n = part * (many / 8) + number;
                let gender = if n % 3 == 0 { "male" } else { "female" };
                let id = format!("p{n}");
                let other = format!("Patient/p{}", (n + 1) % many);
                let name = if n % 7000 == 0 { "rare" } else { "often" };
                let era = if n < many / 2 { "old" } else { "new" };
                plan(
                    if n % 8 == 7 { "Task" } else { "Patient" },
                    &id,
                    &if n % 8 == 7 {
                        vec![(STATUS, "ready", 1), (OWNER, other.as_str(), 0)]
                    } else {
                        vec![(GENDER, gender, 1), (NAME, name, 0), (NAME, name, 1), (BORN, era, 0)]
                    },
                )
            })
            .collect();
        for (stored, plan) in w.create(plans.clone()).await.into_iter().zip(plans) {
            all.push(Known { stored, indexed: plan.indexed });
        }
    }
    let named = |value: Values| Condition::AnyOf(vec![test(NAME, value)]);
    let between = Values::Between {
        from: Some(koppeltaal_core::search::End { value: "o".to_owned(), is_included: true }),
        to: None,
    };
    let until = koppeltaal_core::search::End { value: "o".to_owned(), is_included: false };
    let until = Values::Between { from: None, to: Some(until) };
    let born_late = Condition::Not(Box::new(Condition::AnyOf(vec![test(BORN, until)])));
    let mut male = test(GENDER, Values::Is("male".to_owned()));
    male.qualifier = Qualifier::Is(1);
    let either = Condition::AnyOf(vec![male, test(GENDER, Values::Is("female".to_owned()))]);
    let target =
        |conditions: Vec<Condition>| Target { resource_type: "Patient".into(), conditions };
    let owned_by =
        |conditions| Condition::RefersTo { parameter: OWNER, targets: vec![target(conditions)] };
    let owner_of = |conditions| Condition::ReferredBy {
        source: Target { resource_type: "Task".into(), conditions },
        parameter: OWNER,
    };
    let not = |condition| Condition::Not(Box::new(condition));
    let from = |device: &str| Condition::Origin(vec![device.to_owned()]);
    for (resource_type, conditions) in [
        ("Patient", vec![]),
        ("Patient", vec![is(NAME, "often")]),
        ("Patient", vec![is(NAME, "often"), either.clone()]),
        ("Patient", vec![named(between.clone()), either]),
        ("Patient", vec![named(between)]),
        ("Patient", vec![named(Values::Any), not(is(GENDER, "male"))]),
        ("Patient", vec![not(is(NAME, "often"))]),
        ("Patient", vec![from("d1")]),
        ("Patient", vec![from("none")]),
        ("Patient", vec![is(NAME, "often"), from("d2"), is(GENDER, "male")]),
        ("Task", vec![from("d3"), owned_by(vec![from("d0"), is(GENDER, "male")])]),
        ("Patient", vec![owner_of(vec![from("d3")])]),
        ("Patient", vec![not(is(NAME, "rare")), not(is(GENDER, "male"))]),
        ("Patient", vec![is(NAME, "often"), not(is(GENDER, "female"))]),
        ("Patient", vec![named(Values::Containing("are".into())), is(GENDER, "male")]),
        ("Patient", vec![named(Values::Containing("fte".into()))]),
        ("Patient", vec![is(NAME, "rare"), is(GENDER, "male")]),
        ("Patient", vec![is(BORN, "old"), named(Values::Any)]),
        ("Patient", vec![born_late.clone(), named(Values::Any)]),
        ("Patient", vec![born_late, is(NAME, "often")]),
        ("Task", vec![owned_by(vec![is(GENDER, "male")])]),
        ("Task", vec![owned_by(vec![is(NAME, "rare")])]),
        ("Task", vec![is(STATUS, "ready"), owned_by(vec![not(is(GENDER, "male"))])]),
        ("Task", vec![not(owned_by(vec![is(GENDER, "male")]))]),
        ("Patient", vec![owner_of(vec![is(STATUS, "ready")])]),
        ("Patient", vec![owner_of(vec![is(STATUS, "ready")]), is(GENDER, "male")]),
        ("Patient", vec![not(owner_of(vec![]))]),
    ] {
        check(&w, &all, search(resource_type, &conditions), 50).await;
    }
});

both!(too_many_alternatives_are_refused, |store| async move {
    let w = world(&store, 1);
    w.create(vec![plan("Patient", "p", &[(NAME, "a", 0)])]).await;
    let tests = |count: usize| {
        let value = |n: usize| Values::Is(if n == 0 { "a".to_owned() } else { format!("{n}") });
        Condition::AnyOf((0..count).map(|n| test(NAME, value(n))).collect())
    };
    // A value under several parameters is one alternative.
    let shared = |count: usize| {
        let Condition::AnyOf(tests) = tests(count) else { return Condition::AnyOf(vec![]) };
        let test = |test: Test| {
            [NAME, BORN, GENDER, 31, 32].map(|parameter| Test { parameter, ..test.clone() })
        };
        let mut tests: Vec<Test> = tests.into_iter().flat_map(test).collect();
        // Of different kinds, so that each is looked up by itself.
        for (at, test) in tests.iter_mut().enumerate().filter(|(at, _)| *at >= 10) {
            test.qualifier = Qualifier::AtLeast(i64::try_from(at / 5).unwrap());
        }
        Condition::AnyOf(tests)
    };
    assert_eq!(w.ids("Patient", &[shared(256)]).await, ["p"]);
    assert_eq!(w.ids("Patient", &[shared(256), shared(256)]).await, ["p"]);
    assert_eq!(w.count("Patient", &[shared(256), tests(256)]).await, 1);
    let ids = |count: usize| Condition::Id((0..count).map(|n| n.to_string()).collect());
    assert_eq!(w.ids("Patient", &[tests(256)]).await, ["p"]);
    assert_eq!(w.ids("Patient", &[Condition::Not(Box::new(ids(256)))]).await, ["p"]);
    for condition in [tests(257), shared(257), ids(257), Condition::Not(Box::new(tests(257)))] {
        let wanted = search("Patient", &[condition]);
        let refused = w.scope.read(move |tx| koppeltaal_store::resource::search::page(tx, &wanted));
        let refused = refused.await.unwrap_err();
        assert!(matches!(refused, koppeltaal_core::Error::Invalid(_)), "{refused}");
    }
    // A right may name more Devices.
    let devices = (0..1_000).map(|n| format!("d{n}")).collect();
    assert_eq!(w.ids("Patient", &[Condition::Origin(devices)]).await, ["p"]);
    assert_eq!(w.ids("Nothing", &[]).await, [""; 0]);
    assert_eq!(w.count("Nothing", &[]).await, 0);
});
