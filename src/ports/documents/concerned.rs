//! The people an entry of a batch concerns.

use super::{Batch, ItemWrite};
use crate::domain::audit::AuditEvent;
use crate::runtime::limits::IMPORT_MARKED_MAX;

impl Batch {
    /// The people an entry of the batch concerns though it does not name them: the person of the item
    /// that it is about, and those written by an import, unless they are very many.
    pub(crate) fn concerned_by(&self, event: &AuditEvent) -> Vec<&str> {
        if let Some(item) = event.item() {
            let write = self.items.iter().find(|write| write.now.id == item);
            return write.and_then(ItemWrite::person).into_iter().collect();
        }
        if matches!(event, AuditEvent::Imported { .. }) && self.people.len() <= IMPORT_MARKED_MAX {
            return self.people.iter().map(|write| write.now.id.as_str()).collect();
        }
        Vec::new()
    }
}

impl ItemWrite {
    fn person(&self) -> Option<&str> {
        let was = self.was.as_ref().and_then(|was| was.person.as_deref());
        was.or(self.now.person.as_deref())
    }
}
