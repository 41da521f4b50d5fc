//! Checks the code against the table of layers: the dependencies of each module, and the users of foreign crates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The modules of the crate that each module may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("chord", &[]),
    ("clock", &[]),
    ("hex", &[]),
    ("descriptors", &[]),
    ("quota", &["sync"]),
    ("retry", &[]),
    ("relay", &["hex", "sync"]),
    ("sync", &[]),
    ("x11", &["retry"]),
    ("files", &["protocol", "quota", "sync"]),
    ("access", &["hex", "protocol", "quota", "sync"]),
    ("session", &["protocol"]),
    ("input", &["chord", "protocol", "sync", "x11"]),
    ("media", &["capture", "descriptors", "sync"]),
    ("capture", &["sync", "x11"]),
    ("desktop", &["chord", "retry", "sync", "x11"]),
    (
        "web",
        &[
            "access",
            "clock",
            "descriptors",
            "files",
            "hex",
            "protocol",
            "quota",
            "relay",
            "sync",
        ],
    ),
    ("shutdown", &[]),
    (
        "fuzzing",
        &["access", "cli", "media", "protocol", "relay", "session", "web"],
    ),
    (
        "host",
        &[
            "access",
            "chord",
            "clock",
            "descriptors",
            "desktop",
            "hex",
            "input",
            "media",
            "protocol",
            "quota",
            "relay",
            "retry",
            "session",
            "sync",
            "web",
        ],
    ),
    (
        "cli",
        &[
            "access",
            "chord",
            "clock",
            "descriptors",
            "desktop",
            "files",
            "host",
            "input",
            "media",
            "protocol",
            "session",
            "shutdown",
            "web",
        ],
    ),
];

