//! `[keys]`: what records are encrypted with.

use std::sync::Arc;

use super::context::Context;
use super::reader::Section;
use crate::store::settings::{Codec, KeyFault, Keyring};

/// The codec of the records: plain where there are no keys.
pub(super) fn read(context: &Context<'_>, root: &Section<'_>) -> Codec {
    let Some(section) = root.field("keys").and_then(|f| f.section()) else { return Codec::plain() };
    let store = section.field("store");
    let found = store.as_ref().and_then(|f| f.list(|item| context.sources.key(item)));
    section.close();
    let (Some(field), Some(texts)) = (store, found) else { return Codec::plain() };
    // One that could not be had is a fault already; the others would be another keyring.
    if !context.reader.is_clean() {
        return Codec::plain();
    }
    match Keyring::of(&texts) {
        Ok(keyring) => Codec::with(Some(Arc::new(keyring))),
        Err(fault @ (KeyFault::None | KeyFault::NotAKey | KeyFault::Twice(_))) => {
            field.fault(
                fault.to_string(),
                "make one with `contact-gateway store new-key`, and name the file that holds it",
            );
            Codec::plain()
        }
    }
}
