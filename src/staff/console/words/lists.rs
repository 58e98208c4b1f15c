//! Texts of the lists that are made from all cases, and of reports.

use super::texts;

texts! {
    /// Lists of cases.
    Lists {
        title: "Cases", "Achosion";
        lead: "Cases waiting for a decision, and what falls due.", "Beth sy'n aros am benderfyniad, a beth sy'n ddyledus.";
        decisions: "Decisions to sign", "Penderfyniadau i'w cymeradwyo";
        decisions_lead: "Proposals that wait for a signature. Nobody signs their own.", "Cynigion sy'n aros am lofnod. Nid oes neb yn cymeradwyo ei gynnig ei hun.";
        decisions_none: "Nothing waits for a signature.", "Nid oes dim yn aros am lofnod.";
        appeals: "Appeals", "Apeliadau";
        appeals_lead: "Each is heard by somebody who took no part in the decision.", "Gwrandewir pob un gan rywun na chymerodd ran yn y penderfyniad.";
        appeals_none: "No appeal is open.", "Nid oes apêl ar agor.";
        incidents: "Incidents", "Digwyddiadau";
        incidents_lead: "What colleagues have recorded.", "Yr hyn y mae cydweithwyr wedi'i gofnodi.";
        incidents_none: "No incident is open.", "Nid oes digwyddiad ar agor.";
        letters: "Letters", "Llythyrau";
        letters_lead: "Drafts to approve, and letters that are approved and have not gone.", "Drafftiau i'w cymeradwyo, a llythyrau a gymeradwywyd ac nad ydynt wedi mynd.";
        letters_none: "No letter waits.", "Nid oes llythyr yn aros.";
        calendar: "What falls due", "Beth sy'n ddyledus";
        calendar_lead: "Reviews, ends, letters and answers, by week.", "Adolygiadau, terfyniadau, llythyrau ac atebion, fesul wythnos.";
        nothing_filtered: "Nothing fits this filter.", "Nid oes dim yn cyd-fynd â'r hidlydd hwn.";
        sub_navigation: "Cases", "Achosion";
        show: "Show", "Dangos";
        apply: "Apply", "Gweithredu";
        waiting: "Waiting", "Yn aros";
        every: "All", "Pob un";
        open: "Open", "Agored";
        answered: "Answered", "Wedi'u hateb";
        no_action: "Closed without action", "Wedi'u cau heb weithredu";
        to_do: "To approve or send", "I'w cymeradwyo neu eu hanfon";
        sent: "Sent", "Wedi'u hanfon";
        person: "Person", "Person";
        proposal: "Proposal", "Cynnig";
        proposed: "Proposed", "Cynigiwyd";
        state: "State", "Cyflwr";
        due: "Due", "Yn ddyledus";
        hearer: "Heard by", "Gwrandewir gan";
        happened: "Happened", "Digwyddodd";
        reported_by: "Reported by", "Cofnodwyd gan";
        letter: "Letter", "Llythyr";
        drafted: "Drafted", "Drafftiwyd";
        appeal: "Appeal", "Apêl";
        incident: "Incident", "Digwyddiad";
        yours: "you proposed it", "chi a'i cynigiodd";
        next: "Next page", "Y dudalen nesaf";
        first: "First page", "Y dudalen gyntaf";
        pages: "Pages", "Tudalennau";
        overdue: "Overdue", "Hwyr";
        shown: "Weeks shown", "Wythnosau a ddangosir";
        earlier: "Earlier weeks", "Wythnosau cynharach";
        later: "Later weeks", "Wythnosau diweddarach";
        today: "This week", "Yr wythnos hon";
        nothing_due: "Nothing falls due in these weeks.", "Nid oes dim yn ddyledus yn yr wythnosau hyn.";
        ics: "Calendar file (.ics)", "Ffeil calendr (.ics)";
        weeks: "Weeks", "Wythnosau";
        organisation: "the organisation", "y sefydliad";
        doors: "waiting", "yn aros";
    }
}

