//! What rules, scopes and decisions look like, case by case.

use super::*;
use crate::directory::{Permission, Role, Scope};

const OWN: &str = "9f0d";

fn role(permissions: &[(&str, &str, Scope, &[&str])]) -> Role {
    let permissions = permissions.iter().map(|(resource, operations, scope, granted)| Permission {
        resource: (*resource).to_owned(),
        operations: (*operations).to_owned(),
        scope: *scope,
        granted: granted.iter().map(|id| (*id).to_owned()).collect(),
    });
    Role { permissions: permissions.collect(), ..Role::default() }
}

fn of(permissions: &[(&str, &str, Scope, &[&str])]) -> Permissions {
    Permissions::of_role(&role(permissions), OWN)
}

#[test]
fn a_role_becomes_the_scope_that_the_standard_writes() {
    use Scope::{All, Granted, Own};
    let check = |permissions: &[(&str, &str, Scope, &[&str])], expected: &str| {
        assert_eq!(of(permissions).to_scope(), expected, "{permissions:?}");
    };
    check(&[], "");
    check(&[("Patient", "R", All, &[])], "system/Patient.rs");
    check(&[("Patient", "DURC", All, &[])], "system/Patient.cruds");
    check(
        &[("RelatedPerson", "CRU", Own, &[])],
        "system/RelatedPerson.crus?resource-origin=Device/9f0d",
    );
    check(
        &[("Task", "R", Granted, &["y", "x", "y"])],
        "system/Task.rs?resource-origin=Device/x,Device/y",
    );
    // Granted operations stay apart, also under the same list.
    check(
        &[("Task", "RU", Granted, &["x"])],
        "system/Task.rs?resource-origin=Device/x system/Task.u?resource-origin=Device/x",
    );
    check(&[("Task", "R", Granted, &[]), ("Device", "R", All, &[])], "system/Device.rs");
    // ALL and OWN are merged per type, at the place of the first.
    check(
        &[
            ("Task", "C", Own, &[]),
            ("Patient", "R", All, &[]),
            ("Task", "R", All, &[]),
            ("Task", "U", Own, &[]),
            ("Task", "D", Granted, &[OWN]),
        ],
        "system/Task.cu?resource-origin=Device/9f0d system/Patient.rs system/Task.rs \
         system/Task.d?resource-origin=Device/9f0d",
    );
    check(
        &[("*", "R", All, &[]), ("Task", "C", Own, &[])],
        "system/*.rs system/Task.c?resource-origin=Device/9f0d",
    );
}

#[test]
fn who_may_do_everything_has_one_entry() {
    let all = [("*", "CRUD", Scope::All, &[][..]), ("Task", "R", Scope::Own, &[])];
    assert_eq!(of(&all).to_scope(), "system/*.cruds");
    let each: Vec<_> =
        crate::resource_type::ALL.iter().map(|name| (*name, "CRUD", Scope::All, &[][..])).collect();
    assert_eq!(of(&each).to_scope(), "system/*.cruds");
    assert_eq!(of(&each[1..]).to_scope().split(' ').count(), 145);
    let own = [("*", "CRUD", Scope::Own, &[][..])];
    assert_eq!(of(&own).to_scope(), "system/*.cruds?resource-origin=Device/9f0d");
}

#[test]
fn a_role_that_says_nonsense_gives_nothing() {
    for nonsense in [
        ("Patients", "R", Scope::All, &[][..]),
        ("Task.r system/*", "R", Scope::All, &[]),
        ("Task", "XYZ", Scope::All, &[]),
        ("Task", "", Scope::All, &[]),
        ("Task", "R", Scope::Granted, &["x system/*.cruds", "", "a/b"]),
    ] {
        assert_eq!(of(&[nonsense]).to_scope(), "", "{nonsense:?}");
    }
    let other = Permissions::of_role(&role(&[("Task", "R", Scope::Own, &[])]), "no id");
    assert_eq!(other.reach(Operation::Read, "Task"), Reach::Nothing);
}

#[test]
fn a_scope_is_read_with_and_without_the_type_of_the_device() {
    let read = Permissions::from_scope("system/Task.rs?resource-origin=a,Device/b,c");
    assert_eq!(read.to_scope(), "system/Task.rs?resource-origin=Device/a,Device/b,Device/c");
    assert_eq!(read.reach(Operation::Read, "Task"), Reach::Of(vec!["a", "b", "c"]));
}

