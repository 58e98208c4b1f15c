//! What the gateway writes is personal data: files are 0600 and folders 0700, regardless of the umask and of who made
//! the folder.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;

/// What users other than the owner may do.
const OTHERS: u32 = 0o077;
/// Anybody's folder (`/tmp`): not ours to close.
const STICKY: u32 = 0o1000;

/// From here on the process makes nothing that others may read. Sockets get their mode by themselves.
pub fn by_default() {
    rustix::process::umask(Mode::from_raw_mode(OTHERS));
}

/// Makes a folder of the gateway's own, and those above it, or closes one that is there.
///
/// # Errors
/// It can't be made.
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    close(path);
    Ok(())
}

/// Closes a file or folder to others, if it is there. One that belongs to another user stays as it is:
/// `check` names it.
pub fn close(path: &Path) {
    let Ok(found) = std::fs::metadata(path) else { return };
    let mode = found.permissions().mode();
    if mode & OTHERS != 0 && mode & STICKY == 0 {
        let _ = std::fs::set_permissions(path, Permissions::from_mode(mode & 0o7777 & !OTHERS));
    }
}

/// What others may do with a file or folder, where they may do anything: its mode, such as `644`.
pub fn open_to_others(path: &Path) -> Option<String> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & OTHERS != 0).then(|| format!("{:o}", mode & 0o777))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_that_somebody_made_is_closed_and_so_is_a_file() {
        let scratch = tempfile::tempdir().unwrap();
        let ours = scratch.path().join("a/b");
        std::fs::create_dir_all(&ours).unwrap();
        std::fs::set_permissions(&ours, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(open_to_others(&ours).as_deref(), Some("755"));
        folder(&ours).unwrap();
        assert_eq!(mode(&ours), 0o700);
        let file = ours.join("file");
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        close(&file);
        assert_eq!(mode(&file), 0o600);
        assert_eq!(open_to_others(&file), None);
        folder(&ours.join("c/d")).unwrap();
        assert_eq!(mode(&ours.join("c")), 0o700);
    }

    #[test]
    fn anybodys_folder_stays_open() {
        let scratch = tempfile::tempdir().unwrap();
        let shared = scratch.path().join("tmp");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        folder(&shared).unwrap();
        assert_eq!(mode(&shared), 0o777);
    }
}
