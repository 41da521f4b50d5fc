//! A chunk of a file, and what it leads to.

/// A chunk of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'a> {
    /// The name that the sender gives to the file.
    pub(crate) name: &'a str,
    /// The size of the whole file, in bytes.
    pub(crate) size: u64,
    /// The position of the chunk in the file, in bytes.
    pub(crate) offset: u64,
    /// The content of the chunk.
    pub(crate) bytes: &'a [u8],
}

/// The progress of an upload after a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// The file is incomplete: this many bytes were received.
    Part(u64),
    /// The file is complete, under this name.
    Whole(String),
}
