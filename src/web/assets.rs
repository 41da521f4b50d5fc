//! The files of the client, compiled into the binary. A request looks up a map, and never a path on the disk.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::bundler;
use crate::hex::hex;

#[derive(RustEmbed)]
#[folder = "src/web/client"]
#[exclude = "package.json"]
struct Client;

/// The script of the page, which is served as a bundle with all modules that it imports.
const PAGE_SCRIPT: &str = "main.js";

/// A file in the forms in which it is served.
struct Asset {
    content_type: &'static str,
    /// A weak ETag (RFC 9110, section 8.8.1): the same for all encodings of the file.
    etag: String,
    plain: Bytes,
    gzip: Bytes,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let assets = Client::iter().filter_map(|path| Some((path.to_string(), asset(&path)?)));
    assets.collect()
});

/// Bundles and compresses the files, so that the first page does not wait for it. Blocks for some ten milliseconds.
pub(super) fn prepare() {
    LazyLock::force(&ASSETS);
}

/// Serves the file at this path; `/` is the page.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(asset) = ASSETS.get(path) else {
        return (
            StatusCode::NOT_FOUND,
            "There is nothing here. The desktop is at /.\n",
        )
            .into_response();
    };
    let lists = |name, wanted: &str| {
        let listed = headers.get(name).and_then(|value| value.to_str().ok());
        listed.is_some_and(|list| list.split(',').any(|each| each.trim() == wanted))
    };
    let caching = [
        (ETAG, asset.etag.as_str()),
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-encoding"),
    ];
    if lists(IF_NONE_MATCH, &asset.etag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let content = (caching, [(CONTENT_TYPE, asset.content_type)]);
    if lists(ACCEPT_ENCODING, "gzip") {
        (content, [(CONTENT_ENCODING, "gzip")], asset.gzip.clone()).into_response()
    } else {
        (content, asset.plain.clone()).into_response()
    }
}

fn asset(path: &str) -> Option<Asset> {
    let file = Client::get(path)?.data;
    let plain = if path == PAGE_SCRIPT {
        match page_script() {
            Ok(bundle) => bundle.into(),
            Err(why) => {
                // The page works without the bundle.
                tracing::error!("cannot bundle the page, which will load slowly: {why}");
                Bytes::from(file.into_owned())
            }
        }
    } else {
        Bytes::from(file.into_owned())
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&plain).ok()?;
    Some(Asset {
        content_type: content_type(path),
        etag: format!("W/\"{}\"", hex(&Sha256::digest(&plain))),
        gzip: encoder.finish().ok()?.into(),
        plain,
    })
}

fn page_script() -> Result<String, String> {
    bundler::link(PAGE_SCRIPT, |name| {
        String::from_utf8(Client::get(name)?.data.into_owned()).ok()
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_client_has_its_content_type() {
        assert!(ASSETS.contains_key("index.html"));
        for (path, asset) in ASSETS.iter() {
            assert_ne!(asset.content_type, "application/octet-stream", "{path}");
        }
    }

    #[test]
    fn the_page_is_one_script_and_small() {
        assert!(page_script().is_ok_and(|script| script.contains("class WebRTCManager")));
        let page = ["index.html", "style.css", PAGE_SCRIPT].map(|path| ASSETS[path].gzip.len());
        assert!(page.iter().sum::<usize>() < 80_000, "{page:?} bytes, compressed");
    }
}
