//! The subtask rule: a Task with the code `view` is part of another one
//! (spec 7; KT2Task).

use koppeltaal_fhir::Node;

use crate::outcome::Issue;

const TASK_CODE: &str = "http://vzvz.nl/fhir/CodeSystem/koppeltaal-task-code";

/// What is wrong with a Task.
pub fn check(task: &Node) -> Option<Issue> {
    let codings = task.get("code").map_or(&[][..], |code| code.items("coding"));
    let text =
        |coding: &Node, name: &str| coding.get(name).and_then(Node::as_str).map(str::to_owned);
    let is_view = codings.iter().any(|coding| {
        text(coding, "system").as_deref() == Some(TASK_CODE)
            && text(coding, "code").as_deref() == Some("view")
    });
    let told = "Task with code 'view' should have a 'partOf' reference";
    (is_view && task.items("partOf").is_empty())
        .then(|| Issue::error("business-rule", told).at("Task.partOf"))
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;

    use super::*;

    fn problem(text: &str) -> bool {
        check(&json::parse(text.as_bytes()).unwrap_or(Node::Null)).is_some()
    }

    #[test]
    fn only_a_view_task_needs_a_task_it_is_part_of() {
        let view = format!(
            r#""code":{{"coding":[{{"code":"x"}},{{"system":"{TASK_CODE}","code":"view"}}]}}"#
        );
        assert!(problem(&format!("{{{view}}}")));
        assert!(problem(&format!(r#"{{{view},"partOf":[]}}"#)));
        assert!(!problem(&format!(r#"{{{view},"partOf":[{{"reference":"Task/1"}}]}}"#)));
        assert!(!problem(r#"{"code":{"coding":[{"code":"view"}]}}"#));
        assert!(!problem("{}"));
    }
}
