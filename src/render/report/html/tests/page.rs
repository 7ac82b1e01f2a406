//! A page as a parser sees it.

use std::collections::BTreeSet;

use scraper::{Html, Node, Selector};

use super::super::html;
use crate::render::report::Document;

pub(super) struct Page {
    pub source: String,
    parsed: Html,
}

impl Page {
    pub(super) fn of(document: &Document) -> Self {
        let source = html(document);
        let parsed = Html::parse_document(&source);
        Self { source, parsed }
    }

    /// Every element in its order, with the names of its attributes.
    pub(super) fn elements(&self) -> Vec<String> {
        let elements = self.parsed.root_element().descendent_elements();
        elements
            .map(|element| {
                let attributes: Vec<&str> = element.value().attrs().map(|(name, _)| name).collect();
                format!("{} {}", element.value().name(), attributes.join(" "))
            })
            .collect()
    }

    /// All that is neither markup nor the style or script, and the values of attributes.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for node in self.parsed.root_element().descendants() {
            match node.value() {
                Node::Text(part) => text += part,
                Node::Element(element) => {
                    text.extend(element.attrs().map(|(_, value)| format!("\n{value}\n")));
                }
                _ => {}
            }
        }
        text
    }

    pub(super) fn comments(&self) -> usize {
        let nodes = self.parsed.root_element().descendants();
        nodes.filter(|node| node.value().is_comment()).count()
    }

    /// The text of each element that a selector finds.
    pub(super) fn texts(&self, selector: &str) -> Vec<String> {
        let selector = parse(selector);
        let found = self.parsed.select(&selector).map(|element| {
            let text: String = element.text().collect();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        found.collect()
    }

    /// An attribute of each element that a selector finds.
    pub(super) fn attributes(&self, selector: &str, name: &str) -> Vec<&str> {
        let selector = parse(selector);
        let values = self.parsed.select(&selector);
        values
            .filter_map(|element| element.value().attr(name))
            .collect()
    }

    pub(super) fn ids(&self) -> BTreeSet<&str> {
        let all = self.attributes("[id]", "id");
        let ids: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(ids.len(), all.len(), "an id is there twice");
        ids
    }

    pub(super) fn errors(&self) -> &[std::borrow::Cow<'static, str>] {
        &self.parsed.errors
    }
}

fn parse(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}
