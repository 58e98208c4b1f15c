//! Texts of people and their records.

use super::texts;

texts! {
    /// Searching.
    People {
        title: "People", "Pobl";
        label: "Name, reference, telephone number or e-mail address", "Enw, cyfeirnod, rhif ffôn neu gyfeiriad e-bost";
        search: "Search", "Chwilio";
        restricted: "People with a restriction on record", "Pobl sydd â chyfyngiad ar gofnod";
        found: "Found", "Canfuwyd";
        nobody: "Nobody on record fits that.", "Nid oes neb ar gofnod sy'n cyd-fynd â hynny.";
        nobody_text: "Most people have no record here: only those with a decision about them, or who may get one.",
            "Nid oes gan y rhan fwyaf o bobl gofnod yma: dim ond y rhai y penderfynwyd rhywbeth amdanynt, neu y gellir.";
        no_restricted: "Nobody has a restriction on record.", "Nid oes gan neb gyfyngiad ar gofnod.";
        more: "These are the first 50. Type more to narrow it down.", "Dyma'r 50 cyntaf. Teipiwch fwy i'w gulhau.";
        name: "Name", "Enw";
        reference: "Reference", "Cyfeirnod";
        in_force: "In force", "Mewn grym";
        none: "none", "dim";
    }
}

texts! {
    /// One person.
    Person {
        timeline: "Timeline", "Llinell amser";
        restrictions: "Restrictions", "Cyfyngiadau";
        identifiers: "Identifiers and adjustments", "Dynodwyr ac addasiadau";
        known_by: "Addresses and numbers", "Cyfeiriadau a rhifau";
        record: "Record", "Cofnod";
        tabs: "About this person", "Am y person hwn";
        unnamed: "No name on record", "Dim enw ar gofnod";
        reference: "Reference", "Cyfeirnod";
        address: "Address", "Cyfeiriad";
        language: "Language", "Iaith";
        language_unknown: "not known", "ddim yn hysbys";
        issues: "Issues", "Materion";
        none: "None on record.", "Dim ar gofnod.";
        in_force: "In force", "Mewn grym";
        not_in_force: "Not in force", "Ddim mewn grym";
        no_restriction: "No restriction is on record. This person contacts you like anybody else.",
            "Nid oes cyfyngiad ar gofnod. Mae'r person hwn yn cysylltu â chi fel unrhyw un arall.";
        propose: "Propose a restriction", "Cynnig cyfyngiad";
        on_case: "Review, change or lift them on the case", "Eu hadolygu, eu newid neu eu codi ar yr achos";
        grounds: "Grounds", "Seiliau";
        clause: "Clause", "Cymal";
        starts: "Starts", "Yn dechrau";
        review: "Review due", "Adolygiad yn ddyledus";
        ends: "Ends", "Yn dod i ben";
        no_end: "no end is set", "nid oes diwedd wedi'i bennu";
        from_always: "from the beginning", "o'r dechrau";
        decided_by: "Decided by", "Penderfynwyd gan";
        signed_off: "Signed off by", "Cymeradwywyd gan";
        nobody: "not on record", "ddim ar gofnod";
        overdue: "overdue", "hwyr";
        observe: "observed only", "arsylwi yn unig";
        kind: "Kind", "Math";
        value: "Value", "Gwerth";
        shared: "shared with others: never decides against anybody", "wedi'i rannu ag eraill: byth yn penderfynu yn erbyn neb";
        whose: "Whose", "Eiddo pwy";
        own: "their own", "eu heiddo hwy";
        representatives: "Representatives", "Cynrychiolwyr";
        until: "until", "tan";
        adjustments: "Adjustments", "Addasiadau";
        invitations: "Invitations", "Gwahoddiadau";
        invited: "is invited to get in touch", "wedi'i wahodd i gysylltu";
        came: "came", "daeth";
        timeline_note: "Decisions and what was done about them, newest first.", "Penderfyniadau a'r hyn a wnaed yn eu cylch, y diweddaraf yn gyntaf.";
        older: "Show older", "Dangos rhai hŷn";
        nothing: "Nothing is on the trail about this person yet.", "Nid oes dim ar y llwybr am y person hwn eto.";
        record_as_read: "The record as the program reads it", "Y cofnod fel y mae'r rhaglen yn ei ddarllen";
        record_note: "This is the record that the program enforces.", "Dyma'r hyn y mae'r gorfodi yn ei ddilyn, fel y mae'r rhaglen yn ei ddarllen.";
        copy_note: "For a request for all that you hold about this person. Making it is on the audit trail.",
            "Ar gyfer cais am bopeth rydych yn ei gadw am y person hwn. Mae ei wneud ar y llwybr archwilio.";
        copy_page: "A page to print", "Tudalen i'w hargraffu";
        copy_json: "Data, with what to check first", "Data, gyda'r hyn i'w wirio'n gyntaf";
        not_theirs: "not theirs", "nid ganddynt hwy";
        in_doubt: "may be theirs", "efallai ganddynt hwy";
        counted: "Contacts", "Cysylltiadau";
        counted_in_doubt: "may be theirs", "efallai ganddynt hwy";
        counted_not_theirs: "found not to be theirs, and counted no more", "canfuwyd nad ganddynt hwy y daethant, ac ni chânt eu cyfrif mwyach";
        counted_automatic: "written by a machine", "wedi'u hysgrifennu gan beiriant";
        counted_partial: "Only the newest were counted.", "Dim ond y rhai diweddaraf a gyfrifwyd.";
        of_record: "Record", "Cofnod";
        lacks: "Something is missing here", "Mae rhywbeth ar goll yma";
        because: "You opened it because of", "Agorwyd ef oherwydd";
        an_item: "this item", "yr eitem hon";
        looking: "That you opened this record is on the audit trail.", "Mae'r ffaith ichi agor y cofnod hwn ar y llwybr archwilio.";
    }
}

