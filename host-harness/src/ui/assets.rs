//! Style, script and icon, compiled in: nothing comes from another host. Their address is another at each start, so that
//! a browser keeps them for as long, and takes none for ours that another program gave it at this port before.

use std::borrow::Cow;
use std::io::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use operator::token;

use crate::shown;

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Each file by its name, with what kind it is and what is in it.
type Asset = (&'static str, &'static str, Cow<'static, str>);

/// Each file that is one in the source.
const WRITTEN: [(&str, &str, &str); 30] = [
    ("base.css", STYLE, include_str!("assets/base.css")),
    ("parts.css", STYLE, include_str!("assets/parts.css")),
    ("controls.css", STYLE, include_str!("assets/controls.css")),
    ("results.css", STYLE, include_str!("assets/results.css")),
    ("app.js", SCRIPT, include_str!("assets/app.js")),
    ("ask.js", SCRIPT, include_str!("assets/ask.js")),
    ("chart.js", SCRIPT, include_str!("assets/chart.js")),
    ("chooser.js", SCRIPT, include_str!("assets/chooser.js")),
    ("code.js", SCRIPT, include_str!("assets/code.js")),
    ("columns.js", SCRIPT, include_str!("assets/columns.js")),
    ("compare.js", SCRIPT, include_str!("assets/compare.js")),
    ("copy.js", SCRIPT, include_str!("assets/copy.js")),
    ("drafts.js", SCRIPT, include_str!("assets/drafts.js")),
    ("editor.js", SCRIPT, include_str!("assets/editor/editor.js")),
    ("focus.js", SCRIPT, include_str!("assets/focus.js")),
    ("forms.js", SCRIPT, include_str!("assets/forms.js")),
    ("json.js", SCRIPT, include_str!("assets/json.js")),
    ("marks.js", SCRIPT, include_str!("assets/marks.js")),
    ("picker.js", SCRIPT, include_str!("assets/picker.js")),
    ("progress.js", SCRIPT, include_str!("assets/progress.js")),
    ("results.js", SCRIPT, include_str!("assets/results.js")),
    ("runs.js", SCRIPT, include_str!("assets/runs.js")),
    ("save.js", SCRIPT, include_str!("assets/save.js")),
    ("seen.js", SCRIPT, include_str!("assets/seen.js")),
    ("send.js", SCRIPT, include_str!("assets/send.js")),
    ("shown.js", SCRIPT, include_str!("assets/shown.js")),
    ("table.js", SCRIPT, include_str!("assets/table.js")),
    ("tree.js", SCRIPT, include_str!("assets/tree.js")),
    ("trigger.js", SCRIPT, include_str!("assets/trigger.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// All files: with the one that says which characters are shown as escapes, because a terminal and a page must not
/// differ in that.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let written = WRITTEN.into_iter().map(|(name, kind, text)| (name, kind, Cow::Borrowed(text)));
    written.chain([("obeyed.js", SCRIPT, Cow::Owned(obeyed()))]).collect()
});

/// The characters that `shown` escapes, as a script looks for them.
fn obeyed() -> String {
    let mut class = String::new();
    let mut characters = ('\0'..=char::MAX).filter(|character| shown::is_obeyed(*character)).map(u32::from).peekable();
    while let Some(first) = characters.next() {
        let mut last = first;
        while let Some(next) = characters.next_if_eq(&(last + 1)) {
            last = next;
        }
        class.push_str(&format!("\\u{{{first:x}}}-\\u{{{last:x}}}"));
    }
    format!("// Made from the list by which a terminal is spared them.\nexport const OBEYED = /[{class}]/gu;\n")
}

/// What nobody knows before this start: it stands in the addresses of the files. Without randomness there is no page.
static START: LazyLock<String> = LazyLock::new(|| token::made().unwrap_or_default());

/// Each file compressed, in the order above; nothing where that failed.
static COMPRESSED: LazyLock<Vec<Option<Bytes>>> = LazyLock::new(|| {
    let compressed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).ok()?;
        encoder.finish().ok().map(Bytes::from)
    };
    ASSETS.iter().map(|(_, _, text)| compressed(text)).collect()
});

/// The address of a file.
pub(super) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *START)
}

pub(super) async fn show(Path((start, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let known = ASSETS.iter().position(|(known, _, _)| *known == name).filter(|_| start == *START);
    let Some((index, (_, kind, text))) = known.and_then(|index| Some((index, ASSETS.get(index)?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes_gzip = accepted.split(',').any(|encoding| encoding.trim() == "gzip");
    match COMPRESSED.get(index).cloned().flatten().filter(|_| takes_gzip) {
        Some(bytes) => ([(header::CONTENT_TYPE, *kind), (header::CONTENT_ENCODING, "gzip")], bytes).into_response(),
        None => ([(header::CONTENT_TYPE, *kind)], text.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_asset_asks_another_host_for_anything() {
        for (name, _, text) in WRITTEN {
            // The icon's namespace is a name, not an address.
            let mut text = text.replace("http://www.w3.org/2000/svg", "");
            // What the editor's libraries refer people to, in texts and comments.
            for read in ["commonmark.org", "en.wikipedia.org", "github.com", "prettier.io"] {
                text = if name == "editor.js" { text.replace(&format!("https://{read}/"), "") } else { text };
            }
            assert!(!text.contains("http://") && !text.contains("https://"), "{name}");
        }
    }

    #[test]
    fn every_module_that_a_script_imports_is_served() {
        for (name, _, text) in ASSETS.iter().filter(|(_, kind, _)| *kind == SCRIPT) {
            for import in text.split(" from \"./").skip(1) {
                let import = import.split('"').next().unwrap();
                assert!(ASSETS.iter().any(|(known, _, _)| *known == import), "{name} imports {import}");
            }
        }
    }

    #[test]
    fn the_page_escapes_what_a_terminal_would_obey_and_nothing_else() {
        let script = obeyed();
        let class = script.split_once("/[").unwrap().1.split_once("]/gu;").unwrap().0;
        let number = |text: &str| {
            u32::from_str_radix(text.strip_prefix("\\u{").unwrap().strip_suffix('}').unwrap(), 16).unwrap()
        };
        let ranges = class.replace("}\\u", "} \\u");
        let ranges: Vec<_> = ranges.split(' ').map(|range| range.split_once('-').unwrap()).collect();
        let ranges: Vec<_> = ranges.into_iter().map(|(first, last)| number(first)..=number(last)).collect();
        for character in '\0'..=char::MAX {
            let is_in = ranges.iter().any(|range| range.contains(&u32::from(character)));
            assert_eq!(is_in, shown::is_obeyed(character), "{:x}", u32::from(character));
        }
    }

    #[tokio::test]
    async fn a_file_is_had_under_the_address_of_this_start_alone() {
        let ask = |start: &str| show(Path((start.to_owned(), "app.js".to_owned())), HeaderMap::new());
        assert!(START.len() >= 32, "{}", *START);
        assert_eq!(ask(&START).await.status(), StatusCode::OK);
        for other in ["0123456789abcdef", ""] {
            assert_eq!(ask(other).await.status(), StatusCode::NOT_FOUND);
        }
    }

    #[tokio::test]
    async fn a_browser_that_takes_compressed_files_gets_them() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, "br, gzip, deflate".parse().unwrap());
        let response = show(Path((START.clone(), "app.js".to_owned())), headers).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&body[..]), &mut text).unwrap();
        assert_eq!(text, include_str!("assets/app.js"));
    }
}
