//! Lists: pages, filters, order, search, what is included, and related resources.

use koppeltaal_core::directory::Application;
use serde_json::json;

use crate::support::{Engine, TestApp};
use crate::world::system;

on_both_engines!(
    a_page_has_fifteen_rows_and_leads_to_the_next,
    repeated_filters_are_alternatives,
    lists_are_filtered_by_related_attributes,
    lists_are_searched_and_sorted,
    related_resources_are_included_and_fields_chosen,
    relationships_can_be_followed,
    what_does_not_exist_is_not_found,
);

async fn with_twenty(engine: Engine) -> TestApp {
    TestApp::build(engine)
        .setup(|setup| {
            for number in 0..15 {
                setup.applications.push(Application {
                    id: format!("More{number:02}"),
                    title: Some(format!("{} {number:02}", ["Alpha", "Beta", "Gamma"][number % 3])),
                    ..Application::default()
                });
            }
        })
        .start()
        .await
}

// T42
async fn a_page_has_fifteen_rows_and_leads_to_the_next(engine: Engine) {
    let app = with_twenty(engine).await;
    let admin = system(&app).await;
    let first = admin.get("Application").await.expect(200);
    assert_eq!(first.rows().len(), 15);
    assert_eq!(first.total(), 20);
    let document = first.json();
    assert_eq!(document["meta"]["page"], json!({ "number": 1, "size": 15, "total-records": 20 }));
    assert!(document["links"]["prev"].is_null());
    let next = document["links"]["next"].as_str().unwrap();
    let second = admin.get(next).await.expect(200);
    assert_eq!(second.rows().len(), 5);
    assert!(second.json()["links"]["next"].is_null());
    assert_eq!(second.json()["links"]["last"], document["links"]["next"]);
    let mut ids: Vec<String> = first
        .rows()
        .iter()
        .chain(&second.rows())
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    assert!(admin.get("Application?page[number]=9").await.expect(200).rows().is_empty());
}

// T43
async fn repeated_filters_are_alternatives(engine: Engine) {
    let app = with_twenty(engine).await;
    let admin = system(&app).await;
    for (filter, expected) in [
        ("filter[Name][startswith]=Alpha&filter[Name][startswith]=Beta", 10),
        ("filter[Name][startswith]=Alpha,Beta", 10),
        ("filter[Name][startswith]=Alpha&filter[Identifier][contains]=00", 1),
        ("filter[Name][startswith]=Alpha&filter[Identifier]=More01", 0),
        ("filter[Identifier]=More00,More01", 2),
        ("filter[Identifier][in]=More00&filter[Identifier][in]=More01", 2),
        ("filter[Identifier][ne]=More00,More01", 18),
        ("filter[Identifier][ge]=More03&filter[Identifier][lt]=More05", 2),
        ("filter[ApplicationRoles]=Game", 5),
        ("filter[ApplicationRoles]=", 0),
        ("filter[SSOUrl]=", 20),
        ("filter[IsActive]=true", 20),
    ] {
        let answer = admin.get(&format!("Application?{filter}")).await.expect(200);
        assert_eq!(answer.total(), expected, "{filter}");
    }
    for filter in ["filter[Nothing]=x", "filter[Name][like]=x", "filter[IsActive]=yes"] {
        admin.get(&format!("Application?{filter}")).await.expect(400);
    }
}

async fn lists_are_filtered_by_related_attributes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let domain = admin.id("Domain", "filter[Name]=domein-e").await;
    for filter in [
        "filter[Domain.Name]=domein-e".to_owned(),
        format!("filter[Domain]={domain}"),
        format!("filter[Domain.id]={domain}"),
        "filter[Application.Identifier]=AppX".to_owned(),
    ] {
        let answer = admin.get(&format!("ApplicationInstance?{filter}")).await.expect(200);
        assert_eq!(answer.total(), 1, "{filter}");
    }
    let both = admin.get("ApplicationInstance?filter[Domain.Name][contains]=DOMEIN").await;
    assert_eq!(both.expect(200).total(), 5);
}

async fn lists_are_searched_and_sorted(engine: Engine) {
    let app = with_twenty(engine).await;
    let admin = system(&app).await;
    let found = admin.get("Application?search=alpha+12").await.expect(200);
    assert_eq!(found.values("Identifier"), ["More12"]);
    let sorted = admin.get("Application?sort=-Identifier&page[size]=3").await.expect(200);
    assert_eq!(sorted.values("Identifier"), ["More14", "More13", "More12"]);
    let sorted = admin
        .get("Application?sort=Name,-Identifier&filter[Identifier][startswith]=More&page[size]=2")
        .await
        .expect(200);
    assert_eq!(sorted.values("Identifier"), ["More00", "More03"]);
    admin.get("Application?sort=ApplicationRoles").await.expect(400);
}

async fn related_resources_are_included_and_fields_chosen(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let path = "ApplicationInstance?include=Domain,Application&fields[Domain]=Name\
                &fields[ApplicationInstance]=Fullname,Domain";
    let document = admin.get(path).await.expect(200).json();
    let included = document["included"].as_array().unwrap();
    let of = |name: &str| included.iter().filter(|row| row["type"] == name).count();
    assert_eq!((of("Domain"), of("Application")), (2, 5));
    let domain = included.iter().find(|row| row["type"] == "Domain").unwrap();
    assert_eq!(domain["attributes"].as_object().unwrap().len(), 1);
    assert!(domain.get("relationships").is_none());
    let row = &document["data"][0];
    assert_eq!(row["attributes"].as_object().unwrap().len(), 1);
    assert!(row["relationships"].get("Application").is_none());
    admin.get("ApplicationInstance?include=Roots").await.expect(400);
}

async fn relationships_can_be_followed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let instance = admin.one("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    let links = &instance["relationships"]["Application"]["links"];
    let related = admin.get(links["related"].as_str().unwrap()).await.expect(200);
    assert_eq!(related.attribute("Identifier"), "AppA");
    let linkage = admin.get(links["self"].as_str().unwrap()).await.expect(200);
    assert_eq!(linkage.data(), instance["relationships"]["Application"]["data"]);
    let own = admin.get(instance["links"]["self"].as_str().unwrap()).await.expect(200);
    assert_eq!(own.data(), instance);
    let users = &instance["relationships"]["ApplicationInstanceUsers"]["links"]["related"];
    assert_eq!(admin.get(users.as_str().unwrap()).await.expect(200).values("Login"), ["a"]);
}

async fn what_does_not_exist_is_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    for path in [
        "Application/999",
        "Application/x",
        "Nothing",
        "Application/1/Nothing",
        "Application/1/relationships/Nothing",
        "Application/1/2/3",
        "Message/1",
        "RequestLog/x",
    ] {
        admin.get(path).await.expect(404);
    }
    let server = admin.get("Server/1").await.expect(200);
    assert_eq!(server.attribute("Name"), "Koppeltaal");
    assert_eq!(server.attribute("Version"), env!("CARGO_PKG_VERSION"));
}
