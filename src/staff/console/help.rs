//! Help, and the accessibility statement.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;

use super::entrance::visiting;
use super::frame::{Frame, Page, Section, page};
use super::visit::{Guest, Visitor};
use super::words;
use crate::domain::language::Language;
use crate::staff::Staff;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    f: Frame,
    w: &'static words::Help,
    keys: Vec<(&'static str, &'static str)>,
    parts: &'static [Part],
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct AccessibilityPage {
    f: Frame,
    title: &'static str,
    parts: &'static [Part],
}

/// A heading with its text.
struct Part {
    heading: &'static str,
    paragraphs: &'static [&'static str],
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, visit: Visitor) -> Page {
    let w = words::Help::of(visit.language());
    let keys = vec![
        ("j", w.k_down),
        ("k", w.k_up),
        ("o", w.k_open),
        ("x", w.k_select),
        ("n", w.k_next),
        ("c", w.k_take),
        ("r", w.k_note),
        ("/", w.k_search),
        ("g q", w.k_queues),
        ("?", w.k_help),
    ];
    let parts = match visit.language() {
        Language::English => HELP,
        Language::Welsh => HELP_WELSH,
    };
    page(&HelpPage { f: Frame::of(&staff, &visit, Section::Beside, w.title), w, keys, parts })
}

pub(super) async fn accessibility(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    headers: HeaderMap,
) -> Page {
    let title = words::Help::of(guest.language).accessibility_title;
    let visit: Option<Visitor> = visiting(&staff, &headers, &guest).await.unwrap_or_default();
    let f = match visit.filter(|visit| !visit.live.session.half) {
        Some(visit) => Frame::of(&staff, &Visitor { guest, ..visit }, Section::Beside, title),
        None => Frame::outside(&staff, &guest, None, title),
    };
    let parts = match f.language {
        Language::English => STATEMENT,
        Language::Welsh => STATEMENT_WELSH,
    };
    page(&AccessibilityPage { f, title, parts })
}

const HELP: &[Part] = &[
    Part {
        heading: "A contact comes in. What do I do?",
        paragraphs: &[
            "Open My work and press “Take the next”. The item is then in your name, and nobody else works on it.",
            "Read why it is here: the reason names the restriction and the clause of your policy.",
            "If it should have gone through, release it: it goes to the people it was addressed to, as it came. If nothing is to be done, mark it as read, file it or close it. Write a note if a colleague would want to know why.",
        ],
    },
    Part {
        heading: "Limited, filed, for review",
        paragraphs: &[
            "Limited: the sender has used up what the restriction allows, or used a way that is closed. The message is kept, and we tell the sender how and when they can reach you.",
            "Filed: the message repeats something already answered, or comes from somebody whose messages are read and filed. No reply is due; somebody marks it as read.",
            "For review: the message may hold something new, or it is not clear who sent it. A person must look: the program never decides that nothing is new.",
        ],
    },
    Part {
        heading: "What always goes through",
        paragraphs: &[
            "Emergencies, safeguarding, requests for one's own data, complaints about a restriction and appeals, legal papers, and what an adjustment keeps open. No restriction stops these.",
        ],
    },
    Part {
        heading: "Two people, one item",
        paragraphs: &[
            "Looking at an item does not take it. Once you take it, it is yours until you put it back. If somebody changes an item while you write, your text stays on the page and you see the changes.",
        ],
    },
    Part {
        heading: "A restriction, from start to end",
        paragraphs: &[
            "Open the person, then Case. Record what happened, warn, and propose a restriction; somebody else signs it off. A step that is not possible yet says what is missing, and which clause asks for it.",
            "Letters wait under Cases until somebody approves and sends them. What must be done by when, such as a review or the answer to an appeal, is under “What falls due”.",
        ],
    },
    Part {
        heading: "A colleague is away, or leaves",
        paragraphs: &[
            "Under Cases, “Who answers” lists points of contact with their deputies. Record the absence there: the first deputy who is present answers in the meantime.",
        ],
    },
    Part {
        heading: "Somebody asks what you hold about them",
        paragraphs: &[
            "Open the person, then Record. The page to print has all that is held about them, and says what is left out and why. Read it before it goes: what colleagues wrote may be about other people.",
            "To erase all about somebody, one colleague asks and another approves. A legal hold stops that.",
        ],
    },
    Part {
        heading: "Words on these pages",
        paragraphs: &[
            "Contact: an e-mail, a form, a call, a message, a letter or a visit. Item: a contact that waits on a queue for somebody to act.",
            "Restriction: a limit on how somebody contacts you, decided by people under your policy. Observed only: what it would do is recorded, and everything is delivered.",
            "Point of contact: the colleague who answers a person. Release: hand a contact that was kept to the people it was addressed to.",
        ],
    },
];

