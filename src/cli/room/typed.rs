//! What stands after the flags of `rundruf room`, read late or early: a PIN must not reach clap's messages.

use crate::ids::Language;
use crate::io::store::PinChoice;
use crate::number::{DialPlan, PhoneNumber};
use crate::secret::{PIN_DIGITS_MAX, PIN_DIGITS_MIN, Pin};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// What stands after `--pin` or `--leader-pin`. Not read by clap, which would repeat a wrong PIN in its message.
#[derive(Clone)]
pub(super) struct PinTyped(String);

/// Whether "none" is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoneIs {
    Possible,
    Refused,
}

impl FromStr for PinTyped {
    type Err = Infallible;
    fn from_str(typed: &str) -> Result<PinTyped, Infallible> {
        Ok(PinTyped(typed.to_owned()))
    }
}

impl fmt::Debug for PinTyped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PinTyped {
    /// What is meant by it after `flag`.
    pub(super) fn choice(&self, flag: &str, none: NoneIs) -> anyhow::Result<PinChoice> {
        match (self.0.trim(), none) {
            ("auto", _) => Ok(PinChoice::Drawn),
            ("none", NoneIs::Possible) => Ok(PinChoice::Without),
            (digits, _) => Pin::parse(digits)
                .map(PinChoice::Chosen)
                .ok_or_else(|| not_a_pin(flag, none)),
        }
    }
}

fn not_a_pin(flag: &str, none: NoneIs) -> anyhow::Error {
    let words = match none {
        NoneIs::Possible => "\"auto\" or \"none\"",
        NoneIs::Refused => "or \"auto\"",
    };
    anyhow::anyhow!(
        "{flag} takes {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits, {words}: write \"auto\" and a good one is drawn"
    )
}

/// A telephone number of a room's own.
pub(super) fn direct(typed: &str, plan: &DialPlan) -> anyhow::Result<PhoneNumber> {
    plan.read(typed).ok_or_else(|| {
        anyhow::anyhow!(
            "--number takes a telephone number with its area code, such as \"030 1234567\" or \"+49 30 1234567\": one under which \
             calls reach the bridge"
        )
    })
}

/// "on" or "off".
pub(super) fn on_off(typed: &str) -> Result<bool, String> {
    match typed {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

/// The language of a code such as "de".
pub(super) fn language(typed: &str) -> Result<Language, String> {
    let codes = Language::ALL.map(Language::code).join(", ");
    Language::from_code(typed).ok_or_else(|| format!("the languages are {codes}"))
}
