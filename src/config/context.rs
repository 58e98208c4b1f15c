//! What every part of the configuration file is read with.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::bank_holidays::Calendars;
use super::fault::Warning;
use super::reader::{Field, Reader};
use super::secret::Sources;

/// What every part of the file is read with.
pub(super) struct Context<'a> {
    pub(super) reader: &'a Reader,
    /// The configuration file; profiles and secrets are found in its folder.
    pub(super) file: &'a Path,
    pub(super) sources: Sources<'a>,
    pub(super) calendars: &'a Calendars,
    pub(super) contacts: Option<SocketAddr>,
    warnings: RefCell<Vec<Warning>>,
    /// Values that must be unique, by kind and value, with the key that has them.
    taken: RefCell<BTreeMap<(&'static str, String), String>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        reader: &'a Reader,
        sources: Sources<'a>,
        calendars: &'a Calendars,
        contacts: Option<SocketAddr>,
    ) -> Self {
        Context {
            reader,
            file: sources.file,
            sources,
            calendars,
            contacts,
            warnings: RefCell::default(),
            taken: RefCell::default(),
        }
    }

    /// Warnings, and the files that secrets were read from.
    pub(super) fn into_findings(self) -> (Vec<Warning>, BTreeSet<PathBuf>) {
        (self.warnings.into_inner(), self.sources.files.into_inner())
    }

    pub(super) fn warn(&self, organisation: &str, text: String) {
        let organisation = Some(organisation.to_owned());
        self.warnings.borrow_mut().push(Warning { organisation, text });
    }

    /// Of no organisation in particular.
    pub(super) fn warn_everybody(&self, text: String) {
        self.warnings.borrow_mut().push(Warning { organisation: None, text });
    }

    /// Refuses a value that another key has already. `what` calls it: `the path`.
    pub(super) fn once(&self, what: &'static str, value: &str, field: &Field<'_>, right: &str) {
        let mut taken = self.taken.borrow_mut();
        match taken.get(&(what, value.to_owned())) {
            Some(other) => field.fault(format!("{what} is already used by {other}"), right),
            None => {
                taken.insert((what, value.to_owned()), field.path().to_owned());
            }
        }
    }
}
