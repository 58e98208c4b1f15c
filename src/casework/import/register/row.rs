//! Reads rows of a register as people, with their restrictions and the history of their case.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::field::{Field, name_of, of_path, plain};
use super::mapping::Mapping;
use super::words::{Appealed, status};
use super::{Headings, Row, date};
use crate::casework::import::csv_records::fault;
use crate::casework::import::csv_rows::faulty_row;
use crate::casework::import::listed::{Listed, Says};
use crate::casework::import::{Entry, FileFault, Origin, Parsed};
use crate::domain::case::appeal::AppealOutcome;
use crate::domain::case::brought::{Appeal, Brought, Decision, Review, Warning};
use crate::domain::case::conduct::{Medium, WarningKind};
use crate::domain::case::restraint::ReviewOutcome;
use crate::domain::equality::GivenAnswers;
use crate::domain::moment::Moment;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::restriction::Restriction;
use crate::runtime::tokens::{hex, sha256};

/// Bytes of the digest of which a person's id is made where the register has no reference.
const ID_BYTES: usize = 8;

/// One person as put together from their rows.
struct Together {
    id: String,
    line: usize,
    person: Map<String, Value>,
    restrictions: Vec<Restriction>,
    restriction_lines: Vec<usize>,
    case: Brought,
    /// The line of each entry of the case, by its place in it: `appeals[0]`.
    case_lines: HashMap<String, usize>,
}

pub(super) struct People<'a> {
    mapping: &'a Mapping,
    organisation: &'a Organisation,
    headings: &'a Headings,
    people: Vec<Together>,
    places: HashMap<String, usize>,
    faults: Vec<FileFault>,
}

/// The days of a row.
struct Days {
    applied: Option<NaiveDate>,
    decided: Option<NaiveDate>,
    letter_sent: Option<NaiveDate>,
    warned: Option<NaiveDate>,
    reviewed: Option<NaiveDate>,
    review_due: Option<NaiveDate>,
    ends: Option<NaiveDate>,
    appeal_received: Option<NaiveDate>,
    appeal_decided: Option<NaiveDate>,
}

impl<'a> People<'a> {
    pub(super) fn new(
        mapping: &'a Mapping,
        organisation: &'a Organisation,
        headings: &'a Headings,
    ) -> Self {
        let (people, places, faults) = (Vec::new(), HashMap::new(), Vec::new());
        People { mapping, organisation, headings, people, places, faults }
    }

    fn refuse(&mut self, row: &Row<'_>, field: Field, message: impl Into<String>) {
        let key = self.headings.get(&field).map_or_else(|| name_of(field), String::as_str);
        let id = id_of(row);
        self.faults.push(fault(row.line, key, id.as_deref(), message.into()));
    }

    pub(super) fn add(&mut self, row: &Row<'_>) {
        let Some(id) = id_of(row) else {
            self.refuse(row, Field::Reference, "nothing in the row identifies the person");
            return;
        };
        let place = *self.places.entry(id.clone()).or_insert(self.people.len());
        if place == self.people.len() {
            self.people.push(Together {
                id: id.clone(),
                line: row.line,
                person: Map::from_iter([("id".to_owned(), json!(id))]),
                restrictions: Vec::new(),
                restriction_lines: Vec::new(),
                case: Brought::default(),
                case_lines: HashMap::new(),
            });
        }
        self.add_person(place, row);
        let days = self.days(row);
        if row.get(Field::Restriction).is_empty() {
            self.refuse(row, Field::Restriction, "is empty: what is restricted?");
            return;
        }
        let appealed = match self.mapping.appealed(row.get(Field::AppealOutcome)) {
            Ok(appealed) => appealed,
            Err(why) => {
                self.refuse(row, Field::AppealOutcome, why);
                Appealed::Never
            }
        };
        let mapping = self.mapping;
        for words in row.get(Field::Restriction).split([';', '\n']).map(str::trim) {
            if words.is_empty() {
                continue;
            }
            match mapping.restriction(words) {
                Some(kind) => self.add_restriction(place, row, kind, &days, appealed),
                None => {
                    let message = format!(
                        "`{words}` is not a known restriction; write one of the words in `import \
                         --help`, \
                         or say in a mapping what it means: [restrictions] \"{words}\" = {{ kind = \"…\" }}"
                    );
                    self.refuse(row, Field::Restriction, message);
                }
            }
        }
    }

