//! The YAML at the top of a page.

use saphyr::{LoadableYamlNode, Yaml};

/// A value of the frontmatter as text.
pub fn value(yaml: &str, key: &str) -> Option<String> {
    let documents = Yaml::load_from_str(yaml).ok()?;
    let value = documents.first()?.as_mapping_get(key)?;
    value.as_str().map(str::to_owned).or_else(|| value.as_bool().map(|truth| truth.to_string()))
}
