//! Texts of settings, audit trail and help.

use super::texts;

texts! {
    /// Settings.
    Settings {
        title: "Settings", "Gosodiadau";
        policy: "Your policy as read", "Eich polisi fel y'i darllenwyd";
        policy_text: "Every value that the program uses, with its clause, and what your policy leaves open.",
            "Pob gwerth y mae'r rhaglen yn ei ddilyn, gyda'i gymal, a'r hyn y mae eich polisi yn ei adael yn agored.";
        staff: "Staff and tokens", "Staff a thocynnau";
        staff_text: "Who may sign in, as what.", "Pwy sy'n cael mewngofnodi, ac fel beth.";
        connections: "Connections", "Cysylltiadau";
        connections_text: "Mail server, store, archive and events: whether each works.", "Gweinydd post, storfa, archif a digwyddiadau: a yw pob un yn gweithio.";
        p_restrictions: "Restrictions, as they are enforced", "Cyfyngiadau, fel y'u gorfodir";
        p_store: "Store of all records", "Storfa pob cofnod";
        p_clock: "Clock of this computer", "Cloc y cyfrifiadur hwn";
        p_archive: "Archive of messages that are kept", "Archif y negeseuon a gedwir";
        p_journal: "Journal, for times when the store is away", "Dyddlyfr, ar gyfer adegau pan nad yw'r storfa ar gael";
        p_downstream: "Mail server that delivers", "Gweinydd post sy'n danfon";
        p_outbound: "Mail server for mail that leaves", "Gweinydd post ar gyfer post sy'n gadael";
        p_keys: "Keys of people's records", "Allweddi cofnodion pobl";
        rosters_text: "Points of contact, their deputies, who is away, and when channels are staffed.", "Pwyntiau cyswllt, eu dirprwyon, pwy sydd i ffwrdd, a phryd y mae staff ar y sianeli.";
        templates_text: "Your letter templates, with sample letters of every kind.", "Eich templedi llythyrau, gyda llythyrau enghreifftiol o bob math.";
        unset: "Left open by your policy", "Wedi'i adael yn agored gan eich polisi";
        unset_text: "Nothing that needs one of these is enforced before your organisation has chosen. Choose in the configuration file, under “set”.",
            "Ni orfodir dim sydd angen un o'r rhain cyn i'ch sefydliad ddewis. Dewiswch yn y ffeil ffurfweddu, o dan “set”.";
        nothing_unset: "Nothing is left open.", "Nid oes dim wedi'i adael yn agored.";
        key: "Key", "Allwedd";
        value: "Value", "Gwerth";
        clause: "Clause", "Cymal";
        needed_for: "Needed", "Angen";
        example: "For example", "Er enghraifft";
        blocks: "keeps anything from being enforced", "yn atal gorfodi unrhyw beth";
        kinds: "Kinds of restriction", "Mathau o gyfyngiad";
        kind: "Kind", "Math";
        allowed: "Allowed", "Caniateir";
        yes: "yes", "ie";
        no: "no", "na";
        silent: "the policy does not say", "nid yw'r polisi yn dweud";
        sign_off: "Signed off by", "Cymeradwyir gan";
        all_values: "All values", "Pob gwerth";
        roles: "Roles and what they include", "Rolau a'r hyn y maent yn ei gynnwys";
        version: "Version", "Fersiwn";
        part: "Part", "Rhan";
        state: "State", "Cyflwr";
        ok: "works", "yn gweithio";
        fault: "does not work", "ddim yn gweithio";
        dead_letters: "Events that a receiver did not take", "Digwyddiadau na dderbyniodd derbynnydd";
        no_dead_letters: "None.", "Dim.";
        receiver: "Receiver", "Derbynnydd";
        since: "Given up", "Rhoddwyd y gorau iddi";
        lacking: "People whose file lacks something", "Pobl y mae rhywbeth ar goll o'u ffeil";
        lacking_none: "Nobody's file lacks anything.", "Nid oes dim ar goll o ffeil neb.";
        lacking_text: "Entries of the audit trail that could not be counted for somebody. The diary, figures and timeline of these people may be incomplete; nothing else is. Ask the people who run the gateway to look at its log.",
            "Cofnodion o'r llwybr archwilio na ellid eu cyfrif ar gyfer rhywun. Gall yr hyn sy'n ddyledus, ffigurau a llinell amser y bobl hyn fod yn anghyflawn; dim byd arall. Gofynnwch i'r sawl sy'n rhedeg y porth edrych ar ei log.";
        lacking_person: "Person", "Person";
        lacking_what: "What is missing", "Beth sydd ar goll";
        mode_enforce: "Restrictions are enforced.", "Gorfodir cyfyngiadau.";
        mode_observe: "Restrictions are only observed: everything is delivered as before.", "Dim ond arsylwi cyfyngiadau a wneir: danfonir popeth fel o'r blaen.";
    }
}

