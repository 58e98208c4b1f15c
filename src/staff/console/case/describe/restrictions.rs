//! Restrictions in force: varied, lifted, reviewed. And the parameters of each kind.

use super::{Ask, Field, choice, field, steps, two};
use crate::domain::restriction::KindName;

steps! {
    VARY: "vary", Decides, Some("restriction"), true,
    title: two("Make a restriction lighter", "Ysgafnhau cyfyngiad"),
    lead: two("Only to something lighter: a heavier one takes a new proposal. The letter about it goes first.",
        "Dim ond i rywbeth ysgafnach: mae angen cynnig newydd ar gyfer rhywbeth trymach. Mae'r llythyr amdano yn mynd yn gyntaf."),
    button: two("Change the restriction", "Newid y cyfyngiad"),
    done: two("The restriction is changed.", "Mae'r cyfyngiad wedi'i newid."),
    [
        field("changes", Ask::Changes, "What changes?", "Beth sy'n newid?"),
        field("why", Ask::Text, "Why?", "Pam?"),
    ];

    LIFT: "lift", Decides, Some("restriction"), true,
    title: two("Lift a restriction", "Codi cyfyngiad"),
    lead: two("It ends at once. The letter that says so goes first.", "Mae'n dod i ben ar unwaith. Mae'r llythyr sy'n dweud hynny yn mynd yn gyntaf."),
    button: two("Lift the restriction", "Codi'r cyfyngiad"),
    done: two("The restriction is lifted.", "Mae'r cyfyngiad wedi'i godi."),
    [field("why", Ask::Text, "Why?", "Pam?")];

    REVIEW: "review", Decides, Some("restriction"), true,
    title: two("Review a restriction", "Adolygu cyfyngiad"),
    lead: two("Your decision takes effect at once. If the person must be notified, the letter is then listed as due.",
        "Mae'r hyn a benderfynwch yn gweithredu ar unwaith. Os oes rhaid rhoi gwybod i'r person, mae'r llythyr wedyn ar y rhestr o'r hyn sy'n ddyledus."),
    button: two("Record the review", "Cofnodi'r adolygiad"),
    done: two("The review is recorded.", "Mae'r adolygiad wedi'i gofnodi."),
    [
        field("outcome", Ask::One(&[
            choice("keep", "Keep it as it is", "Ei gadw fel y mae"),
            choice("vary", "Make it lighter", "Ei ysgafnhau"),
            choice("lift", "Lift it", "Ei godi"),
        ]), "What do you decide?", "Beth ydych yn ei benderfynu?"),
        field("conduct", Ask::Text, "How has the person behaved since?", "Sut mae'r person wedi ymddwyn ers hynny?").optional(),
        field("adjustments_considered.outcome", Ask::Text, "You considered reasonable adjustments again. What did you conclude?",
            "Gwnaethoch ystyried addasiadau rhesymol eto. Beth oedd eich casgliad?"),
        field("changes", Ask::Changes, "If it is made lighter: what changes?", "Os caiff ei ysgafnhau: beth sy'n newid?").optional(),
        field("next_due", Ask::Day, "When is it reviewed next?", "Pryd y'i hadolygir nesaf?")
            .hint("Leave it empty for the period in your policy.", "Gadewch yn wag ar gyfer y cyfnod yn eich polisi.").optional(),
        field("why", Ask::Text, "Why?", "Pam?"),
    ];
}

const LIMIT: Field = field("limit", Ask::Number, "How many?", "Faint?");
const PER: Field = field(
    "per",
    Ask::One(&[
        choice("day", "A day", "Y dydd"),
        choice("week", "A week", "Yr wythnos"),
        choice("month", "A month", "Y mis"),
    ]),
    "In what time?",
    "Ym mha gyfnod?",
);
const WINDOW: Field = field(
    "window",
    Ask::One(&[
        choice(
            "calendar",
            "Each begins on its first day",
            "Mae pob un yn dechrau ar ei ddiwrnod cyntaf",
        ),
        choice(
            "rolling",
            "Always the last days before a contact",
            "Bob amser y dyddiau olaf cyn cysylltiad",
        ),
    ]),
    "How is it counted?",
    "Sut y'i cyfrifir?",
);
const ON_CHANNELS: Field =
    field("channels", Ask::Channels, "On which channels?", "Ar ba sianeli?").optional();
