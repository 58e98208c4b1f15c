//! Whole entries that this version can't read, such as those that a newer one wrote before somebody went back to an
//! older: kept in a file of their own, so that the gateway starts without them, and a version that can read them
//! takes them up again.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::frame::{self, HEAD_BYTES};
use super::label;
use crate::runtime::whole_file;
use crate::store::record::Codec;

const FILE: &str = "unread.journal";

/// The file, in the frames of the journal.
pub(super) struct Aside {
    path: PathBuf,
    payloads: Vec<Vec<u8>>,
}

impl Aside {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut payloads = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some(payload) = frame::payload(rest) {
            payloads.push(payload.to_vec());
            rest = rest.get(HEAD_BYTES + payload.len()..).unwrap_or_default();
        }
        Ok(Aside { path, payloads })
    }

    pub(super) fn payloads(&self) -> &[Vec<u8>] {
        &self.payloads
    }

    /// Adds entries; they are on disk when this returns. One that is here already, because the gateway ended before
    /// the journal was emptied, is not added again.
    pub(super) fn put(&mut self, unread: Unread) -> io::Result<()> {
        let before = self.payloads.len();
        for payload in unread.into_payloads() {
            if !self.payloads.contains(&payload) {
                self.payloads.push(payload);
            }
        }
        if self.payloads.len() == before { Ok(()) } else { self.write() }
    }

    /// Releases the entries that were taken up.
    pub(super) fn let_go(&mut self, taken_up: &[Vec<u8>]) -> io::Result<()> {
        self.payloads.retain(|payload| !taken_up.contains(payload));
        if self.payloads.is_empty() { std::fs::remove_file(&self.path) } else { self.write() }
    }

    fn write(&self) -> io::Result<()> {
        let frames = self.payloads.iter().filter_map(|payload| frame::frame(payload));
        whole_file::replace(&self.path, &frames.flatten().collect::<Vec<u8>>())
    }

    /// For health: what waits for somebody; `None`: nothing.
    pub(super) fn fault(&self) -> Option<String> {
        let count = self.payloads.len();
        (count > 0).then(|| {
            format!(
                "{count} journalled decisions can't be read by this version and are kept in {FILE}; start the version \
                 that wrote them"
            )
        })
    }
}

/// Payloads of the journal that can't be read, while it is scanned.
#[derive(Default)]
pub(super) struct Unread {
    /// Entries whose number can be read, which may be done.
    numbered: BTreeMap<u64, Vec<u8>>,
    others: Vec<Vec<u8>>,
}

/// As much of an entry as every version writes in the same way.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Head {
    Entry { number: u64 },
}

impl Unread {
    /// The number of the entry, if it has one.
    pub(super) fn found(&mut self, codec: &Codec, payload: &[u8]) -> Option<u64> {
        if let Ok(Head::Entry { number }) = codec.read(payload, label(&"head of an entry")) {
            self.numbered.insert(number, payload.to_vec());
            return Some(number);
        }
        self.others.push(payload.to_vec());
        None
    }

    pub(super) fn done(&mut self, number: u64) {
        self.numbered.remove(&number);
    }

    fn into_payloads(self) -> impl Iterator<Item = Vec<u8>> {
        self.numbered.into_values().chain(self.others)
    }
}
