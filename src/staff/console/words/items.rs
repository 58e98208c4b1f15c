//! Texts of queues and items.

use super::texts;

texts! {
    /// My work.
    Landing {
        title: "My work", "Fy ngwaith";
        mine: "In my name", "Yn fy enw i";
        mine_none: "You have taken nothing at the moment.", "Nid ydych wedi cymryd dim ar hyn o bryd.";
        cases: "Cases that wait for you", "Achosion sy'n aros amdanoch chi";
        case_what: "What", "Beth";
        case_person: "Person", "Person";
        case_since: "Since", "Ers";
        draft: "your draft", "eich drafft";
        sent_back: "sent back to you", "anfonwyd yn ôl atoch";
        to_sign: "to sign", "i'w lofnodi";
        to_hear: "appeal that you hear", "apêl yr ydych yn ei chlywed";
        draft_letter: "your draft of a letter", "eich drafft o lythyr";
        waiting: "Waiting for somebody", "Yn aros am rywun";
        overdue: "overdue", "hwyr";
        nothing_anywhere: "Nothing is waiting for anybody.", "Nid oes dim yn aros am neb.";
        take: "Take the next", "Cymryd yr un nesaf";
        none_left: "Nothing was left to take. A colleague may have been quicker.",
            "Nid oedd dim ar ôl i'w gymryd. Efallai bod cydweithiwr wedi bod yn gyflymach.";
        queue: "Queue", "Ciw";
        open: "Waiting", "Yn aros";
        oldest: "Oldest", "Hynaf";
        refresh: "Refresh", "Adnewyddu";
        as_of: "As of", "Fel yr oedd am";
    }
}

texts! {
    /// All queues.
    Queues {
        title: "Queues", "Ciwiau";
        intro: "Where contacts wait that were not simply delivered.", "Lle mae cysylltiadau yn aros na chawsant eu danfon yn uniongyrchol.";
        own: "Yours: what people whose point of contact you are have sent.",
            "Eich ciw chi: yr hyn a anfonodd y bobl yr ydych yn bwynt cyswllt iddynt.";
        none: "No contact has been put on a queue yet. They appear here when a restriction, a safeguard or a doubt keeps one from being simply delivered.",
            "Nid oes unrhyw gysylltiad wedi'i roi mewn ciw eto. Maent yn ymddangos yma pan fydd cyfyngiad, mesur diogelu neu amheuaeth yn atal danfon uniongyrchol.";
        queue: "Queue", "Ciw";
        open: "Waiting", "Yn aros";
        oldest: "Oldest", "Hynaf";
        empty: "empty", "gwag";
        overdue: "overdue", "hwyr";
        left: "In the name of somebody who has left", "Yn enw rhywun sydd wedi gadael";
        left_text: "Nobody works on these. Open one to hand it over.", "Nid oes neb yn gweithio ar y rhain. Agorwch un i'w throsglwyddo.";
    }
}

