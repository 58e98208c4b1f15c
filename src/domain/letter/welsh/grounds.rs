//! What a letter says a policy does not allow.

/// A ground of a policy, as it follows `caniatáu`.
struct Ground {
    /// By itself, or before the last of a list: "trais".
    first: &'static str,
    /// Last in a list: "na thrais". `na` brings the aspirate mutation of c, p and t, and is `nac`
    /// before a vowel.
    last: &'static str,
}

/// A ground that has no name here is described, not named.
fn ground(name: &str) -> Ground {
    let (first, last) = match name {
        "demands" => {
            ("gofyn am fwy nag y gallwn ei wneud", "na gofyn am fwy nag y gallwn ei wneud")
        }
        "persistence" => ("cysylltu â ni yn rhy aml", "na chysylltu â ni yn rhy aml"),
        "refusal_to_cooperate" => ("gwrthod gweithio gyda ni", "na gwrthod gweithio gyda ni"),
        "violence" => ("trais", "na thrais"),
        "threats" => ("bygythiadau", "na bygythiadau"),
        "abuse" => ("camdriniaeth", "na chamdriniaeth"),
        "harassment" => ("aflonyddu", "nac aflonyddu"),
        "discrimination" => ("casineb neu wahaniaethu", "na chasineb neu wahaniaethu"),
        "complaints_process" => {
            ("defnyddio ein proses gwyno yn annheg", "na defnyddio ein proses gwyno yn annheg")
        }
        _ => ("ymddygiad fel hyn", "nac ymddygiad fel hyn"),
    };
    Ground { first, last }
}

/// An entry of a list: "trais".
pub(super) fn by_itself(name: &str) -> &'static str {
    ground(name).first
}

/// "camdriniaeth, bygythiadau na thrais".
pub(super) fn denied(names: &[String]) -> String {
    let grounds: Vec<Ground> = names.iter().map(|name| ground(name)).collect();
    match grounds.as_slice() {
        [] => String::new(),
        [one] => one.first.to_owned(),
        [before @ .., end] => {
            let before: Vec<&str> = before.iter().map(|one| one.first).collect();
            format!("{} {}", before.join(", "), end.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{denied, ground};

    /// `na` before a consonant, with c, p and t as ch, ph and th; `nac` before a vowel.
    fn after_na(words: &str) -> String {
        match words.as_bytes() {
            [b'a' | b'e' | b'i' | b'o' | b'u' | b'w' | b'y', ..] => format!("nac {words}"),
            [first @ (b'c' | b'p' | b't'), second, ..] if *second != b'h' => {
                format!("na {}h{}", char::from(*first), &words[1..])
            }
            _ => format!("na {words}"),
        }
    }

    #[test]
    fn na_mutates_the_last_ground_and_is_nac_before_a_vowel() {
        for (name, expected) in [
            ("demands", "na gofyn am fwy nag y gallwn ei wneud"),
            ("persistence", "na chysylltu â ni yn rhy aml"),
            ("refusal_to_cooperate", "na gwrthod gweithio gyda ni"),
            ("violence", "na thrais"),
            ("threats", "na bygythiadau"),
            ("abuse", "na chamdriniaeth"),
            ("harassment", "nac aflonyddu"),
            ("discrimination", "na chasineb neu wahaniaethu"),
            ("complaints_process", "na defnyddio ein proses gwyno yn annheg"),
            ("other", "nac ymddygiad fel hyn"),
        ] {
            let ground = ground(name);
            assert_eq!(ground.last, expected);
            assert_eq!(ground.last, after_na(ground.first));
        }
    }

    #[test]
    fn a_ground_by_itself_or_before_the_last_is_not_mutated() {
        let said = |names: &[&str]| {
            denied(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(said(&["violence"]), "trais");
        assert_eq!(said(&["violence", "abuse"]), "trais na chamdriniaeth");
        assert_eq!(
            said(&["abuse", "violence", "other"]),
            "camdriniaeth, trais nac ymddygiad fel hyn"
        );
    }
}
