//! Reading an original, whichever way it is kept.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::away;
use super::cipher::{self, OpenFault};
use super::place::{Form, OriginalPlace};
use crate::ports::{ArchiveIdentity, FetchError, OriginalFault, OriginalTrouble, StoreError};
use crate::runtime::hashed::Hashing;
use crate::runtime::limits::ARCHIVE_PIECE_BYTES;
use crate::store::record::Codec;

/// Why an original can't be had.
#[derive(Debug)]
pub(super) enum ReadFault {
    Trouble(OriginalTrouble),
    Io(io::Error),
    NoKey(String),
    PersonKey(StoreError),
}

impl ReadFault {
    /// As the archive that was asked says it.
    pub(super) fn of(self, archive: &ArchiveIdentity) -> FetchError {
        match self {
            ReadFault::Trouble(trouble) => {
                OriginalFault { trouble, archive: archive.clone() }.into()
            }
            ReadFault::Io(error) => away(&error).into(),
            ReadFault::NoKey(id) => no_key(&id).into(),
            ReadFault::PersonKey(error) => error.into(),
        }
    }
}

pub(super) fn no_key(id: &str) -> StoreError {
    StoreError::Locked(format!(
        "the kept original is encrypted with the key `{id}`, which is not in [keys] store"
    ))
}

impl From<OpenFault> for ReadFault {
    fn from(fault: OpenFault) -> Self {
        match fault {
            OpenFault::Io(error) => ReadFault::Io(error),
            OpenFault::Altered => ReadFault::Trouble(OriginalTrouble::Altered),
            OpenFault::NoKey(id) => ReadFault::NoKey(id),
            OpenFault::PersonKey(error) => ReadFault::PersonKey(error),
        }
    }
}

/// Hands over an original, and makes sure that it is intact. Bytes handed over before a fault must not be used.
pub(super) fn read(
    place: &OriginalPlace,
    root: &Path,
    codec: &Codec,
    to: &mut dyn Write,
) -> Result<(), ReadFault> {
    if let Some(mut file) = there(&place.encrypted_path(root))? {
        pass_on(place, Form::Encrypted, &mut file, codec, to)
    } else if let Some(mut file) = there(&place.path(root))? {
        pass_on(place, Form::Plain, &mut file, codec, to)
    } else {
        Err(ReadFault::Trouble(OriginalTrouble::Missing))
    }
}

/// As [`read`], of bytes already at hand.
pub(super) fn pass_on(
    place: &OriginalPlace,
    form: Form,
    from: &mut dyn Read,
    codec: &Codec,
    to: &mut dyn Write,
) -> Result<(), ReadFault> {
    let mut hashing = Hashing::new(to);
    match form {
        Form::Encrypted => {
            cipher::decrypt(from, &mut hashing, codec, &place.label())?;
        }
        Form::Plain => pass(from, &mut hashing).map_err(ReadFault::Io)?,
    }
    match hashing.end().sha256 == place.digest.as_str() {
        true => Ok(()),
        false => Err(ReadFault::Trouble(OriginalTrouble::Altered)),
    }
}

fn there(path: &Path) -> Result<Option<File>, ReadFault> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReadFault::Io(error)),
    }
}

fn pass(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    let mut piece = vec![0; ARCHIVE_PIECE_BYTES];
    loop {
        let read = from.read(&mut piece)?;
        match piece.get(..read) {
            None | Some([]) => return Ok(()),
            Some(bytes) => to.write_all(bytes)?,
        }
    }
}
