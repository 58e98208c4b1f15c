//! Appeals.

use super::{Ask, choice, explained, field, steps, two};

steps! {
    RECEIVE_APPEAL: "receive_appeal", RecordsCases, Some("restriction"), false,
    title: two("Record an appeal", "Cofnodi apêl"),
    lead: two("An appeal counts however it came and whatever it is called. A late one is recorded as late; the person who hears it may still accept it.",
        "Mae apêl yn cyfrif sut bynnag y daeth a beth bynnag y'i gelwir. Cofnodir un hwyr fel hwyr; gall pwy bynnag sy'n ei gwrando ei derbyn o hyd."),
    button: two("Record the appeal", "Cofnodi'r apêl"),
    done: two("The appeal is recorded.", "Mae'r apêl wedi'i chofnodi."),
    [
        field("received_at", Ask::TimeOrNow, "When did it come?", "Pryd ddaeth hi?"),
        field("channel", Ask::Channel, "How did it come?", "Sut ddaeth hi?"),
        field("grounds", Ask::AppealGrounds, "On what grounds?", "Ar ba seiliau?").optional(),
        field("text", Ask::Text, "What does the person say?", "Beth mae'r person yn ei ddweud?").optional(),
        field("contact", Ask::Line, "Reference of the contact by which it came", "Cyfeirnod y cysylltiad y daeth drwyddo")
            .hint("It is under Details on the contact's page.", "Mae o dan Manylion ar dudalen y cysylltiad.").optional(),
    ];

    ASSIGN_HEARER: "assign_hearer", LeadsAppeals, Some("appeal"), false,
    title: two("Choose who hears an appeal", "Dewis pwy sy'n gwrando apêl"),
    lead: two("Somebody who took no part in the decision and reported none of the incidents.",
        "Rhywun na chymerodd ran yn y penderfyniad ac na chofnododd yr un o'r digwyddiadau."),
    button: two("Choose them", "Eu dewis"),
    done: two("The appeal has somebody to hear it.", "Mae gan yr apêl rywun i'w gwrando."),
    [field("name", Ask::Hearer, "Who hears it?", "Pwy sy'n ei gwrando?")];

    DECIDE_APPEAL: "decide_appeal", HearsAppeals, Some("appeal"), true,
    title: two("Decide an appeal", "Penderfynu ar apêl"),
    lead: two("What you decide acts at once. Contacts that were held and would now pass are released.",
        "Mae'r hyn a benderfynwch yn gweithredu ar unwaith. Rhyddheir cysylltiadau a gadwyd ac a fyddai bellach yn mynd drwodd."),
    button: two("Decide the appeal", "Penderfynu ar yr apêl"),
    done: two("The appeal is decided. The person is owed a letter about it.", "Mae'r apêl wedi'i phenderfynu. Mae llythyr yn ddyledus i'r person amdani."),
    [
        field("outcome", Ask::One(&[
            explained("upheld", two("The restriction stays", "Mae'r cyfyngiad yn aros"),
                two("The decision was right.", "Roedd y penderfyniad yn iawn.")),
            explained("varied", two("The restriction is made lighter", "Caiff y cyfyngiad ei ysgafnhau"),
                two("Say below what changes.", "Dywedwch isod beth sy'n newid.")),
            explained("quashed", two("The restriction is quashed", "Caiff y cyfyngiad ei ddiddymu"),
                two("It ends at once.", "Mae'n dod i ben ar unwaith.")),
        ]), "What do you decide?", "Beth ydych yn ei benderfynu?"),
        field("changes", Ask::Changes, "If it is made lighter: what changes?", "Os caiff ei ysgafnhau: beth sy'n newid?").optional(),
        field("why", Ask::Text, "Why?", "Pam?")
            .hint("The letter gives this reason to the person.", "Mae'r llythyr yn rhoi'r rheswm hwn i'r person."),
    ];

    NOTIFY_APPEAL: "notify_appeal", LeadsAppeals, Some("appeal"), false,
    title: two("Record that the person was notified", "Cofnodi bod y person wedi cael gwybod"),
    lead: two("The letter about the outcome must have gone first.", "Rhaid i'r llythyr am y canlyniad fod wedi mynd yn gyntaf."),
    button: two("Record it", "Ei gofnodi"),
    done: two("The person was notified. The appeal is closed.", "Cafodd y person wybod. Mae'r apêl wedi'i chau."),
    [field("means", Ask::One(&[
        choice("post", "By post", "Drwy'r post"),
        choice("email", "By e-mail", "Drwy e-bost"),
    ]), "How?", "Sut?")];

    WITHDRAW_APPEAL: "withdraw_appeal", RecordsCases, Some("appeal"), false,
    title: two("Withdraw an appeal", "Tynnu apêl yn ôl"),
    lead: two("Only because the person asked for it. The restriction holds again.", "Dim ond am fod y person wedi gofyn. Mae'r cyfyngiad yn berthnasol eto."),
    button: two("Record the withdrawal", "Cofnodi'r tynnu'n ôl"),
    done: two("The appeal is withdrawn.", "Mae'r apêl wedi'i thynnu'n ôl."),
    [field("why", Ask::Text, "What did the person say?", "Beth ddywedodd y person?").optional()];
}
