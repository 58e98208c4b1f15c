//! The columns of a register, by the headings that councils and landlords give them.

/// What a column of a register holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Reference,
    Name,
    Address,
    Email,
    Phone,
    Reason,
    Clause,
    Restriction,
    ContactName,
    ContactEmail,
    ContactPhone,
    Applied,
    ReviewDue,
    Ends,
    DecidedBy,
    SignedOffBy,
    Decided,
    LetterSent,
    Warned,
    Reviewed,
    AppealReceived,
    AppealDecided,
    AppealOutcome,
    AppealHeardBy,
    Status,
    /// Nothing of it is read: only a mapping says so.
    LeaveOut,
}

/// A column of a register: its name in a mapping, what it holds, and headings that are known.
pub struct KnownColumn {
    pub field: Field,
    pub name: &'static str,
    pub says: &'static str,
    pub(super) headings: &'static [&'static str],
}

const fn known(
    field: Field,
    name: &'static str,
    says: &'static str,
    headings: &'static [&'static str],
) -> KnownColumn {
    KnownColumn { field, name, says, headings }
}

/// Every column; `restriction` is required. Headings are compared without case, dots and dashes.
pub const FIELDS: &[KnownColumn] = &[
    known(
        Field::Reference,
        "reference",
        "the person's id; without it one is made of name, e-mail and phone",
        &[
            "id",
            "ref",
            "our ref",
            "person id",
            "customer ref",
            "customer reference",
            "tenancy ref",
            "tenancy reference",
            "tenancy number",
            "crm ref",
            "crm reference",
            "case ref",
            "case reference",
        ],
    ),
    known(
        Field::Name,
        "name",
        "the person's name",
        &[
            "customer",
            "customer name",
            "full name",
            "tenant",
            "tenant name",
            "resident",
            "resident name",
        ],
    ),
    known(Field::Address, "address", "the postal address", &["postal address", "property address"]),
    known(
        Field::Email,
        "email",
        "addresses; several as a;b",
        &["e mail", "email address", "e mail address", "emails"],
    ),
    known(
        Field::Phone,
        "phone",
        "numbers; several as a;b",
        &[
            "telephone",
            "tel",
            "tel no",
            "phone number",
            "telephone number",
            "mobile",
            "mobile number",
            "contact number",
        ],
    ),
    known(
        Field::Reason,
        "reason",
        "the grounds: a ground of the policy, or free text",
        &["reasons", "ground", "grounds", "reason for restriction", "behaviour"],
    ),
    known(Field::Clause, "clause", "the policy's clause", &["policy clause", "policy section"]),
    known(
        Field::Restriction,
        "restriction",
        "what is restricted, in words that are listed below; several as a;b",
        &[
            "restrictions",
            "restriction type",
            "type of restriction",
            "restriction applied",
            "restrictions applied",
            "action taken",
            "contact arrangement",
        ],
    ),
    known(
        Field::ContactName,
        "contact",
        "single point of contact: who answers",
        &["spoc", "point of contact", "named contact", "contact officer", "named officer"],
    ),
    known(
        Field::ContactEmail,
        "contact_email",
        "single point of contact: address",
        &["contact email", "spoc email", "point of contact email"],
    ),
    known(
        Field::ContactPhone,
        "contact_phone",
        "single point of contact: number",
        &["contact phone", "spoc phone", "point of contact phone"],
    ),
    known(
        Field::Applied,
        "date_applied",
        "first day",
        &[
            "date applied",
            "applied",
            "start",
            "starts",
            "start date",
            "date started",
            "date imposed",
            "in force from",
            "date of restriction",
        ],
    ),
    known(
        Field::ReviewDue,
        "review_date",
        "day of the next review",
        &[
            "review date",
            "next review",
            "next review date",
            "review due",
            "date of review",
            "due for review",
        ],
    ),
    known(
        Field::Ends,
        "end_date",
        "last day",
        &["end date", "end", "ends", "expiry", "expiry date", "expires", "until"],
    ),
    known(
        Field::DecidedBy,
        "decided_by",
        "who decided",
        &["decided by", "decision maker", "authorised by", "approved by", "imposed by"],
    ),
    known(Field::SignedOffBy, "signed_off_by", "who signed it off", &["signed off by", "sign off"]),
    known(
        Field::Decided,
        "date_decided",
        "day of the decision; without it the first day",
        &["date decided", "decision date", "date of decision"],
    ),
    known(
        Field::LetterSent,
        "letter_sent",
        "day on which the letter went",
        &["letter sent", "date letter sent", "letter date", "date of letter"],
    ),
    known(
        Field::Warned,
        "warning_date",
        "day of a written warning before it",
        &[
            "warning date",
            "date of warning",
            "date warned",
            "warning letter",
            "warning letter sent",
        ],
    ),
    known(
        Field::Reviewed,
        "last_review",
        "day of the last review, which kept it",
        &["last review", "last reviewed", "date reviewed", "reviewed", "reviewed on"],
    ),
    known(
        Field::AppealReceived,
        "appeal_received",
        "day on which an appeal came in",
        &["appeal received", "appeal date", "date of appeal", "date appeal received"],
    ),
    known(
        Field::AppealDecided,
        "appeal_decided",
        "day on which it was decided",
        &["appeal decided", "appeal decision date", "date of appeal decision"],
    ),
    known(
        Field::AppealOutcome,
        "appeal_outcome",
        "how it was decided, in words that are listed below",
        &["appeal outcome", "outcome of appeal", "appeal result", "appeal decision", "appeal"],
    ),
    known(
        Field::AppealHeardBy,
        "appeal_heard_by",
        "who heard it",
        &["appeal heard by", "heard by"],
    ),
    known(Field::Status, "status", "current, lifted, ended, quashed", &["current status"]),
    known(Field::LeaveOut, "leave_out", "the column is ignored", &[]),
];

