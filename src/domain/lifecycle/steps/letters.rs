//! Letters: drafted, approved, sent as they were approved.

use serde_json::{Map, Value, json};

use crate::domain::broken::Broken;
use crate::domain::case::CaseFile;
use crate::domain::case::act::{DraftLetter, OfLetter};
use crate::domain::case::letter::{
    Approval, CaseLetter, Format, LetterKind, MailState, Mailed, Means, Sent, Words, email_of,
    own_email, parts_of, path_of_part,
};
use crate::domain::case::lighter::varied_by;
use crate::domain::duty::Duty;
use crate::domain::language::Language;
use crate::domain::letter::{About, TemplateFault, Templates, Written, write};
use crate::domain::lifecycle::{Effect, Work};
use crate::domain::person::Person;
use crate::domain::refusal_code::RefusalCode;

/// Those who write letters: each kind is part of somebody's duty.
const WRITERS: [Duty; 4] = [Duty::Warn, Duty::Propose, Duty::Decide, Duty::Hear];

pub(in crate::domain::lifecycle) fn draft(work: &mut Work<'_>, fields: &DraftLetter) {
    work.must_one_of(&WRITERS);
    let kind = work.need(&fields.kind, "kind");
    let about = work.text(&fields.about, "for");
    let (Some(kind), Some(about)) = (kind, about) else { return };
    if !is_about(work, kind, &about) {
        work.unknown("for", &about);
    }
    must_fit(work, &about, &fields.changes);
    let known = parts_of(work.profile(), kind);
    for part in fields.without.iter().filter(|part| !known.contains(part)) {
        work.unknown("without", part);
    }
    let redrafted = work.step.id.and_then(|id| work.file.letter(id)).cloned();
    if redrafted.as_ref().is_some_and(CaseLetter::has_gone) {
        work.wrong_state("the letter was sent already; draft another");
    }
    let id = match redrafted {
        Some(letter) => letter.id,
        None => work.new_id("L", |file, id| file.letter(id).is_some()),
    };
    let letter = CaseLetter {
        id: id.clone(),
        kind,
        about,
        language: fields.language.or(work.person.language).unwrap_or(Language::English),
        format: fields.format.unwrap_or_else(|| Format::of(&work.person)),
        parts: known.into_iter().filter(|part| !fields.without.contains(part)).collect(),
        changes: fields.changes.clone(),
        why: fields.why.clone(),
        words: fields.words.clone(),
        drafted_at: work.step.at,
        drafted_by: work.step.by.to_owned(),
        approval: None,
        sent: None,
    };
    work.make(&id, kind.name());
    work.made.insert("language".to_owned(), json!(letter.language));
    work.made.insert("format".to_owned(), json!(letter.format));
    work.made.insert("parts".to_owned(), json!(letter.parts));
    if !work.step.organisation.reach.letters.is_approved(letter.language) {
        work.made.insert("unreviewed".to_owned(), json!(true));
    }
    work.file.letters.retain(|one| one.id != id);
    work.file.letters.push(letter);
}

/// Refuses terms of which the letter would tell although they can't hold: those that don't fit the restriction, and
/// others than a proposal's own.
fn must_fit(work: &mut Work<'_>, about: &str, changes: &Map<String, Value>) {
    if changes.is_empty() {
        return;
    }
    let what = if work.file.proposal(about).is_some() {
        Some("a letter about a proposal tells of its terms; propose it again with these".to_owned())
    } else {
        let before = work.restriction(about);
        let error = before.and_then(|before| varied_by(work.profile(), before, changes).err());
        error.map(|error| format!("`changes` do not fit the restriction: {error}"))
    };
    if let Some(what) = what {
        work.refuse(Broken::new(RefusalCode::ChangesInvalid, what).key("changes"));
    }
}

/// Whether the file has what a letter of this kind is about.
fn is_about(work: &Work<'_>, kind: LetterKind, id: &str) -> bool {
    let file = &work.file;
    match kind {
        LetterKind::Warning => file.warning(id).is_some(),
        LetterKind::Restriction
        | LetterKind::ContactEnded
        | LetterKind::Variation
        | LetterKind::NoNotificationRecord => {
            file.proposal(id).is_some() || work.restriction(id).is_some()
        }
        LetterKind::Lifted | LetterKind::UpcomingReview | LetterKind::ReviewOutcome => {
            work.restriction(id).is_some() || file.reviews.iter().any(|one| one.id == id)
        }
        LetterKind::AppealAcknowledged | LetterKind::AppealOutcome => file.appeal(id).is_some(),
    }
}

