//! Properties of permissions over generated roles and scopes.

use proptest::prelude::*;

use super::*;
use crate::directory::{Permission, Role, Scope};
use crate::resource_type;

const OWN: &str = "456";
const TYPES: [&str; 4] = ["Task", "Patient", "Device", "AuditEvent"];
/// Ids that are parts of one another, so that a comparison by text would fail.
const DEVICES: [&str; 5] = [OWN, "4567", "45", "Device", "a.b-c"];

fn permission() -> impl Strategy<Value = Permission> {
    let scope = prop::sample::select(vec![Scope::All, Scope::Own, Scope::Granted]);
    let resource = prop::sample::select([&TYPES[..3], &["*"]].concat());
    let granted = prop::sample::subsequence(DEVICES.to_vec(), 0..=3);
    (resource, "[CRUD]{0,4}", scope, granted).prop_map(|(resource, operations, scope, granted)| {
        let granted = match scope {
            Scope::Granted => granted.into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Permission { resource: resource.to_owned(), operations, scope, granted }
    })
}

fn permissions() -> impl Strategy<Value = Vec<Permission>> {
    prop::collection::vec(permission(), 0..7)
}

fn of(permissions: &[Permission]) -> Permissions {
    let role = Role { permissions: permissions.to_vec(), ..Role::default() };
    Permissions::of_role(&role, OWN)
}

/// Everything that can be asked about the types and Devices above.
fn questions() -> impl Iterator<Item = (Operation, &'static str, Option<&'static str>)> {
    let origins = || DEVICES.into_iter().map(Some).chain([None]);
    let of_type = move |operation, name| origins().map(move |origin| (operation, name, origin));
    let of = move |operation| TYPES.into_iter().flat_map(move |name| of_type(operation, name));
    Operation::ALL.into_iter().flat_map(of)
}

/// The table of the standard, read literally off the role.
fn expected(
    permissions: &[Permission],
    operation: Operation,
    resource_type: &str,
    origin: Option<&str>,
) -> bool {
    permissions.iter().any(|permission| {
        let letter = match operation {
            Operation::Create => "C",
            Operation::Read => "R",
            Operation::Update => "U",
            Operation::Delete => "D",
        };
        let named = permission.resource == "*" || permission.resource == resource_type;
        let nobody = permission.scope == Scope::Granted && permission.granted.is_empty();
        let reached = match (permission.scope, origin) {
            (Scope::All, _) => true,
            (Scope::Own, origin) => origin == Some(OWN),
            (Scope::Granted, Some(id)) => permission.granted.contains(&id.to_owned()),
            (Scope::Granted, None) => false,
        };
        named
            && permission.operations.contains(letter)
            && !nobody
            && (reached || operation == Operation::Create)
    })
}

/// Text that resembles a scope, and text that does not.
fn anything() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "system/",
        "user/",
        "Task",
        "Patient",
        "*",
        ".",
        "c",
        "r",
        "u",
        "d",
        "s",
        "?",
        " ",
        "resource-origin=",
        "Device/",
        "456",
        ",",
        "&",
        "é",
        "%2C",
    ]);
    let pieces = prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat());
    prop_oneof![3 => pieces, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn a_decision_is_that_of_the_table(permissions in permissions()) {
        let rules = of(&permissions);
        for (operation, name, origin) in questions() {
            let decision = allows(&rules, operation, name, origin);
            let expected = expected(&permissions, operation, name, origin);
            prop_assert_eq!(decision.allowed, expected, "{}", decision.explain());
            prop_assert_eq!(decision.rule.is_some(), expected);
        }
    }

    #[test]
    fn a_scope_decides_like_the_role_it_was_made_of(permissions in permissions()) {
        let rules = of(&permissions);
        let scope = rules.to_scope();
        let read = Permissions::from_scope(&scope);
        prop_assert_eq!(read.to_scope(), scope);
        for (operation, name, origin) in questions() {
            let allowed = |rules| allows(rules, operation, name, origin).allowed;
            prop_assert_eq!(allowed(&read), allowed(&rules), "{} {}", operation, name);
            prop_assert_eq!(read.reach(operation, name), rules.reach(operation, name));
        }
    }

    #[test]
    fn another_permission_takes_no_right_away(permissions in permissions(), more in permission()) {
        let before = of(&permissions);
        let after = of(&[&permissions[..], &[more]].concat());
        for (operation, name, origin) in questions() {
            let allowed = |rules| allows(rules, operation, name, origin).allowed;
            prop_assert!(allowed(&after) || !allowed(&before), "{operation} {name} {origin:?}");
        }
    }

    #[test]
    fn all_dominates_wherever_it_stands(permissions in permissions(), at in 0_usize..8) {
        let mut permissions = permissions;
        let all = Permission {
            resource: "Task".to_owned(),
            operations: "R".to_owned(),
            scope: Scope::All,
            granted: Vec::new(),
        };
        permissions.insert(at.min(permissions.len()), all);
        let rules = of(&permissions);
        prop_assert_eq!(rules.reach(Operation::Read, "Task"), Reach::All);
        for origin in DEVICES.into_iter().map(Some).chain([None]) {
            let decision = allows(&rules, Operation::Read, "Task", origin);
            prop_assert!(decision.allowed);
            prop_assert_eq!(decision.rule.map(|rule| &rule.origins), Some(&Origins::All));
        }
    }

    #[test]
    fn what_a_search_reaches_is_what_may_be_read(permissions in permissions()) {
        let rules = of(&permissions);
        for (operation, name, origin) in questions().filter(|q| q.0 != Operation::Create) {
            let reached = match rules.reach(operation, name) {
                Reach::All => true,
                Reach::Of(devices) => origin.is_some_and(|id| devices.contains(&id)),
                Reach::Nothing => false,
            };
            prop_assert_eq!(allows(&rules, operation, name, origin).allowed, reached);
        }
    }

    #[test]
    fn search_stands_in_a_scope_exactly_with_read(permissions in permissions()) {
        let scope = of(&permissions).to_scope();
        for entry in scope.split_ascii_whitespace() {
            let letters = entry.split(['.', '?']).nth(1).unwrap_or_default();
            prop_assert_eq!(letters.contains('r'), letters.contains('s'), "{}", entry);
        }
    }

    #[test]
    fn no_text_gives_a_right_on_a_type_it_does_not_name(text in anything()) {
        let read = Permissions::from_scope(&text);
        for name in resource_type::ALL {
            let named = text.contains(&format!("system/{name}.")) || text.contains("system/*.");
            for operation in Operation::ALL {
                let decision = allows(&read, operation, name, Some(OWN));
                prop_assert!(named || !decision.allowed, "{}", decision.explain());
            }
        }
    }

    #[test]
    fn what_is_read_from_a_text_is_said_in_it(text in anything()) {
        for rule in Permissions::from_scope(&text).rules() {
            let entry = rule.to_string();
            let words = text.split_ascii_whitespace();
            let same = |word: &str| word.starts_with(&format!("system/{}.", rule.resource))
                && word.contains('?') == entry.contains('?');
            prop_assert!(words.into_iter().any(same), "{entry} of {text}");
        }
    }
}
