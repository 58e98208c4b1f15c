//! The decision in the gateway's own fields: on a message, and on a form's submission.
//!
//! Everything that comes from outside is reduced to harmless characters here, even if it was checked before:
//! no CR, LF or NUL reaches a field (RFC 5322 2.2, RFC 9110 5.5).

use crate::domain::decision::Decision;

/// Longer values are cut: far above any id, far below what a line may have (998).
pub const VALUE_CHARS_MAX: usize = 400;

/// How much of a decision is disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionTold {
    Whole,
    /// Without the reason and the person.
    NotOfWhom,
}

/// `disposition; reason=…; contact=…; person=…; restriction=…`, without what is not there.
pub fn decision_parts(decision: &Decision, told: DecisionTold) -> Vec<String> {
    let is_whole = told == DecisionTold::Whole;
    let mut parts = vec![decision.disposition.name().to_owned()];
    if let Some(reason) = decision.reasons.first().filter(|_| is_whole) {
        parts.push(format!("reason={}", token(reason.code.as_str())));
    }
    parts.push(format!("contact={}", token(&decision.contact)));
    if let Some(person) = decision.person.as_ref().filter(|_| is_whole) {
        parts.push(format!("person={}", token(person)));
    }
    let restriction = decision.reasons.iter().find_map(|reason| reason.restriction.as_ref());
    if let Some(restriction) = restriction {
        parts.push(format!("restriction={}", token(restriction)));
    }
    parts
}

/// Visible ASCII without what separates the parts of a field.
pub fn token(text: &str) -> String {
    let harmless = |c: char| if c.is_ascii_graphic() && !matches!(c, ';' | ',') { c } else { '_' };
    text.chars().take(VALUE_CHARS_MAX).map(harmless).collect()
}
