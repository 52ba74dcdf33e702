//! Which provider a user is sent to (spec 3.4, MIDP-1 to 7): the list of the module
//! for that kind of user, the hint of the portal, the default of the domain.

use koppeltaal_core::audit::Action;
use serde_json::Value;

use crate::authorize_world::*;
use crate::provider::Provider;
use crate::provider_sign_in::SignIn;
use crate::recorded::as_resource;
use crate::support::Engine;
use crate::support::setup::Setup;

on_both_engines!(
    without_a_list_the_default_of_the_domain_signs_in,
    each_kind_of_user_has_a_list_and_the_first_of_it_counts,
    a_hint_chooses_from_the_list,
    an_unknown_hint_is_recorded_and_changes_nothing,
    a_hint_without_a_list_is_recorded_unless_it_names_the_default,
    a_required_provider_is_passed_whatever_the_hint_says,
    without_any_provider_the_module_is_told_and_the_domain_knows,
    a_provider_of_another_domain_signs_nobody_in,
);

/// `huis` is the default; `eerste` and `tweede` are on the lists of a test.
struct Providers {
    world: World,
    first: Provider,
    second: Provider,
}

impl Providers {
    async fn start(engine: Engine, lists: &[(&str, &[&str])]) -> Self {
        Self::with(engine, lists, |_| {}).await
    }

    async fn with(
        engine: Engine,
        lists: &[(&str, &[&str])],
        change: impl FnOnce(&mut Setup),
    ) -> Self {
        let (first, second) = (Provider::start().await, Provider::start().await);
        let world = World::with(engine, |setup, _| {
            for (name, provider) in [("eerste", &first), ("tweede", &second)] {
                let more = identity_provider(ZORG, name, &provider.issuer);
                setup.identity_providers.push(more);
            }
            setup.instance("module").identity_providers = lists
                .iter()
                .map(|(kind, names)| {
                    ((*kind).to_owned(), names.iter().map(|&name| name.to_owned()).collect())
                })
                .collect();
            change(setup);
        });
        Self { world: world.await, first, second }
    }

    /// The name of the provider that a user is sent to.
    async fn chosen(&self, user: &str, hint: Option<&str>) -> &'static str {
        let mut token = self.world.launch(user);
        if let Some(hint) = hint {
            token = token.idp_hint(hint);
        }
        let launch = token.sign(&signer("portal")).unwrap();
        let login = self.world.begun(&self.world.request(&launch)).await;
        let named =
            [("huis", &self.world.provider), ("eerste", &self.first), ("tweede", &self.second)];
        let is_there = |provider: &Provider| login.location.starts_with(&provider.issuer);
        named.into_iter().find(|(_, provider)| is_there(provider)).expect("one of the three").0
    }

    /// The AuditEvents about a wrong setting.
    async fn misconfigurations(&self) -> Vec<Value> {
        let mut rows = self.world.trail().await;
        rows.retain(|row| row.action == Action::Misconfiguration.code());
        rows.iter().filter_map(as_resource).collect()
    }
}

async fn without_a_list_the_default_of_the_domain_signs_in(engine: Engine) {
    let providers = Providers::start(engine, &[("Practitioner", &[])]).await;
    for user in PEOPLE {
        assert_eq!(providers.chosen(user, None).await, "huis", "{user}");
    }
}

async fn each_kind_of_user_has_a_list_and_the_first_of_it_counts(engine: Engine) {
    let lists: &[(&str, &[&str])] =
        &[("Patient", &["tweede", "eerste"]), ("Practitioner", &["eerste", "tweede"])];
    let providers = Providers::start(engine, lists).await;
    assert_eq!(providers.chosen(PATIENT, None).await, "tweede");
    assert_eq!(providers.chosen(PRACTITIONER, None).await, "eerste");
    assert_eq!(providers.chosen(RELATED, None).await, "huis");
    assert!(providers.misconfigurations().await.is_empty());
}

