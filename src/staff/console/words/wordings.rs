//! Texts of the page on which the wording of letters is edited.

use super::texts;

texts! {
    /// Editing a template.
    WordingTexts {
        title: "Wording of letters", "Geiriad llythyrau";
        lead: "One template lays out every letter of the language. Letters are written by it as soon as it is saved; letters that were approved before keep their words.",
            "Mae un templed yn gosod pob llythyr yn yr iaith. Ysgrifennir llythyrau yn ôl y templed cyn gynted ag y caiff ei gadw; mae llythyrau a gymeradwywyd o'r blaen yn cadw eu geiriau.";
        welsh: "Welsh wording that was changed is not sent until somebody who reads Welsh has approved it: see Letter templates.",
            "Ni anfonir geiriad Cymraeg sydd wedi'i newid nes i rywun sy'n darllen Cymraeg ei gymeradwyo: gweler Templedi llythyrau.";
        now: "Wording now", "Geiriad nawr";
        source: "Template", "Templed";
        source_hint: "Marks: # title, ## heading, - entry of a list, | line that stays a line; an empty line ends a paragraph. {{ parts.how_to_appeal }} puts in a part with its heading, {{ bodies.how_to_appeal }} the same without it.",
            "Marciau: # teitl, ## pennawd, - eitem mewn rhestr, | llinell sy'n aros yn llinell; mae llinell wag yn gorffen paragraff. Mae {{ parts.how_to_appeal }} yn rhoi rhan gyda'i phennawd, {{ bodies.how_to_appeal }} yr un peth hebddo.";
        sample: "Sample letter for the preview", "Llythyr enghreifftiol ar gyfer y rhagolwg";
        save: "Save the wording", "Cadw'r geiriad";
        try_it: "Check and preview, without saving", "Gwirio a rhagweld, heb gadw";
        saved: "The wording is saved. Letters are written by it from now on.", "Mae'r geiriad wedi'i gadw. Ysgrifennir llythyrau yn ôl y geiriad hwn o hyn ymlaen.";
        went_back: "Letters have the configured wording again.", "Mae gan lythyrau y geiriad o'r ffurfweddiad eto.";
        line: "Line", "Llinell";
        unfollowed: "The template can't be followed", "Ni ellir dilyn y templed";
        too_long: "It is too long: write at most 65,536 bytes.", "Mae'n rhy hir: ysgrifennwch 65,536 beit ar y mwyaf.";
        too_deep: "Conditions or brackets nest too deep, or a tag is too long: put fewer {% if %} within each other.",
            "Mae amodau neu gromfachau yn nythu'n rhy ddwfn, neu mae tag yn rhy hir: rhowch lai o {% if %} y tu mewn i'w gilydd.";
        syntax: "A tag is not complete: close each {{ with }}, each {% with %}, each if with {% endif %} and each for with {% endfor %}.",
            "Nid yw tag yn gyflawn: caewch bob {{ â }}, pob {% â %}, pob if â {% endif %} a phob for â {% endfor %}.";
        unknown: "It names something that letters, or some of them, don't have: use the names of the list on this page, such as {{ parts.how_to_appeal }}.",
            "Mae'n enwi rhywbeth nad oes gan lythyrau, neu gan rai ohonynt: defnyddiwch yr enwau ar y rhestr ar y dudalen hon, megis {{ parts.how_to_appeal }}.";
        too_much: "It writes too much, or takes too many steps: write less, and repeat less in loops.",
            "Mae'n ysgrifennu gormod, neu'n cymryd gormod o gamau: ysgrifennwch lai, ac ailadroddwch lai mewn dolenni.";
        no_title: "Every letter needs exactly one title: write # {{ title }} once, on a line of its own.",
            "Mae angen un teitl yn union ar bob llythyr: ysgrifennwch # {{ title }} unwaith, ar linell ei hun.";
        tag: "This tag can't be used here: use values such as {{ parts.reasons }}, {% if kind == \"warning\" %}, and one loop at a time over from, to or sections.",
            "Ni ellir defnyddio'r tag hwn yma: defnyddiwch werthoedd megis {{ parts.reasons }}, {% if kind == \"warning\" %}, ac un ddolen ar y tro dros from, to neu sections.";
        unsaid: "Letters would lack", "Byddai llythyrau heb";
        put_in: "Put it in where letters are to say it:", "Rhowch ef lle y dylai llythyrau ei ddweud:";
        complete: "Nothing is missing: this wording can be saved.", "Nid oes dim ar goll: gellir cadw'r geiriad hwn.";
        changed: "Somebody else changed this wording while you were writing", "Newidiodd rhywun arall y geiriad hwn tra oeddech chi'n ysgrifennu";
        changed_text: "Your text is below, and is not saved. Take over what you want to keep of theirs; saving then replaces their wording.",
            "Mae eich testun isod, ac nid yw wedi'i gadw. Cymerwch yr hyn yr ydych am ei gadw o'u geiriad hwy; bydd cadw wedyn yn disodli eu geiriad.";
        from_line: "What they changed, from line", "Yr hyn a newidiwyd ganddynt, o linell";
        before: "Before", "O'r blaen";
        after: "Now", "Nawr";
        preview: "Preview", "Rhagolwg";
        as_page: "Open as a page", "Agor fel tudalen";
        as_large_page: "Open in large print", "Agor mewn print bras";
        history: "Earlier wordings", "Geiriadau cynharach";
        edition: "Edition", "Argraffiad";
        by: "By", "Gan";
        at: "When", "Pryd";
        what: "What", "Beth";
        edited: "edited", "golygwyd";
        as_configured: "back to the configured wording", "yn ôl i'r geiriad yn y ffurfweddiad";
        open_edition: "Put this one into the form", "Rhoi'r un hwn yn y ffurflen";
        from_edition: "The form has the text of edition {n}. Nothing is saved yet.", "Mae gan y ffurflen destun argraffiad {n}. Nid oes dim wedi'i gadw eto.";
        back: "Go back to the configured wording", "Mynd yn ôl i'r geiriad yn y ffurfweddiad";
        back_text: "Letters are then written by the configuration's template. The wording edited here stays among the earlier ones.",
            "Yna ysgrifennir llythyrau yn ôl templed y ffurfweddiad. Mae'r geiriad a olygwyd yma yn aros ymhlith y rhai cynharach.";
        names: "Names that a template may use", "Enwau y caiff templed eu defnyddio";
        names_text: "Parts of letters, as parts.NAME or bodies.NAME:", "Rhannau llythyrau, fel parts.ENW neu bodies.ENW:";
        names_more: "Besides: kind, language, large_print, organisation, from, to, date, reference, title, dear, closing, signed_by, sections.",
            "Hefyd: kind, language, large_print, organisation, from, to, date, reference, title, dear, closing, signed_by, sections.";
    }
}
