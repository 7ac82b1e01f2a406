use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::super::policy::{SCRIPT, STYLE};
use super::document::document;
use super::page::Page;
use crate::render::Safe;
use crate::render::safe::is_shown_as_escape;

/// What breaks out of an element, an attribute, a script, a comment, a CDATA section, and what is no text at all.
const HOSTILE: [&str; 12] = [
    "</title></style></script></svg></table><script>alert(1)</script>",
    "\" onload=\"alert(1)\" x=\"",
    "' onerror='alert(1)' autofocus onfocus=alert(1) '",
    "javascript:alert(1)",
    "<!-- --><![CDATA[ ]]>",
    "<img src=x onerror=alert(1)><iframe srcdoc=\"&lt;script&gt;\">",
    "&lt;b&gt; &amp;amp; &#60;i&#62; &",
    "\u{1b}[31mred\u{1b}]8;;http://evil/\u{7}\u{9b}2J\0\r\n\t\u{7f}",
    "\u{202e}gnirts\u{2066}\u{200f}",
    "{{ 7 * 7 }}{% include \"x\" %}",
    "\u{feff}\u{fffe}\u{2028}\u{10ffff}é漢",
    "]]>--!><template><base href=//evil/><meta http-equiv=refresh content=0>",
];

#[test]
fn nothing_a_log_says_becomes_markup() {
    let tame = Page::of(&document(4, 30, &str::to_owned)).elements();
    for hostile in HOSTILE {
        let page = Page::of(&document(4, 30, &|name| format!("{name}{hostile}")));
        assert_eq!(page.elements(), tame, "{hostile:?}");
        assert_eq!(page.comments(), 0);
    }
}

#[test]
fn what_a_log_says_is_there_as_text() {
    for hostile in HOSTILE {
        let page = Page::of(&document(4, 30, &|name| format!("{name}{hostile}")));
        let text = page.text();
        let shown = Safe(hostile).to_string();
        for name in [
            "pool-3",
            "unix:/run/pool-2.sock",
            "systemctl status pool-0",
            "the service is stopped",
            "2026/11/16 01:02:03 [crit] connect() failed",
            "m.shop.example",
            "GET /cart",
            "2001:db8::1",
            "a record that nobody understands",
            "/var/log/nginx/error.log.1",
            "/var/log/nginx/error.log.2.gz: cut at byte 99",
        ] {
            assert!(
                text.contains(&format!("{name}{shown}")),
                "{name} {hostile:?}"
            );
        }
    }
}

#[test]
fn no_character_of_a_page_acts() {
    let page = Page::of(&document(4, 30, &|name| HOSTILE.join(name)));
    let acts = |&character: &char| is_shown_as_escape(character) && character != '\n';
    assert_eq!(page.source.chars().find(acts), None);
}

#[test]
fn very_long_names_are_names() {
    let tame = Page::of(&document(3, 30, &str::to_owned)).elements();
    let long = "<b>\"'".repeat(2_500);
    let page = Page::of(&document(3, 30, &|name| format!("{name}{long}")));
    assert_eq!(page.elements(), tame);
    assert!(page.text().contains(&long));
}

#[test]
fn only_the_pages_own_style_and_script_may_act() {
    let page = Page::of(&document(2, 30, &|_| HOSTILE.concat()));
    assert_eq!(page.texts("script").len(), 1);
    assert_eq!(page.texts("style").len(), 1);
    let between = |start: &str, end: &str| {
        let (_, rest) = page.source.split_once(start).unwrap();
        rest.split_once(end).unwrap().0
    };
    let (style, script) = (
        between("<style>", "</style>"),
        between("<script>", "</script>"),
    );
    assert_eq!((style, script), (STYLE, SCRIPT));
    let policy = page.attributes("meta[http-equiv=Content-Security-Policy]", "content");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let expected = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    );
    assert_eq!(policy, [expected]);
}

#[test]
fn nothing_is_loaded_and_no_attribute_is_code() {
    let page = Page::of(&document(4, 30, &str::to_owned));
    for element in page.elements() {
        let mut words = element.split(' ');
        let name = words.next().unwrap();
        assert!(
            ![
                "link", "img", "iframe", "object", "embed", "form", "base", "use", "image"
            ]
            .contains(&name)
        );
        for attribute in words {
            assert!(!attribute.starts_with("on"), "{element}");
            assert!(
                !["style", "src", "srcset", "action", "background"].contains(&attribute),
                "{element}"
            );
        }
    }
    assert!(
        page.attributes("[href]", "href")
            .iter()
            .all(|href| href.starts_with('#'))
    );
}