/// The parts of the same layer, files and folders, that each part may use. A path belongs to the longest part that it
/// begins with; parts that are not listed are free.
const PARTS: &[(&str, &[&str])] = &[
    ("media/latency", &[]),
    ("media/log", &[]),
    ("media/runtime", &[]),
    ("media/rate", &["media/runtime"]),
    ("media/pipeline", &["media/rate", "media/runtime"]),
    ("media/source", &["media/pipeline", "media/rate", "media/runtime"]),
    (
        "media/encoder",
        &[
            "media/latency",
            "media/pipeline",
            "media/rate",
            "media/runtime",
            "media/source",
        ],
    ),
    (
        "media/share",
        &[
            "media/encoder",
            "media/pipeline",
            "media/rate",
            "media/runtime",
            "media/source",
        ],
    ),
    (
        "media/webrtc",
        &[
            "media/encoder",
            "media/latency",
            "media/pipeline",
            "media/rate",
            "media/runtime",
            "media/share",
        ],
    ),
    (
        "media/serve",
        &[
            "media/pipeline",
            "media/runtime",
            "media/share",
            "media/source",
            "media/webrtc",
        ],
    ),
    (
        "media/handle",
        &[
            "media/pipeline",
            "media/runtime",
            "media/serve",
            "media/source",
            "media/webrtc",
        ],
    ),
    ("capture/x11", &[]),
    ("desktop/program", &[]),
    ("desktop/x11", &[]),
    ("desktop/virtual_display", &["desktop/program", "desktop/x11"]),
    ("input/x11", &[]),
    ("host/desktop", &[]),
    ("host/control", &[]),
    ("host/stats", &[]),
    ("host/config", &["host/control"]),
    ("host/registry", &["host/control"]),
    ("host/whep_sessions", &["host/control"]),
    (
        "host/context",
        &[
            "host/config",
            "host/control",
            "host/desktop",
            "host/registry",
            "host/whep_sessions",
        ],
    ),
    ("host/viewer/farewell", &[]),
    ("host/viewer/input_gate", &["host/control"]),
    ("host/viewer/channel_reader", &["host/viewer/input_gate"]),
    ("host/viewer/feeds", &["host/context", "host/desktop"]),
    ("host/viewer/settings", &["host/context", "host/desktop"]),
    (
        "host/viewer/peer",
        &[
            "host/context",
            "host/desktop",
            "host/viewer/channel_reader",
            "host/viewer/input_gate",
        ],
    ),
    (
        "host/viewer/task",
        &[
            "host/context",
            "host/control",
            "host/registry",
            "host/viewer/channel_reader",
            "host/viewer/farewell",
            "host/viewer/feeds",
            "host/viewer/input_gate",
            "host/viewer/peer",
            "host/viewer/settings",
        ],
    ),
    (
        "host/viewer/channel",
        &[
            "host/context",
            "host/stats",
            "host/viewer/peer",
            "host/viewer/settings",
            "host/viewer/task",
        ],
    ),
    ("host/viewer/peers", &["host/viewer/channel", "host/viewer/task"]),
    (
        "host/viewer/updates",
        &[
            "host/desktop",
            "host/viewer/channel",
            "host/viewer/feeds",
            "host/viewer/peer",
            "host/viewer/task",
        ],
    ),
    (
        "host/viewer/actions",
        &[
            "host/stats",
            "host/viewer/farewell",
            "host/viewer/peer",
            "host/viewer/task",
        ],
    ),
    (
        "host/viewer",
        &[
            "host/context",
            "host/registry",
            "host/viewer/farewell",
            "host/viewer/task",
        ],
    ),
    ("host/whep", &["host/context"]),
    (
        "host/signaling_client",
        &["host/config", "host/context", "host/viewer"],
    ),
    (
        "host/api",
        &["host/context", "host/control", "host/viewer", "host/whep"],
    ),
    (
        "host/run",
        &[
            "host/api",
            "host/config",
            "host/context",
            "host/control",
            "host/desktop",
            "host/registry",
            "host/signaling_client",
            "host/whep_sessions",
        ],
    ),
    ("session/rate_limit", &[]),
    ("session/config", &[]),
    ("session/auto_release", &[]),
    ("session/event", &[]),
    ("session/excerpt", &[]),
    ("session/negotiation", &[]),
    (
        "session/context",
        &["session/config", "session/event", "session/rate_limit"],
    ),
    ("session/dialects/dialect", &["session/context", "session/event"]),
    (
        "session/dialects/gstwebrtc_sessions",
        &["session/event", "session/negotiation"],
    ),
    (
        "session/dialects/selkies_peer",
        &["session/event", "session/negotiation"],
    ),
    (
        "session/dialects/gstwebrtc_server",
        &[
            "session/context",
            "session/event",
            "session/dialects/dialect",
            "session/dialects/gstwebrtc_sessions",
        ],
    ),
    (
        "session/dialects/selkies_server",
        &[
            "session/context",
            "session/event",
            "session/negotiation",
            "session/dialects/dialect",
            "session/dialects/selkies_peer",
        ],
    ),
    (
        "session/dialects/gstwebrtc_producer",
        &[
            "session/context",
            "session/event",
            "session/excerpt",
            "session/dialects/dialect",
            "session/dialects/gstwebrtc_sessions",
        ],
    ),
    (
        "session/dialects/selkies_client",
        &[
            "session/context",
            "session/event",
            "session/excerpt",
            "session/negotiation",
            "session/dialects/dialect",
            "session/dialects/selkies_peer",
        ],
    ),
    (
        "session/dialects/native",
        &[
            "session/context",
            "session/event",
            "session/auto_release",
            "session/negotiation",
            "session/dialects/dialect",
            "session/dialects/gstwebrtc_server",
            "session/dialects/selkies_server",
        ],
    ),
    (
        "session/dialects",
        &[
            "session/dialects/dialect",
            "session/dialects/gstwebrtc_producer",
            "session/dialects/gstwebrtc_server",
            "session/dialects/native",
            "session/dialects/selkies_client",
            "session/dialects/selkies_server",
        ],
    ),
    (
        "session/machine",
        &[
            "session/config",
            "session/context",
            "session/dialects",
            "session/event",
        ],
    ),
    ("protocol/role", &[]),
    ("protocol/text", &[]),
    ("protocol/rights", &["protocol/role"]),
    (
        "protocol/people",
        &["protocol/fields", "protocol/role", "protocol/text"],
    ),
    ("protocol/input/error", &[]),
    ("protocol/input/key", &[]),
    ("protocol/input/pointer", &[]),
    ("protocol/input/layout", &["protocol/input/key"]),
    ("protocol/input/held", &["protocol/input/pointer"]),
    (
        "protocol/input/event",
        &[
            "protocol/role",
            "protocol/input/held",
            "protocol/input/key",
            "protocol/input/layout",
            "protocol/input/pointer",
        ],
    ),
    (
        "protocol/input/json",
        &[
            "protocol/input/error",
            "protocol/input/event",
            "protocol/input/held",
            "protocol/input/key",
            "protocol/input/layout",
            "protocol/input/pointer",
        ],
    ),
    (
        "protocol/input",
        &[
            "protocol/input/error",
            "protocol/input/event",
            "protocol/input/held",
            "protocol/input/json",
            "protocol/input/key",
            "protocol/input/layout",
            "protocol/input/pointer",
        ],
    ),
    ("protocol/view", &["protocol/input", "protocol/text"]),
    ("protocol/channel/label", &[]),
    ("protocol/channel/pointers", &["protocol/people"]),
    (
        "protocol/channel/message",
        &[
            "protocol/channel/pointers",
            "protocol/input",
            "protocol/text",
            "protocol/view",
        ],
    ),
    (
        "protocol/channel/permission",
        &["protocol/channel/message", "protocol/role", "protocol/input"],
    ),
    (
        "protocol/channel/sequence",
        &["protocol/channel/message", "protocol/input"],
    ),
    (
        "protocol/channel/host",
        &[
            "protocol/channel/pointers",
            "protocol/input",
            "protocol/text",
            "protocol/view",
        ],
    ),
    (
        "protocol/gstwebrtc",
        &["protocol/channel/message", "protocol/input"],
    ),
    (
        "protocol/selkies",
        &["protocol/channel/message", "protocol/input", "protocol/text"],
    ),
    (
        "protocol/channel/native",
        &[
            "protocol/channel/message",
            "protocol/channel/pointers",
            "protocol/input",
            "protocol/selkies",
            "protocol/text",
            "protocol/view",
        ],
    ),
    (
        "protocol/channel/decoder",
        &[
            "protocol/channel/message",
            "protocol/channel/native",
            "protocol/channel/sequence",
            "protocol/gstwebrtc",
            "protocol/input",
            "protocol/selkies",
        ],
    ),
];