const HELP_WELSH: &[Part] = &[
    Part {
        heading: "Mae cysylltiad yn cyrraedd. Beth ydw i'n ei wneud?",
        paragraphs: &[
            "Agorwch Fy ngwaith a phwyswch “Cymryd yr un nesaf”. Bydd yr eitem wedyn yn eich enw chi, ac ni fydd neb arall yn gweithio arni.",
            "Darllenwch pam mae yma: mae'r rheswm yn enwi'r cyfyngiad a'r cymal yn eich polisi.",
            "Os dylai fod wedi mynd drwodd, rhyddhewch hi: mae'n mynd at y bobl y'i cyfeiriwyd atynt, fel y daeth. Os nad oes dim i'w wneud, marciwch hi fel wedi'i darllen, ffeiliwch hi neu caewch hi. Ysgrifennwch nodyn os byddai cydweithiwr am wybod pam.",
        ],
    },
    Part {
        heading: "Cyfyngedig, wedi'i ffeilio, i'w adolygu",
        paragraphs: &[
            "Cyfyngedig: mae'r anfonwr wedi defnyddio'r hyn y mae'r cyfyngiad yn ei ganiatáu, neu wedi defnyddio ffordd sydd ar gau. Cedwir y neges, a dywedir wrth yr anfonwr sut a phryd y gall gysylltu â chi.",
            "Wedi'i ffeilio: mae'r neges yn ailadrodd yr hyn a atebwyd, neu'n dod gan rywun y mae ei negeseuon yn cael eu darllen a'u ffeilio. Nid oes angen ateb; mae rhywun yn ei marcio fel wedi'i darllen.",
            "I'w adolygu: gall y neges gynnwys rhywbeth newydd, neu nid yw'n glir pwy a'i hanfonodd. Rhaid i berson edrych: nid yw'r rhaglen byth yn penderfynu nad oes dim yn newydd.",
        ],
    },
    Part {
        heading: "Yr hyn sydd bob amser yn mynd drwodd",
        paragraphs: &[
            "Argyfyngau, diogelu, ceisiadau am eich data eich hun, cwynion am gyfyngiad ac apeliadau, papurau cyfreithiol, a'r hyn y mae addasiad yn ei gadw ar agor. Nid oes cyfyngiad yn atal y rhain.",
        ],
    },
    Part {
        heading: "Dau berson, un eitem",
        paragraphs: &[
            "Nid yw edrych yn cymryd dim. Mae cymryd yn gwneud hynny, nes i chi roi'r eitem yn ôl. Os bydd rhywun yn newid eitem tra byddwch yn ysgrifennu, mae eich testun yn aros ar y dudalen ac rydych yn gweld beth sy'n newydd.",
        ],
    },
    Part {
        heading: "Cyfyngiad, o'r dechrau i'r diwedd",
        paragraphs: &[
            "Agorwch y person, yna Achos. Cofnodwch beth ddigwyddodd, rhybuddiwch, a chynigiwch gyfyngiad; mae rhywun arall yn ei gymeradwyo. Mae cam nad yw'n bosibl eto yn dweud beth sydd ar goll, a pha gymal sy'n gofyn amdano.",
            "Mae llythyrau'n aros o dan Achosion nes bod rhywun yn eu cymeradwyo ac yn eu hanfon. Mae'r hyn y mae'n rhaid ei wneud erbyn diwrnod penodol, megis adolygiad neu ateb i apêl, o dan “Beth sy'n ddyledus”.",
        ],
    },
    Part {
        heading: "Mae cydweithiwr i ffwrdd, neu'n gadael",
        paragraphs: &[
            "O dan Achosion, mae “Pwy sy'n ateb” yn rhestru pwyntiau cyswllt gyda'u dirprwyon. Cofnodwch yr absenoldeb yno: y dirprwy cyntaf sy'n bresennol sy'n ateb yn y cyfamser.",
        ],
    },
    Part {
        heading: "Mae rhywun yn gofyn beth rydych yn ei gadw amdano",
        paragraphs: &[
            "Agorwch y person, yna Cofnod. Mae'r dudalen i'w hargraffu yn cynnwys popeth a gedwir am y person, ac yn dweud beth a adawyd allan a pham. Darllenwch hi cyn iddi fynd: gall yr hyn a ysgrifennodd cydweithwyr sôn am bobl eraill.",
            "I ddileu popeth am rywun, mae un cydweithiwr yn gofyn ac un arall yn cymeradwyo. Mae ataliad cyfreithiol yn atal hynny.",
        ],
    },
    Part {
        heading: "Geiriau ar y tudalennau hyn",
        paragraphs: &[
            "Cysylltiad: e-bost, ffurflen, galwad, neges, llythyr neu ymweliad. Eitem: cysylltiad sy'n aros ar giw i rywun weithredu.",
            "Cyfyngiad: terfyn ar sut y mae rhywun yn cysylltu â chi, wedi'i benderfynu gan bobl o dan eich polisi. Arsylwi yn unig: cofnodir yr hyn y byddai'n ei wneud, a danfonir popeth.",
            "Pwynt cyswllt: y cydweithiwr sy'n ateb person. Rhyddhau: rhoi cysylltiad a gadwyd i'r bobl y'i cyfeiriwyd atynt.",
        ],
    },
];

