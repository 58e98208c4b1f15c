//! Texts of the page on which a proposal is checked, and of letters.

use super::texts;

texts! {
    /// Checking a proposal.
    Check {
        title: "Check a proposal", "Gwirio cynnig";
        missing: "What is still missing before it can be in force", "Beth sydd ar goll o hyd cyn y gall fod mewn grym";
        nothing_missing: "Nothing is missing. It can be put in force.", "Nid oes dim ar goll. Gellir ei roi mewn grym.";
        closed: "This proposal is closed.", "Mae'r cynnig hwn wedi'i gau.";
        now: "What you can do now", "Beth allwch chi ei wneud nawr";
        nothing_now: "There is nothing for you to do here now.", "Nid oes dim i chi ei wneud yma nawr.";
        answers: "What is proposed", "Beth a gynigir";
        change: "Change", "Newid";
        because_of: "Because of", "Oherwydd";
        can: "What this person can and can't do with it", "Beth all ac na all y person hwn ei wneud gydag ef";
        can_note: "Tried out on the real rules for 7 days, together with what restricts this person already.",
            "Wedi'i roi ar brawf gyda'r rheolau go iawn am 7 diwrnod, ynghyd â'r hyn sy'n cyfyngu ar y person hwn eisoes.";
        way: "Way of contact", "Ffordd o gysylltu";
        what: "What happens", "Beth sy'n digwydd";
        through: "Gets through", "Mae'n mynd drwodd";
        through_to: "Goes to", "Mae'n mynd at";
        looked: "Somebody looks whether it is new:", "Mae rhywun yn edrych a yw'n newydd:";
        limited: "Kept, and the person is notified", "Cedwir, a hysbysir y person";
        filed: "Filed without a reply", "Ffeilir heb ateb";
        otherwise: "At other times:", "Ar adegau eraill:";
        again: "The same message again:", "Yr un neges eto:";
        the_next: "after that:", "wedi hynny:";
        always: "Always gets through", "Bob amser yn mynd drwodd";
        never: "This does not get through. Tell the people who run this service.", "Nid yw hyn yn mynd drwodd. Dywedwch wrth bwy bynnag sy'n rhedeg y gwasanaeth hwn.";
        l_emergency: "an emergency", "argyfwng";
        l_safeguarding: "somebody in danger", "rhywun mewn perygl";
        l_statutory: "a request for their own data or for information", "cais am eu data eu hunain neu am wybodaeth";
        l_legal: "a legal matter", "mater cyfreithiol";
        l_appeal: "an appeal", "apêl";
        l_adjustment: "a request for an adjustment", "cais am addasiad";
        open_way: "The way that stays open", "Y ffordd sy'n aros ar agor";
        open_way_note: "In every 7 days until the review, this person can reach somebody who is there to answer. The first time:",
            "Ym mhob 7 diwrnod tan yr adolygiad, gall y person hwn gyrraedd rhywun sydd yno i ateb. Y tro cyntaf:";
        open_way_none: "No way stays open in the 7 days from", "Nid oes ffordd yn aros ar agor yn y 7 diwrnod o";
        open_way_unset: "Your organisation has not said when its channels are staffed, so this can't be shown.",
            "Nid yw eich sefydliad wedi dweud pryd y mae staff ar ei sianeli, felly ni ellir dangos hyn.";
        open_way_ended: "Contact ends. What always gets through stays open.", "Daw cysylltiad i ben. Mae'r hyn sydd bob amser yn mynd drwodd yn aros ar agor.";
        answered_by: "answered by", "atebir gan";
        back_test: "What it would have done in the last 28 days", "Beth fyddai wedi'i wneud yn y 28 diwrnod diwethaf";
        no_contacts: "No contact of this person is on record of that time.", "Nid oes cysylltiad gan y person hwn ar gofnod o'r cyfnod hwnnw.";
        contacts: "Contacts", "Cysylltiadau";
        would_through: "Would have got through", "Byddai wedi mynd drwodd";
        would_limited: "Would have been kept", "Byddai wedi'i gadw";
        would_filed: "Would have been filed", "Byddai wedi'i ffeilio";
        unknown: "What some of them said is not on record and might have changed this:", "Nid yw'r hyn a ddywedodd rhai ohonynt ar gofnod, a gallai fod wedi newid hyn:";
        lighter: "Lighter forms, and how many of these would have got through", "Ffurfiau ysgafnach, a faint o'r rhain fyddai wedi mynd drwodd";
        observed: "only observed", "arsylwi yn unig";
        letter: "The letter", "Y llythyr";
        letter_none: "Nothing is drafted yet. This is what the letter would say.", "Nid oes dim wedi'i ddrafftio eto. Dyma beth fyddai'r llythyr yn ei ddweud.";
        letter_unsaid: "This is not in it yet:", "Nid yw hyn ynddo eto:";
        from_now: "from the day it is put in force", "o'r diwrnod y'i rhoddir mewn grym";
        open_letter: "Open the letter", "Agor y llythyr";
    }
}

texts! {
    /// A letter.
    Letter {
        title: "Letter", "Llythyr";
        preview: "What the letter says", "Beth mae'r llythyr yn ei ddweud";
        is_kept: "These are the exact words that were approved.", "Dyma'r union eiriau a gymeradwywyd.";
        is_draft: "A draft: it says what the case says now.", "Drafft: mae'n dweud yr hyn y mae'r achos yn ei ddweud nawr.";
        unsaid: "The letter does not say yet what it must", "Nid yw'r llythyr yn dweud eto beth sy'n rhaid iddo";
        print: "Open to print", "Agor i'w argraffu";
        large: "Large print", "Print bras";
        text: "Plain text", "Testun plaen";
        pdf: "PDF", "PDF";
        take: "Take it with you", "Mynd ag ef gyda chi";
        fingerprint: "Fingerprint of these words", "Ôl bys y geiriau hyn";
        fingerprint_note: "It shows whether a copy is the letter that was approved.", "Mae'n dangos ai copi o'r llythyr a gymeradwywyd yw copi.";
        not_laid_out: "Its subject has changed since it was approved, so it can't be laid out again. The approved words are kept.",
            "Mae'r hyn y mae'n ymwneud ag ef wedi newid ers ei gymeradwyo, felly ni ellir ei osod o'r newydd. Cedwir y geiriau a gymeradwywyd.";
    }
}