/// Words compared without case, and without anything but letters and digits.
pub(super) fn plain(text: &str) -> String {
    let spaced: String =
        text.chars().map(|it| if it.is_alphanumeric() { it } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The column of a heading.
pub(super) fn of_heading(heading: &str) -> Option<Field> {
    let heading = plain(heading);
    let is_it = |known: &&KnownColumn| {
        plain(known.name) == heading || known.headings.iter().any(|one| *one == heading)
    };
    FIELDS.iter().filter(|known| known.field != Field::LeaveOut).find(is_it).map(|one| one.field)
}

/// The column that a mapping names.
pub(super) fn of_name(name: &str) -> Option<Field> {
    FIELDS.iter().find(|known| known.name == name).map(|known| known.field)
}

pub(in crate::casework::import) fn name_of(field: Field) -> &'static str {
    FIELDS.iter().find(|known| known.field == field).map_or("", |known| known.name)
}

/// The column from which a key of a record came.
pub(in crate::casework::import) fn of_path(path: &str) -> Option<Field> {
    let rest = path.split_once("].").map_or(path, |(_, rest)| rest);
    let part = path.split('[').next().unwrap_or_default();
    let key = rest.split('[').next().unwrap_or_default();
    let field = match (part, key) {
        ("id", _) => Field::Reference,
        ("name", _) => Field::Name,
        ("case.decisions", "decided") => Field::Decided,
        ("case.decisions", "letter_sent") => Field::LetterSent,
        ("case.warnings", _) => Field::Warned,
        ("case.reviews", _) => Field::Reviewed,
        ("case.appeals", "received") => Field::AppealReceived,
        ("case.appeals", "decided") => Field::AppealDecided,
        ("case.appeals", _) => Field::AppealOutcome,
        ("restrictions", "grounds") => Field::Reason,
        ("restrictions", "clause") => Field::Clause,
        ("restrictions", "starts") => Field::Applied,
        ("restrictions", "review_due") => Field::ReviewDue,
        ("restrictions", "ends") => Field::Ends,
        ("restrictions", "decided_by") => Field::DecidedBy,
        ("restrictions", "signed_off_by") => Field::SignedOffBy,
        ("restrictions", "status") => Field::Status,
        ("restrictions", "contact" | "contact.name") => Field::ContactName,
        ("restrictions", "contact.email") => Field::ContactEmail,
        ("restrictions", "contact.phone") => Field::ContactPhone,
        ("restrictions", _) => Field::Restriction,
        _ => return None,
    };
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_heading_names_two_columns() {
        for known in FIELDS.iter().filter(|one| one.field != Field::LeaveOut) {
            for heading in known.headings.iter().chain(std::iter::once(&known.name)) {
                assert_eq!(of_heading(heading), Some(known.field), "{heading}");
                assert_eq!(of_heading(&heading.to_uppercase()), Some(known.field), "{heading}");
            }
            for heading in known.headings {
                assert_eq!(*heading, plain(heading));
            }
        }
    }
}