texts! {
    /// One queue.
    Queue {
        export: "The whole list for another help desk", "Y rhestr gyfan ar gyfer desg gymorth arall";
        export_lines: "JSON lines", "Llinellau JSON";
        export_csv: "CSV", "CSV";
        waiting: "waiting", "yn aros";
        overdue: "overdue", "hwyr";
        read_first: "read this first", "darllenwch hon yn gyntaf";
        refresh: "Refresh", "Adnewyddu";
        as_of: "As of", "Fel yr oedd am";
        who: "Who and what", "Pwy a beth";
        why: "Why it is here", "Pam mae yma";
        came: "Came", "Daeth";
        state: "State", "Cyflwr";
        select: "Select", "Dewis";
        select_item: "Select", "Dewis";
        take: "Take the next", "Cymryd yr un nesaf";
        filter: "Show", "Dangos";
        apply: "Apply", "Gweithredu";
        states_waiting: "Waiting", "Yn aros";
        states_done: "Done", "Wedi'i wneud";
        states_all: "Everything", "Popeth";
        any_channel: "Every channel", "Pob sianel";
        state_label: "State", "Cyflwr";
        channel_label: "Channel", "Sianel";
        clear: "Show everything that waits", "Dangos popeth sy'n aros";
        filtered_empty: "Nothing on this page of the queue fits the filter.", "Nid oes dim ar y dudalen hon o'r ciw sy'n cyd-fynd â'r hidlydd.";
        empty: "This queue is empty.", "Mae'r ciw hwn yn wag.";
        next_queue: "The next one with something on it:", "Yr un nesaf sydd â rhywbeth ynddo:";
        older: "Next page", "Tudalen nesaf";
        first: "First page", "Tudalen gyntaf";
        bulk: "With those selected", "Gyda'r rhai a ddewiswyd";
        bulk_read: "Mark as read", "Marcio fel wedi'u darllen";
        bulk_file: "File", "Ffeilio";
        bulk_close: "Close", "Cau";
        bulk_none: "Select an item first.", "Dewiswch eitem yn gyntaf.";
        bulk_results: "What came of each", "Beth ddaeth o bob un";
        taken_by: "taken by", "wedi'i gymryd gan";
        taken_by_me: "taken by you", "wedi'i gymryd gennych chi";
        unknown_person: "Not on record", "Heb gofnod";
        outbound: "A colleague's e-mail to them", "E-bost cydweithiwr atynt";
        reminder: "Reminder", "Nodyn atgoffa";
        whole_organisation: "Your organisation", "Eich sefydliad";
        wait: "waiting", "yn aros";
        read_by: "read by", "darllen erbyn";
        page_of: "page", "tudalen";
        none_left: "Nothing was left to take.", "Nid oedd dim ar ôl i'w gymryd.";
    }
}

