//! Numbers by which states know people: one file for each.

mod aadhaar;
mod bsn;
mod codice_fiscale;
mod dni;
mod nino;
mod nir;
mod ssn;
mod steuer_id;

pub(crate) use aadhaar::{AADHAAR_WORDS, in_aadhaar};
pub(crate) use bsn::{BSN_WORDS, nl_bsn};
pub(crate) use codice_fiscale::it_codice_fiscale;
pub(crate) use dni::es_dni;
pub(crate) use nino::uk_nino;
pub(crate) use nir::{NIR_WORDS, fr_nir};
pub(crate) use ssn::{SSN_WORDS, us_ssn};
pub(crate) use steuer_id::{STEUER_ID_WORDS, de_steuer_id};
