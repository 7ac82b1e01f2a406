use std::fmt::Write;

use crate::render::safe::is_shown_as_escape;

use super::document::Document;

/// The JSON Schema (draft 2020-12) of what [`json`] writes, with the meaning of each field.
pub const JSON_SCHEMA: &str = include_str!("report.schema.json");

/// A report as one JSON object, which ends with a line feed. What could act on a terminal is an escape there too.
pub fn json(document: &Document) -> String {
    let text = serde_json::to_string_pretty(document).expect("writing to memory does not fail");
    // Outside of strings there is nothing of it but the line feeds.
    let mut escaped = String::with_capacity(text.len() + 1);
    for letter in text.chars() {
        if letter != '\n' && is_shown_as_escape(letter) {
            write!(escaped, "\\u{:04x}", u32::from(letter))
                .expect("writing to memory does not fail");
        } else {
            escaped.push(letter);
        }
    }
    escaped.push('\n');
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::samples::{HOSTILE, all, from_dataset, hostile, night};
    use super::*;

    /// The schema, but nothing may stand there that it does not tell of.
    fn strict() -> Value {
        let closed = "\"additionalProperties\": false, \"required\":";
        serde_json::from_str(&JSON_SCHEMA.replace("\"required\":", closed)).unwrap()
    }

    /// Fails where a field is without a description, or is not said to be there always.
    fn check(part: &Value) {
        if let Value::Object(properties) = &part["properties"] {
            let required = part["required"].as_array().unwrap().iter();
            let mut required: Vec<_> = required.map(|name| name.as_str().unwrap()).collect();
            required.sort_unstable();
            assert_eq!(required, properties.keys().collect::<Vec<_>>());
            for (name, property) in properties {
                assert!(property["description"].is_string(), "{name}");
            }
        }
        match part {
            Value::Object(fields) => fields.values().for_each(check),
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }

    #[test]
    fn every_field_is_documented() {
        check(&strict());
    }

    #[test]
    fn every_report_is_as_the_schema_says_field_by_field() {
        let schema = strict();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for document in all() {
            let report: Value = serde_json::from_str(&json(&document)).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&report)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
    }

    #[test]
    fn what_is_not_in_the_schema_is_noticed() {
        let schema = strict();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for document in [night(), from_dataset()] {
            let report: Value = serde_json::from_str(&json(&document)).unwrap();
            assert!(validator.is_valid(&report));
            for place in [
                "",
                "/pools/0",
                "/incidents/0/peers/0",
                "/change/pools/0",
                "/not_understood",
                "/read",
            ] {
                let mut other = report.clone();
                let object = other.pointer_mut(place).unwrap().as_object_mut().unwrap();
                object.insert("more".to_owned(), 1.into());
                assert!(!validator.is_valid(&other), "{place}");
            }
            let mut other = report.clone();
            other["pools"][0]["failures"] = "3".into();
            assert!(!validator.is_valid(&other));
        }
    }

    #[test]
    fn a_strangers_text_is_whole_and_acts_nowhere() {
        let text = json(&hostile(HOSTILE));
        let acts = |letter: char| letter != '\n' && is_shown_as_escape(letter);
        assert!(!text.contains(acts));
        let report: Value = serde_json::from_str(&text).unwrap();
        for place in [
            "/pools/0/pool",
            "/incidents/0/example",
            "/requests/0/request",
            "/read/logs/troubles/0",
        ] {
            assert_eq!(report.pointer(place).unwrap(), HOSTILE, "{place}");
        }
    }
}
