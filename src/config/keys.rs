//! `[keys]`: what records are encrypted with.

use std::path::PathBuf;
use std::sync::Arc;

use super::context::Context;
use super::reader::Section;
use crate::store::settings::{Codec, KeyFault, Keyring, PersonKeys};

/// The codec of the records: plain where there are no keys.
pub(super) fn read(context: &Context<'_>, root: &Section<'_>) -> Codec {
    let Some(section) = root.field("keys").and_then(|f| f.section()) else { return Codec::plain() };
    let (store, people) = (section.field("store"), section.field("people"));
    let found = store.as_ref().and_then(|f| f.list(|item| context.sources.key(item)));
    section.close();
    let folder = people.as_ref().and_then(|field| {
        if store.is_none() {
            let right = "name a key in [keys] store too: it wraps the keys of people";
            field.fault("needs [keys] store", right);
        }
        field.words().map(PathBuf::from)
    });
    let (Some(field), Some(texts)) = (store, found) else { return Codec::plain() };
    // One that could not be had is a fault already; the others would be another keyring.
    if !context.reader.is_clean() {
        return Codec::plain();
    }
    match Keyring::of(&texts) {
        Ok(keyring) => {
            let keyring = Arc::new(keyring);
            let codec = Codec::with(Some(Arc::clone(&keyring)));
            match folder {
                Some(folder) => codec.with_people(Arc::new(PersonKeys::at(folder, keyring))),
                None => codec,
            }
        }
        Err(fault @ (KeyFault::None | KeyFault::NotAKey | KeyFault::Twice(_))) => {
            field.fault(
                fault.to_string(),
                "make one with `contact-gateway store new-key`, and name the file that holds it",
            );
            Codec::plain()
        }
    }
}
