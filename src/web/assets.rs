//! The web client, compiled into the binary: a map lookup, never a path on disk of the caller's choosing.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/web/client"]
#[exclude = "package.json"]
struct Client;

/// The file that the path names; `/` is the page itself.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(file) = Client::get(path) else {
        return (
            StatusCode::NOT_FOUND,
            "There is nothing here. The desktop is at /.\n",
        )
            .into_response();
    };
    let hash = file.metadata.sha256_hash();
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let caching = [(ETAG, etag.clone()), (CACHE_CONTROL, "no-cache".to_owned())];
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let content_type = content_type(path);
    let data = match std::str::from_utf8(&file.data) {
        Ok(script) if path.ends_with(".js") => without_comments(script).into_bytes(),
        _ => file.data.into_owned(),
    };
    (caching, [(CONTENT_TYPE, content_type)], data).into_response()
}

/// A script without the lines that are nothing but comments, which are a third of it on the wire. All lines keep their
/// numbers. No text of ours spans lines, so that no line of one looks like a comment.
fn without_comments(script: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::with_capacity(script.len());
    for line in script.lines() {
        let text = line.trim();
        is_inside |= text.starts_with("/*") && (!text.contains("*/") || text.ends_with("*/"));
        if !is_inside && !text.starts_with("//") {
            kept.push_str(line);
        }
        kept.push('\n');
        is_inside &= !text.ends_with("*/");
    }
    kept
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
    fn a_script_loses_its_comments_and_nothing_else() {
        let script = "/** One.\n * Two. */\nlet a = /** @type {X} */ (b); // why\n  // Three.\n/* Four. */\n\
            /** @type {Y} */ (c);\nconst r = /\\/\\*/;\n";
        let kept =
            "\n\nlet a = /** @type {X} */ (b); // why\n\n\n/** @type {Y} */ (c);\nconst r = /\\/\\*/;\n";
        assert_eq!(without_comments(script), kept);
    }

    #[test]
    fn every_file_of_the_client_has_its_content_type() {
        assert!(Client::get("index.html").is_some());
        for path in Client::iter() {
            assert_ne!(content_type(&path), "application/octet-stream", "{path}");
        }
    }
}