pub(in crate::domain::lifecycle) fn approve(work: &mut Work<'_>, fields: &OfLetter) {
    work.must_one_of(&WRITERS);
    let Some(letter) = named(work, &fields.letter) else { return };
    if letter.has_gone() {
        work.wrong_state(format!("letter `{}` was sent already", letter.id));
    }
    let Some(written) = written(work, &letter) else { return };
    let of_policy = parts_of(work.profile(), letter.kind);
    let left_out = of_policy.iter().filter(|one| !letter.parts.contains(one)).cloned();
    let mut missing: Vec<String> = left_out.chain(written.missing).collect();
    missing.sort();
    missing.dedup();
    for part in missing {
        let path = path_of_part(letter.kind, &part);
        // Parts that the law requires have no clause in the policy.
        let clause = work.profile().clause_of(path).filter(|_| of_policy.contains(&part));
        let what = format!("letter `{}` does not say: {part}", letter.id);
        work.refuse(Broken::new(RefusalCode::LetterPartMissing, what).clause(clause).key(part));
    }
    let approval = Approval {
        at: work.step.at,
        by: work.step.by.to_owned(),
        words: Words {
            content: content(&work.file, &work.person, &letter),
            html: written.html,
            text: written.text,
        },
        kept_as: None,
        sha256: written.sha256,
        template: written.template,
    };
    work.made.insert("sha256".to_owned(), json!(approval.sha256));
    if let Some(found) = work.file.letters.iter_mut().find(|one| one.id == letter.id) {
        found.approval = Some(approval);
    }
}

/// The letter in words, bearing the day of the step.
fn written(work: &mut Work<'_>, letter: &CaseLetter) -> Option<Written> {
    let about = About {
        organisation: work.step.organisation,
        file: &work.file,
        person: &work.person,
        letter,
        day: work.today(),
    };
    match write(about) {
        Ok(written) => Some(written),
        Err(TemplateFault { line, what, .. }) => {
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            let what = format!("the template of letters can't be followed{line}: {what}");
            work.refuse(Broken::new(RefusalCode::LetterTemplate, what).key("letter"));
            None
        }
    }
}

pub(in crate::domain::lifecycle) fn send(work: &mut Work<'_>, fields: &OfLetter) {
    work.must(Duty::Record);
    let means = work.need(&fields.means, "means");
    let Some(letter) = named(work, &fields.letter) else { return };
    if letter.has_gone() {
        work.wrong_state(format!("letter `{}` was sent already", letter.id));
    }
    match &letter.approval {
        None => {
            let what = format!("letter `{}` is not approved", letter.id);
            work.refuse(Broken::new(RefusalCode::LetterNotApproved, what).key("letter"));
        }
        Some(approval) if approval.words.content != content(&work.file, &work.person, &letter) => {
            let what = format!(
                "letter `{}` would differ from the approved text: its subject has changed since",
                letter.id
            );
            work.refuse(Broken::new(RefusalCode::LetterChanged, what).key("letter"));
        }
        Some(_) => {}
    }
    if let Some(what) = unreviewed(&work.step.organisation.reach.letters, &letter) {
        work.refuse(Broken::new(RefusalCode::LetterNotReviewed, what).key("language"));
    }
    if letter.kind == LetterKind::NoNotificationRecord {
        work.wrong_state(format!("letter `{}` is a record, and is not sent", letter.id));
    }
    let Some(means) = means else { return };
    let mail = mail_of(work, means, &fields.to);
    if mail.is_some() {
        work.made.insert("mail".to_owned(), json!(MailState::Waiting));
        work.effects.push(Effect::MailLetter { letter: letter.id.clone() });
    }
    let sent = Sent { at: work.step.at, by: work.step.by.to_owned(), means, mail };
    if let Some(found) = work.file.letters.iter_mut().find(|one| one.id == letter.id) {
        found.sent = Some(sent);
    }
}

/// Why a letter's wording counts as unreviewed, if it does.
fn unreviewed(letters: &Templates, letter: &CaseLetter) -> Option<String> {
    let tag = letter.language.tag();
    if !letters.is_approved(letter.language) {
        return Some(format!(
            "nobody has approved the wording of letters in `{tag}`; send it in another language, or have the wording \
             approved"
        ));
    }
    // Only today's wording can be approved, while a letter keeps the words of the day when it was approved.
    let version = &letter.approval.as_ref()?.template;
    let is_as_now = letters.of(letter.language).words_as(version);
    (letter.language != Language::English && !is_as_now).then(|| {
        format!(
            "letter `{}` was approved in another wording of letters in `{tag}` than the one that was reviewed; \
             approve it again",
            letter.id
        )
    })
}

