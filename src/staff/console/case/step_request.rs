//! What a page of a step is asked for.

use super::describe::StepForm;
use super::setting::{Desktop, Setting};
use super::values::Values;
use crate::domain::case::letter::LetterKind;
use crate::domain::restriction::KindName;
use crate::domain::tally::Contacted;
use crate::staff::console::visit::Visit;

/// What a page of a step is asked for, by address or by form.
pub(super) struct StepRequest {
    pub step: &'static StepForm,
    pub person: String,
    pub values: Values,
}

impl StepRequest {
    pub(super) fn about(&self) -> &str {
        self.values.text("of")
    }

    /// Of a proposal: the kind of restriction.
    pub(super) fn kind(&self) -> Option<KindName> {
        let name = self.values.said("kind").filter(|_| self.step.act == "propose")?;
        KindName::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn letter(&self) -> Option<LetterKind> {
        let name = self.values.said("kind").filter(|_| self.step.act == "draft_letter")?;
        serde_json::from_value(name.into()).ok()
    }

    pub(super) fn setting<'a>(
        &'a self,
        visit: &'a Visit,
        desktop: &'a Desktop,
        contacts: &'a [Contacted],
    ) -> Setting<'a> {
        let (kind, letter) = (self.kind(), self.letter());
        Setting { visit, desktop, step: self.step, about: self.about(), kind, letter, contacts }
    }
}
