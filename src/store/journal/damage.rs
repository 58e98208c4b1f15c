//! The copy of a journal that was damaged, until somebody has looked at it.

use std::io;
use std::path::{Path, PathBuf};

const FILE: &str = "damaged.journal";

/// What is known of damage, by the copy of the file that was.
pub(super) struct Damage {
    path: PathBuf,
    /// Why a copy could not be made; `None`: it could, or none was needed.
    refused: Option<io::ErrorKind>,
    is_copied: bool,
}

impl Damage {
    /// Looks for a copy that an earlier start left.
    pub(super) fn look(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let is_copied = path.exists();
        Damage { path, refused: None, is_copied }
    }

    /// Copies the damaged file; `false`: the disk did not take it.
    pub(super) fn copy(&mut self, damaged: &Path) -> bool {
        let copied = std::fs::copy(damaged, &self.path);
        self.is_copied |= copied.is_ok();
        self.refused = copied.err().map(|error| error.kind());
        self.refused.is_none()
    }

    /// For health: that somebody has to look; `None`: there is nothing, or it was moved away.
    pub(super) fn fault(&self) -> Option<String> {
        if let Some(kind) = self.refused {
            return Some(format!(
                "the journal was damaged, so that decisions may be on no trail, and the disk took no copy of it \
                 ({FILE}): {kind}"
            ));
        }
        (self.is_copied && self.path.exists()).then(|| {
            format!(
                "the journal was damaged, so that decisions may be on no trail: compare the logs of that time with the \
                 trail, and then move {FILE} away"
            )
        })
    }
}
