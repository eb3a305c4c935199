use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rules;
use crate::text::Text;

/// A sort of personal data, and what finds it.
///
/// Of two sorts that match the same words, the one that is named first here is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Keys, tokens and passwords.
    Secret,
    /// E-mail addresses.
    Email,
    /// International bank account numbers.
    Iban,
    /// Italian tax codes.
    ItCodiceFiscale,
    /// Spanish identity numbers, DNI and NIE.
    EsDni,
    /// British national insurance numbers.
    UkNino,
    /// Social security numbers of the United States.
    UsSsn,
    /// French social security numbers.
    FrNir,
    /// German tax identification numbers.
    DeSteuerId,
    /// Indian Aadhaar numbers.
    InAadhaar,
    /// Dutch citizen service numbers.
    NlBsn,
    /// Numbers of payment cards.
    Card,
    /// Addresses of the internet that reach one host.
    Ip,
    /// Addresses that reach a host from its own network only.
    PrivateIp,
    /// Telephone numbers.
    Phone,
    /// Names of the user's own list.
    Name,
}

impl Rule {
    /// All rules, in order of priority.
    pub const ALL: [Rule; 16] = [
        Rule::Secret,
        Rule::Email,
        Rule::Iban,
        Rule::ItCodiceFiscale,
        Rule::EsDni,
        Rule::UkNino,
        Rule::UsSsn,
        Rule::FrNir,
        Rule::DeSteuerId,
        Rule::InAadhaar,
        Rule::NlBsn,
        Rule::Card,
        Rule::Ip,
        Rule::PrivateIp,
        Rule::Phone,
        Rule::Name,
    ];

    /// Returns the name that flow files and provenance use.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Secret => "secret",
            Rule::Email => "email",
            Rule::Iban => "iban",
            Rule::ItCodiceFiscale => "it-codice-fiscale",
            Rule::EsDni => "es-dni",
            Rule::UkNino => "uk-nino",
            Rule::UsSsn => "us-ssn",
            Rule::FrNir => "fr-nir",
            Rule::DeSteuerId => "de-steuer-id",
            Rule::InAadhaar => "in-aadhaar",
            Rule::NlBsn => "nl-bsn",
            Rule::Card => "card",
            Rule::Ip => "ip",
            Rule::PrivateIp => "private-ip",
            Rule::Phone => "phone",
            Rule::Name => "name",
        }
    }

    /// Returns what stands in the place of a value: the name in capitals.
    pub const fn label(self) -> &'static str {
        match self {
            Rule::Secret => "SECRET",
            Rule::Email => "EMAIL",
            Rule::Iban => "IBAN",
            Rule::ItCodiceFiscale => "IT_CODICE_FISCALE",
            Rule::EsDni => "ES_DNI",
            Rule::UkNino => "UK_NINO",
            Rule::UsSsn => "US_SSN",
            Rule::FrNir => "FR_NIR",
            Rule::DeSteuerId => "DE_STEUER_ID",
            Rule::InAadhaar => "IN_AADHAAR",
            Rule::NlBsn => "NL_BSN",
            Rule::Card => "CARD",
            Rule::Ip => "IP",
            Rule::PrivateIp => "PRIVATE_IP",
            Rule::Phone => "PHONE",
            Rule::Name => "NAME",
        }
    }

    /// Returns whether `standard` has it: all but private addresses, which say nothing of a person elsewhere.
    pub const fn is_standard(self) -> bool {
        !matches!(self, Rule::PrivateIp)
    }

    /// Returns the end of the longest match that begins at a place; names are the list's to find.
    pub(crate) fn find(self, text: &Text<'_>, at: usize) -> Option<usize> {
        match self {
            Rule::Secret => rules::secret(text, at),
            Rule::Email => rules::email(text, at),
            Rule::Iban => rules::iban(text, at),
            Rule::ItCodiceFiscale => rules::it_codice_fiscale(text, at),
            Rule::EsDni => rules::es_dni(text, at),
            Rule::UkNino => rules::uk_nino(text, at),
            Rule::UsSsn => rules::us_ssn(text, at),
            Rule::FrNir => rules::fr_nir(text, at),
            Rule::DeSteuerId => rules::de_steuer_id(text, at),
            Rule::InAadhaar => rules::in_aadhaar(text, at),
            Rule::NlBsn => rules::nl_bsn(text, at),
            Rule::Card => rules::card(text, at),
            Rule::Ip => rules::ip(text, at),
            Rule::PrivateIp => rules::private_ip(text, at),
            Rule::Phone => rules::phone(text, at),
            Rule::Name => None,
        }
    }

    /// Returns the words in a column's name that say that its whole numbers may be of this sort.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Rule::UsSsn => rules::SSN_WORDS,
            Rule::FrNir => rules::NIR_WORDS,
            Rule::DeSteuerId => rules::STEUER_ID_WORDS,
            Rule::InAadhaar => rules::AADHAAR_WORDS,
            Rule::NlBsn => rules::BSN_WORDS,
            Rule::Card => rules::CARD_WORDS,
            Rule::Phone => rules::PHONE_WORDS,
            _ => &[],
        }
    }

    /// Returns a value in the one form in which equal values are equal.
    pub(crate) fn normal(self, value: &str) -> String {
        match self {
            Rule::Secret => value.to_owned(),
            Rule::Email | Rule::Ip | Rule::PrivateIp => rules::normal_address(value),
            Rule::Name => value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
            Rule::Phone => rules::normal_phone(value),
            _ => value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_settings_write_and_labels_their_capitals() {
        let mut sorted = Rule::ALL;
        sorted.sort();
        assert_eq!(sorted, Rule::ALL, "the order is the priority");
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
            assert_eq!(rule.name().replace('-', "_").to_uppercase(), rule.label());
        }
    }
}
