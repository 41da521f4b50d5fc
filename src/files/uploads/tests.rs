use std::fs::File;

use rustix::io::Errno;

use super::temporary::{MAX_AGE, add_name};
use super::*;

fn folder() -> (tempfile::TempDir, Uploads) {
    let folder = tempfile::tempdir().unwrap();
    let uploads = Uploads::open(folder.path(), 100).unwrap();
    (folder, uploads)
}

fn chunk<'a>(name: &'a str, size: u64, offset: u64, bytes: &'a [u8]) -> Chunk<'a> {
    Chunk {
        name,
        size,
        offset,
        bytes,
    }
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_comes_in_parts_and_appears_when_it_is_whole() {
    let (folder, uploads) = folder();
    assert_eq!(uploads.offset("k"), None);
    assert_eq!(
        uploads
            .take("k", &chunk("a.txt", 5, 0, b"abc"), &Holder::Admin)
            .unwrap(),
        Received::Part(3)
    );
    assert_eq!(uploads.offset("k"), Some(3));
    assert_eq!(names(&folder), [".deskbeam-k.part"]);
    let again = uploads.take("k", &chunk("a.txt", 5, 0, b"abc"), &Holder::Admin);
    assert!(matches!(again, Err(UploadError::Offset(3))), "{again:?}");
    assert_eq!(
        uploads
            .take("k", &chunk("a.txt", 5, 3, b"de"), &Holder::Admin)
            .unwrap(),
        Received::Whole("a.txt".to_owned())
    );
    assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"abcde");
    assert_eq!(
        (names(&folder), uploads.offset("k")),
        (vec!["a.txt".to_owned()], None)
    );
}

#[test]
fn nothing_is_overwritten_followed_or_left_behind() {
    let (folder, uploads) = folder();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "mine").unwrap();
    std::os::unix::fs::symlink(outside.path().join("x"), folder.path().join("a (1).txt")).unwrap();
    assert_eq!(
        uploads
            .take("k", &chunk("a.txt", 1, 0, b"b"), &Holder::Admin)
            .unwrap(),
        Received::Whole("a (2).txt".to_owned())
    );
    assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"mine");
    assert!(!outside.path().join("x").exists());
    uploads
        .take("cancelled", &chunk("c", 2, 0, b"c"), &Holder::Admin)
        .unwrap();
    assert!(uploads.cancel("cancelled") && !uploads.cancel("cancelled"));
    uploads
        .take("left", &chunk("l", 2, 0, b"l"), &Holder::Admin)
        .unwrap();
    drop(uploads);
    assert_eq!(names(&folder), ["a (1).txt", "a (2).txt", "a.txt"]);
}

#[test]
fn a_file_that_a_killed_host_left_half_comes_from_the_beginning() {
    let (folder, uploads) = folder();
    let outside = folder.path().join("outside");
    std::fs::write(&outside, "mine").unwrap();
    std::fs::write(folder.path().join(".deskbeam-k.part"), "left").unwrap();
    std::os::unix::fs::symlink(&outside, folder.path().join(".deskbeam-l.part")).unwrap();
    for (key, name) in [("k", "a"), ("l", "b")] {
        let whole = uploads
            .take(key, &chunk(name, 3, 0, b"new"), &Holder::Admin)
            .unwrap();
        assert_eq!(whole, Received::Whole(name.to_owned()));
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"new");
    }
    assert_eq!(std::fs::read(outside).unwrap(), b"mine");
    assert_eq!(names(&folder), ["a", "b", "outside"]);
}

