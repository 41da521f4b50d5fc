//! The pixels of the captured region, in memory that the X server writes to.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};

/// Anonymous memory, mapped here, whose file descriptor lets another process map it too. Zeroed at first.
#[derive(Debug)]
pub(super) struct SharedMemory {
    address: *mut u8,
    length: usize,
}

// SAFETY: the mapping belongs to this value alone, like that of a `Vec`.
#[allow(unsafe_code)]
unsafe impl Send for SharedMemory {}

impl SharedMemory {
    /// `length` bytes, and the descriptor to give away. Their size is sealed: who has it cannot make an access here
    /// fail.
    pub(super) fn new(length: usize) -> rustix::io::Result<(Self, OwnedFd)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = rustix::fs::memfd_create("deskbeam-screen", flags)?;
        rustix::fs::ftruncate(&file, length as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let (access, share) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping, at an address of the kernel's choice.
        #[allow(unsafe_code)]
        let address =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), length, access, share, file.as_fd(), 0) }?;
        let memory = Self {
            address: address.cast(),
            length,
        };
        Ok((memory, file))
    }

    /// The bytes. The X server writes them while a request of ours is under way, and only then.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping has this length for as long as this value lives, its size is sealed, and the X server
        // does not write to it while the slice exists: `pixels` waits for the reply to each request that it makes.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts(self.address, self.length)
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and nothing borrows from it any more.
        #[allow(unsafe_code)]
        let unmapped = unsafe { rustix::mm::munmap(self.address.cast(), self.length) };
        debug_assert!(unmapped.is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_the_descriptor_is_read_here_and_its_size_stays() {
        let (memory, file) = SharedMemory::new(8192).unwrap();
        assert_eq!(memory.bytes(), [0; 8192]);
        assert_eq!(rustix::io::pwrite(&file, b"pixels", 5000), Ok(6));
        assert_eq!(&memory.bytes()[5000..5006], b"pixels");
        assert!(rustix::fs::ftruncate(&file, 1).is_err());
        assert!(rustix::fs::ftruncate(&file, 16384).is_err());
    }
}
