use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::super::samples::{HOSTILE, all, empty, hostile, night};
use super::*;

/// As GitHub and GitLab read it.
fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.math_dollars = true;
    options.extension.alerts = true;
    options.parse.relaxed_autolinks = true;
    options
}

/// Text, code, and HTML of a page; anything else that is not of our making fails.
#[derive(Default)]
struct Parts {
    text: String,
    code: Vec<String>,
    html: Vec<String>,
    tables: usize,
}

fn parts(page: &str) -> Parts {
    let arena = Arena::new();
    let root = parse_document(&arena, page, &options());
    let mut parts = Parts::default();
    gather(root, &mut parts);
    parts
}

fn gather<'a>(node: &'a AstNode<'a>, parts: &mut Parts) {
    match &node.data.borrow().value {
        NodeValue::Text(text) => parts.text += text,
        NodeValue::Code(code) => parts.code.push(code.literal.clone()),
        NodeValue::CodeBlock(block) => parts.code.push(block.literal.clone()),
        NodeValue::HtmlBlock(block) => parts.html.push(block.literal.clone()),
        NodeValue::HtmlInline(html) => parts.html.push(html.clone()),
        NodeValue::Table(table) => {
            parts.tables += 1;
            for row in node.children() {
                assert_eq!(row.children().count(), table.num_columns);
            }
        }
        NodeValue::Document
        | NodeValue::Paragraph
        | NodeValue::SoftBreak
        | NodeValue::Strong
        | NodeValue::Heading(_)
        | NodeValue::List(_)
        | NodeValue::Item(_)
        | NodeValue::TableRow(_)
        | NodeValue::TableCell => {}
        other => panic!("{other:?}"),
    }
    for child in node.children() {
        gather(child, parts);
    }
}

#[test]
fn a_page_has_no_element_but_ours() {
    let sections = [
        "Changed against the day before",
        "Sites",
        "Requests",
        "Clients",
    ];
    let folds = sections.map(|title| format!("<details><summary>{title}</summary>\n"));
    let expected = parts(&Markdown(&night()).to_string());
    assert_eq!(expected.tables, 6);
    for document in all() {
        let page = Markdown(&document).to_string();
        let parts = parts(&page);
        let is_ours = |html: &String| folds.contains(html) || html == "</details>\n";
        assert!(parts.html.iter().all(is_ours), "{:?}\n{page}", parts.html);
        for mark in [
            "script",
            "evil",
            "@root",
            "#12",
            "onerror",
            "javascript",
            "*b*",
        ] {
            assert!(!parts.text.contains(mark), "{mark}: {}\n{page}", parts.text);
        }
        assert!(!page.contains(|letter: char| letter != '\n' && letter.is_control()));
        assert!(page.len() < 65_536, "{}", page.len());
    }
    let same = parts(&Markdown(&hostile(HOSTILE)).to_string());
    assert_eq!(
        same.tables, expected.tables,
        "no text of a stranger breaks a table"
    );
    assert_eq!(same.html, expected.html);
}

#[test]
fn a_strangers_text_is_whole() {
    let page = Markdown(&hostile(HOSTILE)).to_string();
    let shown = crate::render::Safe(HOSTILE).to_string();
    let code = parts(&page).code;
    let likely = format!("{shown}.");
    let in_cells = shown.replace("\\|", "\\\\u{7c}");
    let whole = code
        .iter()
        .filter(|code| [&shown, &in_cells, &likely].contains(code));
    // Headline 2, incidents 4, together 2, pools 3, steps 3 and 1, folded 2 + 2 + 2 + 1, not read 1.
    assert_eq!(whole.count(), 23, "{code:#?}");
    for text in ["`", "``` ` ```", "a|b", "\\", "|", "||", "`|`", " a "] {
        let code = parts(&Markdown(&hostile(text)).to_string()).code;
        assert!(
            code.iter().filter(|code| *code == text).count() > 18,
            "{text}: {code:?}"
        );
    }
}

#[test]
fn a_page_begins_with_what_has_to_be_known() {
    let page = Markdown(&night()).to_string();
    assert!(
        page.starts_with(
            "**2,826 failures in 3 pools, 9 other events**

- Most in `shop`: 942 (33 %), `socket_missing`, 900 of them from 11-24 02:13 to 03:00 (47 min), when `blog` failed too
"
        ),
        "{page}"
    );
    assert!(
        page.contains("\nStarted together at 11-24 02:13: `shop`, `blog`.\n"),
        "{page}"
    );
    assert!(
        page.contains("\n| `shop` | 942 | 33 % | 942 | 0 | 3 | `socket_missing` | 11-24 02:00 |\n"),
        "{page}"
    );
    assert!(
        page.contains("\n```sh\nsystemctl status php8.2-fpm\n```\n"),
        "{page}"
    );
    let clean = Markdown(&empty()).to_string();
    let expected = "**No upstream failed: no record is about one**\n\n\nRead: 1 file, 0 B, 0 lines, 0 records, 0 events.\n";
    assert_eq!(clean, expected);
}
