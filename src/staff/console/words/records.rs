//! Texts of merging two records, of erasing one, and of what the schedule lets go.

use super::texts;

texts! {
    /// Two records of one person.
    Merging {
        title: "Merge two records of one person", "Cyfuno dau gofnod o un person";
        lead: "Use this where one person is on record twice. Contacts from an address or number of either are then decided on the restrictions of both. Both records stay, and can be parted again.",
            "Defnyddiwch hyn lle mae un person ar gofnod ddwywaith. Wedyn penderfynir ar gysylltiadau o gyfeiriad neu rif y naill neu'r llall yn ôl cyfyngiadau'r ddau. Mae'r ddau gofnod yn aros, a gellir eu gwahanu eto.";
        link: "Merge with another record of the same person", "Cyfuno â chofnod arall o'r un person";
        find: "Find the other record by name, reference, telephone number or e-mail address", "Dod o hyd i'r cofnod arall yn ôl enw, cyfeirnod, rhif ffôn neu gyfeiriad e-bost";
        search: "Search", "Chwilio";
        found: "Which record is it?", "Pa gofnod yw ef?";
        none_found: "No other record fits that.", "Nid oes cofnod arall yn cyd-fynd â hynny.";
        more: "These are the first 50. Type more to narrow it down.", "Dyma'r 50 cyntaf. Teipiwch fwy i'w gulhau.";
        compare: "The two records side by side", "Y ddau gofnod ochr yn ochr";
        what: "What is on record", "Beth sydd ar gofnod";
        this_one: "This record", "Y cofnod hwn";
        other_one: "The other record", "Y cofnod arall";
        record: "Record", "Cofnod";
        known_by: "Known by", "Adnabyddir drwy";
        shared: "shared", "a rennir";
        restrictions: "Restrictions", "Cyfyngiadau";
        in_force: "in force", "mewn grym";
        not_in_force: "not in force", "ddim mewn grym";
        waiting: "Waiting on queues", "Yn aros mewn ciwiau";
        waiting_hint: "Items on queues are counted from the latest 100 entries of each record.", "Cyfrifir yr hyn sy'n aros mewn ciwiau o 100 cofnod diweddaraf pob un.";
        nothing: "none", "dim";
        consequences: "What merging them would change", "Yr hyn y byddai eu cyfuno'n ei newid";
        c_restrictions: "Every restriction that is in force on either record would apply to contacts from any of their addresses and numbers, at once.",
            "Byddai pob cyfyngiad sydd mewn grym ar y naill gofnod neu'r llall yn berthnasol i gysylltiadau o unrhyw un o'u cyfeiriadau a'u rhifau, ar unwaith.";
        c_none: "No restriction is in force on either, so nothing would be decided otherwise than now.",
            "Nid oes cyfyngiad mewn grym ar y naill na'r llall, felly ni fyddai dim yn cael ei benderfynu'n wahanol i nawr.";
        c_items: "Items that wait on queues stay where they are.", "Mae eitemau sy'n aros mewn ciwiau yn aros lle y maent.";
        c_open: "The person can still reach somebody in every 7 days.", "Gall y person gyrraedd rhywun o hyd ym mhob 7 diwrnod.";
        c_undo: "It can be undone: each record then has its own restrictions and counters again.",
            "Gellir ei ddadwneud: yna mae gan bob cofnod ei gyfyngiadau a'i gyfrifon ei hun eto.";
        quotas: "Contacts counted", "Cysylltiadau a gyfrifwyd";
        quota: "Restriction", "Cyfyngiad";
        on: "On the record of", "Ar gofnod";
        now: "Now", "Nawr";
        then: "After merging", "Ar ôl cyfuno";
        check: "Check this first", "Gwiriwch hyn yn gyntaf";
        d_name: "The names differ.", "Mae'r enwau'n wahanol.";
        d_reference: "The references differ.", "Mae'r cyfeirnodau'n wahanol.";
        d_address: "The addresses differ.", "Mae'r cyfeiriadau'n wahanol.";
        d_language: "The languages differ.", "Mae'r ieithoedd yn wahanol.";
        d_points: "Each has a point of contact. Contacts would go to the one whose restriction comes first by its reference.",
            "Mae gan bob un bwynt cyswllt. Byddai cysylltiadau'n mynd at yr un y mae ei gyfyngiad yn gyntaf yn ôl ei gyfeirnod.";
        d_shared: "An address or number is shared with others. It still decides nothing against anybody.",
            "Mae cyfeiriad neu rif yn cael ei rannu ag eraill. Nid yw'n penderfynu dim yn erbyn neb o hyd.";
        cannot: "These records can't be merged", "Ni ellir cyfuno'r cofnodion hyn";
        why: "Why are both of one person?", "Pam mae'r ddau yn perthyn i un person?";
        why_hint: "This is on the audit trail.", "Mae hyn ar y llwybr archwilio.";
        merge: "Merge the records", "Cyfuno'r cofnodion";
        merged: "The records are merged.", "Cyfunwyd y cofnodion.";
        is_into: "This record is merged into", "Mae'r cofnod hwn wedi'i gyfuno â";
        is_into_text: "Merge the other record into that one instead, or part these two first.",
            "Cyfunwch y cofnod arall â hwnnw yn lle hynny, neu gwahanwch y ddau hyn yn gyntaf.";
        has: "Merged with", "Wedi'i gyfuno â";
        merges: "Other records of this person", "Cofnodion eraill o'r person hwn";
        parted: "parted", "wedi'u gwahanu";
        part_title: "Part two records", "Gwahanu dau gofnod";
        part_lead: "Each record gets back its own restrictions and counters. What one held only because of the other's restrictions is decided again, and goes on its way if it may.",
            "Mae pob cofnod yn cael ei gyfyngiadau a'i gyfrifon ei hun yn ôl. Mae'r hyn a ddaliodd un dim ond oherwydd cyfyngiadau'r llall yn cael ei benderfynu eto, ac yn mynd ymlaen os caiff.";
        part_items: "Contacts that came while they were merged stay with the record whose address or number they came from.",
            "Mae cysylltiadau a ddaeth yn y cyfamser yn aros gyda'r cofnod y daethant o'i gyfeiriad neu ei rif.";
        part: "Part the records", "Gwahanu'r cofnodion";
        part_why: "Why are they not of one person?", "Pam nad ydynt yn perthyn i un person?";
        merged_by: "Merged", "Cyfunwyd";
        parted_by: "Parted", "Gwahanwyd";
        by: "by", "gan";
        reason: "Why", "Pam";
        done_parted: "The records are parted. Each has its own restrictions and counters again.",
            "Gwahanwyd y cofnodion. Mae gan bob un ei gyfyngiadau a'i gyfrifon ei hun eto.";
        released: "Contacts that were held, and went on their way:", "Cysylltiadau a ddaliwyd, ac a aeth ymlaen:";
        undivided: "Contacts that came from both", "Cysylltiadau a ddaeth o'r ddau";
        undivided_text: "They can't be divided, and stay where they are.", "Ni ellir eu rhannu, ac maent yn aros lle y maent.";
        undivided_more: "There are more than are listed here.", "Mae mwy nag a restrir yma.";
    }
}

