//! Search parameters out of the file.

use super::text::blocks;
use crate::r4::definition::{DefinitionError, SearchKind, SearchParameter};

/// Reads the search parameters.
pub fn read(text: &str) -> Result<Vec<SearchParameter>, DefinitionError> {
    let blocks = blocks(text, &["search"])?;
    blocks
        .iter()
        .map(|block| {
            block.allow_only(&["code", "type", "on", "target", "chain", "finds"])?;
            let kind = SearchKind::from_code(block.required("type")?)
                .ok_or_else(|| block.head.wrong("the type is unknown"))?;
            let mut parameter =
                SearchParameter::new(block.head.text, block.required("code")?, kind);
            parameter.base = block.words("on");
            parameter.targets = block.words("target");
            parameter.chain = block.words("chain");
            block.required("finds")?;
            let found: Vec<&str> = block.values("finds").collect();
            parameter.expression = Some(found.join(" | "));
            Ok(parameter)
        })
        .collect()
}