    fn add_person(&mut self, place: usize, row: &Row<'_>) {
        let mut differs = Vec::new();
        let Some(together) = self.people.get_mut(place) else { return };
        for (field, key) in [(Field::Name, "name"), (Field::Address, "address")] {
            let text = row.get(field);
            if text.is_empty() {
                continue;
            }
            let before = together.person.insert(key.to_owned(), json!(text));
            if before.is_some_and(|before| before != json!(text)) {
                differs.push((field, format!("differs from that on line {}", together.line)));
            }
        }
        let identifiers = together.person.entry("identifiers").or_insert_with(|| json!([]));
        for (field, kind) in [(Field::Email, "email"), (Field::Phone, "phone")] {
            let values = row.get(field).split([';', '\n']).map(str::trim);
            for value in values.filter(|value| !value.is_empty()) {
                let listed = json!({ "kind": kind, "value": value });
                if let Value::Array(known) = identifiers
                    && !known.contains(&listed)
                {
                    known.push(listed);
                }
            }
        }
        for (field, message) in differs {
            self.refuse(row, field, message);
        }
    }

    fn days(&mut self, row: &Row<'_>) -> Days {
        let mut day = |field| {
            let text = row.get(field);
            if text.is_empty() || ["n/a", "na", "none", "-"].contains(&text.to_lowercase().as_str())
            {
                return None;
            }
            date::read(text).map_err(|why| self.refuse(row, field, why)).ok()
        };
        Days {
            applied: day(Field::Applied),
            decided: day(Field::Decided),
            letter_sent: day(Field::LetterSent),
            warned: day(Field::Warned),
            reviewed: day(Field::Reviewed),
            review_due: day(Field::ReviewDue),
            ends: day(Field::Ends),
            appeal_received: day(Field::AppealReceived),
            appeal_decided: day(Field::AppealDecided),
        }
    }

