//! What codes of a case are called.

use crate::domain::case::appeal::{Appeal, AppealOutcome};
use crate::domain::case::conduct::{AgreementState, Incident, MediationStep, Medium, WarningKind};
use crate::domain::case::letter::{CaseLetter, Format, LetterKind, MailState, Means};
use crate::domain::case::proposal::ProposalState;
use crate::domain::case::restraint::ReviewOutcome;
use crate::domain::diary::What;
use crate::domain::language::Language;
use crate::domain::letter::Part;
use crate::staff::console::words::{CaseTerms, Terms};

pub(in crate::staff::console) fn incident(one: &Incident, language: Language) -> &'static str {
    let t = CaseTerms::of(language);
    match one.state() {
        "answered" => t.i_answered,
        "no_action" => t.i_no_action,
        _ => t.i_open,
    }
}

pub(in crate::staff::console) fn warning(
    kind: WarningKind,
    medium: Medium,
    language: Language,
) -> String {
    let t = CaseTerms::of(language);
    let kind = match kind {
        WarningKind::Informal => t.w_informal,
        WarningKind::Formal => t.w_formal,
    };
    let medium = match medium {
        Medium::Verbal => t.w_verbal,
        Medium::Written => t.w_written,
    };
    format!("{kind}, {medium}")
}

pub(in crate::staff::console) const fn agreement(
    state: AgreementState,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match state {
        AgreementState::Offered => t.g_offered,
        AgreementState::Accepted => t.g_accepted,
        AgreementState::Refused => t.g_refused,
        AgreementState::Breached => t.g_breached,
        AgreementState::Kept => t.g_kept,
    }
}

pub(in crate::staff::console) const fn mediation(
    step: MediationStep,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match step {
        MediationStep::Considered => t.m_considered,
        MediationStep::Offered => t.m_offered,
        MediationStep::Declined => t.m_declined,
        MediationStep::Done => t.m_done,
    }
}

pub(in crate::staff::console) const fn proposal(
    state: ProposalState,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match state {
        ProposalState::Draft => t.p_draft,
        ProposalState::Waiting => t.p_waiting,
        ProposalState::SentBack => t.p_sent_back,
        ProposalState::Signed => t.p_signed,
        ProposalState::Done => t.p_done,
        ProposalState::Withdrawn => t.p_withdrawn,
    }
}

pub(in crate::staff::console) const fn letter_kind(
    kind: LetterKind,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match kind {
        LetterKind::Warning => t.l_warning,
        LetterKind::Restriction => t.l_restriction,
        LetterKind::Variation => t.l_variation,
        LetterKind::Lifted => t.l_lifted,
        LetterKind::UpcomingReview => t.l_upcoming_review,
        LetterKind::ReviewOutcome => t.l_review_outcome,
        LetterKind::AppealAcknowledged => t.l_appeal_acknowledged,
        LetterKind::AppealOutcome => t.l_appeal_outcome,
        LetterKind::ContactEnded => t.l_contact_ended,
        LetterKind::NoNotificationRecord => t.l_no_notification_record,
    }
}

/// A part of a letter: as the policy calls it; on a Welsh page by its heading, where it has one.
pub(in crate::staff::console) fn letter_part(name: &str, language: Language) -> String {
    match Part::asked_for_as(name) {
        Some(part) if language == Language::Welsh => part.heading(language).to_owned(),
        _ => super::capitalised(name),
    }
}

pub(in crate::staff::console) fn letter(letter: &CaseLetter, language: Language) -> &'static str {
    let t = CaseTerms::of(language);
    if letter.mail_failed().is_some() {
        t.l_not_mailed
    } else if letter.sent.is_some() {
        t.l_sent
    } else if letter.approval.is_some() {
        t.l_approved
    } else {
        t.l_draft
    }
}

pub(in crate::staff::console) const fn mail_state(
    state: MailState,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match state {
        MailState::Waiting => t.l_mail_waiting,
        MailState::Accepted => t.l_mail_accepted,
        MailState::Failed => t.l_not_mailed,
    }
}

