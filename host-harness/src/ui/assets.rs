//! Style, script and icon, compiled in: nothing comes from another host.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Each file by its name.
const ASSETS: [(&str, &str, &str); 14] = [
    ("base.css", STYLE, include_str!("assets/base.css")),
    ("parts.css", STYLE, include_str!("assets/parts.css")),
    ("controls.css", STYLE, include_str!("assets/controls.css")),
    ("app.js", SCRIPT, include_str!("assets/app.js")),
    ("forms.js", SCRIPT, include_str!("assets/forms.js")),
    ("code.js", SCRIPT, include_str!("assets/code.js")),
    ("drafts.js", SCRIPT, include_str!("assets/drafts.js")),
    ("progress.js", SCRIPT, include_str!("assets/progress.js")),
    ("editor.js", SCRIPT, include_str!("assets/editor/editor.js")),
    ("send.js", SCRIPT, include_str!("assets/send.js")),
    ("tree.js", SCRIPT, include_str!("assets/tree.js")),
    ("picker.js", SCRIPT, include_str!("assets/picker.js")),
    ("trigger.js", SCRIPT, include_str!("assets/trigger.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

pub(super) async fn show(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn no_asset_asks_another_host_for_anything() {
        for (name, _, text) in ASSETS {
            // The icon's namespace is a name, not an address.
            let mut text = text.replace("http://www.w3.org/2000/svg", "");
            // What the editor's libraries refer people to, in texts and comments.
            for read in ["commonmark.org", "en.wikipedia.org", "github.com", "prettier.io"] {
                text = if name == "editor.js" { text.replace(&format!("https://{read}/"), "") } else { text };
            }
            assert!(!text.contains("http://") && !text.contains("https://"), "{name}");
        }
    }
}