    fn add_restriction(
        &mut self,
        place: usize,
        row: &Row<'_>,
        kind: Map<String, Value>,
        days: &Days,
        appealed: Appealed,
    ) {
        let Some(together) = self.people.get(place) else { return };
        let named = kind.get("kind").and_then(Value::as_str).unwrap_or_default();
        let applied = days.applied.map(|day| day.to_string());
        let id = format!("{}-{named}-{}", together.id, applied.as_deref().unwrap_or_default());
        let mut cells = kind.clone();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                cells.insert(key.to_owned(), json!(value));
            }
        };
        put("id", id.trim_end_matches('-'));
        put("grounds", self.ground(row.get(Field::Reason)));
        put("clause", row.get(Field::Clause));
        put("decided_by", row.get(Field::DecidedBy));
        put("signed_off_by", row.get(Field::SignedOffBy));
        for (key, day) in
            [("starts", days.applied), ("review_due", days.review_due), ("ends", days.ends)]
        {
            put(key, &day.map(|day| day.to_string()).unwrap_or_default());
        }
        match status(row.get(Field::Status)) {
            Some(status) => put("status", status),
            None if row.get(Field::Status).is_empty() => {
                let quashed = appealed == Appealed::Decided(AppealOutcome::Quashed);
                put("status", if quashed { "quashed" } else { "active" });
            }
            None => {
                let message = format!(
                    "`{}` is not a known status; write current, lifted, ended or quashed",
                    row.get(Field::Status)
                );
                self.refuse(row, Field::Status, message);
            }
        }
        if named == "single_point_of_contact" {
            cells.insert("contact".to_owned(), contact(row));
        }
        let (restriction, faults) = faulty_row::read(cells);
        for one in faults {
            let path = format!("restrictions[0].{}", one.column.replace("contact_", "contact."));
            let field = of_path(&path).unwrap_or(Field::Restriction);
            self.refuse(row, field, one.message);
        }
        let Some(restriction) = restriction else { return };
        self.add_case(place, row, &restriction, days, appealed);
        if let Some(together) = self.people.get_mut(place) {
            together.restrictions.push(restriction);
            together.restriction_lines.push(row.line);
        }
    }

    /// A ground of the policy where the words are its name or the mapping's, else the words.
    fn ground<'r>(&'r self, words: &'r str) -> &'r str {
        let mapped = self.mapping.ground(words);
        let grounds = self.organisation.profile.grounds.iter();
        let named = grounds.map(|one| one.name.as_str()).find(|name| plain(name) == plain(mapped));
        named.unwrap_or(mapped)
    }

    fn add_case(
        &mut self,
        place: usize,
        row: &Row<'_>,
        restriction: &Restriction,
        days: &Days,
        appealed: Appealed,
    ) {
        let id = &restriction.id;
        let appeal = self.appeal(row, restriction, days, appealed);
        let Some(together) = self.people.get_mut(place) else { return };
        let case = &mut together.case;
        let mut line_of = |part: &str, index: usize| {
            together.case_lines.insert(format!("{part}[{index}]"), row.line);
        };
        if days.decided.is_some() || days.letter_sent.is_some() {
            line_of("decisions", case.decisions.len());
            case.decisions.push(Decision {
                restriction: id.clone(),
                decided: days.decided.map(Moment::Day),
                letter_sent: days.letter_sent.map(Moment::Day),
                letter_means: None,
                implemented: None,
                took_part: Vec::new(),
            });
        }
        if let Some(warned) = days.warned {
            let id = format!("{}-warning-{warned}", together.id);
            if !case.warnings.iter().any(|one| one.id == id) {
                line_of("warnings", case.warnings.len());
                case.warnings.push(Warning {
                    id,
                    given: Moment::Day(warned),
                    by: None,
                    incidents: Vec::new(),
                    kind: WarningKind::Formal,
                    medium: Medium::Written,
                    behaviour: row.get(Field::Reason).to_owned(),
                    must_change: None,
                    consequences: None,
                });
            }
        }
        if let Some(reviewed) = days.reviewed {
            line_of("reviews", case.reviews.len());
            case.reviews.push(Review {
                id: format!("{id}-review-{reviewed}"),
                restriction: id.clone(),
                at: Moment::Day(reviewed),
                by: None,
                was_due: None,
                outcome: ReviewOutcome::Keep,
                why: None,
                conduct: None,
                next_due: days.review_due.map(Moment::Day),
            });
        }
        if let Some(appeal) = appeal {
            line_of("appeals", case.appeals.len());
            case.appeals.push(appeal);
        }
    }

    fn appeal(
        &mut self,
        row: &Row<'_>,
        restriction: &Restriction,
        days: &Days,
        appealed: Appealed,
    ) -> Option<Appeal> {
        let outcome = match appealed {
            Appealed::Never if days.appeal_received.is_none() => return None,
            // Received, with no outcome given.
            Appealed::Never | Appealed::Open => None,
            Appealed::Decided(outcome) => Some(outcome),
        };
        if outcome.is_none() && days.appeal_received.is_none() {
            let message =
                "is needed for an appeal that is still to be decided: when did it come in?";
            self.refuse(row, Field::AppealReceived, message);
            return None;
        }
        let received = days.appeal_received.or(days.appeal_decided).or(days.applied)?;
        let decided = days.appeal_decided.unwrap_or(received);
        let are_known = days.appeal_received.is_some() && days.appeal_decided.is_some();
        let why = (outcome.is_some() && !are_known).then(|| {
            "The register does not say both when the appeal was received and when it was decided.".to_owned()
        });
        let heard_by = row.get(Field::AppealHeardBy);
        Some(Appeal {
            id: format!("{}-appeal-{received}", restriction.id),
            restriction: restriction.id.clone(),
            received: Moment::Day(received),
            channel: None,
            grounds: Vec::new(),
            text: None,
            outcome,
            decided: outcome.map(|_| Moment::Day(decided)),
            heard_by: (!heard_by.is_empty()).then(|| heard_by.to_owned()),
            why,
            // The register lists it as over: nobody waits for a letter of it.
            notified: outcome.map(|_| Moment::Day(decided)),
        })
    }

    pub(super) fn finish(self, parsed: &mut Parsed<'static>) {
        parsed.faults.extend(self.faults);
        let says = ["identifiers", "restrictions"].into_iter().fold(Says::NOTHING, Says::with);
        let named = [(Field::Name, "name"), (Field::Address, "address")];
        let named = named.iter().filter(|(field, _)| self.headings.contains_key(field));
        let says = named.fold(says, |says, (_, key)| says.with(key));
        for together in self.people {
            let Ok(person) = serde_json::from_value::<Person>(Value::Object(together.person))
            else {
                // It is made only of texts.
                continue;
            };
            let case = (!together.case.is_empty()).then(|| Box::new(together.case));
            let person = Person { restrictions: together.restrictions, ..person };
            parsed.entries.push(Entry {
                listed: Listed { person, says, case, equality: GivenAnswers::default() },
                origin: Origin::Register {
                    line: together.line,
                    restriction_lines: together.restriction_lines,
                    case_lines: together.case_lines,
                },
            });
        }
    }
}

/// The id of the person in a row: their reference, or else a digest of name, address and number, so that the same
/// file gives the same ids whenever it is imported.
fn id_of(row: &Row<'_>) -> Option<String> {
    let reference = row.get(Field::Reference);
    if !reference.is_empty() {
        return Some(reference.to_owned());
    }
    let identifies = [Field::Name, Field::Email, Field::Phone].map(|field| plain(row.get(field)));
    if identifies.iter().all(String::is_empty) {
        return None;
    }
    let digest = sha256(identifies.join("\n").as_bytes());
    Some(format!("register-{}", hex(digest.get(..ID_BYTES).unwrap_or(&digest))))
}

/// Who answers the person, as far as the row says.
fn contact(row: &Row<'_>) -> Value {
    let fields = [
        ("name", Field::ContactName),
        ("email", Field::ContactEmail),
        ("phone", Field::ContactPhone),
    ];
    let given = fields.map(|(key, field)| (key, row.get(field)));
    let given = given.into_iter().filter(|(_, text)| !text.is_empty());
    Value::Object(given.map(|(key, text)| (key.to_owned(), json!(text))).collect())
}
