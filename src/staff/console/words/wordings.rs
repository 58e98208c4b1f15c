//! Texts of the page on which the wording of letters is edited.

use super::texts;

texts! {
    /// Editing a template.
    WordingTexts {
        title: "Wording of letters", "Geiriad llythyrau";
        lead: "One template lays out every letter in this language. Once you save it, new letters use it; letters that are already approved keep their words.",
            "Mae un templed yn gosod pob llythyr yn yr iaith hon. Ar ôl ichi ei gadw, mae llythyrau newydd yn ei ddefnyddio; mae llythyrau sydd eisoes wedi'u cymeradwyo yn cadw eu geiriau.";
        welsh: "Once you change the Welsh wording, no letter in Welsh is sent until somebody who reads Welsh has approved it: see Letter templates.",
            "Ar ôl ichi newid y geiriad Cymraeg, ni anfonir unrhyw lythyr Cymraeg nes i rywun sy'n darllen Cymraeg ei gymeradwyo: gweler Templedi llythyrau.";
        now: "Wording now", "Geiriad nawr";
        source: "Template", "Templed";
        source_hint: "Marks: # title, ## heading, - entry of a list, | line that stays a line; an empty line ends a paragraph. {{ parts.how_to_appeal }} puts in a part with its heading, {{ bodies.how_to_appeal }} the same without it.",
            "Marciau: # teitl, ## pennawd, - eitem mewn rhestr, | llinell sy'n aros yn llinell; mae llinell wag yn gorffen paragraff. Mae {{ parts.how_to_appeal }} yn rhoi rhan gyda'i phennawd, {{ bodies.how_to_appeal }} yr un peth hebddo.";
        sample: "Sample letter for the preview", "Llythyr enghreifftiol ar gyfer y rhagolwg";
        save: "Save the wording", "Cadw'r geiriad";
        try_it: "Check and preview, without saving", "Gwirio a rhagweld, heb gadw";
        saved: "The wording is saved. New letters use it from now on.", "Mae'r geiriad wedi'i gadw. Mae llythyrau newydd yn ei ddefnyddio o hyn ymlaen.";
        went_back: "Letters have the configured wording again.", "Mae gan lythyrau y geiriad o'r ffurfweddiad eto.";
        line: "Line", "Llinell";
        unfollowed: "The template can't be followed", "Ni ellir dilyn y templed";
        too_long: "It is too long: write at most 65,536 bytes.", "Mae'n rhy hir: ysgrifennwch 65,536 beit ar y mwyaf.";
        too_deep: "Conditions or brackets nest too deep, or a tag is too long: put fewer {% if %} within each other.",
            "Mae amodau neu gromfachau yn nythu'n rhy ddwfn, neu mae tag yn rhy hir: rhowch lai o {% if %} y tu mewn i'w gilydd.";
        syntax: "A tag is not complete: close each {{ with }}, each {% with %}, each if with {% endif %} and each for with {% endfor %}.",
            "Nid yw tag yn gyflawn: caewch bob {{ â }}, pob {% â %}, pob if â {% endif %} a phob for â {% endfor %}.";
        unknown: "It uses a name that letters, or some of them, don't have: use the names listed on this page, such as {{ parts.how_to_appeal }}.",
            "Mae'n enwi rhywbeth nad oes gan lythyrau, neu gan rai ohonynt: defnyddiwch yr enwau ar y rhestr ar y dudalen hon, megis {{ parts.how_to_appeal }}.";
        too_much: "It writes too much, or takes too many steps: write less, and repeat less in loops.",
            "Mae'n ysgrifennu gormod, neu'n cymryd gormod o gamau: ysgrifennwch lai, ac ailadroddwch lai mewn dolenni.";
        no_title: "Every letter needs exactly one title: write # {{ title }} once, on a line of its own.",
            "Mae angen un teitl yn union ar bob llythyr: ysgrifennwch # {{ title }} unwaith, ar linell ei hun.";
        tag: "This tag can't be used here: use values such as {{ parts.reasons }}, {% if kind == \"warning\" %}, and one loop at a time over from, to or sections.",
            "Ni ellir defnyddio'r tag hwn yma: defnyddiwch werthoedd megis {{ parts.reasons }}, {% if kind == \"warning\" %}, ac un ddolen ar y tro dros from, to neu sections.";
        unsaid: "Letters would lack parts that they need", "Byddai llythyrau heb rannau sydd eu hangen";
        put_in: "To insert a part, write the code below its name.", "I roi rhan i mewn, ysgrifennwch y cod o dan ei henw.";
        complete: "Nothing is missing. The preview is below the form; the wording is not saved yet.",
            "Nid oes dim ar goll. Mae'r rhagolwg o dan y ffurflen; nid yw'r geiriad wedi'i gadw eto.";
        changed: "Somebody else changed this wording while you were writing", "Newidiodd rhywun arall y geiriad hwn tra oeddech chi'n ysgrifennu";
        changed_text: "Your text is below, and is not saved. Copy into it what you want to keep of theirs. Saving then replaces their wording.",
            "Mae eich testun isod, ac nid yw wedi'i gadw. Copïwch iddo yr hyn yr ydych am ei gadw o'u geiriad hwy. Bydd cadw wedyn yn disodli eu geiriad.";
        from_line: "What they changed, from line", "Yr hyn a newidiwyd ganddynt, o linell";
        before: "Before", "O'r blaen";
        after: "Now", "Nawr";
        preview: "Preview", "Rhagolwg";
        as_page: "Open as a page", "Agor fel tudalen";
        as_large_page: "Open in large print", "Agor mewn print bras";
        history: "Wordings so far", "Geiriadau hyd yn hyn";
        edition: "Edition", "Argraffiad";
        by: "By", "Gan";
        at: "When", "Pryd";
        what: "What", "Beth";
        edited: "edited", "golygwyd";
        as_configured: "back to the configured wording", "yn ôl i'r geiriad yn y ffurfweddiad";
        open_edition: "Put this one into the form", "Rhoi'r un hwn yn y ffurflen";
        from_edition: "The form has the text of edition {n}. Nothing is saved yet.", "Mae gan y ffurflen destun argraffiad {n}. Nid oes dim wedi'i gadw eto.";
        back: "Go back to the configured wording", "Mynd yn ôl i'r geiriad yn y ffurfweddiad";
        back_text: "New letters then use the template that was there before anybody edited it here. Your wordings so far stay in the list above.",
            "Yna mae llythyrau newydd yn defnyddio'r templed a oedd yno cyn i neb ei olygu yma. Mae eich geiriadau hyd yn hyn yn aros yn y rhestr uchod.";
        names: "Names that you can use in a template", "Enwau y gallwch eu defnyddio mewn templed";
        names_text: "Parts of letters, as parts.NAME or bodies.NAME:", "Rhannau llythyrau, fel parts.ENW neu bodies.ENW:";
        names_more: "Other names: kind, language, large_print, organisation, from, to, date, reference, title, dear, closing, signed_by, sections.",
            "Enwau eraill: kind, language, large_print, organisation, from, to, date, reference, title, dear, closing, signed_by, sections.";
    }
}
