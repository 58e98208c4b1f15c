//! Steps that record something beside the way to a restriction.

use super::{Ask, choice, field, steps, two};

steps! {
    DECIDE_ENGAGEMENT: "decide_engagement", RecordsCases, Some("item"), true,
    title: two("Decide whether to engage with a new issue", "Penderfynu a ddylid ymgysylltu â mater newydd"),
    lead: two("Contact has ended, and this looks like something new. If you engage, the message goes on its way.",
        "Mae cysylltiad wedi dod i ben, ac mae hyn yn edrych fel rhywbeth newydd. Os ydych yn ymgysylltu, aiff y neges ar ei ffordd."),
    button: two("Decide", "Penderfynu"),
    done: two("It is decided.", "Mae wedi'i benderfynu."),
    [
        field("engage", Ask::YesNo, "Do you engage with it?", "A ydych yn ymgysylltu ag ef?"),
        field("why", Ask::Text, "Why?", "Pam?"),
    ];

    MARK_READ: "mark_read", RecordsCases, Some("item"), false,
    title: two("Mark a filed contact as read", "Nodi bod cysylltiad a ffeiliwyd wedi'i ddarllen"),
    lead: two("Read it first: filed is not ignored.", "Darllenwch ef yn gyntaf: nid yw ffeilio yn golygu anwybyddu."),
    button: two("I have read it", "Rwyf wedi'i ddarllen"),
    done: two("It is marked as read.", "Mae wedi'i nodi fel un a ddarllenwyd."),
    [];

    RECONCILE_ADJUSTMENT: "reconcile_adjustment", Proposes, None, false,
    title: two("Say how an adjustment and a restriction go together", "Dweud sut mae addasiad a chyfyngiad yn cyd-fynd"),
    lead: two("An adjustment that clashes with a restriction keeps it from being put in force until somebody has settled this.",
        "Mae addasiad sy'n gwrthdaro â chyfyngiad yn ei atal rhag cael ei roi mewn grym nes bod rhywun wedi setlo hyn."),
    button: two("Record it", "Ei gofnodi"),
    done: two("It is recorded.", "Mae wedi'i gofnodi."),
    [
        field("adjustment", Ask::Adjustment, "Which adjustment?", "Pa addasiad?"),
        field("restriction", Ask::Restriction, "Which restriction or proposal?", "Pa gyfyngiad neu gynnig?"),
        field("how", Ask::Text, "How do they go together?", "Sut maen nhw'n cyd-fynd?"),
    ];

    RECORD_STAFF_COMPLAINT: "record_staff_complaint", RecordsCases, None, false,
    title: two("Record a complaint about a colleague", "Cofnodi cwyn am gydweithiwr"),
    lead: two("While it is open, the colleague decides nothing about this person.", "Tra bo'n agored, nid yw'r cydweithiwr yn penderfynu dim am y person hwn."),
    button: two("Record the complaint", "Cofnodi'r gŵyn"),
    done: two("The complaint is recorded.", "Mae'r gŵyn wedi'i chofnodi."),
    [
        field("about", Ask::Staff, "Who is it about?", "Am bwy mae hi?"),
        field("what", Ask::Text, "What does the person say?", "Beth mae'r person yn ei ddweud?"),
    ];

    CLOSE_STAFF_COMPLAINT: "close_staff_complaint", Proposes, Some("complaint"), false,
    title: two("Close a complaint about a colleague", "Cau cwyn am gydweithiwr"),
    lead: two("Nobody closes a complaint about themselves.", "Nid oes neb yn cau cwyn amdano ef neu hi ei hun."),
    button: two("Close the complaint", "Cau'r gŵyn"),
    done: two("The complaint is closed.", "Mae'r gŵyn wedi'i chau."),
    [field("outcome", Ask::Text, "What was the result?", "Beth ddaeth ohoni?")];

    RECORD_ADJUSTMENT: "record_adjustment", RecordsCases, None, false,
    title: two("Record an adjustment", "Cofnodi addasiad"),
    lead: two("Write down what the person needs, never why. It opens channels and shapes letters.",
        "Ysgrifennwch beth sydd ei angen ar y person, byth pam. Mae'n agor sianeli ac yn llunio llythyrau."),
    button: two("Record the adjustment", "Cofnodi'r addasiad"),
    done: two("The adjustment is recorded.", "Mae'r addasiad wedi'i gofnodi."),
    [
        field("adjustment.kind", Ask::One(&[
            choice("needs_channel", "Needs a channel to stay open", "Angen i sianel aros ar agor"),
            choice("large_print", "Large print", "Print bras"),
            choice("coloured_paper", "Coloured paper", "Papur lliw"),
            choice("easy_read", "Easy read", "Hawdd ei ddeall"),
            choice("braille", "Braille", "Braille"),
            choice("audio", "Audio", "Sain"),
            choice("translation", "Translation", "Cyfieithiad"),
            choice("interpreter", "Interpreter", "Dehonglydd"),
            choice("representative", "Representative", "Cynrychiolydd"),
            choice("clear_warnings", "Clear warnings", "Rhybuddion clir"),
            choice("extra_time", "Extra time", "Amser ychwanegol"),
            choice("other", "Something else", "Rhywbeth arall"),
        ]), "What does the person need?", "Beth sydd ei angen ar y person?"),
        field("adjustment.channel", Ask::Channel, "Which channel stays open?", "Pa sianel sy'n aros ar agor?")
            .hint("Only where they need a channel.", "Dim ond lle mae angen sianel arnynt.").optional(),
        field("adjustment.note", Ask::Line, "What must colleagues know to do this?", "Beth sydd angen i gydweithwyr ei wybod i wneud hyn?")
            .hint("A language, a colour of paper. No diagnosis.", "Iaith, lliw papur. Dim diagnosis.").optional(),
        field("adjustment.review_due", Ask::Day, "When do you ask again?", "Pryd fyddwch chi'n gofyn eto?").optional(),
    ];

    RECORD_ABSENCE: "record_absence", RecordsCases, Some("restriction"), false,
    title: two("Record that a point of contact is away", "Cofnodi bod pwynt cyswllt i ffwrdd"),
    lead: two("The first deputy who is present covers.", "Y dirprwy cyntaf sy'n bresennol sy'n camu i mewn."),
    button: two("Record the absence", "Cofnodi'r absenoldeb"),
    done: two("The absence is recorded.", "Mae'r absenoldeb wedi'i gofnodi."),
    [
        field("contact", Ask::PointOfContact, "Who is away?", "Pwy sydd i ffwrdd?"),
        field("from", Ask::Day, "From which day?", "O ba ddiwrnod?"),
        field("to", Ask::Day, "To which day, that day included?", "Tan ba ddiwrnod, gan gynnwys y diwrnod hwnnw?"),
    ];

    RECORD_ACTION: "record_action", RecordsCases, None, false,
    title: two("Record other action", "Cofnodi camau eraill"),
    lead: two("On social media, in law, with the police. This is a record; it limits no contact.",
        "Ar y cyfryngau cymdeithasol, yn y gyfraith, gyda'r heddlu. Cofnod yw hwn; nid yw'n cyfyngu ar unrhyw gysylltiad."),
    button: two("Record it", "Ei gofnodi"),
    done: two("The action is recorded.", "Mae'r cam wedi'i gofnodi."),
    [
        field("action", Ask::One(&[
            choice("police", "Reported to the police", "Adroddwyd i'r heddlu"),
            choice("nosp", "Notice of seeking possession", "Hysbysiad o geisio meddiant"),
            choice("injunction", "Injunction", "Gwaharddeb"),
            choice("warn_public", "Social media: warned in public", "Cyfryngau cymdeithasol: rhybuddiwyd yn gyhoeddus"),
            choice("warn_private", "Social media: warned in private", "Cyfryngau cymdeithasol: rhybuddiwyd yn breifat"),
            choice("hide", "Social media: post hidden", "Cyfryngau cymdeithasol: cuddiwyd neges"),
            choice("block", "Social media: account blocked", "Cyfryngau cymdeithasol: rhwystrwyd cyfrif"),
            choice("report", "Social media: reported to the provider", "Cyfryngau cymdeithasol: adroddwyd i'r darparwr"),
        ]), "What was done?", "Beth a wnaed?"),
        field("what", Ask::Text, "Anything to add?", "Unrhyw beth i'w ychwanegu?").optional(),
    ];
}
