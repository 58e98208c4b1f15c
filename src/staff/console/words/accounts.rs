//! Texts of signing in, one's own account, and everybody's.

use super::texts;

texts! {
    /// Signing in.
    SignIn {
        title: "Sign in", "Mewngofnodi";
        organisation: "Organisation", "Sefydliad";
        login: "Sign-in name", "Enw mewngofnodi";
        password: "Password", "Cyfrinair";
        button: "Sign in", "Mewngofnodi";
        wrong: "That name and password don't match, or you must wait a little. Check both and try again.",
            "Nid yw'r enw a'r cyfrinair yn cyfateb, neu rhaid ichi aros ychydig. Gwiriwch y ddau a rhowch gynnig arall arni.";
        busy: "Too many people are signing in at this moment. Try again in a few seconds.",
            "Mae gormod o bobl yn mewngofnodi ar hyn o bryd. Rhowch gynnig arall arni ymhen ychydig eiliadau.";
        forgotten: "Forgotten your password, or lost your phone?", "Wedi anghofio eich cyfrinair, neu golli eich ffôn?";
        forgotten_text: "Somebody who keeps the settings can send you a new link.", "Gall rhywun sy'n cadw'r gosodiadau anfon dolen newydd atoch.";
        signed_out: "You are signed out.", "Rydych wedi allgofnodi.";
        by_provider: "Sign in with your work account", "Mewngofnodi gyda'ch cyfrif gwaith";
        or_password: "Or with a name and password", "Neu gydag enw a chyfrinair";
        provider_away: "Signing in with your work account does not work at this moment. Try again in a few minutes, or sign in with a name and password of the console.",
            "Nid yw mewngofnodi gyda'ch cyfrif gwaith yn gweithio ar hyn o bryd. Rhowch gynnig arall arni ymhen ychydig funudau, neu mewngofnodwch gydag enw a chyfrinair y consol.";
        provider_over: "Signing in took too long, or was begun in another browser. Begin again.",
            "Cymerodd y mewngofnodi ormod o amser, neu fe'i dechreuwyd mewn porwr arall. Dechreuwch eto.";
        provider_declined: "You were not signed in with your work account. Begin again if you want to.",
            "Ni chawsoch eich mewngofnodi gyda'ch cyfrif gwaith. Dechreuwch eto os dymunwch.";
        provider_untrusted: "The answer about your work account could not be trusted, so you are not signed in. Begin again; if it keeps happening, tell the people who look after the console.",
            "Ni ellid ymddiried yn yr ateb am eich cyfrif gwaith, felly nid ydych wedi mewngofnodi. Dechreuwch eto; os yw hyn yn parhau, rhowch wybod i bwy bynnag sy'n gofalu am y consol.";
        no_group: "You signed in, but none of your groups has access to this console. Ask somebody who keeps the settings here.",
            "Rydych wedi mewngofnodi, ond nid oes gan yr un o'ch grwpiau fynediad at y consol hwn. Gofynnwch i rywun sy'n cadw'r gosodiadau yma.";
        name_taken: "There is an account here with your name already. Ask somebody who keeps the settings for a link, and link the two with it.",
            "Mae cyfrif gyda'ch enw chi yma eisoes. Gofynnwch i rywun sy'n cadw'r gosodiadau am ddolen, a chysylltwch y ddau â hi.";
        account_closed: "Your account here is closed. Ask somebody who keeps the settings.",
            "Mae eich cyfrif yma ar gau. Gofynnwch i rywun sy'n cadw'r gosodiadau.";
        anothers_identity: "That work account opens another account here already.",
            "Mae'r cyfrif gwaith hwnnw'n agor cyfrif arall yma eisoes.";
        still_there: "You may still be signed in with your work account in this browser. On a computer that others use, sign out there too.",
            "Efallai eich bod wedi mewngofnodi gyda'ch cyfrif gwaith o hyd yn y porwr hwn. Ar gyfrifiadur y mae eraill yn ei ddefnyddio, allgofnodwch yno hefyd.";
        sign_out_there: "Sign out of your work account", "Allgofnodi o'ch cyfrif gwaith";
        no_farewell: "Sign out on the page of your work account: it can't be done from here.",
            "Allgofnodwch ar dudalen eich cyfrif gwaith: ni ellir gwneud hynny o'r fan hon.";
        link_instead: "Use your work account instead", "Defnyddio eich cyfrif gwaith yn lle hynny";
        link_instead_text: "From now on you sign in with it.", "O hyn ymlaen byddwch yn mewngofnodi gydag ef.";
        link_keeps_password: "Your password still works.", "Bydd eich cyfrinair yn dal i weithio.";
        code_title: "Enter your code", "Rhowch eich cod";
        code_label: "Code from your authenticator, or a recovery code", "Cod o'ch dilysydd, neu god adfer";
        code_hint: "Six digits. They change every 30 seconds.", "Chwe digid. Maent yn newid bob 30 eiliad.";
        code_wrong: "That code is not right, or was used already. Wait for the next one.",
            "Nid yw'r cod yn gywir, neu fe'i defnyddiwyd eisoes. Arhoswch am yr un nesaf.";
        pass_title: "Try the console", "Rhoi cynnig ar y consol";
        pass_text: "This is a demo with made-up people. One press signs you in as", "Demo yw hon gyda phobl ddychmygol. Mae un gwasgiad yn eich mewngofnodi fel";
        pass_duties: "What this colleague may do", "Beth y caiff y cydweithiwr hwn ei wneud";
        pass_others: "The demo printed a link for each colleague. Nobody signs off what they proposed: to take a case to its end, open a second link in a private window.",
            "Argraffodd y demo ddolen ar gyfer pob cydweithiwr. Nid oes neb yn cymeradwyo ei gynnig ei hun: i fynd ag achos i'w ddiwedd, agorwch ail ddolen mewn ffenestr breifat.";
        invitation_title: "Choose your password", "Dewis eich cyfrinair";
        first_title: "Make the first account", "Gwneud y cyfrif cyntaf";
        first_text: "You keep the settings, and give everybody else their account.", "Chi sy'n cadw'r gosodiadau, ac yn rhoi eu cyfrif i bawb arall.";
        invitation_text: "Hello", "Helo";
        invitation_over: "This link does not hold any more", "Nid yw'r ddolen hon yn ddilys mwyach";
        invitation_over_text: "It was used, or it is more than three days old. Ask somebody who keeps the settings for a new one.",
            "Fe'i defnyddiwyd, neu mae'n fwy na thri diwrnod oed. Gofynnwch i rywun sy'n cadw'r gosodiadau am un newydd.";
        name: "Your name, as colleagues know you", "Eich enw, fel y mae cydweithwyr yn eich adnabod";
        name_hint: "It is shown with everything you do here.", "Mae'n sefyll wrth ymyl popeth a wnewch yma.";
        login_hint: "Letters and digits, or your e-mail address.", "Llythrennau a digidau, neu eich cyfeiriad e-bost.";
        role: "Role", "Rôl";
        new_password: "New password", "Cyfrinair newydd";
        again: "The same again", "Yr un peth eto";
        password_hint: "At least 12 characters. Three or four words that don't belong together are good.",
            "O leiaf 12 nod. Mae tri neu bedwar gair nad ydynt yn perthyn i'w gilydd yn dda.";
        too_short: "Use at least 12 characters", "Defnyddiwch o leiaf 12 nod";
        too_long: "Use at most 256 characters", "Defnyddiwch 256 nod ar y mwyaf";
        guessable: "That is easy to guess. Choose something else", "Mae hwnnw'n hawdd ei ddyfalu. Dewiswch rywbeth arall";
        not_the_same: "The two passwords differ", "Mae'r ddau gyfrinair yn wahanol";
        choose: "Save and sign in", "Cadw a mewngofnodi";
        name_missing: "Enter a name", "Rhowch enw";
        login_missing: "Enter a sign-in name of letters, digits, dots and dashes", "Rhowch enw mewngofnodi o lythrennau, digidau, dotiau a chysylltnodau";
        taken: "Somebody has this name or sign-in name already", "Mae gan rywun yr enw neu'r enw mewngofnodi hwn eisoes";
    }
}

