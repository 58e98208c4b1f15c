//! What the sender of a form may be shown.

use super::settings::{FormSettings, Reveal};
use crate::domain::contact::Contact;
use crate::domain::identifier::Assurance;

/// Whether the answer may show the decision: to a session that was signed in to, or where the form
/// says so.
pub(super) fn may_show(form: &FormSettings, contact: &Contact) -> bool {
    form.reveal == Reveal::Asserted
        || contact.from.iter().any(|from| from.assurance == Assurance::Proven)
}
