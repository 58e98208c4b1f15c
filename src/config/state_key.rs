//! The keys that a gateway makes for itself: random, made when first needed, kept next to the store.

use crate::runtime::private;
use crate::runtime::tokens::random;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The key of the mail loop mark.
const PASS_KEY: &str = "pass-key";
/// The seed of the Ed25519 key (RFC 8032) with which anchors of audit trails are signed.
const ANCHOR_KEY: &str = "anchor-key";
const BYTES: usize = 32;

/// Why there is no key. Trying again helps only where the file system was at fault.
#[derive(Debug, thiserror::Error)]
pub enum StateKeyError {
    #[error("{}: can't be made or read: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("{}: holds {found} bytes, not {BYTES}; remove it, and a new one is made", path.display())]
    Length { path: PathBuf, found: usize },
    #[error("the system provides no random bytes")]
    Random,
}

/// The key of the mail loop mark, from the state folder.
///
/// # Errors
/// [`StateKeyError`] if the file can't be read or made, or is not a key.
pub fn pass_key(state: &Path) -> Result<[u8; BYTES], StateKeyError> {
    key(state, PASS_KEY)
}

/// The seed of the key that signs anchors, from the state folder.
///
/// # Errors
/// [`StateKeyError`] if the file can't be read or made, or is not a key.
pub fn anchor_key(state: &Path) -> Result<[u8; BYTES], StateKeyError> {
    key(state, ANCHOR_KEY)
}

/// A key in the state folder; folder and key are made where they are not there. The file is readable
/// only by its owner (mode 0600).
///
/// # Errors
/// [`StateKeyError`] if the file can't be read or made, or is not a key.
fn key(state: &Path, name: &str) -> Result<[u8; BYTES], StateKeyError> {
    let path = state.join(name);
    let fault = |cause| StateKeyError::File { path: path.clone(), cause };
    match read(&path) {
        Ok(found) => return of_bytes(&path, &found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    private::folder(state).map_err(fault)?;
    let key = random::<BYTES>().map_err(|_| StateKeyError::Random)?;
    make(state, name, &key).map_err(fault)?;
    // Two gateways that start at once: the first one's key is everybody's.
    let found = read(&path).map_err(fault)?;
    of_bytes(&path, &found)
}

fn of_bytes(path: &Path, found: &[u8]) -> Result<[u8; BYTES], StateKeyError> {
    <[u8; BYTES]>::try_from(found)
        .map_err(|_| StateKeyError::Length { path: path.to_owned(), found: found.len() })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut found = Vec::with_capacity(BYTES + 1);
    let most = u64::try_from(BYTES + 1).unwrap_or(u64::MAX);
    fs::File::open(path)?.take(most).read_to_end(&mut found)?;
    Ok(found)
}

/// Writes a whole file under another name and links it into place, so that nobody ever reads half
/// a key; a key that is there already stays.
fn make(state: &Path, name: &str, key: &[u8]) -> io::Result<()> {
    let draft = state.join(format!("{name}.{}", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(key)?;
    file.sync_all()?;
    let linked = match fs::hard_link(&draft, state.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(state)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        let first = pass_key(&state).unwrap();
        assert_eq!(first, pass_key(&state).unwrap());
        let mode = fs::metadata(state.join(PASS_KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
        assert_ne!(first, [0; BYTES]);
        assert_ne!(first, anchor_key(&state).unwrap());
    }

    #[test]
    fn half_a_key_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(PASS_KEY), [1; 7]).unwrap();
        let error = pass_key(folder.path()).unwrap_err();
        assert!(matches!(error, StateKeyError::Length { found: 7, .. }), "{error}");
    }
}