async fn a_hint_chooses_from_the_list(engine: Engine) {
    let providers = Providers::start(engine, &[("Patient", &["eerste", "tweede"])]).await;
    assert_eq!(providers.chosen(PATIENT, Some("tweede")).await, "tweede");
    assert_eq!(providers.chosen(PATIENT, Some("eerste")).await, "eerste");
    assert!(providers.misconfigurations().await.is_empty());
    // Who was hinted at also signs in.
    let world = &providers.world;
    let token = world.launch(PATIENT).idp_hint("tweede").sign(&signer("portal")).unwrap();
    let login = world.begun(&world.request(&token)).await;
    let who = SignIn::of(&email(PATIENT));
    let back = providers.second.signs_in(&login.location, &who, world.app.now());
    // Without an identifier system any identifier will do.
    world.callback(&back, login.cookie()).await.code();
}

async fn an_unknown_hint_is_recorded_and_changes_nothing(engine: Engine) {
    let providers = Providers::start(engine, &[("Patient", &["tweede"])]).await;
    for (n, hint) in ["onbekend", "eerste", "huis", "Tweede"].into_iter().enumerate() {
        assert_eq!(providers.chosen(PATIENT, Some(hint)).await, "tweede", "{hint}");
        assert_eq!(providers.misconfigurations().await.len(), n + 1, "{hint}");
    }
    let event = providers.misconfigurations().await.remove(0);
    assert_eq!(event["type"]["code"], "110114");
    assert_eq!(event["type"]["system"], "http://dicom.nema.org/resources/ontology/DCM");
    assert_ne!(event["outcome"], "0", "{event}");
    assert!(event["outcomeDesc"].as_str().unwrap().contains("idp_hint"));
    assert_eq!(event["entity"][0]["what"]["reference"], PATIENT);
    let module = format!("Device/{}", providers.world.id("module"));
    assert_eq!(event["agent"][0]["who"]["reference"], module.as_str());
}

async fn a_hint_without_a_list_is_recorded_unless_it_names_the_default(engine: Engine) {
    let providers = Providers::start(engine, &[]).await;
    assert_eq!(providers.chosen(PATIENT, Some("eerste")).await, "huis");
    assert_eq!(providers.misconfigurations().await.len(), 1);
    assert_eq!(providers.chosen(PATIENT, Some("huis")).await, "huis");
    assert_eq!(providers.misconfigurations().await.len(), 1);
}

async fn a_required_provider_is_passed_whatever_the_hint_says(engine: Engine) {
    let lists: &[(&str, &[&str])] = &[("Patient", &["eerste", "tweede"])];
    let providers = Providers::with(engine, lists, |setup| {
        let required = setup.identity_providers.iter_mut().find(|it| it.name == "tweede");
        required.unwrap().required = true;
    });
    let providers = providers.await;
    assert_eq!(providers.chosen(PATIENT, Some("eerste")).await, "tweede");
    assert_eq!(providers.chosen(PATIENT, None).await, "tweede");
}

async fn without_any_provider_the_module_is_told_and_the_domain_knows(engine: Engine) {
    for lists in [&[][..], &[("Patient", &["verdwenen"][..])][..]] {
        let providers = Providers::with(engine, lists, |setup| {
            setup.identity_providers.retain(|it| it.domain != ZORG);
        });
        let world = providers.await.world;
        let launch = world.launched(PATIENT);
        let answer = world.authorize(&world.request(&launch)).await;
        assert_eq!(answer.told_error(), "server_error");
        let event = world.last_event().await;
        assert_eq!(event["type"]["code"], "110100");
        assert_eq!(event["outcome"], "8");
        assert_eq!(event["entity"][0]["what"]["reference"], "Task/t1");
        // The launch was not used up.
        assert_eq!(world.introspect("module", &launch).await["active"], true);
    }
}

async fn a_provider_of_another_domain_signs_nobody_in(engine: Engine) {
    let lists: &[(&str, &[&str])] = &[("Patient", &["buiten"])];
    let providers = Providers::with(engine, lists, |setup| {
        setup.identity_providers.retain(|it| it.domain != ZORG);
        setup.identity_providers.iter_mut().for_each(|it| it.name = "buiten".to_owned());
    });
    let world = providers.await.world;
    let answer = world.authorize(&world.request(&world.launched(PATIENT))).await;
    assert_eq!(answer.told_error(), "server_error");
}
