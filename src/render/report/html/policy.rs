use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The page's only style and script.
pub(super) const STYLE: &str = concat!(
    include_str!("assets/page.css"),
    include_str!("assets/parts.css"),
    include_str!("assets/charts.css"),
    include_str!("assets/print.css"),
);
pub(super) const SCRIPT: &str = concat!(
    include_str!("assets/page.js"),
    include_str!("assets/tables.js"),
    include_str!("assets/charts.js"),
);

/// What a browser lets the page do: its own style and script, known by their hashes, and nothing else. Nothing is
/// loaded, nothing is sent, and markup that got into the page in spite of everything would not run.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}
