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
        connections_text: "Mail, forms, telephony, store and events: whether each works.", "Post, ffurflenni, teleffoni, storfa a digwyddiadau: a yw pob un yn gweithio.";
        unset: "Left open by your policy", "Wedi'i adael yn agored gan eich polisi";
        unset_text: "Nothing that needs one of these is enforced before your organisation has chosen. Choose in the configuration file, under `set`.",
            "Ni orfodir dim sydd angen un o'r rhain cyn i'ch sefydliad ddewis. Dewiswch yn y ffeil ffurfweddu, o dan `set`.";
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
        person_hint: "The id of the record", "Dynodydd y cofnod";
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
