//! From a proposal to a restriction in force.

use super::{Ask, field, steps, two};

steps! {
    PROPOSE: "propose", Proposes, None, false,
    title: two("Propose a restriction", "Cynnig cyfyngiad"),
    lead: two("Nothing is in force until somebody else has signed it off and the letter has gone.",
        "Nid oes dim mewn grym nes bod rhywun arall wedi'i gymeradwyo a'r llythyr wedi mynd."),
    button: two("Save and check", "Cadw a gwirio"),
    done: two("The proposal is saved.", "Mae'r cynnig wedi'i gadw."),
    [
        field("restriction.grounds", Ask::Ground, "On what grounds?", "Ar ba seiliau?"),
        field("incidents", Ask::Incidents, "Because of which incidents?", "Oherwydd pa ddigwyddiadau?")
            .hint("Where a warning came first, include what happened after it.", "Lle daeth rhybudd yn gyntaf, cynhwyswch beth ddigwyddodd wedyn."),
        field("restriction", Ask::Terms, "The restriction", "Y cyfyngiad"),
        field("restriction.starts", Ask::Day, "From which day?", "O ba ddiwrnod?")
            .hint("Leave it empty to start on the day it is put in force.", "Gadewch yn wag i ddechrau ar y diwrnod y'i rhoddir mewn grym.").optional(),
        field("restriction.review_due", Ask::Day, "When is it reviewed?", "Pryd y'i hadolygir?")
            .hint("Leave it empty for the period in your policy.", "Gadewch yn wag ar gyfer y cyfnod yn eich polisi.").optional(),
        field("restriction.ends", Ask::Day, "Does it end on a day of its own?", "A yw'n dod i ben ar ddiwrnod penodol?")
            .hint("Leave it empty if reviews decide how long it lasts.", "Gadewch yn wag os adolygiadau sy'n penderfynu pa mor hir y mae'n para.").optional(),
        field("restriction.observe", Ask::Tick, "Only observe: record what it would do, and limit nothing",
            "Arsylwi yn unig: cofnodi beth fyddai'n ei wneud, heb gyfyngu ar ddim").optional(),
        field("aim", Ask::Text, "What is it meant to achieve?", "Beth yw'r nod?")
            .hint("What should be different: “Repairs are answered by one colleague, and the caretaker is left alone.”",
                "Beth ddylai fod yn wahanol: “Mae un cydweithiwr yn ateb am atgyweiriadau, a chaiff y gofalwr lonydd.”"),
        field("why_no_lesser", Ask::Text, "Why would nothing lesser do?", "Pam na fyddai dim llai yn ddigon?")
            .hint("What you tried first, and why it was not enough.", "Beth a wnaethoch gyntaf, a pham nad oedd yn ddigon."),
        field("adjustments_considered.outcome", Ask::Text, "You considered reasonable adjustments. What did you conclude?",
            "Gwnaethoch ystyried addasiadau rhesymol. Beth oedd eich casgliad?")
            .hint("Think of disability, health and language. If none is needed, say why.",
                "Meddyliwch am anabledd, iechyd ac iaith. Os nad oes angen yr un, dywedwch pam."),
        field("exceptions", Ask::Exceptions, "Is anything out of the ordinary needed?", "A oes angen unrhyw beth anarferol?")
            .hint("Each needs a reason, and a signature of its own.", "Mae angen rheswm ar bob un, a llofnod ei hun.").optional(),
    ];

    SUBMIT: "submit", Proposes, Some("proposal"), false,
    title: two("Send a proposal for sign-off", "Anfon cynnig i'w gymeradwyo"),
    lead: two("The person who signs it off sees everything that you see here.", "Mae pwy bynnag sy'n ei gymeradwyo yn gweld popeth a welwch chi yma."),
    button: two("Send for sign-off", "Anfon i'w gymeradwyo"),
    done: two("It waits for a signature now.", "Mae'n aros am lofnod nawr."),
    [];

    SIGN_OFF: "sign_off", SignsOff, Some("proposal"), true,
    title: two("Sign off a proposal", "Cymeradwyo cynnig"),
    lead: two("You sign this decision, and you can't hear an appeal against it later.",
        "Mae eich enw o dan y penderfyniad hwn, ac ni allwch wrando apêl yn ei erbyn wedyn."),
    button: two("Sign off", "Cymeradwyo"),
    done: two("You signed it off.", "Rydych wedi ei gymeradwyo."),
    [];

    SEND_BACK: "send_back", SignsOff, Some("proposal"), false,
    title: two("Send a proposal back", "Anfon cynnig yn ôl"),
    lead: two("The person who proposed it sees your reason, and can change it and send it again.",
        "Mae pwy bynnag a'i cynigiodd yn gweld eich rheswm, ac yn gallu ei newid a'i anfon eto."),
    button: two("Send back", "Anfon yn ôl"),
    done: two("It is sent back.", "Mae wedi'i anfon yn ôl."),
    [field("why", Ask::Text, "What must change?", "Beth sy'n rhaid newid?")
        .hint("The person who proposed it reads this.", "Mae pwy bynnag a'i cynigiodd yn darllen hyn.")];

    WITHDRAW_PROPOSAL: "withdraw_proposal", Proposes, Some("proposal"), false,
    title: two("Withdraw a proposal", "Tynnu cynnig yn ôl"),
    lead: two("It stays on file as withdrawn, and has no effect.", "Mae'n aros ar ffeil fel un a dynnwyd yn ôl, ac ni ddaw dim ohono."),
    button: two("Withdraw it", "Ei dynnu'n ôl"),
    done: two("The proposal is withdrawn.", "Mae'r cynnig wedi'i dynnu'n ôl."),
    [field("why", Ask::Text, "Why?", "Pam?").optional()];

    PUT_IN_FORCE: "put_in_force", PutsInForce, Some("proposal"), true,
    title: two("Put a restriction in force", "Rhoi cyfyngiad mewn grym"),
    lead: two("From now on every contact of this person is decided by it. Everything that your policy asks for is checked once more.",
        "O hyn ymlaen penderfynir pob cysylltiad gan y person hwn yn ôl hwn. Gwirir popeth y mae eich polisi yn gofyn amdano unwaith eto."),
    button: two("Put it in force", "Ei roi mewn grym"),
    done: two("The restriction is in force.", "Mae'r cyfyngiad mewn grym."),
    [];
}
