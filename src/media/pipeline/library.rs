//! The pipeline files: those compiled into the binary, and a directory that overrides or adds to them.

use std::path::Path;

use rust_embed::RustEmbed;

use super::description::{Description, HeaderError, Kind};
use super::parse::DescriptionError;

#[derive(RustEmbed)]
#[folder = "pipelines"]
struct Shipped;

/// All pipeline files that can be chosen by name.
#[derive(Debug)]
pub(crate) struct Library {
    descriptions: Vec<Description>,
}

/// Reasons why the pipeline files could not be read.
#[derive(Debug)]
pub enum LibraryError {
    /// A file or the directory could not be read.
    Io {
        /// Path of the file or directory.
        path: String,
        /// The I/O error.
        error: std::io::Error,
    },
    /// A header is invalid.
    Header(HeaderError),
}

impl std::fmt::Display for LibraryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{path}: {error}"),
            Self::Header(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LibraryError {}

impl From<LibraryError> for DescriptionError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::Io { path, error } => Self::new(&path, error.to_string()),
            LibraryError::Header(error) => error.into(),
        }
    }
}

impl From<HeaderError> for LibraryError {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl Library {
    /// Loads the shipped files and those in `directory` (`capture/*.launch`, `encode/*.launch`, `audio/*.launch`),
    /// which replace shipped ones of the same kind and name.
    ///
    /// # Errors
    /// If the directory or a file in it cannot be read, or a header is invalid.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, LibraryError> {
        let mut library = Self {
            descriptions: Vec::new(),
        };
        for path in Shipped::iter() {
            let file = Shipped::get(&path).expect("an embedded file exists");
            library.add(
                &format!("pipelines/{path}"),
                &path,
                &String::from_utf8_lossy(&file.data),
            )?;
        }
        if let Some(directory) = directory {
            library.add_directory(directory)?;
        }
        library
            .descriptions
            .sort_by(|a, b| b.rank.cmp(&a.rank).then_with(|| a.name.cmp(&b.name)));
        Ok(library)
    }

    /// Returns all descriptions of a kind, the highest rank first.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Description> {
        self.descriptions
            .iter()
            .filter(move |description| description.kind == kind)
    }

    /// Returns all descriptions.
    pub(crate) fn all(&self) -> &[Description] {
        &self.descriptions
    }

    fn add_directory(&mut self, directory: &Path) -> Result<(), LibraryError> {
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |error| LibraryError::Io { path, error }
        };
        std::fs::read_dir(directory).map_err(io(directory))?;
        for kind in ["capture", "encode", "audio"] {
            let folder = directory.join(kind);
            if !folder.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&folder).map_err(io(&folder))? {
                let path = entry.map_err(io(&folder))?.path();
                if path.extension().is_some_and(|extension| extension == "launch") {
                    let contents = std::fs::read_to_string(&path).map_err(io(&path))?;
                    let origin = path.display().to_string();
                    self.add(&origin, &origin, &contents)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, origin: &str, path: &str, contents: &str) -> Result<(), HeaderError> {
        let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
        let description = Description::read(origin, &name, contents)?;
        self.descriptions
            .retain(|other| (other.kind, &other.name) != (description.kind, &description.name));
        self.descriptions.push(description);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_overrides_and_adds() {
        let directory = tempfile::tempdir().unwrap();
        let encode = directory.path().join("encode");
        std::fs::create_dir(&encode).unwrap();
        std::fs::write(
            encode.join("vp8.launch"),
            "# kind: encode\n# codec: vp8\n# rank: 99\nmine",
        )
        .unwrap();
        std::fs::write(
            encode.join("new.launch"),
            "# kind: encode\n# codec: h264\n# rank: 1\nnew",
        )
        .unwrap();
        let shipped = Library::load(None).unwrap().of_kind(Kind::Encode).count();
        let library = Library::load(Some(directory.path())).unwrap();
        let encoders: Vec<_> = library.of_kind(Kind::Encode).collect();
        assert_eq!(encoders.len(), shipped + 1);
        assert_eq!(
            (encoders[0].name.as_str(), encoders[0].text.as_str()),
            ("vp8", "mine")
        );
        let ranks = encoders.iter().map(|encoder| encoder.rank);
        assert!(ranks.is_sorted_by(|before, after| before >= after));
        assert!(
            encoders
                .iter()
                .any(|encoder| encoder.name == "new" && encoder.rank == 1)
        );
    }

    #[test]
    fn a_missing_directory_is_an_error_that_names_it() {
        let error = Library::load(Some(Path::new("/no/such/directory")))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/no/such/directory"), "{error}");
    }
}
