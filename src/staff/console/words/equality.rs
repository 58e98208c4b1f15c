//! Texts of equality monitoring.

use super::texts;

texts! {
    /// A person's answers, and the figures.
    Equality {
        title: "Equality monitoring", "Monitro cydraddoldeb";
        link: "Equality monitoring data of this person", "Data monitro cydraddoldeb y person hwn";
        lead: "What the person said about themselves, for figures only. Colleagues who answer the person don't see it, and no decision and no letter uses it. The audit trail shows who opened or changed it, but not the answers.",
            "Yr hyn a ddywedodd y person amdano'i hun, ar gyfer ffigurau yn unig. Nid yw cydweithwyr sy'n ateb y person yn ei weld, ac nid yw unrhyw benderfyniad na llythyr yn ei ddefnyddio. Mae'r llwybr archwilio yn dangos pwy a'i hagorodd neu a'i newidiodd, ond nid yr atebion.";
        nothing_offered: "Your organisation records no equality data. Its configuration lists what it records, in [organisation.equality].",
            "Nid yw eich sefydliad yn cofnodi data cydraddoldeb. Mae ei ffurfweddiad yn rhestru'r hyn a gofnodir, yn [organisation.equality].";
        save: "Save", "Cadw";
        saved: "The answers are saved.", "Mae'r atebion wedi'u cadw.";
        not_recorded: "not recorded", "heb ei gofnodi";
        prefers_not_to_say: "prefers not to say", "mae'n well ganddynt beidio â dweud";
        all_answers: "all answers", "pob ateb";
        age: "Age", "Oedran";
        disability: "Disability", "Anabledd";
        gender_reassignment: "Gender reassignment", "Ailbennu rhywedd";
        marriage_and_civil_partnership: "Marriage and civil partnership", "Priodas a phartneriaeth sifil";
        pregnancy_and_maternity: "Pregnancy and maternity", "Beichiogrwydd a mamolaeth";
        race: "Race", "Hil";
        religion_or_belief: "Religion or belief", "Crefydd neu gred";
        sex: "Sex", "Rhyw";
        sexual_orientation: "Sexual orientation", "Cyfeiriadedd rhywiol";
        report: "Equality figures", "Ffigurau cydraddoldeb";
        report_lead: "Restrictions, warnings and appeals in the complete months of a calendar year. Restrictions in force are counted on the last day. Numbers about fewer than 5 people are hidden, together with any that would reveal them; where that is not enough, all answers in a table are hidden. Publish whole years only: reports on a year that is not over can be subtracted from each other.",
            "Cyfyngiadau, rhybuddion ac apeliadau blwyddyn galendr, cyn belled ag y mae ei misoedd ar ben. Cyfrifir cyfyngiadau mewn grym ar y diwrnod olaf. Cuddir niferoedd sy'n sôn am lai na 5 o bobl, ynghyd ag unrhyw rai a fyddai'n eu datgelu; lle nad yw hynny'n ddigon, cuddir holl atebion y tabl. Cyhoeddwch flynyddoedd cyfan yn unig: gellir tynnu adroddiadau ar flwyddyn nad yw ar ben oddi wrth ei gilydd.";
        year: "Year", "Blwyddyn";
        answer: "Answer", "Ateb";
        nothing_recorded: "No equality data is recorded.", "Nid oes data cydraddoldeb wedi'i gofnodi.";
        nothing_counted: "There is nothing to count in these months.", "Nid oes dim i'w gyfrif yn y misoedd hyn.";
    }
}
