//! Where an original is, and what it is called. No id or reference leads out of the folder.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{DirBuilder, DirEntry, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::domain::organisation::OrganisationId;
use crate::ports::{Owner, StoreError};
use crate::runtime::hashed::Hashed;
use crate::runtime::tokens::{hex, sha256};
use crate::store::record::Codec;

/// SHA-256 of an original, lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest(String);

/// Hex digits of the contact's and the person's part: 128 bits, enough to tell any two apart.
const OWNER_HEX: usize = 32;

const DIGEST_HEX: usize = 64;

/// Ends the name of a file that is encrypted.
const ENCRYPTED: &str = ".encrypted";

/// An original that an archive has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOriginal {
    pub reference: String,
    /// When it was kept, as far as that is known.
    pub modified: Option<DateTime<Utc>>,
}

/// How an original is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Encrypted,
}

impl Digest {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an original may be.
pub(super) struct Places {
    pub(super) now: OriginalPlace,
    before: Vec<OriginalPlace>,
}

impl Places {
    /// Where it is kept; `None`: nowhere.
    pub(super) fn found(&self, root: &Path) -> Option<&OriginalPlace> {
        self.all().find(|place| place.found(root).is_some())
    }

    /// Where it is kept now first.
    pub(super) fn all(&self) -> impl Iterator<Item = &OriginalPlace> {
        std::iter::once(&self.now).chain(&self.before)
    }

    /// Every name that it may have, with its form: a file named by a key is encrypted.
    pub(super) fn named(&self) -> impl Iterator<Item = (&OriginalPlace, Form)> {
        let without_key = self.before.last().unwrap_or(&self.now);
        let encrypted = self.all().map(|place| (place, Form::Encrypted));
        encrypted.chain([(without_key, Form::Plain)])
    }

    /// What their names call the person on whose quota it counts: by each key, and without any.
    pub(super) fn people(&self) -> BTreeSet<&str> {
        self.all().filter_map(|place| place.person.as_deref()).collect()
    }
}

/// The place of one contact's original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OriginalPlace {
    pub(super) organisation: String,
    pub(super) digest: Digest,
    contact: String,
    /// On whose quota it counts. `None`: nobody's; or it was kept before there were quotas.
    pub(super) person: Option<String>,
}

impl OriginalPlace {
    /// Where the original of a contact may be: where it is kept now, then where it was kept with keys of before, or
    /// without any.
    pub(super) fn of(
        organisation: &OrganisationId,
        original: &Hashed,
        owner: &Owner<'_>,
        codec: &Codec,
    ) -> Result<Places, StoreError> {
        let folder = folder_name(organisation)?;
        let place = |contact: String, person: Option<String>| OriginalPlace {
            organisation: folder.clone(),
            digest: Digest(original.sha256.clone()),
            contact,
            person,
        };
        // Somebody with the disk but not the key can't look there for an id that they know.
        let hashed = |id: &str| {
            let hashes = codec.fingerprints(organisation.as_str(), id).into_iter();
            hashes.map(|mut hash| {
                hash.truncate(OWNER_HEX);
                hash
            })
        };
        let mut people = owner.person.map(hashed);
        let hashed = hashed(owner.contact)
            .map(|contact| place(contact, people.as_mut().and_then(Iterator::next)))
            .collect::<Vec<_>>();
        let plain = place(shortened(owner.contact), owner.person.map(shortened));
        let mut all = hashed.into_iter().chain([plain.clone()]);
        Ok(Places { now: all.next().unwrap_or(plain), before: all.collect() })
    }

    /// What a file's name in an organisation's folder says; `None`: it does not belong to an original.
    pub(super) fn named(organisation: &str, file: &str) -> Option<Self> {
        let mut parts = file.strip_suffix(ENCRYPTED).unwrap_or(file).split('-');
        let (content, contact) = (parts.next()?, parts.next()?);
        let person = parts.next();
        let whole = is_hex(content, DIGEST_HEX)
            && is_hex(contact, OWNER_HEX)
            && person.is_none_or(|person| is_hex(person, OWNER_HEX))
            && parts.next().is_none();
        whole.then(|| OriginalPlace {
            organisation: organisation.to_owned(),
            digest: Digest(content.to_owned()),
            contact: contact.to_owned(),
            person: person.map(str::to_owned),
        })
    }

    /// What the name of a file below the archive's folder says, or of an object of a bucket: `karbon/3f/3f9a…`.
    pub(super) fn below(name: &str) -> Option<(Self, Form)> {
        let mut parts = name.split('/');
        let (organisation, folder, file) = (parts.next()?, parts.next()?, parts.next()?);
        let place = OriginalPlace::named(organisation, file)?;
        let form = if file.ends_with(ENCRYPTED) { Form::Encrypted } else { Form::Plain };
        let is_whole = parts.next().is_none() && file.starts_with(folder) && folder.len() == 2;
        (is_whole && !organisation.starts_with('.')).then_some((place, form))
    }

