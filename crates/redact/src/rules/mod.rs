//! `(text, place) -> the end of what stands there`: one file per sort of personal data.
//!
//! A rule says where the longest match ends that begins at a place, and looks at little more than the match. So the
//! search is one walk over the text, and what it finds can be found again by trying every rule at every place.

mod card;
mod email;
mod iban;
mod ip;
mod national;
mod phone;
mod secret;

pub(crate) use card::{CARD_WORDS, card};
pub(crate) use email::email;
pub(crate) use iban::iban;
pub(crate) use ip::{ip, normal_address, private_ip};
pub(crate) use national::{
    AADHAAR_WORDS, BSN_WORDS, NIR_WORDS, SSN_WORDS, STEUER_ID_WORDS, de_steuer_id, es_dni, fr_nir,
    in_aadhaar, it_codice_fiscale, nl_bsn, uk_nino, us_ssn,
};
pub(crate) use phone::{PHONE_WORDS, normal_phone, phone};
pub(crate) use secret::secret;

/// Signs that part the groups of a number: hyphens, and spaces of any width.
pub(crate) const PARTED: &[char] = &[' ', '-', '\u{a0}', '\u{202f}', '\u{2011}'];

#[cfg(test)]
pub(crate) mod tests {
    use crate::rule::Rule;
    use crate::text::Text;

    /// Returns all that a rule finds in a text, from left to right.
    pub(crate) fn found(rule: Rule, text: &str) -> Vec<&str> {
        let (mut found, mut at) = (Vec::new(), 0);
        while at < text.len() {
            if text.is_char_boundary(at)
                && let Some(end) = rule.find(&Text::plain(text), at)
            {
                assert!(end > at && end <= text.len());
                found.push(&text[at..end]);
                at = end;
                continue;
            }
            at += 1;
        }
        found
    }

    /// Makes sure that a rule finds a whole text, within a sentence.
    #[track_caller]
    pub(crate) fn whole(rule: Rule, texts: &[&str]) {
        for text in texts {
            assert_eq!(found(rule, &format!("It is {text}, he said.")), [*text]);
        }
    }

    /// Makes sure that a rule finds nothing.
    #[track_caller]
    pub(crate) fn nothing(rule: Rule, texts: &[&str]) {
        for text in texts {
            assert_eq!(found(rule, text), [""; 0], "{text}");
        }
    }
}
