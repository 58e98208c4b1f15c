//! The content of a `record` column: JSON, written into the same memory each time.

use serde::Serialize;

use super::fault::{unreadable, unwritable};
use crate::ports::StoreError;

#[derive(Default)]
pub(super) struct Record {
    json: Vec<u8>,
}

impl Record {
    /// Until the next one is written.
    pub(super) fn of(&mut self, what: &impl Serialize) -> Result<&str, StoreError> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, what).map_err(unwritable)?;
        std::str::from_utf8(&self.json).map_err(|_| unreadable("record"))
    }
}