    /// The name of an object of a bucket, which is that of the file below an archive's folder.
    pub(super) fn name(&self, form: Form) -> String {
        let path = match form {
            Form::Plain => self.path(Path::new("")),
            Form::Encrypted => self.encrypted_path(Path::new("")),
        };
        // Every part of it is ASCII.
        path.to_string_lossy().into_owned()
    }

    pub(super) fn parse(
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<Self, StoreError> {
        let organisation = folder_name(organisation)?;
        let parts = reference.strip_prefix("sha256:");
        let parts = parts.filter(|parts| !parts.contains('-') && !parts.ends_with(ENCRYPTED));
        parts
            .and_then(|parts| OriginalPlace::named(&organisation, &parts.replace('/', "-")))
            .ok_or_else(|| StoreError::Refused("this is not a reference in the archive".to_owned()))
    }

    pub(super) fn reference(&self) -> String {
        format!("sha256:{}", self.parts("/"))
    }

    /// What a file is called: the parts of the reference.
    fn parts(&self, between: &str) -> String {
        let parts = [Some(self.digest.0.as_str()), Some(&self.contact), self.person.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(between)
    }

    pub(super) fn folder(&self, root: &Path) -> PathBuf {
        let first_byte: String = self.digest.0.chars().take(2).collect();
        root.join(&self.organisation).join(first_byte)
    }

    /// Where it is kept as it came.
    pub(super) fn path(&self, root: &Path) -> PathBuf {
        self.folder(root).join(self.parts("-"))
    }

    /// Where it is kept encrypted.
    pub(super) fn encrypted_path(&self, root: &Path) -> PathBuf {
        self.folder(root).join(self.parts("-") + ENCRYPTED)
    }

    /// Where it is kept, whichever way; `None`: it is not.
    pub(super) fn found(&self, root: &Path) -> Option<PathBuf> {
        [self.encrypted_path(root), self.path(root)].into_iter().find(|path| path.is_file())
    }

    /// What its encryption is bound to.
    pub(super) fn label(&self) -> Vec<u8> {
        format!("{}/{}", self.organisation, self.parts("-")).into_bytes()
    }
}

/// An organisation's folder: its id, with every byte but letters, digits, `-` and `_` as `%xx`, so
/// that no id is `..`, holds a `/`, or meets the folder of temporary files.
pub(super) fn folder_name(organisation: &OrganisationId) -> Result<String, StoreError> {
    // A file's name has at most 255 bytes (NAME_MAX); a byte may become three.
    const ID_BYTES_MAX: usize = 80;
    let id = organisation.as_str();
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(StoreError::Refused(format!(
            "an organisation's id has 1 to {ID_BYTES_MAX} bytes to have a folder in the archive"
        )));
    }
    let mut name = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    Ok(name)
}

/// The digest of an id, shortened.
fn shortened(id: &str) -> String {
    let mut text = hex(&sha256(id.as_bytes()));
    text.truncate(OWNER_HEX);
    text
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Creates a folder with its parents, readable only by the gateway's own user, and syncs the
/// folder above each that was made, so that none is lost in a crash.
pub(super) fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_folders(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => sync_folder(above.unwrap_or(Path::new("."))),
        // Another contact made it in the meantime.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Every original in an archive's folder.
pub(super) fn originals(root: &Path) -> io::Result<Vec<(OriginalPlace, Form)>> {
    let mut found = Vec::new();
    for organisation in std::fs::read_dir(root)? {
        let Ok(organisation) = organisation?.file_name().into_string() else { continue };
        each(root, &organisation, &mut |place, form, _| {
            found.push((place, form));
            Ok(())
        })?;
    }
    Ok(found)
}

/// Hands over every original in an organisation's folder.
pub(super) fn each(
    root: &Path,
    organisation: &str,
    found: &mut dyn FnMut(OriginalPlace, Form, &DirEntry) -> io::Result<()>,
) -> io::Result<()> {
    let Some(folders) = there(std::fs::read_dir(root.join(organisation)))? else { return Ok(()) };
    for folder in folders {
        let folder = folder?;
        let Some(files) = there(std::fs::read_dir(folder.path()))? else { continue };
        for file in files {
            let file = file?;
            let names = (folder.file_name().into_string(), file.file_name().into_string());
            let (Ok(within), Ok(name)) = names else { continue };
            if let Some((place, form)) =
                OriginalPlace::below(&format!("{organisation}/{within}/{name}"))
            {
                found(place, form, &file)?;
            }
        }
    }
    Ok(())
}

/// A name in a folder is on disk only once the folder is synced (fsync(2)).
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// `None`: it is not there, or no folder.
pub(super) fn there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
