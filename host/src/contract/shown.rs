//! What a manifest's `extensions` say for people: category, picture, changes, and what may be asked in GraphQL. All of
//! it is optional, and what is not well formed is not there: a picture is no reason to refuse a connector.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::ConnectorDefinition;

/// The most bytes of a picture's data URL.
const MAX_ICON_BYTES: usize = 64 * 1024;

/// The most pixels that a picture has on a side. What a few bytes can be decoded into is bounded by this alone.
const MAX_ICON_SIDE: u32 = 1024;

const ICON_PREFIX: &str = "data:image/png;base64,";

/// How every PNG file begins: its signature, and the length and name of the block that holds width and height.
const PNG_BEGINNING: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

impl ConnectorDefinition {
    /// Where the connector belongs among others, if it says.
    pub fn category(&self) -> Option<&str> {
        self.said("category")?.as_str()
    }

    /// What changed from version to version, as Markdown, if it says.
    pub fn changelog(&self) -> Option<&str> {
        self.said("changelog")?.as_str()
    }

    /// The service's schema as far as the connector knows it, in GraphQL's language, if it says.
    pub fn graphql_schema(&self) -> Option<&str> {
        self.said("graphql")?.get("schema")?.as_str()
    }

    /// The connector's picture, a PNG file of a bounded size, if it has one.
    pub fn icon(&self) -> Option<Vec<u8>> {
        let url = self.said("icon")?.as_str().filter(|url| url.len() <= MAX_ICON_BYTES)?;
        let png = STANDARD.decode(url.strip_prefix(ICON_PREFIX)?).ok()?;
        let sides = png.strip_prefix(PNG_BEGINNING)?.first_chunk::<8>()?;
        let [a, b, c, d, e, f, g, h] = *sides;
        let fits = |side: [u8; 4]| (1..=MAX_ICON_SIDE).contains(&u32::from_be_bytes(side));
        (fits([a, b, c, d]) && fits([e, f, g, h])).then_some(png)
    }

    fn said(&self, name: &str) -> Option<&Value> {
        self.extensions.as_ref()?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use serde_json::json;

    use super::*;
    use crate::testing::definition;

    fn png(width: u32, height: u32) -> Vec<u8> {
        [PNG_BEGINNING, &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\x06\0\0\0"].concat()
    }

    fn icon(data_url: &str) -> Option<Vec<u8>> {
        let mut definition = definition();
        definition.extensions = Some(json!({"icon": data_url, "category": 7}));
        assert_eq!((definition.category(), definition.changelog()), (None, None));
        definition.icon()
    }

    #[test]
    fn a_picture_is_a_png_of_a_bounded_size_or_none() {
        let url = |png: &[u8]| format!("{ICON_PREFIX}{}", STANDARD.encode(png));
        assert_eq!(icon(&url(&png(64, 64))), Some(png(64, 64)));
        for bad in [
            String::new(),
            "https://icons.example/a.png".to_owned(),
            "data:image/svg+xml,<svg/>".to_owned(),
            url(b"\x89PNG\r\n\x1a\n"),
            url(&png(1, 65_535)),
            url(&png(0, 1)),
            url(&[png(64, 64), vec![0; MAX_ICON_BYTES]].concat()),
            format!("{ICON_PREFIX}%"),
        ] {
            assert_eq!(icon(&bad), None, "{}", bad.get(..40).unwrap_or(&bad));
        }
    }
}
