//! Who signed, which exceptions are asked for, and whether the letter went.

use super::Case;
use super::fairness::{is_severe, is_violent};
use crate::domain::broken::Broken;
use crate::domain::case::anchors::imposing_letter;
use crate::domain::case::letter::{CaseLetter, parts_of, path_of_part};
use crate::domain::case::proposal::{AskedException, Proposal, Signature};
use crate::domain::invisible::is_blank;
use crate::domain::lifecycle::accused;
use crate::domain::profile::{Exception, Profile, Roles};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{Kind, KindName};

/// Who signs off a proposal: those named by the policy for the kind, else those who decide.
pub(in crate::domain::lifecycle) fn kind_signers(
    profile: &Profile,
    proposal: &Proposal,
) -> Option<Roles> {
    let rule = profile.kinds.get(&proposal.restriction.kind.name());
    let named = rule.and_then(|rule| rule.sign_off.as_ref());
    named.or(profile.responsible.decides.as_ref()).cloned()
}

/// Who signs off an exception: those named by the policy for it, else those who decide.
pub(in crate::domain::lifecycle) fn exception_signers(
    profile: &Profile,
    exception: Exception,
) -> Option<Roles> {
    let rule = profile.exceptions.get(&exception);
    let named = rule.and_then(|rule| rule.sign_off.as_ref());
    named.or(profile.responsible.decides.as_ref()).cloned()
}

/// Whether each exception that is asked for is one that the policy allows, in such a case.
pub(super) fn exceptions_allowed(case: &Case<'_, '_>) -> Vec<Broken> {
    let mut broken = Vec::new();
    for asked in &case.proposal.exceptions {
        broken.extend(exception_allowed(case, asked));
        if is_blank(&asked.justification) {
            let what = format!("the exception `{}` is not justified", asked.exception.name());
            broken
                .push(Broken::new(RefusalCode::FieldMissing, what).key("exceptions.justification"));
        }
    }
    let ends_contact = matches!(case.restriction.kind, Kind::ContactEnded);
    if ends_contact && case.proposal.asked(Exception::ContactEnded).is_none() {
        let asked = AskedException {
            exception: Exception::ContactEnded,
            justification: String::new(),
            review_due: None,
            signature: None,
        };
        // Where the policy does not know it, asking would not help.
        let what = "contact is ended, and the exception `contact_ended` is not asked for";
        broken.push(exception_allowed(case, &asked).unwrap_or_else(|| {
            Broken::new(RefusalCode::ExceptionUnsigned, what).key("exceptions")
        }));
    }
    broken
}

fn exception_allowed(case: &Case<'_, '_>, asked: &AskedException) -> Option<Broken> {
    let name = asked.exception.name();
    let key = format!("exceptions.{name}");
    let refused = |what: String, clause: Option<&str>| {
        Some(Broken::new(RefusalCode::ExceptionNotAllowed, what).clause(clause).key(key.clone()))
    };
    let Some(rule) = case.profile().exceptions.get(&asked.exception) else {
        return refused(format!("the policy leaves the exception `{name}` unset"), None);
    };
    let clause = rule.clause.as_deref();
    if !rule.allowed {
        return refused(format!("the policy does not allow the exception `{name}`"), clause);
    }
    let fits = match rule.when.as_deref() {
        Some("severe" | "extreme") => is_severe(case),
        Some("violence") => is_violent(case),
        // Anything else is the signer's judgment.
        Some(_) | None => true,
    };
    if !fits {
        let when = rule.when.as_deref().unwrap_or_default();
        return refused(
            format!("the policy allows `{name}` only for conduct that is {when}; no incident is"),
            clause,
        );
    }
    let kind = case.restriction.kind.name();
    let tells_nobody = matches!(kind, KindName::VisitsInPairs | KindName::AppointmentOnly);
    if asked.exception == Exception::NoNotification && !tells_nobody {
        return refused(format!("`{kind}` can't be kept from the person it restricts"), clause);
    }
    let warns = case.profile().warn_first.except_severe;
    if asked.exception == Exception::NoWarning && warns == Some(false) {
        let clause = case.profile().clause_of("warn_first.except_severe");
        return refused("the policy allows no exception from the warning".to_owned(), clause);
    }
    None
}