texts! {
    /// Figures.
    Reports {
        title: "Reports", "Adroddiadau";
        lead: "Figures for the days that you choose. Restrictions in force are counted on the last of them.",
            "Ffigurau'r dyddiau a ddewiswch. Cyfrifir yr hyn sydd mewn grym ar yr olaf ohonynt.";
        reported_to: "By your policy reports go to:", "Yn ôl eich polisi, mae adroddiadau'n mynd at:";
        from: "From", "O";
        to: "To", "Hyd at";
        board: "Version for a board: small numbers hidden", "Fersiwn ar gyfer bwrdd: niferoedd bach wedi'u cuddio";
        by_month: "Month by month", "Fesul mis";
        unanswered_in_time: "Contacts that points of contact did not answer in time", "Cysylltiadau nad atebodd pwyntiau cyswllt mewn pryd";
        read_by_queue: "How often contacts were read, by queue", "Pa mor aml y darllenwyd cysylltiadau, yn ôl ciw";
        answered_by_queue: "How often contacts were answered, by queue", "Pa mor aml yr atebwyd cysylltiadau, yn ôl ciw";
        show: "Show", "Dangos";
        csv: "Download as CSV", "Lawrlwytho fel CSV";
        figure: "Figure", "Ffigur";
        part: "Group", "Grŵp";
        number: "Number", "Nifer";
        hidden: "hidden", "cuddiwyd";
        anchor: "The audit trail, signed", "Y llwybr archwilio, wedi'i lofnodi";
        anchor_why: "Keep this line with the report. With it, anybody can check later that nobody changed the trail up to that entry.",
            "Cadwch y llinell hon gyda'r adroddiad. Gyda hi, gall unrhyw un wirio yn nes ymlaen nad oes neb wedi newid y llwybr hyd at y cofnod hwnnw.";
        chart: "As a chart", "Fel siart";
        chart_of: "Chart of", "Siart o";
        print: "Print this page for a paper copy: the tables fit a sheet.", "Argraffwch y dudalen hon ar gyfer copi papur: mae'r tablau yn ffitio dalen.";
        order: "The last day is before the first. Choose again.", "Mae'r diwrnod olaf cyn y cyntaf. Dewiswch eto.";
        too_many_months: "Up to 36 months can be shown each by itself. Choose a later first day.",
            "Gellir dangos hyd at 36 mis, pob un ar ei ben ei hun. Dewiswch ddiwrnod cyntaf diweddarach.";
        totals: "Totals", "Cyfansymiau";
        warning_letters: "Warning letters", "Llythyrau rhybudd";
        warning_reasons: "Reasons for warnings", "Rhesymau dros rybuddion";
        warnings: "Warnings", "Rhybuddion";
        warnings_without_restriction: "Warnings after which no restriction came", "Rhybuddion na ddaeth cyfyngiad ar eu hôl";
        incidents_by_ground: "Incidents by ground", "Digwyddiadau yn ôl sail";
        incidents_by_severity: "Incidents by severity", "Digwyddiadau yn ôl difrifoldeb";
        incidents_by_status: "Incidents by state", "Digwyddiadau yn ôl cyflwr";
        incident_history: "Incidents by person", "Digwyddiadau yn ôl person";
        restrictions_in_force: "Restrictions in force", "Cyfyngiadau mewn grym";
        restrictions_by_kind: "Restrictions in force, by kind", "Cyfyngiadau mewn grym, yn ôl math";
        restrictions_by_ground: "Restrictions in force, by ground", "Cyfyngiadau mewn grym, yn ôl sail";
        restrictions_older_than_years: "Restrictions in force, by age", "Cyfyngiadau mewn grym, yn ôl oedran";
        older_1: "More than 1 year", "Mwy na blwyddyn";
        older_2: "More than 2 years", "Mwy na 2 flynedd";
        older_3: "More than 3 years", "Mwy na 3 blynedd";
        older_4: "More than 4 years", "Mwy na 4 blynedd";
        new_restrictions: "New restrictions", "Cyfyngiadau newydd";
        ended_restrictions: "Restrictions that ended", "Cyfyngiadau a ddaeth i ben";
        reviews_due: "Reviews due", "Adolygiadau'n ddyledus";
        reviews_overdue: "Reviews overdue", "Adolygiadau hwyr";
        reviews_by_outcome: "Reviews by outcome", "Adolygiadau yn ôl canlyniad";
        appeals_received: "Appeals received", "Apeliadau a dderbyniwyd";
        appeals_due: "Appeals waiting for an answer", "Apeliadau sy'n aros am ateb";
        appeals_overdue: "Appeals overdue", "Apeliadau hwyr";
        appeals_by_outcome: "Appeals by outcome", "Apeliadau yn ôl canlyniad";
        contacts_by_channel: "Contacts by channel", "Cysylltiadau yn ôl sianel";
        contacts_by_disposition: "Contacts by what became of them", "Cysylltiadau yn ôl beth ddigwyddodd iddynt";
        observed_by_restriction: "What observed restrictions would have done", "Beth fyddai cyfyngiadau a arsylwyd wedi'i wneud";
        safeguard_hits: "Contacts that always get through, by reason", "Cysylltiadau sydd bob amser yn mynd drwodd, yn ôl rheswm";
        minutes_to_read: "Minutes until contacts were read, on average, by queue", "Munudau nes darllen cysylltiadau, ar gyfartaledd, yn ôl ciw";
        minutes_to_answer: "Minutes until contacts were answered, on average, by queue", "Munudau nes ateb cysylltiadau, ar gyfartaledd, yn ôl ciw";
        ordinary: "Ordinary", "Cyffredin";
        ground_unknown: "Ground not recorded", "Sail heb ei chofnodi";
        ground_other: "Another ground", "Sail arall";
        of_record: "Record", "Cofnod";
        of_restriction: "Restriction", "Cyfyngiad";
        protected_sender: "From a protected sender", "Gan anfonwr wedi'i ddiogelu";
        protected_recipient: "To a protected recipient", "At dderbynnydd wedi'i ddiogelu";
    }
}
