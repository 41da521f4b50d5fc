//! Files over HTTP: uploads and downloads.

use std::path::Path;
use std::sync::Arc;

use deskbeam::files::{Downloads, Uploads};
use deskbeam::web::Folders;

use super::support::host::TestHost;
use super::support::http::{get, request};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn host(uploads: &Path, downloads: &Path) -> TestHost {
    let folders = Folders {
        uploads: Some(Arc::new(Uploads::open(uploads, 100).unwrap())),
        downloads: Some(Arc::new(Downloads::open(downloads).unwrap())),
    };
    TestHost::start_custom(|setup| {
        setup.parts.serving.folders = folders;
        setup.config.session.policy.uploads = true;
        setup.config.session.policy.downloads = true;
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_parts_and_its_offset_is_told() {
    let (uploads, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let host = host(uploads.path(), downloads.path());
    let path = format!("/api/uploads/{KEY}");
    let head = async || request(host.address, "HEAD", &path, &[], "").await;
    let put = async |query: &str, body: &str| {
        request(host.address, "PUT", &format!("{path}?{query}"), &[], body).await
    };
    assert_eq!(head().await.status, 404);
    let answer = put("name=..%2Fa.txt&size=6&offset=0", "abc").await;
    assert_eq!((answer.status, answer.header("upload-offset")), (204, Some("3")));
    let answer = head().await;
    assert_eq!((answer.status, answer.header("upload-offset")), (200, Some("3")));
    let answer = put("name=..%2Fa.txt&size=6&offset=5", "f").await;
    assert_eq!((answer.status, answer.header("upload-offset")), (409, Some("3")));
    let answer = put("name=..%2Fa.txt&size=6&offset=3", "def").await;
    assert_eq!((answer.status, &answer.json()["name"]), (201, &"_a.txt".into()));
    assert_eq!(std::fs::read(uploads.path().join("_a.txt")).unwrap(), b"abcdef");
    for (query, body, status) in [
        ("name=a&size=101&offset=0", "", 413),
        ("name=a&size=1&offset=0", "ab", 400),
        ("name=a", "", 400),
    ] {
        assert_eq!(put(query, body).await.status, status, "{query}");
    }
    let other = request(
        host.address,
        "PUT",
        "/api/uploads/x?name=a&size=1&offset=0",
        &[],
        "a",
    )
    .await;
    assert_eq!(other.status, 404, "a key that could be guessed");
    let evil = [("origin", "http://evil.example")];
    let theirs = request(
        host.address,
        "PUT",
        &format!("{path}?name=a&size=1&offset=0"),
        &evil,
        "a",
    )
    .await;
    assert_eq!(theirs.status, 403);
    host.stop().await;
    assert_eq!(std::fs::read_dir(uploads.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_fetched_whole_or_in_part_and_never_shown_as_a_page() {
    let (uploads, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(downloads.path().join("a b.html"), "0123456789").unwrap();
    let host = host(uploads.path(), downloads.path());
    let listed = get(host.address, "/api/downloads").await.json();
    assert_eq!(
        (&listed["files"][0]["name"], &listed["files"][0]["size"]),
        (&"a b.html".into(), &10.into())
    );
    let whole = get(host.address, "/api/downloads/a%20b.html").await;
    assert_eq!((whole.status, whole.body.as_str()), (200, "0123456789"));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename*=UTF-8''a%20b.html"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(whole.header(name), Some(value), "{name}");
    }
    let tag = whole.header("etag").unwrap().to_owned();
    let range = [("range", "bytes=4-6"), ("if-range", tag.as_str())];
    let part = request(host.address, "GET", "/api/downloads/a%20b.html", &range, "").await;
    assert_eq!(
        (part.status, part.body.as_str(), part.header("content-range")),
        (206, "456", Some("bytes 4-6/10"))
    );
    let beyond = request(
        host.address,
        "GET",
        "/api/downloads/a%20b.html",
        &[("range", "bytes=10-")],
        "",
    )
    .await;
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, Some("bytes */10"))
    );
    for path in [
        "/api/downloads/..%2F..%2Fetc%2Fpasswd",
        "/api/downloads/%2e%2e",
        "/api/downloads/x",
    ] {
        assert_eq!(get(host.address, path).await.status, 404, "{path}");
    }
    host.stop().await;
}
