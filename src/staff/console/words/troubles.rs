//! Texts of pages about failures.

use super::texts;

texts! {
    /// What can be wrong with a request.
    Troubles {
        not_found: "Page not found", "Heb ddod o hyd i'r dudalen";
        not_found_text: "There is nothing at this address. The link may be old, or the page may belong to another organisation.",
            "Nid oes dim yn y cyfeiriad hwn. Gall y ddolen fod yn hen, neu gall yr hyn yr oedd yn arwain ato berthyn i sefydliad arall.";
        not_allowed: "You can't open this page", "Ni allwch agor y dudalen hon";
        not_allowed_text: "Your role does not include this. These roles do:", "Nid yw eich rôl yn cynnwys hyn. Mae'r rolau hyn yn ei gynnwys:";
        nobody: "No role of your organisation includes it.", "Nid oes unrhyw rôl yn eich sefydliad yn ei gynnwys.";
        your_role: "Your role is", "Eich rôl chi yw";
        other_site: "Nothing was changed", "Ni newidiwyd dim";
        other_site_text: "The request did not come from a page of this site. Open the page here and try again.",
            "Ni ddaeth y cais o dudalen ar y wefan hon. Agorwch y dudalen yma a rhowch gynnig arall arni.";
        too_long: "The text is too long", "Mae'r testun yn rhy hir";
        too_long_text: "Go back, shorten the text and try again. Nothing was saved.",
            "Ewch yn ôl, byrhewch y testun a rhowch gynnig arall arni. Ni chadwyd dim.";
        away: "Not available at the moment", "Ddim ar gael ar hyn o bryd";
        away_text: "We can't reach the records just now, so nothing was changed. Contacts are still decided on the last known records. Try again in a minute.",
            "Ni allwn gyrraedd y cofnodion ar hyn o bryd, felly ni newidiwyd dim. Mae cysylltiadau yn dal i gael eu penderfynu ar sail yr hyn oedd yn hysbys ddiwethaf. Rhowch gynnig arall arni ymhen munud.";
        no_room: "Too many people are sending forms just now, so nothing was changed. Try again in a minute.",
            "Mae gormod o bobl yn anfon ffurflenni ar hyn o bryd, felly ni newidiwyd dim. Rhowch gynnig arall arni ymhen munud.";
        being_done: "This is still being done", "Mae hyn yn dal i gael ei wneud";
        being_done_text: "You sent it a moment ago. It is done once, however often you send it. Look at the page again in a minute.",
            "Fe'i hanfonwyd gennych eiliad yn ôl. Fe'i gwneir unwaith, waeth pa mor aml yr anfonwch ef. Edrychwch ar y dudalen eto ymhen munud.";
        busy: "Somebody else changed this at the same moment", "Newidiodd rhywun arall hwn ar yr un pryd";
        busy_text: "Nothing was changed. Go back, look at the page again and try once more.",
            "Ni newidiwyd dim. Ewch yn ôl, edrychwch ar y dudalen eto a rhowch gynnig arall arni.";
        refused: "This can't be done", "Ni ellir gwneud hyn";
        ours: "Something went wrong on our side", "Aeth rhywbeth o'i le ar ein hochr ni";
        ours_text: "It is in the log for the people who run this service. Try again; if it happens again, tell them the time.",
            "Mae yn y log ar gyfer pwy bynnag sy'n rhedeg y gwasanaeth hwn. Rhowch gynnig arall arni; os bydd yn digwydd eto, dywedwch yr amser wrthynt.";
        signed_out: "You are signed out", "Rydych wedi allgofnodi";
        signed_out_text: "Your session has ended, so nothing was changed. Sign in to go on. What you had written is below: copy it first.",
            "Daeth eich sesiwn i ben, felly ni newidiwyd dim. Mewngofnodwch i fynd ymlaen. Mae'r hyn yr oeddech wedi'i ysgrifennu isod: copïwch ef yn gyntaf.";
        signed_out_plain: "Your session has ended, so nothing was changed. Sign in to go on.",
            "Daeth eich sesiwn i ben, felly ni newidiwyd dim. Mewngofnodwch i fynd ymlaen.";
        you_wrote: "What you had written", "Yr hyn yr oeddech wedi'i ysgrifennu";
        home: "Go to my work", "Mynd i fy ngwaith";
        sign_in: "Sign in", "Mewngofnodi";
        original_missing: "The original is missing from the archive. The text that was read when it came is still shown with the item.",
            "Mae'r gwreiddiol ar goll o'r archif. Mae'r hyn a ddarllenwyd ohono pan ddaeth yn dal i'w weld gyda'r eitem.";
        original_altered: "The original in the archive has been altered, so it is not shown. Tell the people who run this service.",
            "Nid y gwreiddiol yn yr archif yw'r hyn a gadwyd, felly nid yw'n cael ei ddangos. Dywedwch wrth bwy bynnag sy'n rhedeg y gwasanaeth hwn.";
        not_delivered: "The mail server did not take it. The item waits as before, in your name.",
            "Ni dderbyniodd y gweinydd post ef. Mae'r eitem yn aros fel o'r blaen, yn eich enw chi.";
        item_done: "This item is done already. Nothing more can be done with it.",
            "Mae'r eitem hon wedi'i gwneud eisoes. Ni ellir gwneud dim mwy â hi.";
        item_not_done: "This item waits already, so there is nothing to take back.",
            "Mae'r eitem hon yn aros eisoes, felly nid oes dim i'w ddadwneud.";
        item_taken: "Somebody else has taken this item.", "Mae rhywun arall wedi cymryd yr eitem hon.";
        nothing_kept: "The original was not kept, so there is nothing to release.",
            "Ni chadwyd y gwreiddiol, felly nid oes dim i'w ryddhau.";
        own_message: "You wrote this message, so somebody else must release it. You can close it.",
            "Chi ysgrifennodd y neges hon, felly rhaid i rywun arall ei rhyddhau. Gallwch ei chau.";
        under_way: "Somebody is releasing this item at this moment.", "Mae rhywun yn rhyddhau'r eitem hon ar hyn o bryd.";
        exists: "There is one of this name already.", "Mae un o'r enw hwn yn bod eisoes.";
    }
}