const STATEMENT: &[Part] = &[
    Part {
        heading: "How it should work for you",
        paragraphs: &[
            "You should be able to use every page with only a keyboard, with a screen reader, at 400% zoom, in light, dark or high-contrast colours of your own, without script, and on a phone.",
            "Nothing depends on colour, on dragging, or on acting within seconds. Single keys can be switched off under My account.",
        ],
    },
    Part {
        heading: "How well it does",
        paragraphs: &[
            "The pages are made to meet the Web Content Accessibility Guidelines 2.2, level AA. That is checked by tests with each release; it was not checked by an independent auditor.",
            "On Welsh pages some texts are in English: names that your organisation gave, some reasons for decisions, and faults of the system. Where they are sentences they are marked as English, so that a screen reader reads them as such.",
            "Messages and attachments are shown or handed out as their senders made them, and may not be accessible. Every message has a text view.",
        ],
    },
    Part {
        heading: "If something does not work",
        paragraphs: &[
            "Tell the people who run this service at your organisation: they can report it to the makers.",
            "If you are not happy with their answer, contact the Equality Advisory and Support Service (www.equalityadvisoryservice.com), or in Northern Ireland the Equality Commission for Northern Ireland.",
        ],
    },
    Part {
        heading: "About this statement",
        paragraphs: &[concat!(
            "It was prepared for contact-gateway ",
            env!("CARGO_PKG_VERSION"),
            "."
        )],
    },
];

const STATEMENT_WELSH: &[Part] = &[
    Part {
        heading: "Sut y dylai weithio i chi",
        paragraphs: &[
            "Dylech allu defnyddio pob tudalen gyda bysellfwrdd yn unig, gyda darllenydd sgrin, ar chwyddiad o 400%, mewn lliwiau golau, tywyll neu gyferbyniad uchel o'ch dewis, heb sgript, ac ar ffôn.",
            "Nid oes dim yn dibynnu ar liw, ar lusgo, nac ar weithredu o fewn eiliadau. Gellir diffodd bysellau unigol o dan Fy nghyfrif.",
        ],
    },
    Part {
        heading: "Pa mor dda y mae'n gwneud hynny",
        paragraphs: &[
            "Gwnaed y tudalennau i fodloni Canllawiau Hygyrchedd Cynnwys Gwe 2.2, lefel AA. Gwirir hynny gan brofion gyda phob fersiwn; ni chafodd ei wirio gan archwilydd annibynnol.",
            "Ar dudalennau Cymraeg mae rhai testunau yn Saesneg: enwau a roddodd eich sefydliad, rhai rhesymau dros benderfyniadau, a diffygion y system. Lle maent yn frawddegau fe'u nodir fel Saesneg, fel bod darllenydd sgrin yn eu darllen felly.",
            "Dangosir neu rhoddir negeseuon ac atodiadau fel y gwnaeth eu hanfonwyr hwy, ac efallai nad ydynt yn hygyrch. Mae gan bob neges olwg testun.",
        ],
    },
    Part {
        heading: "Os nad yw rhywbeth yn gweithio",
        paragraphs: &[
            "Dywedwch wrth bwy bynnag sy'n rhedeg y gwasanaeth hwn yn eich sefydliad: gallant roi gwybod i'r gwneuthurwyr.",
            "Os nad ydych yn fodlon ar eu hateb, cysylltwch â'r Gwasanaeth Cynghori a Chefnogi Cydraddoldeb (www.equalityadvisoryservice.com), neu yng Ngogledd Iwerddon â Chomisiwn Cydraddoldeb Gogledd Iwerddon.",
        ],
    },
    Part {
        heading: "Am y datganiad hwn",
        paragraphs: &[concat!(
            "Fe'i paratowyd ar gyfer contact-gateway ",
            env!("CARGO_PKG_VERSION"),
            "."
        )],
    },
];
