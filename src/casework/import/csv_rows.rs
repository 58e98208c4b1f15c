//! People as CSV (RFC 4180): one row per person, or one for each restriction of a person.
//!
//! The first row names the columns, in any order. Rows with the same `id` are one person: each adds
//! its restriction, its identifiers and its issues. Lists are written `a;b;c`.

mod column;
pub(super) mod faulty_row;

pub(super) use column::{column_of, column_of_identifier};

use csv::StringRecord;
use serde_json::{Map, Value, json};

use super::csv_records::{Records, fault};
use super::listed::{Listed, Says};
use super::locate::Lines;
use super::{Entry, FileFault, Origin, Parsed};
use crate::domain::equality::{Characteristic, GivenAnswers};
use crate::domain::identifier::IdentifierKind;
use crate::domain::person::Person;

/// Where a cell goes.
#[derive(Debug, Clone, Copy)]
enum Goes {
    Person(&'static str),
    PersonList(&'static str),
    Identifier(IdentifierKind),
    SharedIdentifier(IdentifierKind),
    NeedsChannel,
    Adjustment,
    /// An answer on a protected characteristic.
    Equality(Characteristic),
    Representative(&'static str),
    RepresentativeIdentifier(IdentifierKind),
    Restriction(&'static str),
    RestrictionNumber(&'static str),
    RestrictionFlag(&'static str),
    RestrictionList(&'static str),
    /// A key of the point of contact.
    Contact(&'static str),
    /// A key of the one weekly window.
    Window(&'static str),
    WindowDays,
}

/// A column of a people file, with what to write in it.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub says: &'static str,
    goes: Goes,
}

const fn column(name: &'static str, goes: Goes, says: &'static str) -> Column {
    Column { name, says, goes }
}

const fn equality(name: &'static str, characteristic: Characteristic) -> Column {
    let says = "an answer of [organisation.equality]; used only for figures";
    column(name, Goes::Equality(characteristic), says)
}

/// Every column; only `id` is required.
pub const COLUMNS: &[Column] = &[
    column("id", Goes::Person("id"), "the person's id; rows with the same id are one person"),
    column("name", Goes::Person("name"), "the person's name"),
    column("reference", Goes::Person("reference"), "a tenancy number or similar"),
    column("address", Goes::Person("address"), "the postal address"),
    column("email", Goes::Identifier(IdentifierKind::Email), "list of addresses"),
    column("phone", Goes::Identifier(IdentifierKind::Phone), "list of numbers, national or +44…"),
    column("whatsapp", Goes::Identifier(IdentifierKind::Whatsapp), "list of numbers or ids"),
    column("account", Goes::Identifier(IdentifierKind::Account), "list of web accounts"),
    column("social", Goes::Identifier(IdentifierKind::Social), "list of handles"),
    column(
        "shared_email",
        Goes::SharedIdentifier(IdentifierKind::Email),
        "list of addresses that others use too",
    ),
    column(
        "shared_phone",
        Goes::SharedIdentifier(IdentifierKind::Phone),
        "list of numbers that others use too",
    ),
    column("needs_channel", Goes::NeedsChannel, "list of channels that an adjustment keeps open"),
    column("adjustments", Goes::Adjustment, "list of other adjustments: large_print;translation"),
    column("issues", Goes::PersonList("issues"), "list of the person's case references"),
    column("representative", Goes::Representative("name"), "name of a representative"),
    column("representative_until", Goes::Representative("until"), "last day, 2027-01-31"),
    column(
        "representative_email",
        Goes::RepresentativeIdentifier(IdentifierKind::Email),
        "list of addresses",
    ),
    column(
        "representative_phone",
        Goes::RepresentativeIdentifier(IdentifierKind::Phone),
        "list of numbers",
    ),
    column("restriction", Goes::Restriction("id"), "the restriction's id"),
    column("kind", Goes::Restriction("kind"), "contact_quota, channels_only, …"),
    column("status", Goes::Restriction("status"), "active by default"),
    column("mode", Goes::Restriction("mode"), "enforce (default) or observe"),
    column("grounds", Goes::Restriction("grounds"), "why it was decided"),
    column("clause", Goes::Restriction("clause"), "the policy's clause"),
    column("starts", Goes::Restriction("starts"), "first day, 2026-11-01"),
    column("review_due", Goes::Restriction("review_due"), "day of the review"),
    column("ends", Goes::Restriction("ends"), "last day"),
    column("decided_by", Goes::Restriction("decided_by"), "who decided"),
    column("signed_off_by", Goes::Restriction("signed_off_by"), "who signed it off"),
    column("limit", Goes::RestrictionNumber("limit"), "quotas: how many"),
    column("per", Goes::Restriction("per"), "quotas: day, week, month"),
    column("window", Goes::Restriction("window"), "quotas: calendar (default) or rolling"),
    column("channels", Goes::RestrictionList("channels"), "list of channels or groups"),
    column("days", Goes::WindowDays, "hours_only: mon;tue"),
    column("from", Goes::Window("from"), "hours_only: 10:00"),
    column("to", Goes::Window("to"), "hours_only: 12:00"),
    column("bank_holidays", Goes::RestrictionFlag("bank_holidays"), "hours_only: true or false"),
    column("restriction_issues", Goes::RestrictionList("issues"), "list of issues it closes"),
    column("threads", Goes::RestrictionList("threads"), "list of message-ids it closes"),
    column("minutes", Goes::RestrictionNumber("minutes"), "call_length: minutes"),
    column("instruction", Goes::Restriction("instruction"), "documents_returned: return, destroy"),
    column("representatives", Goes::RestrictionList("representatives"), "list of names"),
    column("contact_name", Goes::Contact("name"), "single_point_of_contact: name"),
    column("contact_email", Goes::Contact("email"), "single_point_of_contact: address"),
    column("contact_phone", Goes::Contact("phone"), "single_point_of_contact: number"),
    column("contact_queue", Goes::Contact("queue"), "single_point_of_contact: queue"),
    equality("equality_age", Characteristic::Age),
    equality("equality_disability", Characteristic::Disability),
    equality("equality_gender_reassignment", Characteristic::GenderReassignment),
    equality(
        "equality_marriage_and_civil_partnership",
        Characteristic::MarriageAndCivilPartnership,
    ),
    equality("equality_pregnancy_and_maternity", Characteristic::PregnancyAndMaternity),
    equality("equality_race", Characteristic::Race),
    equality("equality_religion_or_belief", Characteristic::ReligionOrBelief),
    equality("equality_sex", Characteristic::Sex),
    equality("equality_sexual_orientation", Characteristic::SexualOrientation),
];

/// One person as put together from the rows with its id.
struct Rows {
    id: String,
    line: usize,
    person: Map<String, Value>,
    equality: GivenAnswers,
    restrictions: Vec<(usize, Map<String, Value>)>,
}

pub(super) fn parse(text: &str, lines: &Lines<'_>) -> Parsed<'static> {
    let mut parsed = Parsed::default();
    let mut records = match Records::begin(text, lines) {
        Ok(records) => records,
        Err(fault) => {
            parsed.faults.push(fault);
            return parsed;
        }
    };
    let columns = read_header(records.header(), &mut parsed.faults);
    if !parsed.faults.is_empty() {
        return parsed;
    }
    let mut people: Vec<Rows> = Vec::new();
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    while let Some((line, record)) = records.next(&mut parsed.faults) {
        let id = cell(&record, &columns, "id");
        if id.is_empty() {
            parsed.faults.push(fault(line, "id", None, "is empty".to_owned()));
            continue;
        }
        let place = *places.entry(id.to_owned()).or_insert_with(|| {
            people.push(Rows::new(id, line));
            people.len() - 1
        });
        if let Some(rows) = people.get_mut(place) {
            rows.add(line, &record, &columns, &mut parsed.faults);
        }
    }
    let says = says(&columns);
    for rows in people {
        rows.finish(says, &mut parsed);
    }
    parsed
}

/// What a file with these columns speaks of.
fn says(columns: &[Column]) -> Says {
    columns.iter().fold(Says::NOTHING, |says, column| match column.goes {
        Goes::Person(key) | Goes::PersonList(key) => says.with(key),
        Goes::Identifier(kind) => says.with_identifier(kind, false),
        Goes::SharedIdentifier(kind) => says.with_identifier(kind, true),
        Goes::NeedsChannel | Goes::Adjustment => says.with("adjustments"),
        Goes::Representative(_) | Goes::RepresentativeIdentifier(_) => says.with("representatives"),
        // Not part of the record: each answer replaces only the one on record.
        Goes::Equality(_) => says,
        Goes::Restriction(_)
        | Goes::RestrictionNumber(_)
        | Goes::RestrictionFlag(_)
        | Goes::RestrictionList(_)
        | Goes::Contact(_)
        | Goes::Window(_)
        | Goes::WindowDays => says.with("restrictions"),
    })
}

fn read_header(header: &StringRecord, faults: &mut Vec<FileFault>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for name in header {
        match COLUMNS.iter().find(|column| column.name == name) {
            None => {
                let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
                let message = format!("is not a known column; use one of {}", names.join(", "));
                faults.push(fault(1, name, None, message));
            }
            Some(column) if columns.iter().any(|known| known.name == column.name) => {
                faults.push(fault(1, name, None, "is given twice".to_owned()));
            }
            Some(column) => columns.push(*column),
        }
    }
    if faults.is_empty() && !columns.iter().any(|column| column.name == "id") {
        faults.push(fault(1, "id", None, "the first row has no column `id`".to_owned()));
    }
    columns
}

fn cell<'r>(record: &'r StringRecord, columns: &[Column], name: &str) -> &'r str {
    let index = columns.iter().position(|column| column.name == name);
    index.and_then(|index| record.get(index)).unwrap_or_default()
}

impl Rows {
    fn new(id: &str, line: usize) -> Self {
        Rows {
            id: id.to_owned(),
            line,
            person: Map::new(),
            equality: GivenAnswers::default(),
            restrictions: Vec::new(),
        }
    }

    fn add(
        &mut self,
        line: usize,
        record: &StringRecord,
        columns: &[Column],
        faults: &mut Vec<FileFault>,
    ) {
        let mut restriction = Map::new();
        let mut representative = Map::new();
        for (column, text) in columns.iter().zip(record.iter()).filter(|(_, text)| !text.is_empty())
        {
            match column.goes {
                Goes::Person(key) => {
                    let before = self.person.insert(key.to_owned(), json!(text));
                    if before.is_some_and(|before| before != json!(text)) {
                        let message = format!("differs from that on line {}", self.line);
                        faults.push(fault(line, column.name, Some(&self.id), message));
                    }
                }
                Goes::PersonList(key) => append(&mut self.person, key, list(text)),
                Goes::Identifier(kind) => {
                    append(&mut self.person, "identifiers", identifiers(kind, text, false));
                }
                Goes::SharedIdentifier(kind) => {
                    append(&mut self.person, "identifiers", identifiers(kind, text, true));
                }
                Goes::NeedsChannel => {
                    let needs = |channel| json!({"kind": "needs_channel", "channel": channel});
                    append(&mut self.person, "adjustments", list(text).into_iter().map(needs));
                }
                Goes::Adjustment => {
                    let other = |kind| json!({"kind": kind});
                    append(&mut self.person, "adjustments", list(text).into_iter().map(other));
                }
                Goes::Equality(characteristic) => {
                    faults.extend(self.answer(line, column.name, characteristic, text));
                }
                Goes::Representative(key) => {
                    representative.insert(key.to_owned(), json!(text));
                }
                Goes::RepresentativeIdentifier(kind) => {
                    append(&mut representative, "identifiers", identifiers(kind, text, false));
                }
                Goes::Restriction(_)
                | Goes::RestrictionNumber(_)
                | Goes::RestrictionFlag(_)
                | Goes::RestrictionList(_)
                | Goes::Contact(_)
                | Goes::Window(_)
                | Goes::WindowDays => put_restriction(&mut restriction, column.goes, text),
            }
        }
        if !representative.is_empty() {
            append(&mut self.person, "representatives", [Value::Object(representative)]);
        }
        if !restriction.is_empty() {
            self.restrictions.push((line, restriction));
        }
    }

    /// Adds an answer; it is a fault if another row gives a different one.
    fn answer(
        &mut self,
        line: usize,
        column: &str,
        to: Characteristic,
        answer: &str,
    ) -> Option<FileFault> {
        let before = self.equality.0.insert(to.name().to_owned(), Some(answer.to_owned()));
        let differs = before.is_some_and(|before| before.as_deref() != Some(answer));
        let message = || format!("differs from that on line {}", self.line);
        differs.then(|| fault(line, column, Some(&self.id), message()))
    }

    fn finish(self, says: Says, parsed: &mut Parsed<'static>) {
        let mut restrictions = Vec::new();
        let mut restriction_lines = Vec::new();
        for (line, restriction) in self.restrictions {
            let (readable, faults) = faulty_row::read(restriction);
            parsed.faults.extend(
                faults
                    .into_iter()
                    .map(|faulty| fault(line, &faulty.column, Some(&self.id), faulty.message)),
            );
            if let Some(restriction) = readable {
                restrictions.push(restriction);
                restriction_lines.push(line);
            }
        }
        match serde_path_to_error::deserialize::<_, Person>(Value::Object(self.person)) {
            // One with faulty rows as well: the rest of it is looked at.
            Ok(person) => parsed.entries.push(Entry {
                listed: Listed {
                    person: Person { restrictions, ..person },
                    says,
                    case: None,
                    equality: self.equality,
                },
                origin: Origin::Csv { line: self.line, restriction_lines },
            }),
            Err(error) => {
                let key = column_of(&error.path().to_string());
                let message = error.inner().to_string();
                parsed.faults.push(fault(self.line, &key, Some(&self.id), message));
            }
        }
    }
}

fn put_restriction(restriction: &mut Map<String, Value>, goes: Goes, text: &str) {
    match goes {
        Goes::Restriction(key) => {
            restriction.insert(key.to_owned(), json!(text));
        }
        Goes::RestrictionNumber(key) => {
            // Anything but a number stays text, and is refused with the key's name.
            let value = text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
            restriction.insert(key.to_owned(), value);
        }
        Goes::RestrictionFlag(key) => {
            let value = text.parse::<bool>().map_or_else(|_| json!(text), |flag| json!(flag));
            restriction.insert(key.to_owned(), value);
        }
        Goes::RestrictionList(key) => append(restriction, key, list(text)),
        Goes::Contact(key) => put_within(restriction.entry("contact"), key, json!(text)),
        Goes::Window(key) => put_in_window(restriction, key, json!(text)),
        Goes::WindowDays => put_in_window(restriction, "days", Value::Array(list(text))),
        Goes::Person(_)
        | Goes::PersonList(_)
        | Goes::Identifier(_)
        | Goes::SharedIdentifier(_)
        | Goes::NeedsChannel
        | Goes::Adjustment
        | Goes::Equality(_)
        | Goes::Representative(_)
        | Goes::RepresentativeIdentifier(_) => {}
    }
}

fn put_within(entry: serde_json::map::Entry<'_>, key: &str, value: Value) {
    if let Value::Object(inner) = entry.or_insert_with(|| json!({})) {
        inner.insert(key.to_owned(), value);
    }
}

fn put_in_window(restriction: &mut Map<String, Value>, key: &str, value: Value) {
    let windows = restriction.entry("windows").or_insert_with(|| json!([{}]));
    if let Some(Value::Object(window)) = windows.get_mut(0) {
        window.insert(key.to_owned(), value);
    }
}

/// Adds values to a list, without those that it has.
fn append(into: &mut Map<String, Value>, key: &str, values: impl IntoIterator<Item = Value>) {
    if let Value::Array(known) = into.entry(key).or_insert_with(|| json!([])) {
        for value in values {
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
}

fn list(text: &str) -> Vec<Value> {
    text.split(';').map(str::trim).filter(|one| !one.is_empty()).map(|one| json!(one)).collect()
}

fn identifiers(kind: IdentifierKind, text: &str, shared: bool) -> Vec<Value> {
    list(text)
        .into_iter()
        .map(|value| json!({"kind": kind.name(), "value": value, "shared": shared}))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        parse(text, &Lines::new(text)).faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_with_one_id_are_one_person() {
        let text = "\u{feff}id,name,email,phone,restriction,kind,limit,per,channels,days,from,to\n\
                    P-1,A B,a@x.example;b@x.example,,R-1,contact_quota,2,week,email,,,\n\
                    P-1,,,020 7946 0001,R-2,hours_only,,,telephone,mon;tue,10:00,12:00\n\
                    P-2,C D,,,,,,,,,,\n";
        let parsed = parse(text, &Lines::new(text));
        assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
        assert_eq!(parsed.entries.len(), 2);
        let first = &parsed.entries[0].listed.person;
        assert_eq!(first.identifiers.len(), 3);
        assert_eq!(first.restrictions.len(), 2);
        let hours = serde_json::to_value(&first.restrictions[1]).unwrap();
        assert_eq!(hours["windows"][0]["days"], json!(["mon", "tue"]));
    }

    #[test]
    fn faults_name_line_and_column() {
        let text = "id,name,restriction,kind,limit,per,starts\n\
                    P-1,A,R-1,contact_quota,two,week,\n\
                    P-2,B,R-2,contact_quota,2,fortnight,\n\
                    ,C,,,,,\n\
                    P-3,D\n\
                    P-1,Z,R-3,contact_ended,,,01/11/2026\n";
        assert_eq!(
            faults(text),
            [
                "4: id: is empty",
                "5: has 2 cells where the first row has 7",
                "6: name: person \"P-1\": differs from that on line 2",
                "2: limit: person \"P-1\": invalid type: string \"two\", expected u32",
                "6: starts: person \"P-1\": `01/11/2026` is not a date; write a day as 2026-11-01 or \
                 an instant as 2026-11-01T09:00:00Z",
                "3: per: person \"P-2\": unknown variant `fortnight`, expected one of `day`, \
                 `week`, `month`",
            ]
        );
    }

    #[test]
    fn an_unknown_column_is_refused_by_name() {
        let faults = faults("id,telephone\nP-1,1\n");
        assert!(
            faults[0].starts_with(
                "1: telephone: is not a known column; use one of id, \
            name"
            ),
            "{faults:?}"
        );
    }
}
