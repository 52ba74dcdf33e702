//! The table of search parameters: one line each.

use std::borrow::Cow;

use super::{lines, long_url, push_line, short_url};
use crate::r4::definition::{Component, DefinitionError, SearchKind, SearchParameter};

/// Writes the table.
pub fn write_search_parameters(parameters: &[SearchParameter]) -> String {
    let mut out = String::from(
        "# url, code, type, bases, expression, targets, options, then definition and expression \
         of each component\n",
    );
    for p in parameters {
        let mut options = Vec::new();
        let mut lists = [("lt", &p.comparators), ("mod", &p.modifiers), ("chain", &p.chain)];
        for (name, values) in &mut lists {
            if !values.is_empty() {
                options.push(format!("{name}={}", values.join(",")));
            }
        }
        options.extend((!p.has_or).then(|| "no-or".to_owned()));
        options.extend((!p.has_and).then(|| "no-and".to_owned()));
        let mut fields = vec![
            short_url(&p.url),
            Cow::Borrowed(p.code.as_str()),
            Cow::Borrowed(p.kind.code()),
            Cow::Owned(p.base.join(" ")),
            Cow::Borrowed(p.expression.as_deref().unwrap_or_default()),
            Cow::Owned(p.targets.join(" ")),
            Cow::Owned(options.join(" ")),
        ];
        for component in &p.components {
            fields.push(short_url(&component.definition));
            fields.push(Cow::Borrowed(&component.expression));
        }
        push_line(&mut out, fields);
    }
    out
}

/// Reads the table.
pub fn read_search_parameters(text: &str) -> Result<Vec<SearchParameter>, DefinitionError> {
    let mut parameters = Vec::new();
    for mut line in lines(text) {
        let url = line.url("the URL")?;
        let code = line.text("the code")?;
        let kind = line.code("the type", SearchKind::from_code)?;
        let mut p = SearchParameter::new(&url, &code, kind);
        p.base = line.words("the list of bases")?;
        p.expression = line.optional("the expression")?;
        p.targets = line.words("the list of targets")?;
        for option in line.words("the options")? {
            let list = |text: &str| text.split(',').map(str::to_owned).collect();
            match option.split_once('=').unwrap_or((&option, "")) {
                ("lt", values) => p.comparators = list(values),
                ("mod", values) => p.modifiers = list(values),
                ("chain", values) => p.chain = list(values),
                ("no-or", _) => p.has_or = false,
                ("no-and", _) => p.has_and = false,
                (other, _) => return Err(line.wrong(format!("option {other} is unknown"))),
            }
        }
        while let Some(definition) = line.fields.next() {
            let expression = line.text("the expression of a component")?;
            p.components.push(Component { definition: long_url(definition), expression });
        }
        parameters.push(p);
    }
    Ok(parameters)
}