const NO_OWN_EMAIL: &str =
    "this person has no e-mail address of their own on record: name one, or send it by post";

/// The mail by which the gateway itself sends a letter: to the address that the step names, else to the first that only
/// this person has. `None`: it goes by other means, or from a mailbox of the staff's own, or is refused.
fn mail_of(work: &mut Work<'_>, means: Means, to: &Option<String>) -> Option<Mailed> {
    if means != Means::Email {
        return None;
    }
    let found = match to {
        Some(to) => email_of(&work.person, to),
        None => own_email(&work.person),
    };
    let found = found.map(str::to_owned);
    // Without an address of its own the organisation writes no mail.
    let mails = work.step.organisation.notice_from.is_some();
    let missing = match (&found, to) {
        (None, Some(_)) => Some(("to", "`to` is not an e-mail address on this person's record")),
        (None, None) if mails => Some(("means", NO_OWN_EMAIL)),
        _ => None,
    };
    if let Some((key, what)) = missing {
        work.refuse(Broken::new(RefusalCode::ReferenceUnknown, what).key(key));
    }
    let to = found.filter(|_| mails)?;
    Some(Mailed { to, state: MailState::Waiting, at: work.step.at, why: None })
}

fn named(work: &mut Work<'_>, id: &Option<String>) -> Option<CaseLetter> {
    let id = work.text(id, "letter")?;
    let found = work.file.letter(&id).cloned();
    if found.is_none() {
        work.unknown("letter", &id);
    }
    found
}

/// Everything that the words of a letter are made of, as one text: two letters with the same content
/// read the same.
fn content(file: &CaseFile, person: &Person, letter: &CaseLetter) -> String {
    let id = &letter.about;
    let proposal = file.proposal(id).map(|one| (&one.restriction, &one.incidents, &one.aim));
    let restriction = person.restrictions.iter().find(|one| one.id == *id);
    let reviews: Vec<_> =
        file.reviews.iter().filter(|one| one.restriction == *id || one.id == *id).collect();
    json!({
        "kind": letter.kind,
        "language": letter.language,
        "format": letter.format,
        "parts": letter.parts,
        "changes": letter.changes,
        "why": letter.why,
        "words": letter.words,
        "name": person.name,
        "address": person.address,
        "warning": file.warning(id),
        "proposal": proposal,
        "restriction": restriction,
        "reviews": reviews,
        "appeal": file.appeal(id).map(|appeal| (&appeal.received, &appeal.decision)),
    })
    .to_string()
}

/// Refuses unless a letter of a kind about something went since a given instant.
pub(super) fn must_have_gone(
    work: &mut Work<'_>,
    kind: LetterKind,
    about: &str,
    since: Option<chrono::DateTime<chrono::Utc>>,
) {
    must_have_told(work, kind, about, since, &|_| true);
}

/// The same, and the letter must tell of what is about to be done.
pub(super) fn must_have_told(
    work: &mut Work<'_>,
    kind: LetterKind,
    about: &str,
    since: Option<chrono::DateTime<chrono::Utc>>,
    tells: &dyn Fn(&CaseLetter) -> bool,
) {
    let drafted: Vec<&CaseLetter> = work
        .file
        .letters
        .iter()
        .filter(|one| one.kind == kind && one.about == about)
        .filter(|one| since.is_none_or(|since| one.drafted_at >= since))
        .collect();
    let name = kind.name();
    let broken = match drafted.as_slice() {
        [] => Broken::new(
            RefusalCode::LetterNotSent,
            format!("no letter `{name}` was drafted and sent first"),
        ),
        drafted if drafted.iter().any(|one| one.has_gone() && tells(one)) => return,
        drafted if drafted.iter().any(|one| one.has_gone()) => Broken::new(
            RefusalCode::LetterNotSent,
            format!("the letter `{name}` that went tells of other changes"),
        ),
        _ => {
            Broken::new(RefusalCode::LetterNotSent, format!("the letter `{name}` was not sent yet"))
        }
    };
    let clause = work.profile().clause_of("letter.written");
    work.refuse(broken.clause(clause).key("letter"));
}