/// Foreign crates that only these files or folders may name.
const CONFINED: &[(&[&str], &[&str])] = &[
    (
        &[
            "gst",
            "gst_app",
            "gst_base",
            "gst_rtp",
            "gst_sdp",
            "gst_utils",
            "gst_video",
            "gst_webrtc",
            "glib",
        ],
        &["media/", "capture/"],
    ),
    (&["axum", "axum_server"], &["web/"]),
    (&["turn_server_proto", "turn_types"], &["relay/"]),
    (&["clap", "toml"], &["cli/"]),
    (&["argon2", "subtle"], &["access/"]),
    (&["rcgen", "tokio_rustls"], &["web/"]),
    (
        &["x11rb"],
        &[
            "capture/x11/",
            "desktop/virtual_display/",
            "desktop/x11/",
            "input/x11/",
            "x11/",
        ],
    ),
    (&["xkeysym"], &["input/"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            (
                path.strip_prefix(&root).unwrap().to_owned(),
                code_of(&std::fs::read_to_string(&path).unwrap()),
            )
        })
        .collect()
}

/// Returns the text without comments.
fn code_of(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}

fn module_of(path: &Path) -> String {
    path.components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

/// Returns the names that follow `prefix`, also in `prefix{a, b}`.
fn uses(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let names_at = |text: &str| {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().unwrap();
            names.extend(group.split(',').map(|name| names_at(name.trim())));
        } else {
            names.insert(names_at(rest));
        }
    }
    names
}

/// Returns the paths inside of `module` that a file of it uses, like `host/control/lease`: those behind
/// `crate::module::`, `super::` and `self::`, with and without braces. `file` is the path of the file as a module.
fn inner_uses(code: &str, module: &str, file: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let own: Vec<_> = file.split('/').collect();
    for statement in use_trees(code) {
        for path in expanded(&statement) {
            // The tests in a file use the file.
            if matches!(path.as_str(), "super" | "super::*") {
                continue;
            }
            let mut segments: Vec<&str> = path.split("::").map(str::trim).collect();
            let mut base = own.clone();
            match segments.first() {
                Some(&"crate") => base.clear(),
                Some(&"self") => {}
                Some(&"super") => {
                    base.pop();
                }
                _ => continue,
            }
            segments.remove(0);
            while segments.first() == Some(&"super") {
                base.pop();
                segments.remove(0);
            }
            let full: Vec<_> = base.into_iter().chain(segments).collect();
            if full.first() == Some(&module) {
                paths.insert(full.join("/"));
            }
        }
    }
    paths
}

/// Returns the text between each `use` and its `;`, and each path in the code that begins with `crate::` or `super::`,
/// but for those that say who may see an item.
fn use_trees(code: &str) -> Vec<String> {
    let mut trees = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let is_word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at + 4..];
        if let (true, Some(end)) = (is_word, rest.find(';')) {
            trees.push(rest[..end].split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let is_visibility = code[..at].ends_with("pub(in ");
            if !code[..at].ends_with(is_path) && !is_visibility {
                let path: String = code[at..].chars().take_while(|c| is_path(*c)).collect();
                trees.push(path.trim_end_matches(':').to_owned());
            }
        }
    }
    trees
}