#[test]
fn entries_of_others_and_malformed_ones_give_nothing() {
    for entry in [
        "openid",
        "launch",
        "user/Task.rs",
        "patient/*.cruds",
        "system/Task",
        "system/Task.",
        "system/.rs",
        "system/task.rs",
        "system/Tasks.rs",
        "system/Task.rc",
        "system/Task.rr",
        "system/Task.R",
        "system/Task.read",
        "system/Task.*",
        "system/Task.s",
        "system/Task.rsx",
        "system/**.rs",
        "System/Task.rs",
        "system/Task.rs?",
        "system/Task.rs?resource-origin",
        "system/Task.rs?resource-origin=",
        "system/Task.rs?resource-origin=Device/",
        "system/Task.rs?resource-origin=Device/a,",
        "system/Task.rs?resource-origin=Patient/a",
        "system/Task.rs?resource-origin=Device/a&x=y",
        "system/Task.rs?resource-origin=Device/a?resource-origin=Device/b",
        "system/Task.rs?resource-origin=Device/a/_history/1",
        "system/Task.rs?other=Device/a",
        "system/Task.rs?resource-origin=Device%2Fa",
        "system/Task.rs#",
    ] {
        assert_eq!(Permissions::from_scope(entry), Permissions::default(), "{entry}");
    }
    let among = Permissions::from_scope("openid system/Task.rs\tlaunch\nsystem/Task.sr");
    assert_eq!(among.to_scope(), "system/Task.rs");
}

#[test]
fn the_letter_of_search_is_written_and_not_needed() {
    assert_eq!(Permissions::from_scope("system/Task.r").to_scope(), "system/Task.rs");
    assert_eq!(Permissions::from_scope("system/Task.cs").to_scope(), "system/Task.c");
}

#[test]
fn every_decision_says_in_words_what_it_rests_on() {
    let permissions = of(&[
        ("Patient", "R", Scope::All, &[]),
        ("Patient", "RU", Scope::Granted, &["456", "x"]),
        ("Task", "CD", Scope::Own, &[]),
        ("Endpoint", "C", Scope::All, &[]),
        ("CareTeam", "R", Scope::Granted, &[]),
    ]);
    let check = |operation, resource_type: &str, origin, allowed, expected: &str| {
        let decision = allows(&permissions, operation, resource_type, origin);
        assert_eq!((decision.allowed, decision.explain().as_str()), (allowed, expected));
        assert_eq!(decision.rule.is_some(), allowed, "{expected}");
    };
    use Operation::{Create, Delete, Read, Update};
    let everybody = "read on Patient is allowed by `system/Patient.rs`, which is for everybody's \
                     resources";
    check(Read, "Patient", Some("x"), true, everybody);
    check(Read, "Patient", None, true, everybody);
    let this = "update on Patient is allowed by \
                `system/Patient.u?resource-origin=Device/456,Device/x`, which is for resources of \
                Device/456";
    check(Update, "Patient", Some("456"), true, this);
    let others = "update on Patient is given for resources of Device/456 and Device/x only, and \
                  this one is of Device/4567";
    check(Update, "Patient", Some("4567"), false, others);
    let none = "update on Patient is given for resources of Device/456 and Device/x only, and \
                this one has no resource-origin";
    check(Update, "Patient", None, false, none);
    check(Delete, "Patient", Some("456"), false, "no rule gives delete on Patient");
    let own = "create on Task is allowed by `system/Task.cd?resource-origin=Device/9f0d`: what is \
               created is the caller's own";
    check(Create, "Task", None, true, own);
    let all = "create on Endpoint is allowed by `system/Endpoint.c`: what is created is the \
               caller's own";
    check(Create, "Endpoint", None, true, all);
    let nobody = "read on CareTeam is granted for the resources of nobody: the list is empty";
    check(Read, "CareTeam", Some("x"), false, nobody);
}

#[test]
fn an_origin_is_compared_whole() {
    let permissions = Permissions::from_scope("system/Task.u?resource-origin=Device/456,Device/a");
    for (origin, expected) in [
        ("456", true),
        ("a", true),
        ("4567", false),
        ("45", false),
        ("A", false),
        ("456,Device/a", false),
        ("Device/456", false),
        ("", false),
    ] {
        let decision = allows(&permissions, Operation::Update, "Task", Some(origin));
        assert_eq!(decision.allowed, expected, "{origin}");
    }
}

#[test]
fn all_dominates_what_reaches_less() {
    let scope = "system/Task.rs?resource-origin=Device/b,a system/*.rs?resource-origin=Device/a";
    let narrow = Permissions::from_scope(scope);
    assert_eq!(narrow.reach(Operation::Read, "Task"), Reach::Of(vec!["a", "b"]));
    assert_eq!(narrow.reach(Operation::Read, "Patient"), Reach::Of(vec!["a"]));
    assert_eq!(narrow.reach(Operation::Update, "Task"), Reach::Nothing);
    let wide = Permissions::from_scope(&format!("{scope} system/*.r"));
    assert_eq!(wide.reach(Operation::Read, "Task"), Reach::All);
    let decision = allows(&wide, Operation::Read, "Task", Some("b"));
    assert_eq!(decision.grounds, Grounds::Everybody);
    assert_eq!(decision.rule.map(Rule::to_string).as_deref(), Some("system/*.rs"));
}
