//! Letters: drafted, approved, sent.

use super::{Ask, Field, Only, choice, field, steps, two};

const MEANS: Field = field(
    "means",
    Ask::One(&[
        choice("post", "By post", "Drwy'r post"),
        choice("email", "By e-mail", "Drwy e-bost"),
    ]),
    "How does it go?",
    "Sut mae'n mynd?",
);

steps! {
    DRAFT_LETTER: "draft_letter", WritesLetters, Some("for"), false,
    title: two("Draft a letter", "Drafftio llythyr"),
    lead: two("The letter is written from the case, with every part that your policy asks for. You can put a part in words of your own.",
        "Ysgrifennir y llythyr o'r achos, gyda phob rhan y mae eich polisi yn gofyn amdani. Gallwch roi rhan yn eich geiriau eich hun."),
    button: two("Draft and preview", "Drafftio a rhagweld"),
    done: two("The letter is drafted. Read it, then have it approved.", "Mae'r llythyr wedi'i ddrafftio. Darllenwch ef, yna ei gymeradwyo."),
    [
        field("kind", Ask::One(&[
            choice("warning", "Warning", "Rhybudd"),
            choice("restriction", "Restriction", "Cyfyngiad"),
            choice("contact_ended", "Contact ended", "Cysylltiad wedi dod i ben"),
            choice("variation", "Changed restriction", "Cyfyngiad wedi'i newid"),
            choice("lifted", "Restriction lifted", "Cyfyngiad wedi'i godi"),
            choice("upcoming_review", "Review coming up", "Adolygiad ar ddod"),
            choice("review_outcome", "Outcome of a review", "Canlyniad adolygiad"),
            choice("appeal_acknowledged", "Appeal received", "Apêl wedi'i derbyn"),
            choice("appeal_outcome", "Outcome of an appeal", "Canlyniad apêl"),
            choice("no_notification_record", "Record that the person is not notified", "Cofnod nad yw'r person yn cael gwybod"),
        ]), "What is it about?", "Beth yw ei bwnc?"),
        field("language", Ask::Language, "In which language?", "Ym mha iaith?").optional(),
        field("format", Ask::Format, "In which format?", "Ym mha fformat?").optional(),
        field("changes", Ask::Changes, "What is to change?", "Beth sydd i newid?").optional().only(Only::OfVariation),
        field("why", Ask::Text, "The reason, as the letter gives it", "Y rheswm, fel y mae'r llythyr yn ei roi").optional().only(Only::OfVariation),
        field("without", Ask::Parts, "Parts of the letter", "Rhannau'r llythyr")
            .hint("These are the parts that your policy asks for. A letter without one of them can't be approved.",
                "Dyma'r rhannau y mae eich polisi yn gofyn amdanynt. Ni ellir cymeradwyo llythyr heb un ohonynt.").optional(),
        field("words", Ask::Words, "Words of your own", "Eich geiriau eich hun")
            .hint("Leave these empty to use the organisation's words.", "Gadewch y rhain yn wag i ddefnyddio geiriau'r sefydliad.").optional(),
    ];

    APPROVE_LETTER: "approve_letter", WritesLetters, Some("letter"), false,
    title: two("Approve a letter", "Cymeradwyo llythyr"),
    lead: two("Exactly what you approve here is sent.", "Yr hyn a anfonir yw'r union beth yr ydych yn ei gymeradwyo yma."),
    button: two("Approve the letter", "Cymeradwyo'r llythyr"),
    done: two("The letter is approved. It can be sent now.", "Mae'r llythyr wedi'i gymeradwyo. Gellir ei anfon nawr."),
    [];

    SEND_LETTER: "send_letter", RecordsCases, Some("letter"), true,
    title: two("Send a letter", "Anfon llythyr"),
    lead: two("By e-mail, exactly what was approved goes to the address below as soon as you press Send. By post, print it from the letter's page first: Send then records that it went.",
        "Drwy e-bost, mae'r union beth a gymeradwywyd yn mynd i'r cyfeiriad isod cyn gynted ag y pwyswch Anfon. Drwy'r post, argraffwch ef o dudalen y llythyr yn gyntaf: mae Anfon wedyn yn cofnodi iddo fynd."),
    button: two("Send", "Anfon"),
    done: two("The letter is recorded as sent. By e-mail it is on its way: its page says when the mail server has taken it.",
        "Mae'r llythyr wedi'i gofnodi fel un a anfonwyd. Drwy e-bost mae ar ei ffordd: mae ei dudalen yn dweud pryd y cymerodd y gweinydd post ef."),
    [
        MEANS,
        field("to", Ask::Email, "To which address, by e-mail?", "I ba gyfeiriad, drwy e-bost?")
            .hint("These are the addresses on the person's record. Others may read what goes to a shared one.",
                "Dyma'r cyfeiriadau ar gofnod y person. Gall eraill ddarllen yr hyn sy'n mynd i un a rennir.").optional(),
    ];

    // Where the organisation has no address of its own, from which the gateway would send.
    RECORD_LETTER_SENT: "send_letter", RecordsCases, Some("letter"), true,
    title: two("Record that a letter was sent", "Cofnodi bod llythyr wedi'i anfon"),
    lead: two("Send what was approved: print it from the letter's page, or attach it to an e-mail. Then say here how it went.",
        "Anfonwch yr hyn a gymeradwywyd: argraffwch ef o dudalen y llythyr, neu ei atodi i e-bost. Yna dywedwch yma sut yr aeth."),
    button: two("It is sent", "Mae wedi'i anfon"),
    done: two("The letter is recorded as sent.", "Mae'r llythyr wedi'i gofnodi fel un a anfonwyd."),
    [MEANS];
}