/// Returns the paths of a use tree: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.trim().to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| expanded(&format!("{}{}", head.trim(), part.trim())))
        .collect()
}

/// Returns the longest entry of [`PARTS`] that `path` begins with.
fn part_of(path: &str) -> Option<&'static str> {
    let names = PARTS.iter().map(|(part, _)| *part);
    names
        .filter(|part| path == *part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|part| part.len())
}

fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn modules_depend_in_one_direction() {
    for (path, code) in sources() {
        let module = module_of(&path);
        if matches!(module.as_str(), "main" | "lib") {
            continue;
        }
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} is in no layer"));
        for name in uses(&code, "crate::") {
            assert!(
                name == module || allowed.contains(&name.as_str()),
                "{}: {module} must not use {name}",
                path.display()
            );
        }
    }
}

#[test]
fn what_every_platform_uses_knows_no_x11() {
    for (path, code) in sources() {
        let mut parts = path.components().map(|part| part.as_os_str().to_str().unwrap());
        let (layer, file) = (parts.next().unwrap(), parts.next().unwrap_or_default());
        // The map of a layer says which folders there are.
        let is_neutral = file.ends_with(".rs") && file != "mod.rs";
        if is_neutral && matches!(layer, "capture" | "desktop" | "input") {
            for name in ["x11::", "virtual_display::"] {
                assert!(!code.contains(name), "{} must not name {name}", path.display());
            }
        }
    }
}

#[test]
fn parts_depend_in_one_direction() {
    for (path, code) in sources() {
        let file = path.with_extension("");
        let file = file.to_str().unwrap().trim_end_matches("/mod");
        let Some(part) = part_of(file) else {
            continue;
        };
        let (_, allowed) = PARTS.iter().find(|(name, _)| *name == part).unwrap();
        for used in inner_uses(&code, &module_of(&path), file) {
            let is_reexport = used.split('/').nth(1).is_some_and(|name| {
                name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
            });
            assert!(
                !is_reexport,
                "{}: name {used} by the file that it is in",
                path.display()
            );
            if let Some(other) = part_of(&used) {
                assert!(
                    other == part || allowed.contains(&other),
                    "{}: {part} must not use {used}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn no_parts_depend_on_each_other() {
    for (part, allowed) in PARTS {
        let mut reached: BTreeSet<&str> = allowed.iter().copied().collect();
        while let Some(more) = PARTS
            .iter()
            .filter(|(name, _)| reached.contains(name))
            .flat_map(|(_, next)| next.iter().copied())
            .find(|next| !reached.contains(next))
        {
            reached.insert(more);
        }
        assert!(!reached.contains(part), "{part} is in a circle");
    }
}

#[test]
fn foreign_crates_stay_where_they_belong() {
    for (path, code) in sources() {
        let path = path.to_str().unwrap();
        for (crates, places) in CONFINED {
            for name in *crates {
                let allowed = places.iter().any(|place| path.starts_with(place));
                assert!(
                    allowed || !names_crate(&code, name),
                    "{path} must not name {name}"
                );
            }
        }
    }
}

#[test]
fn glib_and_tokio_meet_in_one_file() {
    let both: Vec<_> = sources()
        .into_iter()
        .filter(|(path, code)| path.starts_with("media") && names_crate(code, "tokio"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(both, [Path::new("media/runtime/mailbox.rs")]);
}

#[test]
fn pure_layers_have_no_clock_and_no_io() {
    for (path, code) in sources() {
        if matches!(module_of(&path).as_str(), "protocol" | "session") {
            for name in [
                "std::time",
                "std::net",
                "std::fs",
                "std::thread",
                "tokio::",
                "tracing::",
            ] {
                assert!(!code.contains(name), "{} must not use {name}", path.display());
            }
        }
    }
}

#[test]
fn the_checks_find_what_they_look_for() {
    let names: Vec<_> = uses("use crate::{media::x, web}; crate::input::y()", "crate::")
        .into_iter()
        .collect();
    assert_eq!(names, ["input", "media", "web"]);
    let used = inner_uses(
        "use super::lease::{A, b::{C, d}}; use crate::host::{run, api as web}; super::super::config::X",
        "host",
        "host/control/limits",
    );
    assert_eq!(
        used.into_iter().collect::<Vec<_>>(),
        [
            "host",
            "host/api",
            "host/config/X",
            "host/control/lease",
            "host/control/lease/A",
            "host/control/lease/b/C",
            "host/control/lease/b/d",
            "host/run"
        ]
    );
    assert!(names_crate("use gst::prelude::*;", "gst") && !names_crate("x::gst::y", "gst"));
}
