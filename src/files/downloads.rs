//! The folder with files for viewers.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::protocol::text::visible;

/// The most files that are listed.
const MAX_LISTED: usize = 1000;

/// The folder. Its hidden files, symbolic links and subfolders are not shown.
#[derive(Debug)]
pub struct Downloads(OwnedFd);

/// The entry of a file in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DownloadInfo {
    /// The name of the file, as far as it is visible.
    pub(crate) name: String,
    /// The size, in bytes.
    pub(crate) size: u64,
    /// The modification time, in milliseconds since the epoch.
    pub(crate) modified: u64,
}

/// A file that is downloaded.
#[derive(Debug)]
pub(crate) struct Download {
    /// The open file.
    pub(crate) file: File,
    /// The size, in bytes.
    pub(crate) size: u64,
    /// A number that changes with the content: the modification time in nanoseconds.
    pub(crate) version: u64,
}

impl Downloads {
    /// Opens the folder.
    ///
    /// # Errors
    /// If it does not exist, or cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let downloads = Self(rustix::fs::open(path, flags, Mode::empty())?);
        downloads.list()?;
        Ok(downloads)
    }

    /// Lists the files by name, at most 1000. Blocks.
    ///
    /// # Errors
    /// If the folder can no longer be read.
    pub(crate) fn list(&self) -> io::Result<Vec<DownloadInfo>> {
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            // A request can only name a file in UTF-8.
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if !is_shown(name) {
                continue;
            }
            let Ok(stat) = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                files.push(DownloadInfo {
                    name: visible(name),
                    size: stat.st_size.try_into().unwrap_or_default(),
                    modified: u64::try_from(stat.st_mtime).unwrap_or_default() * 1000,
                });
            }
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        files.truncate(MAX_LISTED);
        Ok(files)
    }

    /// Opens a file. `None` if the list has none of this name. Blocks.
    pub(crate) fn get(&self, name: &str) -> Option<Download> {
        self.open_file(name).or_else(|| {
            // The name in the list may lack what is not visible.
            let mut entries = Dir::read_from(&self.0).ok()?.flatten();
            entries.find_map(|entry| {
                let own = entry.file_name().to_str().ok()?;
                (own != name && visible(own) == name).then(|| self.open_file(own))?
            })
        })
    }

    fn open_file(&self, name: &str) -> Option<Download> {
        if !is_shown(name) {
            return None;
        }
        // Opening a FIFO must not block.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file: File = rustix::fs::openat(&self.0, name, flags, Mode::empty())
            .ok()?
            .into();
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Download {
            file,
            size: metadata.size(),
            version: (metadata.mtime() as u64)
                .wrapping_mul(1_000_000_000)
                .wrapping_add(metadata.mtime_nsec() as u64),
        })
    }
}

/// True if the name is one path component, and not hidden.
fn is_shown(name: &str) -> bool {
    !visible(name).trim().is_empty() && !name.starts_with('.') && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_the_folder_are_shown_and_fetched() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let folder = tempfile::tempdir_in(outside.path()).unwrap();
        let path = folder.path();
        std::fs::write(path.join("b.txt"), "four").unwrap();
        std::fs::write(path.join("a ü.txt"), "").unwrap();
        std::fs::write(path.join(".hidden"), "h").unwrap();
        std::fs::create_dir(path.join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), path.join("link")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path.join("pipe"),
            FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let downloads = Downloads::open(path).unwrap();
        let listed: Vec<_> = downloads
            .list()
            .unwrap()
            .into_iter()
            .map(|file| (file.name, file.size))
            .collect();
        assert_eq!(listed, [("a ü.txt".to_owned(), 0), ("b.txt".to_owned(), 4)]);
        assert_eq!(downloads.get("b.txt").map(|download| download.size), Some(4));
        for name in [
            "../secret",
            "link",
            ".hidden",
            "folder",
            "pipe",
            "",
            ".",
            "..",
            "x",
            "b.txt/",
            "b.txt\0",
        ] {
            assert!(downloads.get(name).is_none(), "{name:?}");
        }
        let misleading = "photo\u{202e}gpj.exe";
        std::fs::write(path.join(misleading), "bad").unwrap();
        std::fs::write(path.join("\u{200b}"), "nothing to see").unwrap();
        let listed = downloads.list().unwrap();
        assert!(
            listed.iter().any(|file| file.name == "photogpj.exe"),
            "{listed:?}"
        );
        assert_eq!(listed.len(), 3);
        for name in ["photogpj.exe", misleading] {
            assert_eq!(
                downloads.get(name).map(|download| download.size),
                Some(3),
                "{name}"
            );
        }
        std::fs::remove_file(path.join(misleading)).unwrap();
        std::fs::write(path.join("c.txt"), "later").unwrap();
        assert_eq!(downloads.list().unwrap().len(), 3, "it is listed anew");
    }
}
