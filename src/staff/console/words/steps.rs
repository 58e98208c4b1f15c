//! Texts of the pages on which steps of a case are taken.

use super::texts;

texts! {
    /// A step's page.
    Steps {
        optional: "(you can leave this empty)", "(gallwch adael hyn yn wag)";
        choose: "Choose", "Dewiswch";
        shared: "shared", "a rennir";
        no_email: "No e-mail address is on this person's record.", "Nid oes cyfeiriad e-bost ar gofnod y person hwn.";
        yes: "Yes", "Ie";
        no: "No", "Na";
        back_to: "Back to the case", "Yn ôl i'r achos";
        problem: "It can't be done yet", "Ni ellir gwneud hyn eto";
        kept: "What you wrote is still here. Nothing has changed.", "Mae'r hyn a ysgrifennoch yma o hyd. Nid oes dim wedi newid.";
        changed: "The case changed while you had it open", "Newidiodd yr achos tra oedd ar agor gennych";
        changed_text: "What you wrote is still here. Look at what happened, then send it again.",
            "Mae'r hyn a ysgrifennoch yma o hyd. Edrychwch ar beth ddigwyddodd, yna anfonwch ef eto.";
        clause: "Clause", "Cymal";
        fill_in: "Fill this in", "Llenwch hwn";
        no_number: "Write a whole number", "Ysgrifennwch rif cyfan";
        no_day: "Choose a day", "Dewiswch ddiwrnod";
        no_time: "Choose a day and a time", "Dewiswch ddiwrnod ac amser";
        no_window: "Each row needs its days, and a time that ends after it begins", "Mae angen diwrnodau ar bob rhes, ac amser sy'n gorffen ar ôl iddo ddechrau";
        unreadable: "Something on this page can't be read. Check what you wrote.", "Ni ellir darllen rhywbeth ar y dudalen hon. Gwiriwch beth a ysgrifennoch.";
        about: "What this is about", "Am beth mae hyn";
        row: "Hours", "Oriau";
        days: "Days", "Diwrnodau";
        from: "From", "O";
        to: "To", "Tan";
        name: "Name", "Enw";
        email: "E-mail address", "Cyfeiriad e-bost";
        phone: "Telephone", "Ffôn";
        deputy: "Deputy", "Dirprwy";
        why: "Why is it needed?", "Pam mae ei angen?";
        ask_again: "When do you ask again whether the person may know?", "Pryd fyddwch chi'n gofyn eto a gaiff y person wybod?";
        no_incidents: "No incident is on file yet. Record one first.", "Nid oes digwyddiad ar ffeil eto. Cofnodwch un yn gyntaf.";
        no_contacts: "None are on record of the last weeks.", "Nid oes dim ar gofnod o'r wythnosau diwethaf.";
        this_contact: "The contact that you came from", "Y cysylltiad y daethoch ohono";
        nobody: "Nobody on the list of staff can do this.", "Ni all neb ar y rhestr staff wneud hyn.";
        no_grounds: "Your policy names no grounds, and asks for none.", "Nid yw eich polisi yn enwi seiliau, ac nid yw'n gofyn am rai.";
        nothing: "There is nothing to choose.", "Nid oes dim i'w ddewis.";
        no_exception: "Your policy allows none.", "Nid yw eich polisi yn caniatáu yr un.";
        as_usual: "As the person's record says", "Fel y mae cofnod y person yn dweud";
        f_standard: "Ordinary", "Cyffredin";
        group: "group", "grŵp";
        e_no_warning: "No warning came before", "Ni ddaeth rhybudd o'r blaen";
        e_no_notification: "The person is not notified", "Nid yw'r person yn cael gwybod";
        e_longer_than_longest: "Longer than the longest period", "Yn hirach na'r cyfnod hiraf";
        e_contact_ended: "All contact is ended", "Daw pob cysylltiad i ben";
        choose_kind: "What kind of restriction?", "Pa fath o gyfyngiad?";
        choose_kind_text: "These are the kinds that your policy allows. Choose the least that would do.",
            "Dyma'r mathau y mae eich polisi yn eu caniatáu. Dewiswch y lleiaf a fyddai'n ddigon.";
        not_allowed: "Not allowed by your policy", "Heb eu caniatáu gan eich polisi";
        unset: "Your policy does not say, and your organisation has not chosen yet", "Nid yw eich polisi yn dweud, ac nid yw eich sefydliad wedi dewis eto";
        next: "Continue", "Parhau";
        not_by_you: "You can't do this:", "Ni allwch wneud hyn:";
    }
}
