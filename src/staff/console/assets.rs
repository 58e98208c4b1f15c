//! What the pages are made of: style sheets, the script, the typeface, the icon. Compiled in, and named
//! by content, so that a browser keeps each for ever and takes a new one at once.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::look::{self, ConsoleSettings};
use crate::domain::organisation::OrganisationId;
use crate::runtime::tokens::{hex, sha256};
use crate::staff::Staff;

const CSS: &str = concat!(
    include_str!("assets/base.css"),
    include_str!("assets/parts.css"),
    include_str!("assets/print.css")
);
/// What runs on every page, part by part.
const SCRIPT: &str = concat!(
    include_str!("assets/drafts.js"),
    include_str!("assets/session.js"),
    include_str!("assets/live.js"),
    include_str!("assets/presence.js"),
    include_str!("assets/console.js")
);
/// What holds the one stream of a browser, for all its tabs.
const WORKER: &str = include_str!("assets/worker.js");
const ICON: &str = include_str!("assets/icon.svg");
const LATIN: &[u8] = include_bytes!("assets/atkinson-latin.woff2");
const LATIN_EXT: &[u8] = include_bytes!("assets/atkinson-latin-ext.woff2");

/// Hexadecimal digits of a content's checksum in its name.
const SUM_DIGITS: usize = 12;

/// One file as it is served.
#[derive(Clone)]
struct Asset {
    kind: &'static str,
    bytes: Bytes,
}

/// Everything under `/assets/`, by name.
pub struct Assets {
    files: BTreeMap<String, Asset>,
    brands: BTreeMap<OrganisationId, String>,
    plain_brand: String,
}

/// The names of the files that are the same for every organisation.
pub(super) struct Names {
    pub css: String,
    pub script: String,
    pub worker: String,
    pub icon: String,
    latin: String,
    latin_ext: String,
}

fn named(stem: &str, ending: &str, bytes: &[u8]) -> String {
    let sum = hex(&sha256(bytes));
    format!("{stem}-{}.{ending}", sum.get(..SUM_DIGITS).unwrap_or(&sum))
}

/// The style sheet with the typeface's own names in it.
fn css() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let (latin, ext) =
            (named("atkinson", "woff2", LATIN), named("atkinson-ext", "woff2", LATIN_EXT));
        CSS.replace("atkinson-latin.woff2", &latin).replace("atkinson-latin-ext.woff2", &ext)
    })
}

pub(super) fn names() -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| Names {
        css: named("console", "css", css().as_bytes()),
        script: named("console", "js", SCRIPT.as_bytes()),
        worker: named("worker", "js", WORKER.as_bytes()),
        icon: named("icon", "svg", ICON.as_bytes()),
        latin: named("atkinson", "woff2", LATIN),
        latin_ext: named("atkinson-ext", "woff2", LATIN_EXT),
    })
}

impl Assets {
    pub fn new<'a>(
        organisations: impl IntoIterator<Item = &'a OrganisationId>,
        settings: &ConsoleSettings,
    ) -> Self {
        const STYLE: &str = "text/css; charset=utf-8";
        const SCRIPT_KIND: &str = "text/javascript; charset=utf-8";
        let names = names();
        let fixed = [
            (&names.css, STYLE, css().as_bytes()),
            (&names.script, SCRIPT_KIND, SCRIPT.as_bytes()),
            (&names.worker, SCRIPT_KIND, WORKER.as_bytes()),
            (&names.icon, "image/svg+xml", ICON.as_bytes()),
            (&names.latin, "font/woff2", LATIN),
            (&names.latin_ext, "font/woff2", LATIN_EXT),
        ];
        let mut files: BTreeMap<String, Asset> = fixed
            .into_iter()
            .map(|(name, kind, bytes)| {
                (name.clone(), Asset { kind, bytes: Bytes::from_static(bytes) })
            })
            .collect();
        let mut brand = |of: Option<&OrganisationId>| {
            let style = look::style(of.and_then(|id| settings.looks.get(id)));
            let name = named("colours", "css", style.as_bytes());
            files.insert(name.clone(), Asset { kind: STYLE, bytes: Bytes::from(style) });
            name
        };
        let plain_brand = brand(None);
        let brands = organisations.into_iter().map(|id| (id.clone(), brand(Some(id)))).collect();
        Assets { files, brands, plain_brand }
    }

    /// The style sheet with an organisation's colours.
    pub(super) fn brand(&self, organisation: Option<&OrganisationId>) -> &str {
        organisation.and_then(|id| self.brands.get(id)).unwrap_or(&self.plain_brand)
    }
}

/// Serves one.
pub(super) async fn file(State(staff): State<Arc<Staff>>, Path(name): Path<String>) -> Response {
    match staff.assets.files.get(&name) {
        Some(asset) => {
            let mut response = asset.bytes.clone().into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
            headers.insert(
                CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            );
            response
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_names_nothing_that_is_not_served() {
        let assets = Assets::new([], &ConsoleSettings::default());
        for part in css().split("url(").skip(1) {
            let named = part.split(')').next().unwrap();
            let file = named.trim_matches('"').strip_prefix("/assets/").unwrap_or(named);
            assert!(assets.files.contains_key(file), "{named}");
        }
        assert!(!css().contains("http:") && !css().contains("https:"));
    }
}