texts! {
    /// One item.
    Item {
        open_case: "Open the case", "Agor yr achos";
        taken_off: "This was put down as not theirs: it was taken off the record of", "Nodwyd nad ganddynt hwy y daeth hwn: fe'i tynnwyd oddi ar gofnod";
        make_incident: "Record an incident", "Cofnodi digwyddiad";
        from: "from", "oddi wrth";
        outbound_to: "to", "at";
        about: "about", "am";
        your_organisation: "your organisation", "eich sefydliad";
        falls_due: "Something falls due", "Mae rhywbeth yn ddyledus";
        outbound: "A colleague's message, held on its way out", "Neges cydweithiwr, a ddaliwyd ar ei ffordd allan";
        outbound_hint: "It has not gone. Release it, or close it and answer the person yourself.",
            "Nid yw wedi mynd. Rhyddhewch hi, neu ei chau ac ateb y person eich hun.";
        own_message: "You wrote this message, so a colleague must release it. If you have taken it, hand it over or put it back.",
            "Chi ysgrifennodd y neges hon, felly rhaid i gydweithiwr ei rhyddhau. Os ydych wedi'i chymryd, trosglwyddwch hi neu rhowch hi yn ôl.";
        own_message_who: "Colleagues with these roles can:", "Gall cydweithwyr â'r rolau hyn wneud hynny:";
        sent_by: "Written by", "Ysgrifennwyd gan";
        why: "Why it is here", "Pam mae yma";
        may_be: "Read this first. It may be:", "Darllenwch hon yn gyntaf. Gall fod yn:";
        may_be_text: "It resembles such a message too little to go through by itself.",
            "Nid yw'n ddigon tebyg i neges o'r fath i fynd drwodd ohoni'i hun.";
        doubts: "What to bear in mind", "Beth i'w gofio";
        text: "What it says", "Beth mae'n ei ddweud";
        no_text: "No text was read.", "Ni ddarllenwyd unrhyw destun.";
        no_text_of_call: "It was a call. If the caller left a message, it is under Details.",
            "Galwad oedd hon. Os gadawodd y galwr neges, mae o dan Manylion.";
        call_limited: "The call was not put through, and the caller heard why", "Ni throsglwyddwyd yr alwad, a chlywodd y galwr pam";
        voicemail: "Recording of a message left", "Recordiad o neges a adawyd";
        call_outcome: "Outcome of the call", "Canlyniad yr alwad";
        call_seconds: "Length in seconds", "Hyd mewn eiliadau";
        text_cut: "This is the beginning. The whole message is in the original.", "Dyma'r dechrau. Mae'r neges gyfan yn y gwreiddiol.";
        new: "New against earlier contacts", "Newydd o'i gymharu â chysylltiadau cynharach";
        new_note: "Passages that none of the earlier contacts had:", "Darnau nad oedd yn unrhyw un o'r cysylltiadau cynharach:";
        details: "Details", "Manylion";
        channel: "Channel", "Sianel";
        came: "Came", "Daeth";
        to: "Addressed to", "Cyfeiriwyd at";
        reference: "Reference", "Cyfeirnod";
        queue: "Queue", "Ciw";
        lane_used: "Times this person has used this safeguard", "Sawl gwaith y defnyddiodd y person hwn y mesur diogelu hwn";
        advised_by: "Who advises on such requests", "Pwy sy'n cynghori ar geisiadau o'r fath";
        original_view: "Open the original", "Agor y gwreiddiol";
        original_not_kept: "The original was not kept.", "Ni chadwyd y gwreiddiol.";
        person: "Person", "Person";
        nobody: "This sender is not on record. Most people are not.", "Nid oes cofnod o'r anfonwr hwn. Nid oes cofnod o'r rhan fwyaf o bobl.";
        organisation: "Organisation", "Sefydliad";
        open_policy: "Your policy as it is read", "Eich polisi fel y caiff ei ddarllen";
        of_organisation: "This is about your organisation, not about a person.", "Mae hyn yn ymwneud â'ch sefydliad, nid â pherson.";
        in_force: "In force", "Mewn grym";
        none_in_force: "No restriction is in force.", "Nid oes cyfyngiad mewn grym.";
        adjustments: "Adjustments", "Addasiadau";
        notes: "Notes and history", "Nodiadau a hanes";
        no_notes: "No notes yet.", "Dim nodiadau eto.";
        note_label: "Note", "Nodyn";
        note_hint: "Colleagues see it. The customer may ask to see it.", "Mae cydweithwyr yn ei weld. Gall y cwsmer ofyn am ei weld.";
        add_note: "Save the note", "Cadw'r nodyn";
        what_now: "What now", "Beth nawr";
        take: "Take this item", "Cymryd yr eitem hon";
        take_hint: "It is then in your name, and nobody else works on it.", "Bydd wedyn yn eich enw chi, ac ni fydd neb arall yn gweithio arni.";
        put_back: "Put it back", "Ei rhoi yn ôl";
        mark_unread: "Mark as unread", "Marcio fel heb ei darllen";
        reopen: "Open it again", "Ei hailagor";
        hand_over: "Hand it over", "Ei throsglwyddo";
        hand_over_title: "Hand over to a colleague", "Trosglwyddo i gydweithiwr";
        hand_over_to: "To", "I";
        hand_over_hint: "It is then in their name. A note that you write above goes with it.",
            "Bydd wedyn yn ei enw ef neu hi. Mae nodyn a ysgrifennwch uchod yn mynd gyda hi.";
        handed_to: "Handed over to", "Trosglwyddwyd i";
        hand_over_nobody: "Choose the colleague who takes it over.", "Dewiswch y cydweithiwr y mae'n mynd ato.";
        choose: "Choose", "Dewiswch";
        undo: "Undo", "Dadwneud";
        overdue: "overdue", "hwyr";
        read_by: "To be read by", "I'w darllen erbyn";
        waiting: "waiting", "yn aros";
        also_open: "Also open:", "Hefyd ar agor:";
        also_since: "since", "ers";
        also_silent: "not seen since", "heb ei weld ers";
        mark_read: "Mark as read", "Marcio fel wedi'i darllen";
        file: "File", "Ffeilio";
        close: "Close", "Cau";
        release: "Release…", "Rhyddhau…";
        not_theirs: "Not theirs…", "Nid ganddynt hwy…";
        state: "State", "Cyflwr";
        yours: "You have this item.", "Yr eitem hon sydd gennych chi.";
        taken: "has this item", "sydd â'r eitem hon";
        taken_since: "has had this item since", "sydd â'r eitem hon ers";
        taken_hint: "You can add a note. To work on it, ask them to hand it over or to put it back.", "Gallwch ychwanegu nodyn. I weithio arni, gofynnwch iddynt ei throsglwyddo neu ei rhoi yn ôl.";
        done: "This item is done.", "Mae'r eitem hon wedi'i gwneud.";
        done_by: "by", "gan";
        release_title: "Release this message?", "Rhyddhau'r neges hon?";
        release_text: "It goes to the people it was addressed to, as it came. This can't be undone.",
            "Mae'n mynd at y bobl y'i cyfeiriwyd atynt, fel y daeth. Ni ellir dadwneud hyn.";
        release_yes: "Release it", "Ei rhyddhau";
        release_to: "It goes to", "Mae'n mynd at";
        not_theirs_title: "Was this not made by this person?", "Onid y person hwn a wnaeth hyn?";
        not_theirs_text: "It no longer counts, and messages limited because of it are decided again and may be released. This can't be undone.",
            "Rhoddir yn ôl yr hyn a gyfrifodd, a phenderfynir eto ar yr hyn a gyfyngwyd o'i herwydd: gall negeseuon gael eu rhyddhau. Ni ellir dadwneud hyn.";
        not_theirs_yes: "Say that it is not theirs", "Dweud nad ganddynt hwy y daeth";
        changed: "This item changed while you had it open", "Newidiodd yr eitem hon tra oedd ar agor gennych";
        changed_text: "Nothing was done, and what you wrote is still here. Look at the changes, then choose again.",
            "Ni wnaed dim, ac mae'r hyn a ysgrifennoch yn dal yma. Edrychwch ar yr hyn sy'n newydd, yna dewiswch eto.";
        note_kept: "Your note was saved.", "Cadwyd eich nodyn.";
        not_done: "It was not done:", "Ni wnaed hyn:";
        did_take: "Taken. It is in your name.", "Wedi'i chymryd. Mae yn eich enw chi.";
        did_put_back: "Put back. Anybody can take it.", "Wedi'i rhoi yn ôl. Gall unrhyw un ei chymryd.";
        did_read: "Marked as read.", "Wedi'i marcio fel wedi'i darllen.";
        did_reopen: "Opened again.", "Wedi'i hailagor.";
        did_hand_over: "Handed over.", "Wedi'i throsglwyddo.";
        did_release: "Released. The mail server has taken it. It can't be called back: if it should not have gone, write a note and tell the person who received it.",
            "Wedi'i rhyddhau. Mae'r gweinydd post wedi'i derbyn. Ni ellir ei galw yn ôl: os na ddylai fod wedi mynd, ysgrifennwch nodyn a dywedwch wrth bwy bynnag a'i derbyniodd.";
        did_file: "Filed. No reply is due.", "Wedi'i ffeilio. Nid oes angen ateb.";
        did_close: "Closed.", "Wedi'i chau.";
        did_note: "Note saved.", "Nodyn wedi'i gadw.";
        did_not_theirs: "Taken off the person's record. It can't be put back by itself: if it is theirs after all, add the sender's address to their record.",
            "Wedi'i thynnu oddi ar gofnod y person. Ni ellir ei rhoi yn ôl ar ei phen ei hun: os ganddynt hwy y daeth wedi'r cyfan, ychwanegwch gyfeiriad yr anfonwr at eu cofnod.";
        who_sent: "From", "Oddi wrth";
        subject: "Subject", "Pwnc";
        date: "Date", "Dyddiad";
        copy: "Copy to", "Copi at";
        attachments: "Attachments", "Atodiadau";
        attachments_in: "They are in the download. Open it only with a program that you trust.",
            "Maent yn y lawrlwythiad. Agorwch ef gyda rhaglen yr ydych yn ymddiried ynddi yn unig.";
        no_attachments: "None.", "Dim.";
        download: "Download the original", "Lawrlwytho'r gwreiddiol";
        as_text: "As text", "Fel testun";
        as_sent: "As it was laid out", "Fel y'i gosodwyd";
        as_sent_note: "Pictures and links are taken out, so that the sender can't tell that it was read.",
            "Mae lluniau a dolenni wedi'u tynnu allan, fel na all yr anfonwr wybod ei bod wedi'i darllen.";
        original_title: "Original message", "Neges wreiddiol";
        bytes: "KB", "KB";
        unnamed: "without a name", "heb enw";
        back_to: "Back to", "Yn ôl i";
        back_to_item: "Back to the item", "Yn ôl i'r eitem";
        take_next: "Take the next", "Cymryd yr un nesaf";
    }
}