texts! {
    /// One's own account.
    Account {
        title: "My account", "Fy nghyfrif";
        name: "Name", "Enw";
        login: "Sign-in name", "Enw mewngofnodi";
        role: "Role", "Rôl";
        duties: "What your role includes", "Beth mae eich rôl yn ei gynnwys";
        preferences: "How pages work for you", "Sut mae tudalennau'n gweithio i chi";
        language: "Language", "Iaith";
        keys: "Single keys act on pages (press ? to see them)", "Mae bysellau unigol yn gweithio ar dudalennau (pwyswch ? i'w gweld)";
        save: "Save", "Cadw";
        saved: "Saved.", "Wedi'i gadw.";
        password: "Change your password", "Newid eich cyfrinair";
        old: "Password you have now", "Y cyfrinair sydd gennych nawr";
        change: "Change the password", "Newid y cyfrinair";
        changed: "Password changed. You are signed out everywhere else.", "Newidiwyd y cyfrinair. Rydych wedi'ch allgofnodi ym mhobman arall.";
        not_proven: "That is not your password or code, or you must wait a little. Check both and try again",
            "Nid dyna'ch cyfrinair na'ch cod, neu rhaid ichi aros ychydig. Gwiriwch y ddau a rhowch gynnig arall arni";
        not_proven_lately: "You signed in too long ago for this. Sign out, sign in again, and come back here",
            "Mae'n rhy hir ers ichi fewngofnodi. Allgofnodwch, mewngofnodwch eto, a dewch yn ôl yma";
        by_provider: "You sign in with your work account. Its password is changed there.",
            "Rydych yn mewngofnodi gyda'ch cyfrif gwaith. Newidir ei gyfrinair yno.";
        no_password: "You were signed in by a link, and have no password. Somebody who keeps the settings can give you a link to choose one.",
            "Cawsoch eich mewngofnodi drwy ddolen, ac nid oes gennych gyfrinair. Gall rhywun sy'n cadw'r gosodiadau roi dolen ichi ddewis un.";
        sessions: "Where you are signed in", "Lle rydych wedi mewngofnodi";
        browser: "Browser", "Porwr";
        seen: "Last used", "Defnyddiwyd ddiwethaf";
        began: "Signed in", "Mewngofnodwyd";
        this_one: "this one", "yr un hwn";
        end: "Sign out there", "Allgofnodi yno";
        end_all: "Sign out everywhere else", "Allgofnodi ym mhobman arall";
        ended: "Signed out there.", "Allgofnodwyd yno.";
        second_step: "Second step at sign-in", "Ail gam wrth fewngofnodi";
        second_step_on: "On. Recovery codes left:", "Ymlaen. Codau adfer ar ôl:";
        second_step_off: "Off. With it, a stolen password is not enough to sign in.", "I ffwrdd. Gydag ef, nid yw cyfrinair wedi'i ddwyn yn agor dim ar ei ben ei hun.";
        second_step_due: "Your role must take a second step at sign-in. Set it up now.", "Rhaid i'ch rôl gymryd ail gam wrth fewngofnodi. Gosodwch ef nawr.";
        set_up: "Set it up", "Ei osod";
        replace: "Set up another device", "Gosod dyfais arall";
        turn_off: "Turn it off", "Ei ddiffodd";
    }
}