pub(in crate::staff::console) const fn format(format: Format, language: Language) -> &'static str {
    let t = Terms::of(language);
    match format {
        Format::Standard => crate::staff::console::words::Steps::of(language).f_standard,
        Format::LargePrint => t.a_large_print,
        Format::ColouredPaper => t.a_coloured_paper,
        Format::EasyRead => t.a_easy_read,
        Format::Braille => t.a_braille,
        Format::Audio => t.a_audio,
    }
}

pub(in crate::staff::console) const fn means(means: Means, language: Language) -> &'static str {
    let t = CaseTerms::of(language);
    match means {
        Means::Post => t.by_post,
        Means::Email => t.by_email,
    }
}

pub(in crate::staff::console) fn appeal(one: &Appeal, language: Language) -> &'static str {
    let t = CaseTerms::of(language);
    match one.state() {
        "withdrawn" => t.a_withdrawn,
        "notified" => t.a_notified,
        "decided" => t.a_decided,
        "being_heard" => t.a_being_heard,
        _ => t.a_received,
    }
}

pub(in crate::staff::console) const fn appeal_outcome(
    outcome: AppealOutcome,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match outcome {
        AppealOutcome::Upheld => t.o_upheld,
        AppealOutcome::Varied => t.o_varied,
        AppealOutcome::Quashed => t.o_quashed,
    }
}

pub(in crate::staff::console) const fn review(
    outcome: ReviewOutcome,
    language: Language,
) -> &'static str {
    let t = CaseTerms::of(language);
    match outcome {
        ReviewOutcome::Keep => t.v_keep,
        ReviewOutcome::Vary => t.v_vary,
        ReviewOutcome::Lift => t.v_lift,
    }
}

/// What falls due, as something to do.
pub(in crate::staff::console) const fn due(what: What, language: Language) -> &'static str {
    let t = CaseTerms::of(language);
    match what {
        What::Review => t.d_review,
        What::RestrictionEnd => t.d_restriction_end,
        What::Letter => t.d_letter,
        What::AppealAnswer => t.d_appeal_answer,
        What::AppealNotice => t.d_appeal_notice,
        What::Engagement => t.d_engagement,
        What::ReadFiled => t.d_read_filed,
        What::AgreementEnd => t.d_agreement_end,
        What::AdjustmentReview => t.d_adjustment_review,
        What::EarlyReview => t.d_early_review,
        What::ExceptionReview => t.d_exception_review,
        What::AbsenceUncovered => t.d_absence_uncovered,
        What::ProfileUnset => t.d_profile_unset,
        What::CalendarEnd => t.d_calendar_end,
    }
}

/// What the record of a restriction decided elsewhere lacks.
pub(in crate::staff::console) fn not_on_record(what: &str, language: Language) -> &'static str {
    let t = CaseTerms::of(language);
    match what {
        "letter" => t.m_letter,
        "incident" => t.m_incident,
        "grounds" => t.m_grounds,
        "clause" => t.m_clause,
        "starts" => t.m_starts,
        "decided_by" => t.m_decided_by,
        "signed_off_by" => t.m_signed_off_by,
        _ => t.m_review_due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_letters_are_not_said_in_english_on_welsh_pages() {
        for (name, english, welsh) in [
            ("how_to_appeal", "How to appeal", "Sut i apelio"),
            ("review_date", "Review date", "Pa mor hir y bydd hyn yn para"),
            ("our_promise", "Our promise", "Our promise"),
        ] {
            assert_eq!(letter_part(name, Language::English), english);
            assert_eq!(letter_part(name, Language::Welsh), welsh);
        }
        for part in Part::ALL {
            let said = letter_part(part.name(), Language::Welsh);
            assert!(!said.is_empty() && said != super::super::capitalised(part.name()), "{said}");
        }
    }
}