texts! {
    /// Points of contact.
    WhoAnswers {
        title: "Who answers", "Pwy sy'n ateb";
        lead: "Points of contact, and the people that they answer. While somebody is away, the first deputy who is present answers; while nobody is there, your team.",
            "Pwyntiau cyswllt, a'r bobl y maent yn eu hateb. Tra bo rhywun i ffwrdd, y dirprwy cyntaf sy'n bresennol sy'n ateb; tra nad oes neb yno, eich tîm.";
        none: "Nobody has a point of contact.", "Nid oes gan neb bwynt cyswllt.";
        person: "Person", "Person";
        now: "Answers now", "Yn ateb nawr";
        deputies: "Deputies", "Dirprwyon";
        away: "Away", "I ffwrdd";
        nobody_else: "no deputy", "dim dirprwy";
        nobody_away: "nobody", "neb";
        leaves: "leaves on", "yn gadael ar";
        uncovered: "Nobody covers from", "Nid oes neb yn dirprwyo o";
        team: "the team", "y tîm";
        team_title: "Your team", "Eich tîm";
        no_team: "No team is named: name one in the configuration file, so that somebody answers while a point of contact and every deputy are away.",
            "Nid oes tîm wedi'i enwi: enwch un yn y ffeil ffurfweddu, fel bod rhywun yn ateb tra bo pwynt cyswllt a phob dirprwy i ffwrdd.";
        hours: "Staffed hours", "Oriau staffio";
        no_hours: "Your policy and configuration give no staffed hours.", "Nid yw eich polisi na'ch ffurfweddiad yn rhoi oriau staffio.";
        add: "Record an absence", "Cofnodi absenoldeb";
        add_text: "It is recorded for everybody that the member of staff answers or deputises for, on each person's file.",
            "Fe'i cofnodir ar gyfer pawb y mae'r aelod o staff yn eu hateb neu'n dirprwyo drostynt, ar ffeil pob person.";
        who: "Who is away?", "Pwy sydd i ffwrdd?";
        from: "From which day?", "O ba ddiwrnod?";
        to: "To which day, that day included?", "Tan ba ddiwrnod, gan gynnwys y diwrnod hwnnw?";
        record: "Record the absence", "Cofnodi'r absenoldeb";
        recorded: "The absence is recorded. Restrictions that name them: {n}.", "Mae'r absenoldeb wedi'i gofnodi. Cyfyngiadau sy'n eu henwi: {n}.";
        day_missing: "Give a day", "Rhowch ddiwrnod";
        wrong_way_round: "The last day is before the first", "Mae'r diwrnod olaf cyn y cyntaf";
        choose: "Choose a colleague", "Dewiswch gydweithiwr";
        nobody_chosen: "Choose who is away", "Dewiswch pwy sydd i ffwrdd";
        nobody: "No restriction names them", "Nid oes cyfyngiad yn eu henwi";
        not_recorded: "The absence is recorded on restrictions: {n}. It could not be recorded for: {names}. Open their files and record it there.",
            "Mae'r absenoldeb wedi'i gofnodi ar gyfyngiadau: {n}. Ni ellid ei gofnodi ar gyfer: {names}. Agorwch eu ffeiliau a'i gofnodi yno.";
        more: "More people have a point of contact than this page shows.", "Mae gan fwy o bobl bwynt cyswllt nag y mae'r dudalen hon yn ei ddangos.";
    }
}

