//! What happened, and what was tried first.

use super::{Ask, choice, explained, field, steps, two};

steps! {
    RECORD_INCIDENT: "record_incident", RecordsCases, None, false,
    title: two("Record an incident", "Cofnodi digwyddiad"),
    lead: two(
        "Write down what happened while it is fresh. It limits nobody: others decide later what follows.",
        "Ysgrifennwch beth ddigwyddodd tra mae'n ffres. Nid yw'n cyfyngu ar neb: bydd eraill yn penderfynu wedyn beth sy'n dilyn."
    ),
    button: two("Record the incident", "Cofnodi'r digwyddiad"),
    done: two("The incident is recorded.", "Mae'r digwyddiad wedi'i gofnodi."),
    [
        field("ground", Ask::Ground, "What kind of behaviour was it?", "Pa fath o ymddygiad oedd hwn?")
            .hint("The kinds are those of your policy.", "Y mathau yw rhai eich polisi."),
        field("severity", Ask::One(&[
            explained("ordinary", two("Ordinary", "Cyffredin"),
                two("A warning comes first.", "Daw rhybudd yn gyntaf.")),
            explained("severe", two("Severe", "Difrifol"),
                two("Violence, a threat, or as serious as that.", "Trais, bygythiad, neu rywbeth mor ddifrifol â hynny.")),
        ]), "How serious was it?", "Pa mor ddifrifol oedd e?"),
        field("happened_at", Ask::Time, "When did it happen?", "Pryd ddigwyddodd hyn?"),
        field("channel", Ask::Channel, "How were you in contact?", "Sut oeddech chi mewn cysylltiad?"),
        field("what", Ask::Text, "What happened?", "Beth ddigwyddodd?")
            .hint("Facts and words as they were used. The person may ask to read this.",
                "Ffeithiau, a geiriau fel y'u defnyddiwyd. Gall y person ofyn am gael darllen hyn."),
        field("contacts", Ask::Contacts, "Which contacts show it?", "Pa gysylltiadau sy'n ei ddangos?").optional(),
        field("interaction_ended", Ask::Tick, "You ended the call or the meeting because of it",
            "Daethoch â'r alwad neu'r cyfarfod i ben o'i herwydd").optional(),
        field("told", Ask::Any(&[
            choice("police", "Police", "Yr heddlu"),
            choice("community_safety", "Community safety team", "Tîm diogelwch cymunedol"),
            choice("safeguarding", "Safeguarding", "Diogelu"),
            choice("health_and_safety", "Health and safety", "Iechyd a diogelwch"),
        ]), "Who has been informed?", "Pwy sydd wedi cael gwybod?").optional(),
        field("staff", Ask::StaffAny, "Which colleagues was it about?", "Pa gydweithwyr oedd dan sylw?")
            .hint("They take no part in the decision.", "Nid ydynt yn cymryd rhan yn yr hyn a benderfynir.")
            .optional(),
    ];

    CLOSE_INCIDENT: "close_incident", RecordsCases, Some("incident"), false,
    title: two("Close an incident", "Cau digwyddiad"),
    lead: two("Say what the result was. An incident that was answered can still carry a proposal; one closed without action can't.",
        "Dywedwch beth ddaeth ohono. Gall digwyddiad a atebwyd gynnal cynnig o hyd; ni all un a gaewyd heb weithredu."),
    button: two("Close the incident", "Cau'r digwyddiad"),
    done: two("The incident is closed.", "Mae'r digwyddiad wedi'i gau."),
    [
        field("outcome", Ask::One(&[
            choice("answered", "It was answered", "Fe'i hatebwyd"),
            choice("no_action", "No action was needed", "Nid oedd angen gweithredu"),
        ]), "What was the result?", "Beth ddaeth ohono?"),
        field("why", Ask::Text, "Why?", "Pam?"),
    ];

    GIVE_WARNING: "give_warning", Warns, None, false,
    title: two("Give a warning", "Rhoi rhybudd"),
    lead: two("A warning is a chance to change. One in writing counts from the day its letter goes.",
        "Cyfle i newid yw rhybudd. Mae un ysgrifenedig yn cyfrif o'r diwrnod yr anfonir ei lythyr."),
    button: two("Record the warning", "Cofnodi'r rhybudd"),
    done: two("The warning is recorded. If it is in writing, draft its letter now.",
        "Mae'r rhybudd wedi'i gofnodi. Os yw'n ysgrifenedig, drafftiwch ei lythyr nawr."),
    [
        field("incidents", Ask::Incidents, "Which incidents is it about?", "Pa ddigwyddiadau sydd dan sylw?"),
        field("kind", Ask::One(&[
            choice("informal", "Informal", "Anffurfiol"),
            choice("formal", "Formal", "Ffurfiol"),
        ]), "What kind of warning is it?", "Pa fath o rybudd yw hwn?"),
        field("medium", Ask::One(&[
            choice("verbal", "Spoken", "Ar lafar"),
            choice("written", "In writing", "Yn ysgrifenedig"),
        ]), "How is it given?", "Sut y'i rhoddir?"),
        field("behaviour", Ask::Text, "What did the person do?", "Beth wnaeth y person?")
            .hint("The letter says this to them, so write “you”.", "Mae'r llythyr yn dweud hyn wrthynt, felly ysgrifennwch “chi”."),
        field("must_change", Ask::Text, "What must change?", "Beth sy'n rhaid newid?")
            .hint("Something that the person can do: “Write to us without insults.”",
                "Rhywbeth y gall y person ei wneud: “Ysgrifennwch atom heb sarhau neb.”"),
        field("consequences", Ask::Text, "What may follow if it does not?", "Beth all ddilyn os na fydd?")
            .hint("A formal warning must say this.", "Rhaid i rybudd ffurfiol ddweud hyn.").optional(),
    ];

    OFFER_AGREEMENT: "offer_agreement", Warns, None, false,
    title: two("Offer an agreement", "Cynnig cytundeb"),
    lead: two("An agreement is kept without formal action. For some grounds your policy wants one tried before any restriction.",
        "Cedwir cytundeb heb gamau ffurfiol. Ar gyfer rhai seiliau mae eich polisi am roi cynnig ar un cyn unrhyw gyfyngiad."),
    button: two("Record the offer", "Cofnodi'r cynnig"),
    done: two("The offer is recorded.", "Mae'r cynnig wedi'i gofnodi."),
    [
        field("terms", Ask::Text, "What is offered?", "Beth a gynigir?")
            .hint("What each side does: how often, by which way, who answers and how soon.",
                "Beth mae pob ochr yn ei wneud: pa mor aml, ym mha ffordd, pwy sy'n ateb a pha mor fuan."),
        field("until", Ask::Day, "Until when?", "Tan pryd?").optional(),
    ];

    ANSWER_AGREEMENT: "answer_agreement", Warns, Some("agreement"), false,
    title: two("Record the answer to an agreement", "Cofnodi'r ateb i gytundeb"),
    lead: two("Record what the person said.", "Cofnodwch beth ddywedodd y person."),
    button: two("Record the answer", "Cofnodi'r ateb"),
    done: two("The answer is recorded.", "Mae'r ateb wedi'i gofnodi."),
    [field("accepted", Ask::YesNo, "Did they accept?", "A wnaethant dderbyn?")];

    BREACH_AGREEMENT: "breach_agreement", Warns, Some("agreement"), false,
    title: two("Record a breach of an agreement", "Cofnodi torri cytundeb"),
    lead: two("An agreement that was breached counts as tried.", "Mae cytundeb a dorrwyd yn cyfrif fel un y rhoddwyd cynnig arno."),
    button: two("Record the breach", "Cofnodi'r toriad"),
    done: two("The breach is recorded.", "Mae'r toriad wedi'i gofnodi."),
    [field("what", Ask::Text, "What happened?", "Beth ddigwyddodd?")];

    CLOSE_AGREEMENT: "close_agreement", Warns, Some("agreement"), false,
    title: two("Close an agreement that was kept", "Cau cytundeb a gadwyd"),
    lead: two("Use this when its time is over and the person kept to it.", "Defnyddiwch hwn pan ddaw ei amser i ben a'r person wedi cadw ato."),
    button: two("Close the agreement", "Cau'r cytundeb"),
    done: two("The agreement is closed as kept.", "Mae'r cytundeb wedi'i gau fel un a gadwyd."),
    [field("what", Ask::Text, "Anything to add?", "Unrhyw beth i'w ychwanegu?").optional()];

    RECORD_MEDIATION: "record_mediation", Warns, None, false,
    title: two("Record mediation", "Cofnodi cyfryngu"),
    lead: two("Record each step: that it was considered, offered, declined or done.", "Cofnodwch bob cam: iddo gael ei ystyried, ei gynnig, ei wrthod neu ei wneud."),
    button: two("Record it", "Ei gofnodi"),
    done: two("Mediation is recorded.", "Mae'r cyfryngu wedi'i gofnodi."),
    [
        field("step", Ask::One(&[
            choice("considered", "Considered", "Ystyriwyd"),
            choice("offered", "Offered", "Cynigiwyd"),
            choice("declined", "Declined", "Gwrthodwyd"),
            choice("done", "Done", "Gwnaed"),
        ]), "How far did it get?", "Pa mor bell yr aeth?"),
        field("why", Ask::Text, "Why, and what was the result?", "Pam, a beth ddaeth ohono?"),
    ];
}
