//! Which identity provider signs a user in (`kt2-auth.md` 3.4, MIDP-1 to 7): the
//! ordered list of the application instance for the type of user, else the
//! domain's default.

use koppeltaal_core::directory::{IdentityProvider, Instance};

/// The provider that signs a user in.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The provider; none when nothing is configured, or when nothing of what is
    /// configured exists.
    pub provider: Option<&'a IdentityProvider>,
    /// Whether the hint names no provider that this user could have gone to. The
    /// login goes on without it, and an AuditEvent tells the administrator.
    pub unknown_hint: bool,
}

/// Chooses among the `providers` of the domain for a user of `user_type`
/// (`Patient`, `Practitioner`, `RelatedPerson`) at a launch of `instance`.
///
/// A provider that is `required` is passed whatever the hint says: else a launch
/// could choose a weaker one.
pub fn choose<'a>(
    providers: &[&'a IdentityProvider],
    instance: &Instance,
    user_type: &str,
    hint: Option<&str>,
) -> Choice<'a> {
    let names = instance.identity_providers.get(user_type).map_or(&[][..], Vec::as_slice);
    // A list of which nothing exists any more is no empty list: falling back to the
    // default would send users to a provider that nobody chose for them.
    let candidates: Vec<&IdentityProvider> = if names.is_empty() {
        default(providers).into_iter().collect()
    } else {
        names
            .iter()
            .filter_map(|name| providers.iter().copied().find(|provider| provider.name == *name))
            .collect()
    };
    let hinted = hint.map(|hint| candidates.iter().copied().find(|it| it.name == hint));
    let required = candidates.iter().copied().find(|it| it.required);
    Choice {
        provider: required.or(hinted.flatten()).or(candidates.first().copied()),
        unknown_hint: matches!(hinted, Some(None)),
    }
}

fn default<'a>(providers: &[&'a IdentityProvider]) -> Option<&'a IdentityProvider> {
    match providers {
        [only] => Some(only),
        _ => providers.iter().copied().find(|provider| provider.default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(mark: &str) -> IdentityProvider {
        IdentityProvider {
            name: mark.trim_end_matches(['*', '!']).to_owned(),
            default: mark.contains('*'),
            required: mark.contains('!'),
            ..IdentityProvider::default()
        }
    }

    /// `providers` and `list` are words; `*` marks the default, `!` a required one.
    #[track_caller]
    fn check(providers: &str, list: &str, hint: Option<&str>, expected: (Option<&str>, bool)) {
        let providers: Vec<_> = providers.split_whitespace().map(provider).collect();
        let list = list.split_whitespace().map(str::to_owned).collect();
        let mut instance = Instance::default();
        instance.identity_providers.insert("Patient".to_owned(), list);
        instance.identity_providers.insert("Practitioner".to_owned(), vec!["other".to_owned()]);
        let providers: Vec<_> = providers.iter().collect();
        let choice = choose(&providers, &instance, "Patient", hint);
        let found = (choice.provider.map(|it| it.name.as_str()), choice.unknown_hint);
        assert_eq!(found, expected);
    }

    #[test]
    fn without_a_hint_the_first_of_the_list_is_used() {
        check("a b c*", "b a", None, (Some("b"), false));
        check("a b c*", "a b", None, (Some("a"), false));
        check("b c*", "a b", None, (Some("b"), false));
    }

    #[test]
    fn an_empty_list_means_the_default_of_the_domain() {
        check("a b*", "", None, (Some("b"), false));
        check("a", "", None, (Some("a"), false));
        check("a b", "", None, (None, false));
        check("", "", None, (None, false));
    }

    #[test]
    fn a_hint_chooses_from_the_list_only() {
        check("a b c*", "a b", Some("b"), (Some("b"), false));
        check("a b c*", "a b", Some("c"), (Some("a"), true));
        check("a b c*", "a b", Some("B"), (Some("a"), true));
        check("a b c*", "a b", Some(""), (Some("a"), true));
        check("a b c* other", "a b", Some("other"), (Some("a"), true));
    }

    #[test]
    fn with_an_empty_list_only_the_name_of_the_default_is_a_known_hint() {
        check("a b*", "", Some("b"), (Some("b"), false));
        check("a b*", "", Some("a"), (Some("b"), true));
        check("a", "", Some("a"), (Some("a"), false));
        check("a b", "", Some("a"), (None, true));
    }

    #[test]
    fn a_required_provider_wins_over_the_hint_and_the_order() {
        check("a b! c!", "a b c", None, (Some("b"), false));
        check("a b! c!", "a b c", Some("a"), (Some("b"), false));
        check("a b! c!", "a c b", Some("b"), (Some("c"), false));
        check("a b! c!", "a b c", Some("x"), (Some("b"), true));
        check("a! b*", "", Some("b"), (Some("b"), false));
        check("a b! c*", "a", None, (Some("a"), false));
    }

    #[test]
    fn a_list_of_which_nothing_exists_is_not_replaced_by_the_default() {
        check("a b*", "gone", None, (None, false));
        check("a b*", "gone", Some("b"), (None, true));
    }

    #[test]
    fn a_type_of_user_without_a_list_gets_the_default() {
        let provider = provider("a*");
        let instance = Instance::default();
        let choice = choose(&[&provider], &instance, "RelatedPerson", None);
        assert_eq!(choice.provider.map(|it| it.name.as_str()), Some("a"));
    }
}