texts! {
    /// Leavers.
    Leavers {
        title: "Leavers", "Y rhai sy'n gadael";
        link: "Somebody leaves for good", "Mae rhywun yn gadael am byth";
        lead: "Somebody else takes over their people and the items in their name, and their account closes. Addresses and letters that customers know stay as they are.",
            "Mae rhywun arall yn cymryd drosodd y bobl yr oeddent yn eu hateb a'r eitemau yn eu henw, ac mae eu cyfrif yn cau. Mae'r cyfeiriadau a'r llythyrau y mae cwsmeriaid yn eu hadnabod yn aros fel y maent.";
        none: "Nobody is recorded as leaving.", "Nid oes neb wedi'i gofnodi fel un sy'n gadael.";
        name: "Name", "Enw";
        on: "Leaves on", "Yn gadael ar";
        successor: "Who takes over", "Pwy sy'n cymryd drosodd";
        deputies: "each person's deputy", "dirprwy pob person";
        state: "State", "Cyflwr";
        to_come: "to come", "i ddod";
        stays: "They stay after all", "Mae'n aros wedi'r cyfan";
        stayed: "It is taken back: they stay, and answer their people again. Those who took over stay deputies, items that were passed on stay where they are, and a closed account stays closed.",
            "Fe'i tynnwyd yn ôl: mae'n aros, ac yn ateb ei bobl eto. Mae'r rhai a gymerodd drosodd yn aros yn ddirprwyon, mae eitemau a drosglwyddwyd yn aros lle y maent, ac mae cyfrif sydd wedi'i gau yn aros ar gau.";
        closed: "The account is closed.", "Mae'r cyfrif wedi'i gau.";
        no_account: "No open account has this name.", "Nid oes gan unrhyw gyfrif agored yr enw hwn.";
        last: "The account stays open: nobody else keeps the settings. First give somebody else a role that does.",
            "Mae'r cyfrif yn aros ar agor: nid oes neb arall yn cadw'r gosodiadau. Rhowch rôl sy'n gwneud hynny i rywun arall yn gyntaf.";
        items: "Items passed on:", "Eitemau a drosglwyddwyd:";
        add: "Record that somebody leaves", "Cofnodi bod rhywun yn gadael";
        who: "Who leaves?", "Pwy sy'n gadael?";
        choose: "Choose a colleague", "Dewiswch gydweithiwr";
        from: "Which is the first day without them?", "Pa un yw'r diwrnod cyntaf hebddynt?";
        from_hint: "Their account closes on that day. If it is today or earlier, it closes at once.",
            "Mae eu cyfrif yn cau ar y diwrnod hwnnw. Os yw'n heddiw neu'n gynharach, mae'n cau ar unwaith.";
        who_next: "Who takes over?", "Pwy sy'n cymryd drosodd?";
        who_next_hint: "A name. Leave it empty, and each person's deputy takes over. Until that day the successor is the first deputy.",
            "Enw. Gadewch ef yn wag, ac mae dirprwy pob person yn cymryd drosodd. Tan y diwrnod hwnnw yr olynydd yw'r dirprwy cyntaf.";
        email: "The successor's e-mail address", "Cyfeiriad e-bost yr olynydd";
        optional: "(you can leave this empty)", "(gallwch adael hwn yn wag)";
        record: "Record that they leave", "Cofnodi eu bod yn gadael";
        recorded: "recorded as leaving", "cofnodwyd fel un sy'n gadael";
        on_the_day: "On {day} the items in their name are passed on, and their account closes.",
            "Ar {day} trosglwyddir yr eitemau yn eu henw, ac mae eu cyfrif yn cau.";
        undo: "To change the day or who takes over, record the same name again. A closed account is opened again under Staff and tokens.",
            "I newid y diwrnod neu bwy sy'n cymryd drosodd, cofnodwch yr un enw eto. Ailagorir cyfrif sydd wedi'i gau o dan Staff a thocynnau.";
        takes_over: "Who takes over for each person", "Pwy sy'n cymryd drosodd ar gyfer pob person";
        nobody_answered: "They are nobody's point of contact.", "Nid ydynt yn bwynt cyswllt i neb.";
        refused: "It could not be recorded for these people. Record it again.", "Ni ellid ei gofnodi ar gyfer y bobl hyn. Cofnodwch ef eto.";
        open: "Still open, for a manager to see to", "Yn dal ar agor, i reolwr ofalu amdano";
        nothing_open: "No proposal, letter or appeal waits for them.", "Nid oes cynnig, llythyr nac apêl yn aros amdanynt.";
        proposal: "They proposed", "Fe wnaethant gynnig";
        signature: "Waits for a signature that they could give:", "Yn aros am lofnod y gallent ei roi:";
        letter: "They drafted the letter", "Fe wnaethant ddrafftio'r llythyr";
        appeal: "They hear the appeal", "Maent yn gwrando'r apêl";
        name_missing: "Choose who leaves", "Dewiswch pwy sy'n gadael";
        day_missing: "Give a day", "Rhowch ddiwrnod";
        nobody: "No restriction and no account has this name", "Nid oes gan unrhyw gyfyngiad na chyfrif yr enw hwn";
    }
}

