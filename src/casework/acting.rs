//! Who changes a record, and why.

use super::Fault;
use crate::domain::invisible::is_blank;
use crate::runtime::limits::REASON_CHARS_MAX;

/// Who changes a record, and why, as recorded in the audit trail.
#[derive(Debug, Clone, Copy)]
pub struct Acting<'a> {
    pub by: &'a str,
    /// In the person's own words.
    pub reason: Option<&'a str>,
}

impl<'a> From<&'a str> for Acting<'a> {
    fn from(by: &'a str) -> Self {
        Acting { by, reason: None }
    }
}

impl<'a> Acting<'a> {
    /// Does it for this reason; a blank one does not count.
    #[must_use]
    pub fn because(self, reason: Option<&'a str>) -> Self {
        Acting { reason: reason.map(str::trim).filter(|reason| !is_blank(reason)), ..self }
    }

    /// # Errors
    /// [`Fault::Refused`]: the reason is too long.
    pub(super) fn check(self) -> Result<(), Fault> {
        if self.reason.is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
            return Err(Fault::Refused(format!(
                "a reason has at most {REASON_CHARS_MAX} characters"
            )));
        }
        Ok(())
    }
}