texts! {
    /// Setting up the second step.
    SecondStep {
        title: "Set up the second step", "Gosod yr ail gam";
        intro: "Any authenticator app for your phone or computer will do.", "Bydd unrhyw ap dilysu ar gyfer eich ffôn neu gyfrifiadur yn gwneud y tro.";
        one: "In the app, choose to enter a key by hand, and type this one:", "Yn yr ap, dewiswch roi allwedd â llaw, a theipiwch hon:";
        link: "On this device: open the app with the key", "Ar y ddyfais hon: agor yr ap gyda'r allwedd";
        two: "Then type the code that the app shows.", "Yna teipiwch y cod y mae'r ap yn ei ddangos.";
        three: "Then type your password, so that we know it is you.", "Yna teipiwch eich cyfrinair, er mwyn i ni wybod mai chi sydd yno.";
        code: "Code", "Cod";
        old_code: "Code from the device you have now, or a recovery code", "Cod o'r ddyfais sydd gennych nawr, neu god adfer";
        turn_on: "Turn it on", "Ei droi ymlaen";
        wrong: "That is not the code of this key. Check the clock of your device, and type the code that shows now",
            "Nid dyna god yr allwedd hon. Gwiriwch gloc eich dyfais, a theipiwch y cod sydd i'w weld nawr";
        codes_title: "Keep these recovery codes", "Cadwch y codau adfer hyn";
        codes_text: "Each signs you in once if your device is lost. They are shown this once: print them or write them down, and keep them apart from the device.",
            "Mae pob un yn eich mewngofnodi unwaith os collir eich dyfais. Dangosir hwy y tro hwn yn unig: argraffwch neu ysgrifennwch hwy, a'u cadw ar wahân i'r ddyfais.";
        on: "I have kept them", "Rwyf wedi'u cadw";
    }
}