/// The signatures: the proposal's, and one for each exception.
pub(super) fn signatures(case: &Case<'_, '_>) -> Vec<Broken> {
    let (profile, proposal) = (case.profile(), case.proposal);
    let mut broken = Vec::new();
    let kind = format!("kinds.{}.sign_off", proposal.restriction.kind.name());
    match (&proposal.signature, kind_signers(profile, proposal)) {
        (_, None) => {}
        (None, Some(roles)) => {
            let clause = profile.clause_for(proposal.restriction.kind.name());
            let what = format!("it is not signed off; {roles} signs it");
            broken.push(Broken::new(RefusalCode::SignOffMissing, what).clause(clause).key(kind));
        }
        (Some(signature), Some(roles)) => {
            broken.extend(signer(case, signature, &roles, &kind));
        }
    }
    for asked in &proposal.exceptions {
        broken.extend(exception_signed(case, asked));
    }
    broken
}

/// Roles and proposer are looked at again, since roles change.
fn signer(case: &Case<'_, '_>, signature: &Signature, roles: &Roles, key: &str) -> Vec<Broken> {
    let mut broken = Vec::new();
    let name = &signature.name;
    if !case.work.role_of(name).is_some_and(|role| roles.include(role)) {
        let what = format!("{roles} signs it; {name} does not have that role now");
        broken.push(Broken::new(RefusalCode::SignOffRole, what).key(key));
    }
    if *name == case.proposal.by {
        let what = format!("{name} proposed it, and can't sign it off as well");
        broken.push(Broken::new(RefusalCode::SignOffProposer, what).key("by"));
    }
    broken.extend(accused(case.file(), name));
    broken
}

fn exception_signed(case: &Case<'_, '_>, asked: &AskedException) -> Vec<Broken> {
    let name = asked.exception.name();
    let rule = case.profile().exceptions.get(&asked.exception);
    let clause = rule.and_then(|rule| rule.clause.as_deref());
    let unsigned = |what: String| {
        let key = format!("exceptions.{name}");
        Broken::new(RefusalCode::ExceptionUnsigned, what).clause(clause).key(key)
    };
    let Some(roles) = exception_signers(case.profile(), asked.exception) else { return Vec::new() };
    let Some(signature) = &asked.signature else {
        return vec![unsigned(format!(
            "the exception `{name}` is not signed off; {roles} signs it"
        ))];
    };
    let mut broken = Vec::new();
    let by = &signature.name;
    if !case.work.role_of(by).is_some_and(|role| roles.include(role)) {
        broken.push(unsigned(format!("{roles} signs `{name}`; {by} does not have that role now")));
    }
    if *by == case.proposal.by {
        broken.push(unsigned(format!("{by} proposed it, and can't sign `{name}` as well")));
    }
    let same_again = case.proposal.exceptions.iter().any(|other| {
        other.exception < asked.exception
            && other.signature.as_ref().is_some_and(|other| other.name == *by)
    });
    if same_again {
        broken.push(unsigned(format!("{by} signed two exceptions; two need two people")));
    }
    let signed_all = case.proposal.signature.as_ref().is_some_and(|kind| kind.name == *by);
    if asked.exception == Exception::ContactEnded && signed_all {
        broken.push(unsigned(format!(
            "{by} signed the proposal; ending contact must be signed by somebody else"
        )));
    }
    broken.extend(accused(case.file(), by));
    broken
}

/// The letter has every part and went, unless the person is not to be notified.
pub(super) fn letter(case: &Case<'_, '_>) -> Vec<Broken> {
    if case.proposal.asked(Exception::NoNotification).is_some() {
        return Vec::new();
    }
    let Some(letter) = imposing_letter(case.file(), case.proposal) else {
        let earlier = |one: &&CaseLetter| one.kind.imposes() && one.about == case.proposal.id;
        if let Some(earlier) = case.file().letters.iter().rev().find(earlier) {
            let id = &earlier.id;
            let what = format!(
                "letter `{id}` went before the proposal was changed, and tells of what it was then"
            );
            return vec![case.broken(RefusalCode::LetterNotSent, "letter.written", what)];
        }
        let id = &case.proposal.id;
        let what = format!("no letter to the person was drafted about proposal `{id}`");
        return vec![case.broken(RefusalCode::LetterMissing, "letter.must_say", what)];
    };
    let mut broken: Vec<Broken> = parts_of(case.profile(), letter.kind)
        .into_iter()
        .filter(|part| !letter.parts.contains(part))
        .map(|part| {
            let what = format!("letter `{}` does not say: {part}", letter.id);
            let path = path_of_part(letter.kind, &part);
            case.broken(RefusalCode::LetterPartMissing, path, what).key(part)
        })
        .collect();
    if !letter.has_gone() {
        let what = format!("letter `{}` was not sent", letter.id);
        broken.push(case.broken(RefusalCode::LetterNotSent, "letter.written", what));
    }
    broken
}