texts! {
    /// Erasing all about a person, and holding it against that.
    Erasing {
        title: "Erase all about", "Dileu popeth am";
        link: "Erase all about this person, or hold the record", "Dileu popeth am y person hwn, neu ddal y cofnod";
        lead: "Two people erase: one asks, somebody else approves. It can't be undone.",
            "Mae dau berson yn dileu: mae un yn gofyn, a rhywun arall yn cymeradwyo. Ni ellir ei ddadwneud.";
        hold: "Hold", "Dal";
        held: "This record is on hold: none of it is erased, by anybody or by the schedule.",
            "Mae'r cofnod hwn yn cael ei ddal: ni chaiff dim ohono ei ddileu, gan neb na chan yr amserlen.";
        not_held: "Put the record on hold if somebody may make a claim, or an inquiry needs it. None of it is erased until the hold is ended.",
            "Daliwch y cofnod lle gall rhywun hawlio rhywbeth, neu lle mae ymchwiliad ei angen. Ni chaiff dim ohono ei ddileu nes i'r dal ddod i ben.";
        hold_why: "Why is it held?", "Pam mae'n cael ei ddal?";
        hold_button: "Hold the record", "Dal y cofnod";
        end_hold: "End the hold", "Terfynu'r dal";
        by: "By", "Gan";
        since: "Since", "Ers";
        reason: "Reason", "Rheswm";
        in_the_way: "Why it can't be erased now", "Pam na ellir ei ddileu nawr";
        goes: "What is erased", "Beth sy'n mynd";
        goes_what: "What", "Beth";
        goes_many: "How many", "Faint";
        stays: "What stays", "Beth sy'n aros";
        stays_figures: "Figures: they are counts, and name nobody.", "Ffigurau: cyfrifon ydynt, ac nid ydynt yn enwi neb.";
        stays_trail: "Of each entry of the audit trail its number, its time and a digest that says nothing, so that the trail can still be verified.",
            "O bob cofnod yn y llwybr archwilio, ei rif, ei amser a chrynodeb nad yw'n dweud dim, fel y gellir gwirio'r llwybr o hyd.";
        stays_backups: "Backups, until they are deleted themselves. After restoring one, erase again.",
            "Copïau wrth gefn, nes iddynt gael eu dileu eu hunain. Rhaid i bwy bynnag sy'n adfer un ddileu eto.";
        stays_sent: "What left the gateway: messages in mailboxes, events in other systems. Tell those who have them.",
            "Yr hyn a adawodd y porth: negeseuon mewn blychau post, digwyddiadau mewn systemau eraill. Rhowch wybod i'r rhai sydd â hwy.";
        ask: "Ask for it to be erased", "Gofyn am ei ddileu";
        clause: "By which clause is it due?", "Yn ôl pa gymal y mae'n ddyledus?";
        clause_hint: "For example: UK GDPR Art. 17(1)(d).", "Er enghraifft: UK GDPR Erthygl 17(1)(d).";
        ask_why: "What the person asked for, or why it is due", "Beth a ofynnodd y person amdano, neu pam y mae'n ddyledus";
        despite: "Why it goes although a restriction is in force or an appeal is open", "Pam mae'n mynd er bod cyfyngiad mewn grym neu apêl ar agor";
        ask_button: "Ask for approval", "Gofyn am gymeradwyaeth";
        asked: "Somebody has asked for all of this to be erased", "Mae rhywun wedi gofyn am ddileu hyn i gyd";
        asked_by: "Asked by", "Gofynnwyd gan";
        asked_at: "Asked", "Gofynnwyd";
        by_clause: "Clause", "Cymal";
        own: "You asked for it, so somebody else must approve it. These roles may:", "Chi a ofynnodd amdano, felly rhaid i rywun arall ei gymeradwyo. Caiff y rolau hyn:";
        own_sweep: "You asked for it: somebody else must approve it.", "Chi a ofynnodd amdano: rhaid i rywun arall ei gymeradwyo.";
        approve: "Erase it for good", "Ei ddileu am byth";
        approve_text: "Everything listed under “What is erased” is removed at once, on every gateway. Nobody can bring it back.",
            "Caiff popeth a restrir o dan “Beth sy'n mynd” ei dynnu ar unwaith, ar bob porth. Ni all neb ddod ag ef yn ôl.";
        withdraw: "Take the request back", "Tynnu'r cais yn ôl";
        said_asked: "It waits for somebody else's approval.", "Mae'n aros am gymeradwyaeth rhywun arall.";
        said_withdrawn: "The request is taken back.", "Tynnwyd y cais yn ôl.";
        said_held: "The record is held.", "Mae'r cofnod yn cael ei ddal.";
        said_hold_ended: "The hold is ended.", "Daeth y dal i ben.";
        record: "the person's record", "cofnod y person";
        entries: "entries of the audit trail", "cofnodion y llwybr archwilio";
        contacts: "contacts", "cysylltiadau";
        items: "items on queues", "eitemau mewn ciwiau";
        originals: "original messages", "negeseuon gwreiddiol";
        case: "the case file", "ffeil yr achos";
        letters: "letters", "llythyrau";
        tasks: "tasks", "tasgau";
        timelines: "months of the timeline", "misoedd o'r llinell amser";
        notes: "notes of contacts that are not theirs", "nodiadau am gysylltiadau nad ydynt ganddynt hwy";
        merges: "merges with other records", "cyfuniadau â chofnodion eraill";
        reminders: "reminders", "nodiadau atgoffa";
        held_kind: "holds", "daliadau";
        equality: "Equality monitoring data", "Data monitro cydraddoldeb";
        requests: "requests to erase", "ceisiadau i ddileu";
        works: "work that was left to do", "gwaith a oedd ar ôl i'w wneud";
    }
}