texts! {
    /// The templates of letters.
    LetterTemplates {
        title: "Letter templates", "Templedi llythyrau";
        lead: "What your letters say, with a sample of every kind. The wording of a language is edited here, or comes from a file that the configuration names; it is used only if it has every part that your policy asks for.",
            "Yr hyn y mae eich llythyrau yn ei ddweud, gydag enghraifft o bob math. Golygir geiriad iaith yma, neu daw o ffeil y mae'r ffurfweddiad yn ei henwi; ni ddefnyddir ef ond os oes ganddo bob rhan y mae eich polisi yn gofyn amdani.";
        origin: "Wording", "Geiriad";
        shipped: "comes with the gateway", "yn dod gyda'r porth";
        configured: "file of the configuration:", "ffeil y ffurfweddiad:";
        edited: "edited by", "golygwyd gan";
        actions: "Actions", "Gweithredoedd";
        edit: "Edit the wording", "Golygu'r geiriad";
        language: "Language", "Iaith";
        version: "Version", "Fersiwn";
        state: "State", "Cyflwr";
        fingerprint: "Fingerprint of the wording", "Ôl bys y geiriad";
        approved: "may be sent", "cânt eu hanfon";
        unapproved: "not approved: not sent", "heb eu cymeradwyo: ni anfonir dim";
        approving: "The fingerprint changes with any word of these letters. To approve Welsh wording, read every sample and put the fingerprint of the Welsh wording into letters.welsh_approved in the configuration file.",
            "Mae'r ôl bys yn newid gydag unrhyw air o'r llythyrau hyn. I gymeradwyo geiriad Cymraeg, darllenwch bob enghraifft a rhowch ôl bys y geiriad Cymraeg yn letters.welsh_approved yn y ffeil ffurfweddu.";
        samples: "Sample letters", "Llythyrau enghreifftiol";
        large: "In large print", "Mewn print bras";
        standard: "In standard print", "Mewn print safonol";
        print: "Open by itself, to print", "Agor ar ei phen ei hun, i'w hargraffu";
    }
}

texts! {
    /// The trail.
    Audit {
        title: "Audit trail", "Llwybr archwilio";
        intro: "What was decided and done, by whom and when. Entries leave it only by an erasure that two people agreed to, or by your retention schedule; each leaves a proof.",
            "Beth a benderfynwyd ac a wnaed, gan bwy, pryd. Dim ond drwy ddilead y cytunodd dau berson arno, neu drwy eich amserlen gadw, y mae cofnodion yn ei adael; mae pob un yn gadael prawf.";
        keeping: "Keeping and erasing", "Cadw a dileu";
        number: "No.", "Rhif";
        when: "When", "Pryd";
        by: "By", "Gan";
        what: "What", "Beth";
        gateway: "the gateway", "y porth";
        older: "Older", "Hŷn";
        newest: "Newest", "Diweddaraf";
        filter: "Show", "Dangos";
        apply: "Apply", "Gweithredu";
        staff: "By whom", "Gan bwy";
        person: "About person", "Am berson";
        person_hint: "Record id, such as K-3", "Dynodydd, megis K-3";
        staff_hint: "Full name", "Enw llawn";
        why: "Why", "Pam";
        clear: "Show everything", "Dangos popeth";
        none: "No entry fits.", "Nid oes cofnod sy'n cyd-fynd.";
        nothing: "Nothing has happened yet.", "Nid oes dim wedi digwydd eto.";
        goes_on: "Looked through part of the trail; go on to look further back.", "Edrychwyd trwy ran o'r llwybr; ewch ymlaen i edrych ymhellach yn ôl.";
    }
}

texts! {
    /// Help and the accessibility statement.
    Help {
        title: "Help", "Cymorth";
        accessibility_title: "Accessibility statement", "Datganiad hygyrchedd";
        keys: "Keys", "Bysellau";
        keys_text: "Single keys, never with Ctrl or Alt, and not while you type. You can switch them off under My account.",
            "Bysellau unigol, byth gyda Ctrl nac Alt, ac nid wrth ichi deipio. Gallwch eu diffodd o dan Fy nghyfrif.";
        key: "Key", "Bysell";
        does: "Does", "Yn gwneud";
        k_down: "next row", "rhes nesaf";
        k_up: "row before", "rhes flaenorol";
        k_open: "open the row", "agor y rhes";
        k_select: "select the row", "dewis y rhes";
        k_next: "take the next item", "cymryd yr eitem nesaf";
        k_take: "take this item", "cymryd yr eitem hon";
        k_note: "write a note", "ysgrifennu nodyn";
        k_search: "find a person", "chwilio am berson";
        k_queues: "queues", "ciwiau";
        k_help: "this list", "y rhestr hon";
    }
}
