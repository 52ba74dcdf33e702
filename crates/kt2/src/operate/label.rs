//! A few words that tell a person which resource it is.

use koppeltaal_fhir::Node;

/// The most characters.
const MOST: usize = 60;

/// A short label: the name of who or what has one, of a Task what is to be done.
pub fn label(resource: &Node) -> String {
    let text = |name: &str| resource.get(name).and_then(Node::as_str).map(str::to_owned);
    let label = match resource.resource_type().unwrap_or_default() {
        "Patient" | "Practitioner" | "RelatedPerson" => {
            resource.items("name").first().map(human_name)
        }
        "Device" => resource
            .items("deviceName")
            .first()
            .and_then(|name| name.get("name")?.as_str().map(str::to_owned)),
        "Task" => Some(join([text("status"), task(resource)])),
        "Subscription" => Some(join([text("status"), text("criteria")])),
        "AuditEvent" => Some(join([
            resource.get("type").and_then(|code| code.get("code")?.as_str().map(str::to_owned)),
            text("action"),
            text("outcome").map(|outcome| format!("outcome {outcome}")),
        ])),
        "SearchParameter" => Some(join([text("code"), text("expression")])),
        _ => text("title").or_else(|| text("name")).or_else(|| text("url")),
    };
    shortened(&label.unwrap_or_default())
}

fn human_name(name: &Node) -> String {
    if let Some(text) = name.get("text").and_then(Node::as_str) {
        return text.to_owned();
    }
    let given = name.items("given").iter().filter_map(Node::as_str).map(str::to_owned);
    let family = name.get("family").and_then(Node::as_str).map(str::to_owned);
    join(given.chain(family).map(Some))
}

fn task(resource: &Node) -> Option<String> {
    let description = resource.get("description").and_then(Node::as_str);
    let code = || {
        let coding = resource.get("code")?.items("coding").first()?;
        coding.get("display").or_else(|| coding.get("code"))?.as_str()
    };
    let definition = || resource.get("instantiatesCanonical")?.as_str();
    description.or_else(code).or_else(definition).map(str::to_owned)
}

fn join(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match plain.chars().nth(MOST) {
        None => plain,
        Some(_) => plain.chars().take(MOST - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;

    use super::*;

    #[test]
    fn a_label_tells_which_resource_it_is() {
        for (text, expected) in [
            (
                r#"{"resourceType":"Patient","name":[{"given":["Jan","P"],"family":"de Wit"}]}"#,
                "Jan P de Wit",
            ),
            (
                r#"{"resourceType":"Patient","name":[{"text":"J. de Wit","family":"x"}]}"#,
                "J. de Wit",
            ),
            (r#"{"resourceType":"Patient"}"#, ""),
            (
                r#"{"resourceType":"Task","status":"ready","code":{"coding":[{"code":"view"}]}}"#,
                "ready view",
            ),
            (r#"{"resourceType":"Device","deviceName":[{"name":"Portaal"}]}"#, "Portaal"),
            (r#"{"resourceType":"ActivityDefinition","name":"a","title":"Slaap"}"#, "Slaap"),
            (r#"{"resourceType":"Organization","name":"a\nb"}"#, "a b"),
        ] {
            assert_eq!(label(&json::parse(text.as_bytes()).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn a_long_label_is_cut_at_a_character() {
        let cut = shortened(&"é".repeat(80));
        assert_eq!(cut.chars().count(), MOST);
        assert!(cut.ends_with('…'));
    }
}