#[test]
fn old_parts_are_removed_at_the_start_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let key = "0123456789abcdef0123456789abcdef";
    let path = |name: &str| folder.path().join(name);
    let age = |name: &str, days: u32| {
        let file = File::options().write(true).open(path(name)).unwrap();
        file.set_modified(SystemTime::now() - days * MAX_AGE - MAX_AGE / 2)
            .unwrap();
    };
    let old = format!(".deskbeam-{key}.part");
    let young = format!(".deskbeam-{}.part", key.replace('0', "1"));
    let others = [
        ".deskbeam-.part",
        ".deskbeam-0123456789abcdef0123456789abcdeg.part",
        ".deskbeam-0123456789abcdef0123456789abcdef0.part",
        "0123456789abcdef0123456789abcdef.part",
        "report.pdf",
    ];
    for name in others.into_iter().chain([&*old, &*young]) {
        std::fs::write(path(name), "x").unwrap();
        age(name, 2);
    }
    age(&young, 0);
    let (linked, nested) = (old.replace("012", "222"), old.replace("012", "333"));
    std::os::unix::fs::symlink(path("report.pdf"), path(&linked)).unwrap();
    std::fs::create_dir(path(&nested)).unwrap();
    let before = names(&folder);
    Uploads::open(folder.path(), 100).unwrap();
    let expected: Vec<_> = before.into_iter().filter(|name| *name != old).collect();
    assert_eq!(names(&folder), expected);
}

#[test]
fn where_nothing_can_be_renamed_without_replacing_a_link_takes_its_place() {
    let (folder, uploads) = folder();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("part"), "new").unwrap();
    std::fs::write(path("taken"), "mine").unwrap();
    std::os::unix::fs::symlink(path("nowhere"), path("link")).unwrap();
    for taken in ["taken", "link"] {
        assert_eq!(add_name(&uploads.folder, "part", taken), Err(Errno::EXIST));
    }
    assert_eq!(add_name(&uploads.folder, "part", "free"), Ok(()));
    assert_eq!(std::fs::read(path("free")).unwrap(), b"new");
    assert_eq!(std::fs::read(path("taken")).unwrap(), b"mine");
    assert!(!path("nowhere").exists());
}

#[test]
fn what_does_not_fit_is_refused() {
    let (folder, uploads) = folder();
    let refused = |key: &str, chunk: &Chunk<'_>| uploads.take(key, chunk, &Holder::Admin).unwrap_err();
    assert!(matches!(
        refused("k", &chunk("a", 101, 0, b"")),
        UploadError::TooLarge(100)
    ));
    assert!(matches!(
        refused("k", &chunk("a", 5, 3, b"x")),
        UploadError::Offset(0)
    ));
    assert!(matches!(
        refused("k", &chunk("a", 1, 0, b"xy")),
        UploadError::Mismatch
    ));
    uploads.take("k", &chunk("a", 1, 0, b""), &Holder::Admin).unwrap();
    assert!(matches!(
        refused("k", &chunk("b", 1, 0, b"x")),
        UploadError::Mismatch
    ));
    for index in 1..MAX_UNFINISHED {
        uploads
            .take(&index.to_string(), &chunk("a", 5, 0, b"x"), &Holder::Admin)
            .unwrap();
    }
    assert!(matches!(
        refused("one more", &chunk("a", 5, 0, b"x")),
        UploadError::Busy
    ));
    assert_eq!(
        uploads
            .take("k", &chunk("a", 1, 0, b"x"), &Holder::Admin)
            .unwrap(),
        Received::Whole("a".to_owned())
    );
    drop(uploads);
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn a_guest_cannot_take_the_places_of_others() {
    let (_folder, uploads) = folder();
    let begin = |holder: &Holder, number: usize| {
        let key = format!("{holder:?} {number}").replace(|c: char| !c.is_ascii_alphanumeric(), "");
        uploads.take(&key, &chunk("a", 5, 0, b"x"), holder)
    };
    let guest = |name: &str| Holder::Guest(name.to_owned());
    for name in ["a", "b"] {
        for number in 0..MAX_UNFINISHED_PER_GUEST {
            begin(&guest(name), number).unwrap();
        }
        let one_more = begin(&guest(name), MAX_UNFINISHED_PER_GUEST);
        assert!(matches!(one_more, Err(UploadError::Busy)), "{one_more:?}");
    }
    assert!(uploads.cancel("Guesta0"));
    begin(&guest("a"), 0).unwrap();
    begin(&Holder::Admin, 0).unwrap();
}
