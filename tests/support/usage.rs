//! Resource usage of a process.

use super::eventually_ok;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    pub threads: usize,
    pub files: usize,
}

pub fn usage(id: u32) -> Usage {
    let count = |folder: &str| std::fs::read_dir(format!("/proc/{id}/{folder}")).unwrap().count();
    Usage {
        threads: count("task"),
        files: count("fd"),
    }
}

pub fn thread_names(id: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let name =
        |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    tasks.map(|task| name(task.unwrap()).trim().to_owned()).collect()
}

/// Waits until the process has no thread of a viewer left, and its usage is within `limit` (plus two).
pub async fn settled(id: u32, limit: Option<Usage>) {
    let is_viewers =
        |name: &String| name.starts_with("peer-") || name.starts_with("webrtc") || name.contains("handover");
    let look = || {
        let (now, names) = (usage(id), thread_names(id));
        let over = limit.is_some_and(|limit| now.threads > limit.threads + 2 || now.files > limit.files + 2);
        let found = format!("{now:?}, at first {limit:?}: {names:?}");
        if over || names.iter().any(is_viewers) {
            return Err(found);
        }
        println!("{found}");
        Ok(())
    };
    tokio::task::block_in_place(|| eventually_ok("threads and files are released", look));
}