const ISSUES: Field =
    field("issues", Ask::Lines, "References of the issues", "Cyfeirnodau'r materion")
        .hint("One on each line.", "Un ar bob llinell.");
const ANSWERED: Field = field(
    "answered",
    Ask::Text,
    "What the person wrote, where there is no reference",
    "Yr hyn a ysgrifennodd y person, lle nad oes cyfeirnod",
)
.hint("A message that says the same again is filed. Anything new goes to somebody who looks at it.",
    "Caiff neges sy'n dweud yr un peth eto ei ffeilio. Mae unrhyw beth newydd yn mynd at rywun sy'n edrych arno.")
.optional();

const POINT_OF_CONTACT: &[Field] = &[
    field("contact.name", Ask::Line, "Who answers?", "Pwy sy'n ateb?"),
    field("contact.email", Ask::Line, "Their e-mail address", "Eu cyfeiriad e-bost").optional(),
    field("contact.phone", Ask::Line, "Their telephone number", "Eu rhif ffôn").optional(),
    field(
        "deputies",
        Ask::Deputies,
        "Who covers, in this order?",
        "Pwy sy'n dirprwyo, yn y drefn hon?",
    )
    .optional(),
];

const CHANNELS: &[Field] = &[field(
    "channels",
    Ask::Channels,
    "Which channels stay open?",
    "Pa sianeli sy'n aros ar agor?",
)];

const HOURS: &[Field] = &[
    field("windows", Ask::Windows, "At which hours?", "Ar ba oriau?").hint(
        "One is enough: leave the others empty.",
        "Mae un yn ddigon: gadewch y lleill yn wag.",
    ),
    field("channels", Ask::Channels, "On which channels?", "Ar ba sianeli?")
        .hint(
            "None ticked: telephone, visits and web chat.",
            "Dim wedi'i dicio: ffôn, ymweliadau a sgwrs we.",
        )
        .optional(),
    field(
        "bank_holidays",
        Ask::Tick,
        "The hours hold on bank holidays too",
        "Mae'r oriau'n berthnasol ar wyliau banc hefyd",
    )
    .optional(),
];

const CONTACT_QUOTA: &[Field] = &[
    LIMIT,
    PER,
    WINDOW,
    ON_CHANNELS
        .hint("None ticked: all of them together.", "Dim wedi'i dicio: pob un gyda'i gilydd."),
];

const ISSUE_QUOTA: &[Field] = &[LIMIT, PER, WINDOW];

const CLOSED: &[Field] = &[ISSUES.optional(), ANSWERED];

const REPRESENTATIVES: &[Field] = &[field(
    "representatives",
    Ask::Lines,
    "Through which representatives?",
    "Trwy ba gynrychiolwyr?",
)
.hint(
    "One name on each line. Empty: any who is on record.",
    "Un enw ar bob llinell. Gwag: unrhyw un sydd ar gofnod.",
)
.optional()];

const READ_AND_FILE: &[Field] = &[ISSUES
    .hint("One on each line. Empty: everything.", "Un ar bob llinell. Gwag: popeth.")
    .optional()];

const CALL_LENGTH: &[Field] =
    &[field("minutes", Ask::Number, "How many minutes?", "Faint o funudau?")];

const DOCUMENTS: &[Field] = &[field(
    "instruction",
    Ask::One(&[
        choice("return", "They are sent back", "Cânt eu hanfon yn ôl"),
        choice("destroy", "They are destroyed", "Cânt eu dinistrio"),
    ]),
    "What happens to documents?",
    "Beth sy'n digwydd i ddogfennau?",
)];

/// The parameters of a kind, by the restriction's own keys.
pub(in crate::staff::console) const fn parameters(kind: KindName) -> &'static [Field] {
    match kind {
        KindName::SinglePointOfContact => POINT_OF_CONTACT,
        KindName::ChannelsOnly => CHANNELS,
        KindName::HoursOnly => HOURS,
        KindName::ContactQuota => CONTACT_QUOTA,
        KindName::IssueQuota => ISSUE_QUOTA,
        KindName::IssueClosed | KindName::ComplaintClosed => CLOSED,
        KindName::RepresentativeOnly => REPRESENTATIVES,
        KindName::ReadAndFile => READ_AND_FILE,
        KindName::CallLength => CALL_LENGTH,
        KindName::DocumentsReturned => DOCUMENTS,
        KindName::ContactEnded | KindName::VisitsInPairs | KindName::AppointmentOnly => &[],
    }
}
