//! An archive that is looked at: nothing in it is made, swept or written.

use std::io;
use std::path::PathBuf;

use chrono::DateTime;

use super::place::{self, FoundOriginal, OriginalPlace};
use super::s3::Examined;
use super::{away, blocking, identity, reading};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ArchiveIdentity, FetchError, StoreError};
use crate::store::settings::{ArchiveUrl, Codec};

/// The originals of an archive.
pub struct Originals {
    ground: Ground,
}

enum Ground {
    Folder { root: PathBuf, identity: ArchiveIdentity, codec: Codec },
    Bucket(Box<Examined>),
}

impl Originals {
    /// `None`: there is no archive in the folder, or in the bucket.
    ///
    /// # Errors
    /// `Corrupt`: its identity can't be read. `Unavailable`: it is away.
    pub async fn of(url: &ArchiveUrl, codec: &Codec) -> Result<Option<Self>, StoreError> {
        let ground = match url {
            ArchiveUrl::File(root) => identity::read(root)?.map(|identity| Ground::Folder {
                root: root.clone(),
                identity,
                codec: codec.clone(),
            }),
            ArchiveUrl::S3(settings) => {
                Examined::of(settings, codec).await?.map(Box::new).map(Ground::Bucket)
            }
        };
        Ok(ground.map(|ground| Originals { ground }))
    }

    /// Reads an original through, however large it is.
    ///
    /// # Errors
    /// [`FetchError::Original`]: it is missing, or was altered.
    pub async fn verify(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<(), FetchError> {
        let place = OriginalPlace::parse(organisation, reference)?;
        let (root, identity, codec) = match &self.ground {
            Ground::Bucket(bucket) => return bucket.verify(&place).await,
            Ground::Folder { root, identity, codec } => (root.clone(), identity, codec.clone()),
        };
        let archive = identity.clone();
        blocking(move || {
            let read = reading::read(&place, &root, &codec, &mut io::sink());
            read.map_err(|fault| fault.of(&archive))
        })
        .await
    }

    /// Hands over every original of an organisation.
    ///
    /// # Errors
    /// The archive is away.
    pub async fn each(
        &self,
        organisation: &OrganisationId,
        found: &mut (dyn FnMut(FoundOriginal) + Send),
    ) -> Result<(), StoreError> {
        let folder = place::folder_name(organisation)?;
        match &self.ground {
            Ground::Bucket(bucket) => bucket.each(&folder, found).await,
            Ground::Folder { root, .. } => {
                let each = place::each(root, &folder, &mut |place, _, file| {
                    let modified = file.metadata().and_then(|file| file.modified()).ok();
                    let modified = modified.map(DateTime::from);
                    found(FoundOriginal { reference: place.reference(), modified });
                    Ok(())
                });
                each.map_err(|error| away(&error))
            }
        }
    }
}
