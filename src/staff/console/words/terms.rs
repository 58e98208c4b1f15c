//! Names of channels, kinds, queues, states, duties: what codes are called where people read them.

use super::texts;

texts! {
    /// One name each.
    Terms {
        email: "E-mail", "E-bost";
        web_form: "Web form", "Ffurflen we";
        telephone: "Telephone call", "Galwad ffôn";
        sms: "Text message", "Neges destun";
        whatsapp: "WhatsApp", "WhatsApp";
        letter: "Letter", "Llythyr";
        in_person: "Visit", "Ymweliad";
        social: "Social media", "Cyfryngau cymdeithasol";
        web_chat: "Web chat", "Sgwrs we";

        no_role: "No role yet", "Dim rôl eto";

        by_email: "e-mail", "e-bost";
        by_web_form: "web form", "ffurflen we";
        by_telephone: "telephone", "ffôn";
        by_sms: "text message", "neges destun";
        by_whatsapp: "WhatsApp", "WhatsApp";
        by_letter: "letter", "llythyr";
        by_in_person: "visit", "ymweliad";
        by_social: "social media", "cyfryngau cymdeithasol";
        by_web_chat: "web chat", "sgwrs we";

        q_limited: "Limited", "Cyfyngedig";
        q_filed: "Filed", "Wedi'i ffeilio";
        q_review: "For review", "I'w adolygu";
        q_head_of_service: "Head of service", "Pennaeth gwasanaeth";
        q_governance: "Governance", "Llywodraethu";
        q_emergency: "Emergency", "Argyfwng";
        q_limited_text: "Kept because of a limit. Release one if it should have gone through.", "Cadwyd oherwydd terfyn. Rhyddhewch un os dylai fod wedi mynd drwodd.";
        q_filed_text: "Filed without a reply. Somebody marks each as read.", "Ffeiliwyd heb ateb. Mae rhywun yn marcio pob un fel wedi'i ddarllen.";
        q_review_text: "May hold something new, or who sent it is in doubt. Somebody must look.", "Gall gynnwys rhywbeth newydd, neu mae amheuaeth pwy a'i hanfonodd. Rhaid i rywun edrych.";
        q_head_of_service_text: "Decide whether to engage on a new issue.", "Penderfynu a ddylid ymgysylltu ar fater newydd.";
        q_governance_text: "Requests under data protection and freedom of information, and reminders about your policy.", "Ceisiadau o dan ddiogelu data a rhyddid gwybodaeth, a nodiadau atgoffa am eich polisi.";
        q_emergency_text: "Went through at once because of danger. Check that somebody has acted.", "Aeth drwodd ar unwaith oherwydd perygl. Gwiriwch fod rhywun wedi gweithredu.";
        q_other_text: "Work for this team or point of contact.", "Gwaith ar gyfer y tîm neu'r pwynt cyswllt hwn.";

        s_open: "open", "agored";
        s_claimed: "taken", "wedi'i chymryd";
        s_read: "read", "wedi'i darllen";
        s_released: "released", "wedi'i rhyddhau";
        s_filed: "filed", "wedi'i ffeilio";
        s_closed: "closed", "wedi'i chau";

        d_deliver: "Delivered", "Danfonwyd";
        d_route: "Passed to the person or team who answers it", "Anfonwyd at y person neu'r tîm sy'n ei ateb";
        d_limit: "Kept, and the sender notified", "Cadwyd, a hysbyswyd yr anfonwr";
        d_file: "Filed without a reply", "Ffeiliwyd heb ateb";

        r_proposed: "proposed", "wedi'i gynnig";
        r_active: "active", "gweithredol";
        r_under_appeal: "under appeal", "dan apêl";
        r_varied: "varied", "wedi'i amrywio";
        r_lifted: "lifted", "wedi'i godi";
        r_quashed: "quashed", "wedi'i ddiddymu";
        r_expired: "expired", "wedi dod i ben";
        r_ended: "ended", "wedi gorffen";

        id_email: "E-mail address", "Cyfeiriad e-bost";
        id_phone: "Telephone", "Ffôn";
        id_whatsapp: "WhatsApp", "WhatsApp";
        id_account: "Account", "Cyfrif";
        id_social: "Social media", "Cyfryngau cymdeithasol";

        a_needs_channel: "Needs a channel", "Angen sianel";
        a_large_print: "Large print", "Print bras";
        a_coloured_paper: "Coloured paper", "Papur lliw";
        a_easy_read: "Easy read", "Hawdd ei ddeall";
        a_braille: "Braille", "Braille";
        a_audio: "Audio", "Sain";
        a_translation: "Translation", "Cyfieithiad";
        a_interpreter: "Interpreter", "Dehonglydd";
        a_representative: "Representative", "Cynrychiolydd";
        a_clear_warnings: "Clear warnings", "Rhybuddion clir";
        a_extra_time: "Extra time", "Amser ychwanegol";
        a_other: "Other", "Arall";

        duty_record: "record incidents, work queues", "cofnodi digwyddiadau, gweithio ciwiau";
        duty_warn: "give warnings", "rhoi rhybuddion";
        duty_propose: "propose restrictions", "cynnig cyfyngiadau";
        duty_decide: "put in force, vary, lift, review", "rhoi mewn grym, amrywio, codi, adolygu";
        duty_sign_off: "sign off", "cymeradwyo";
        duty_hear: "hear appeals", "gwrando apeliadau";
        duty_read_audit: "read the audit trail", "darllen y llwybr archwilio";
        duty_settings: "keep the settings", "cadw'r gosodiadau";

        k_single_point_of_contact: "One point of contact", "Un pwynt cyswllt";
        k_channels_only: "Some channels only", "Rhai sianeli yn unig";
        k_hours_only: "Some hours only", "Rhai oriau yn unig";
        k_contact_quota: "A number of contacts", "Nifer o gysylltiadau";
        k_issue_closed: "A closed issue", "Mater sydd ar gau";
        k_issue_quota: "A number of new issues", "Nifer o faterion newydd";
        k_representative_only: "Through a representative", "Trwy gynrychiolydd";
        k_read_and_file: "Read and file", "Darllen a ffeilio";
        k_contact_ended: "All contact ended", "Pob cysylltiad wedi dod i ben";
        k_complaint_closed: "A closed complaint", "Cwyn sydd ar gau";
        k_call_length: "Length of calls", "Hyd galwadau";
        k_visits_in_pairs: "Visits by two colleagues", "Ymweliadau gan ddau gydweithiwr";
        k_appointment_only: "Visits by appointment", "Ymweliadau drwy apwyntiad";
        k_documents_returned: "Documents returned", "Dogfennau yn cael eu dychwelyd";
    }
}
