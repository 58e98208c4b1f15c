//! An anchor: a signature over the newest link of a trail, to be kept where the store's writers can't reach.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::seal::{Link, Seal, of_hex};
use crate::domain::organisation::OrganisationId;
use crate::runtime::tokens::hex;

/// The key with which a gateway signs: Ed25519 (RFC 8032).
pub struct AnchorKey(Ed25519KeyPair);

impl AnchorKey {
    /// The key of a seed; `None`: it is not one.
    pub fn of_seed(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(AnchorKey)
    }

    /// What its signatures are checked with: hexadecimal.
    pub fn public(&self) -> String {
        hex(self.0.public_key().as_ref())
    }
}

/// Shows only the public part of the key.
impl std::fmt::Debug for AnchorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AnchorKey({})", self.public())
    }
}

/// Signed: an organisation's trail up to and with an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    pub organisation: OrganisationId,
    /// The number of the last entry that it signs for.
    pub entry: u64,
    pub link: Link,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub at: DateTime<Utc>,
    /// The public key and the signature: hexadecimal.
    pub key: String,
    pub signature: String,
}

impl Anchor {
    pub fn sign(
        organisation: &OrganisationId,
        newest: &Seal,
        at: DateTime<Utc>,
        key: &AnchorKey,
    ) -> Self {
        let mut anchor = Anchor {
            organisation: organisation.clone(),
            entry: newest.to,
            link: newest.link,
            at,
            key: key.public(),
            signature: String::new(),
        };
        anchor.signature = hex(key.0.sign(anchor.signed().as_bytes()).as_ref());
        anchor
    }

    /// Whether the signature is of this anchor, by the key that it names.
    pub fn is_signed(&self) -> bool {
        let (Some(key), Some(signature)) = (of_hex(&self.key), of_hex(&self.signature)) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key).verify(self.signed().as_bytes(), &signature).is_ok()
    }

    /// What the signature covers.
    fn signed(&self) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let Anchor { organisation, entry, link, .. } = self;
        format!("contact-gateway anchor 1\n{organisation}\n{entry}\n{link}\n{at}\n")
    }
}