texts! {
    /// Records due for removal, records on hold, past erasures.
    Keeping {
        title: "Keeping and erasing", "Cadw a dileu";
        lead: "Requests that wait for a second person, records due for removal today, and past erasures.",
            "Beth sy'n aros am ail berson, beth mae eich amserlen gadw yn ei ollwng heddiw, a beth a ddilëwyd.";
        waiting: "Erasures that wait for approval", "Dileadau sy'n aros am gymeradwyaeth";
        waiting_none: "Nothing waits for approval.", "Nid oes dim yn aros am gymeradwyaeth.";
        person: "Person", "Person";
        schedule: "Due by the schedule", "Yn ddyledus yn ôl yr amserlen";
        schedule_none: "Your organisation has no retention schedule: nothing is removed automatically. The people who run the gateway can add one to its configuration.",
            "Nid oes gan eich sefydliad amserlen gadw: nid oes dim yn mynd ohono'i hun. Mae pwy bynnag sy'n rhedeg y porth yn ysgrifennu un yn ei ffurfweddiad.";
        class: "What", "Beth";
        rule: "Rule", "Rheol";
        due: "Due today", "Yn ddyledus heddiw";
        action: "Decision", "Penderfyniad";
        c_items: "Queue items that are done, with their originals", "Eitemau ciw sydd wedi'u gwneud, gyda'u gwreiddiolion";
        c_contacts: "Contacts of people who are not on record", "Cysylltiadau pobl nad ydynt ar gofnod";
        c_records: "Records of people who are no longer restricted", "Cofnodion pobl nad oes dim yn eu cyfyngu mwyach";
        c_trail: "What the trail says of staff and the gateway", "Yr hyn y mae'r llwybr yn ei ddweud am staff a'r porth";
        months: "{n} months", "{n} mis";
        before: "due if older than", "yn ddyledus os yw'n hŷn na";
        or_more: "or more", "neu fwy";
        automatic: "Goes without approval, once a day.", "Yn mynd heb gymeradwyaeth, unwaith y dydd.";
        nothing_due: "Nothing to do.", "Dim i'w wneud.";
        first: "The first of them", "Y cyntaf ohonynt";
        ask: "Ask for removal", "Gofyn am ei dynnu";
        approve: "Remove for good", "Ei dynnu am byth";
        withdraw: "Take it back", "Ei dynnu'n ôl";
        asked: "Asked by", "Gofynnwyd gan";
        holds: "Records that are held", "Cofnodion sy'n cael eu dal";
        holds_none: "No record is held.", "Nid oes cofnod yn cael ei ddal.";
        erased: "What was erased", "Beth a ddilëwyd";
        erased_none: "Nothing has been erased yet.", "Nid oes dim wedi'i ddileu eto.";
        when: "Approved", "Cymeradwywyd";
        asked_by: "Asked by", "Gofynnwyd gan";
        approved_by: "Approved by", "Cymeradwywyd gan";
        by_schedule: "the schedule", "yr amserlen";
        clause: "Clause", "Cymal";
        state: "State", "Cyflwr";
        complete: "complete", "cyflawn";
        under_way: "still under way", "ar y gweill o hyd";
        latest: "These are the latest 50.", "Dyma'r 50 diweddaraf.";
        proof: "Proof of erasure", "Prawf o ddileu";
        proof_lead: "What was removed, who asked for it and who approved it. It names none of the people erased.",
            "Beth a dynnwyd, pwy a ofynnodd amdano a phwy a'i cymeradwyodd. Nid yw'n enwi neb yr oedd yn ymwneud ag ef.";
        number: "Number", "Rhif";
        removed: "What was removed", "Beth a dynnwyd";
        removed_none: "Nothing was there to remove.", "Nid oedd dim yno i'w dynnu.";
        said_asked: "It waits for somebody else's approval.", "Mae'n aros am gymeradwyaeth rhywun arall.";
        said_withdrawn: "The request is taken back.", "Tynnwyd y cais yn ôl.";
        text: "Erasures, retention and holds", "Dileadau, cadw a dal";
    }
}
