//! One person: who they are, and in tabs what happened, what restricts them, how they are known, and the
//! record itself. Their case has pages of its own.

pub(super) mod head;
pub(super) mod own_record;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};

use self::head::{Head, Tab, record_name};
use super::asked::Asked;
use super::form::quoted;
use super::frame::{Frame, Page, Section, go, page};
use super::records::{self, MergeLine};
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::joined::AllRecords;
use crate::casework::timeline::{TimelineCounts, TimelineEntry, What};
use crate::domain::audit::{AuditEvent, DecidedEntry};
use crate::domain::duty::Duty;
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::restriction::{Mode, Restriction, Status};
use crate::runtime::limits::CONSOLE_ROWS;
use crate::staff::Staff;
use crate::staff::permit::{ChangesPeople, KeepsEquality, Permit as _, RecordsCases};

struct RestrictionCard {
    terms: String,
    in_force: bool,
    /// Where it says more than whether it is in force.
    status: Option<&'static str>,
    observe: bool,
    overdue: bool,
    rows: Vec<(&'static str, String)>,
}

/// One line of the timeline.
struct Line {
    at: String,
    by: String,
    what: String,
    /// Whose the contact is, where that is in doubt, and as what the tag looks.
    whose: Option<(&'static str, &'static str)>,
    /// When a contact came that was decided later.
    came: Option<String>,
    /// The record that it is on, where the person has several.
    record: Option<String>,
    href: Option<String>,
}

struct IdentifierLine {
    kind: &'static str,
    value: String,
    shared: bool,
    /// The record that it is on, where the person has several.
    record: Option<String>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    f: Frame,
    w: &'static words::Person,
    head: Head,
    tab: Tab,
    cards: Vec<RestrictionCard>,
    lines: Vec<Line>,
    counts: Vec<String>,
    lacks: Option<String>,
    older: Option<String>,
    identifiers: Vec<IdentifierLine>,
    representatives: Vec<(String, Option<String>)>,
    invitations: Vec<String>,
    record: String,
    /// Where a restriction is proposed, for those who may.
    propose: Option<String>,
    /// Where restrictions are reviewed, changed and lifted.
    on_case: String,
    /// Where a copy of all that is held is made, for those who may.
    copies: Option<String>,
    /// Where all of it is erased or held, for those who may.
    erasure: Option<String>,
    /// The address of their equality data, and the link's text.
    equality: Option<(String, &'static str)>,
    /// Where it is merged with another record, for those who may.
    merging: Option<String>,
    merges: Vec<MergeLine>,
    /// Where the record is changed, and what leads there.
    edit: Option<(String, &'static str)>,
    m: &'static words::Merging,
    e: &'static words::Erasing,
    because: Option<String>,
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path(id): Path<String>,
    asked: Asked,
) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let person = desk.read_person(&organisation.id, &id).await?;
    let because = asked.text("because");
    let tab = asked.text("tab");
    let tab = Tab::ALL.into_iter().find(|one| Some(one.name()) == tab).unwrap_or(Tab::Restrictions);
    if tab == Tab::Case {
        return Ok(go(&format!("/people/{}/case?tab=case", quoted(&id))));
    }
    let own = format!("/people/{}", quoted(&id));
    let carried = because.map(|item| format!("&because={}", quoted(item))).unwrap_or_default();
    let (mut lines, mut older, mut counts, mut lacks) = (Vec::new(), None, Vec::new(), None);
    let w = words::Person::of(visit.language());
    let AllRecords { whole, records } = desk.all_records(&organisation.id, &person).await?;
    if tab == Tab::Timeline {
        let found =
            desk.person_timeline(organisation, &id, asked.number("before"), CONSOLE_ROWS).await?;
        let contacts = contacts(&found.entries);
        let here = format!("{own}?tab=timeline");
        let of = LinesOf { records: &records, contacts, here: &here };
        lines = found.entries.iter().map(|entry| line(&visit, entry, &of, w)).collect();
        counts = found.counts.map(|counts| counted(counts, w)).unwrap_or_default();
        older = found.next.map(|before| format!("{own}?tab=timeline&before={before}{carried}"));
        lacks = lacking(&staff, &visit, &id).await?;
    }
    let head = Head::of(&visit, &whole, Some(tab), because).naming(&records);
    let may_merge = ChangesPeople::allows(organisation, visit.role());
    let saved = words::Equality::of(visit.language()).saved;
    let said = (asked.text("done") == Some("equality")).then_some(saved);
    page(&PersonPage {
        f: Frame::of(&staff, &visit, Section::People, &head.page_title()).saying(said),
        w,
        head,
        tab,
        cards: cards(&visit, &records, w),
        lines,
        counts,
        lacks,
        older,
        identifiers: identifiers(&visit, &records),
        representatives: representatives(&visit, &person),
        invitations: invitations(&visit, &person),
        record: if tab == Tab::Record {
            serde_json::to_string_pretty(person.as_ref()).unwrap_or_default()
        } else {
            String::new()
        },
        propose: (visit.may(Duty::Propose) && person.merged_into.is_none())
            .then(|| format!("{own}/steps/propose?of=")),
        on_case: format!("{own}/case?tab=case{carried}#restrictions"),
        copies: visit.may(Duty::ReadAudit).then(|| format!("{own}/record")),
        erasure: visit.may(Duty::ReadAudit).then(|| records::erasure(&id)),
        equality: KeepsEquality::allows(organisation, visit.role())
            .then(|| (format!("{own}/equality"), words::Equality::of(visit.language()).link)),
        merging: may_merge.then(|| records::merging(&id)),
        merges: if tab == Tab::Identifiers && may_merge {
            records::merges(&staff, &visit, &id).await?
        } else {
            Vec::new()
        },
        edit: may_merge
            .then(|| (format!("{own}/edit"), words::RecordForm::of(visit.language()).change)),
        m: words::Merging::of(visit.language()),
        e: words::Erasing::of(visit.language()),
        because: because.map(|item| super::item::href(item, "/", None)),
    })
}

pub(super) fn moment(visit: &Visit, moment: Moment) -> String {
    let zone = visit.organisation.profile.timezone;
    match moment {
        Moment::Day(day) => say::day(day, visit.language()),
        Moment::Instant(at) => say::when(at, visit.now(), zone, visit.language()),
    }
}

/// Those in force first, then by when they started, the latest first.
fn cards(
    visit: &Visit,
    records: &[Arc<Person>],
    w: &'static words::Person,
) -> Vec<RestrictionCard> {
    let profile = &visit.organisation.profile;
    let mut all: Vec<(&Restriction, &Person)> = records
        .iter()
        .flat_map(|of| of.restrictions.iter().map(move |one| (one, of.as_ref())))
        .collect();
    all.sort_by_key(|(one, _)| {
        let starts = one.starts.map(|starts| starts.start(profile.timezone));
        (!one.is_in_force(visit.now(), profile), std::cmp::Reverse(starts))
    });
    let of_record = |(one, of): (&Restriction, &Person)| {
        let mut card = card(visit, one, w);
        card.rows.extend(record_of(records, of).map(|name| (w.of_record, name)));
        card
    };
    all.into_iter().map(of_record).collect()
}

/// Which record it is, where the person has several.
fn record_of(records: &[Arc<Person>], of: &Person) -> Option<String> {
    (records.len() > 1).then(|| record_name(of))
}

fn card(visit: &Visit, one: &Restriction, w: &words::Person) -> RestrictionCard {
    let (profile, language, now) = (&visit.organisation.profile, visit.language(), visit.now());
    let mut rows = Vec::new();
    if let Some(grounds) = &one.grounds {
        rows.push((w.grounds, say::grounds(grounds)));
    }
    let clause = one.clause.as_deref().or_else(|| profile.clause_for(one.kind.name()));
    if let Some(clause) = clause {
        rows.push((w.clause, clause.to_owned()));
    }
    let starts = one.starts.map_or_else(|| w.from_always.to_owned(), |at| moment(visit, at));
    rows.push((w.starts, starts));
    if let Some(review) = one.review_due {
        rows.push((w.review, moment(visit, review)));
    }
    let ends = one.ends.map_or_else(|| w.no_end.to_owned(), |at| moment(visit, at));
    rows.push((w.ends, ends));
    let named = |name: &Option<String>| name.clone().unwrap_or_else(|| w.nobody.to_owned());
    rows.push((w.decided_by, named(&one.decided_by)));
    rows.push((w.signed_off, named(&one.signed_off_by)));
    let in_force = one.is_in_force(now, profile);
    RestrictionCard {
        terms: say::terms(&one.kind, profile, language),
        in_force,
        status: (one.status != Status::Active).then(|| say::status(one.status, language)),
        observe: one.mode == Mode::Observe,
        overdue: in_force && one.review_due.is_some_and(|due| due.end(profile.timezone) <= now),
        rows,
    }
}

/// What the person's file lacks, in words.
pub(super) async fn lacking(
    staff: &Staff,
    visit: &Visit,
    person: &str,
) -> Result<Option<String>, Fault> {
    let organisation = &visit.organisation;
    let found = staff.casework(visit).desk.not_followed(organisation, person).await?;
    let zone = organisation.profile.timezone;
    Ok(found.map(|one| say::missing(&one, visit.now(), zone, visit.language())))
}

/// How many contacts there are, and how many of them are not what they seem.
fn counted(counts: TimelineCounts, w: &words::Person) -> Vec<String> {
    let others = [
        (counts.in_doubt, w.counted_in_doubt),
        (counts.not_theirs, w.counted_not_theirs),
        (counts.automatic, w.counted_automatic),
    ];
    let mut lines = vec![format!("{}: {}", w.counted, counts.contacts)];
    lines.extend(others.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    if counts.is_partial {
        lines.push(w.counted_partial.to_owned());
    }
    lines
}

/// What a timeline's lines are about.
struct LinesOf<'a> {
    records: &'a [Arc<Person>],
    /// The contacts of this page of it, by the ids of their items.
    contacts: BTreeMap<&'a str, &'a DecidedEntry>,
    /// The page that they are on, to which items lead back.
    here: &'a str,
}

impl LinesOf<'_> {
    /// The contact with which staff did something.
    fn contact(&self, event: &AuditEvent) -> Option<&DecidedEntry> {
        self.contacts.get(event.item()?).copied()
    }
}

fn contacts(entries: &[TimelineEntry]) -> BTreeMap<&str, &DecidedEntry> {
    let decided = entries.iter().filter_map(|one| match &one.entry.event {
        AuditEvent::Decided(decided) => Some((decided.contact.as_str(), decided)),
        _ => None,
    });
    decided.collect()
}

/// An entry with the item to which it leads.
fn line(visit: &Visit, one: &TimelineEntry, of: &LinesOf<'_>, w: &words::Person) -> Line {
    let records = of.records;
    let (language, profile) = (visit.language(), &visit.organisation.profile);
    let zone = profile.timezone;
    Line {
        at: say::when(one.entry.at, visit.now(), zone, language),
        by: say::by(&one.entry.by, language),
        what: match of.contact(&one.entry.event) {
            Some(contact) => {
                let (channel, at) = (say::channel(contact.channel, language), contact.contact_at);
                let came = say::when(at, visit.now(), zone, language);
                format!("{}: {channel}, {came}", say::entry(&one.entry.event, language))
            }
            None => say::entry_of_person(&one.entry.event, records, profile, language),
        },
        whose: match one.what {
            What::NotTheirs => Some((w.not_theirs, "tag held")),
            What::InDoubt => Some((w.in_doubt, "tag")),
            What::Contact | What::Act => None,
        },
        came: came(visit, one).map(|came| format!("{} {came}", w.came)),
        record: one.record.as_ref().map(|id| {
            let of = records.iter().find(|of| of.id == *id);
            format!("{} {}", w.of_record, of.map_or_else(|| id.clone(), |of| record_name(of)))
        }),
        href: one.item.as_ref().map(|item| super::item::href(&item.id, of.here, None)),
    }
}

/// When a contact came, where it was put on record on another minute.
fn came(visit: &Visit, one: &TimelineEntry) -> Option<String> {
    let AuditEvent::Decided(decided) = &one.entry.event else { return None };
    let said = |at| {
        let zone = visit.organisation.profile.timezone;
        say::when(at, visit.now(), zone, visit.language())
    };
    let came = said(decided.contact_at);
    (came != said(one.entry.at)).then_some(came)
}

fn identifiers(visit: &Visit, records: &[Arc<Person>]) -> Vec<IdentifierLine> {
    let each = records.iter().flat_map(|of| {
        of.identifiers.iter().map(move |one| IdentifierLine {
            kind: say::identifier(one.kind, visit.language()),
            value: say::identifier_value(one.kind, &one.value),
            shared: one.shared,
            record: record_of(records, of),
        })
    });
    each.collect()
}

fn representatives(visit: &Visit, person: &Person) -> Vec<(String, Option<String>)> {
    let each = person.representatives.iter();
    each.map(|one| (one.name.clone(), one.until.map(|until| moment(visit, until)))).collect()
}

fn invitations(visit: &Visit, person: &Person) -> Vec<String> {
    let language = visit.language();
    let w = words::Person::of(language);
    person
        .invitations
        .iter()
        .map(|one| {
            let channels: Vec<&str> =
                one.channels.iter().map(|channel| say::channel(*channel, language)).collect();
            let until = one.until.map(|until| format!(", {} {}", w.until, moment(visit, until)));
            let by = if channels.is_empty() {
                String::new()
            } else {
                format!(": {}", channels.join(", "))
            };
            format!("{}{by}{}", say::capitalised(w.invited), until.unwrap_or_default())
        })
        .collect()
}