texts! {
    /// Everybody's accounts.
    StaffList {
        title: "Staff and tokens", "Staff a thocynnau";
        accounts: "Accounts", "Cyfrifon";
        name: "Name", "Enw";
        login: "Sign-in name", "Enw mewngofnodi";
        role: "Role", "Rôl";
        second_step: "Second step", "Ail gam";
        seen: "Last signed in", "Mewngofnodwyd ddiwethaf";
        never: "not yet", "ddim eto";
        yes: "on", "ymlaen";
        no: "off", "i ffwrdd";
        closed: "closed", "ar gau";
        invited: "invited", "gwahoddwyd";
        by_provider: "work account", "cyfrif gwaith";
        change: "Change", "Newid";
        add: "Add somebody", "Ychwanegu rhywun";
        name_hint: "It is shown with everything they do here.", "Fe'i dangosir gyda phopeth a wnânt yma.";
        login_hint: "Letters and digits, or their e-mail address.", "Llythrennau a digidau, neu eu cyfeiriad e-bost.";
        role_hint: "What each role includes", "Beth mae pob rôl yn ei gynnwys";
        add_button: "Make the account", "Gwneud y cyfrif";
        give_role: "Give this role", "Rhoi'r rôl hon";
        new_link: "New link for a password", "Dolen newydd ar gyfer cyfrinair";
        close: "Close the account", "Cau'r cyfrif";
        reopen: "Open it again", "Ei agor eto";
        link_title: "Give them this link", "Rhowch y ddolen hon iddynt";
        link_text: "It is shown only once and works for three days. Anybody who has it can choose the password, so hand it over in person or on a line you trust.",
            "Dangosir hi y tro hwn yn unig ac mae'n ddilys am dri diwrnod. Gall pwy bynnag sydd â hi ddewis y cyfrinair, felly rhowch hi wyneb yn wyneb neu ar linell yr ydych yn ymddiried ynddi.";
        last: "This is the last account that keeps the settings. Give somebody else such a role first.",
            "Dyma'r cyfrif olaf sy'n cadw'r gosodiadau. Rhowch rôl o'r fath i rywun arall yn gyntaf.";
        done: "Done.", "Wedi'i wneud.";
        actions: "Actions", "Camau";
    }
}

texts! {
    /// Tokens of programs.
    ApiTokens {
        title: "Tokens of programs", "Tocynnau rhaglenni";
        text: "A program that calls the API shows a token. It can't sign in here.",
            "Mae rhaglen sy'n galw'r API yn dangos tocyn. Ni all fewngofnodi yma.";
        nothing: "No program has a token.", "Nid oes gan yr un rhaglen docyn.";
        holder: "Program", "Rhaglen";
        holder_hint: "Its name is shown with everything it does, as a colleague's is.",
            "Dangosir ei henw gyda phopeth a wna, fel enw cydweithiwr.";
        role_hint: "What the program may do. The role of programs logs contacts and asks whether somebody may be contacted.",
            "Yr hyn y caiff y rhaglen ei wneud. Mae rôl rhaglenni yn cofnodi cysylltiadau ac yn gofyn a ellir cysylltu â rhywun.";
        last_day: "Last day", "Diwrnod olaf";
        day_hint: "The token opens nothing after this day. At the latest:", "Nid yw'r tocyn yn agor dim ar ôl y diwrnod hwn. Fan bellaf:";
        until: "valid until", "yn ddilys hyd";
        expired: "expired after", "daeth i ben ar ôl";
        for_ever: "does not expire", "nid yw'n dod i ben";
        used: "Last used", "Defnyddiwyd ddiwethaf";
        not_used: "not yet", "ddim eto";
        not_known: "not known", "ddim yn hysbys";
        made: "Made by", "Gwnaed gan";
        in_configuration: "in the configuration file", "yn y ffeil ffurfweddu";
        revoke: "Revoke", "Dirymu";
        revoke_text: "The program is refused from its next request on. This can't be undone.",
            "Gwrthodir y rhaglen o'i chais nesaf ymlaen. Ni ellir dadwneud hyn.";
        revoke_button: "Revoke the token", "Dirymu'r tocyn";
        add: "Make a token", "Gwneud tocyn";
        add_text: "To replace one, make another with the same name and role, give it to the program, then revoke the old one.",
            "I newid un, gwnewch un arall gyda'r un enw a rôl, rhowch ef i'r rhaglen, yna dirymwch yr hen un.";
        own_password: "Your own password, so that we know it is you", "Eich cyfrinair eich hun, er mwyn i ni wybod mai chi sydd yno";
        add_button: "Make the token", "Gwneud y tocyn";
        made_title: "New token", "Tocyn newydd";
        made_text: "It is shown only once: copy it now, into the settings of the program. Anybody who has it may do what its role may.",
            "Dangosir ef y tro hwn yn unig: copïwch ef nawr, i osodiadau'r rhaglen. Gall pwy bynnag sydd ag ef wneud yr hyn y caiff ei rôl ei wneud.";
        name_missing: "Enter the program's name, in at most 100 characters", "Rhowch enw'r rhaglen, mewn 100 nod ar y mwyaf";
        name_taken: "Somebody has this name already, or a token of this name has another role", "Mae gan rywun yr enw hwn eisoes, neu mae gan docyn o'r enw hwn rôl arall";
        role_missing: "Choose a role", "Dewiswch rôl";
        day_wrong: "Enter a last day from today to a year from now", "Rhowch ddiwrnod olaf rhwng heddiw a blwyddyn i heddiw";
        too_many: "There are too many tokens. Revoke those that are not used", "Mae gormod o docynnau. Dirymwch y rhai nad ydynt yn cael eu defnyddio";
    }
}