texts! {
    /// Putting somebody on record, and changing their record.
    RecordForm {
        add: "Add a person", "Ychwanegu person";
        add_button: "Put them on record", "Eu rhoi ar gofnod";
        change: "Change the record", "Newid y cofnod";
        save: "Save", "Cadw";
        lead: "Who they are, and their addresses and numbers. This limits nobody: that takes a decision on their case.",
            "Pwy ydynt, a thrwy beth y cânt eu hadnabod. Nid yw'n cyfyngu ar neb: mae angen penderfyniad ar eu hachos ar gyfer hynny.";
        name: "Name", "Enw";
        name_missing: "Give a name.", "Rhowch enw.";
        exists: "Somebody was put on record with this form already. Nothing more was saved. To add somebody else, begin again under People.",
            "Rhoddwyd rhywun ar gofnod gyda'r ffurflen hon eisoes. Ni chadwyd dim arall. I ychwanegu rhywun arall, dechreuwch eto o dan Pobl.";
        optional: "(you can leave this empty)", "(gallwch adael hwn yn wag)";
        reference_hint: "As your own systems have it: a tenancy, an account.", "Fel y mae yn eich systemau eich hun: tenantiaeth, cyfrif.";
        emails: "E-mail addresses", "Cyfeiriadau e-bost";
        phones: "Telephone numbers", "Rhifau ffôn";
        one_a_line: "One on each line. List only those that they share with nobody: shared ones stay on the record as they are.",
            "Un ar bob llinell. Dim ond yr hyn sy'n eiddo iddynt hwy yn unig: mae'r hyn y mae eraill hefyd yn ei ddefnyddio yn aros fel y mae ar y cofnod.";
        phones_hint: "One on each line, with the area code.", "Un ar bob llinell, gyda'r cod ardal.";
        why: "Why", "Pam";
        why_hint: "It is on the audit trail.", "Mae ar y llwybr archwilio.";
        changed: "Somebody changed this record while you had it open. Nothing was saved, and what you typed is still here: look at the record, then save again.",
            "Newidiodd rhywun y cofnod hwn tra oedd ar agor gennych. Ni chadwyd dim, ac mae'r hyn a deipioch yn dal yma: edrychwch ar y cofnod, yna cadwch eto.";
    }
}
