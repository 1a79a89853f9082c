//! Owns telephone numbers that belong to a room (ITU-T E.164), in the many ways in which they are written and signalled.
//! Must never print one by accident: of what was dialled, most is no room's business.

use std::fmt;

/// Fewest and most digits of an international number, country code included. E.164 allows 15.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// An international number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhoneNumber(String);

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PhoneNumber {
    /// As the store keeps it: "+" and digits.
    pub fn international(&self) -> String {
        format!("+{}", self.0)
    }

    /// The number that [`PhoneNumber::international`] wrote.
    pub fn parse(written: &str) -> Option<PhoneNumber> {
        PhoneNumber::of_digits(written.strip_prefix('+')?)
    }

    fn of_digits(digits: &str) -> Option<PhoneNumber> {
        let fits = DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        (fits && !digits.starts_with('0')).then(|| PhoneNumber(digits.to_owned()))
    }
}

/// A place in which the number that was dialled may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledFrom {
    RequestUri,
    To,
    /// RFC 7315
    CalledParty,
    /// RFC 5806
    Diversion,
    /// RFC 7044
    HistoryInfo,
}

impl CalledFrom {
    /// Every place, in the order in which they are looked at unless the operator wants another.
    pub const ALL: [CalledFrom; 5] = [
        CalledFrom::RequestUri,
        CalledFrom::CalledParty,
        CalledFrom::To,
        CalledFrom::Diversion,
        CalledFrom::HistoryInfo,
    ];

    /// As the settings write it.
    pub const fn name(self) -> &'static str {
        match self {
            CalledFrom::RequestUri => "request-uri",
            CalledFrom::To => "to",
            CalledFrom::CalledParty => "p-called-party-id",
            CalledFrom::Diversion => "diversion",
            CalledFrom::HistoryInfo => "history-info",
        }
    }
}

/// How numbers are dialled where the bridge stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialPlan {
    /// The country code: "49".
    pub country: String,
    /// The area code without its zero, or empty: "30".
    pub area: String,
}

impl Default for DialPlan {
    /// Germany, no area.
    fn default() -> DialPlan {
        DialPlan {
            country: "49".into(),
            area: String::new(),
        }
    }
}

impl DialPlan {
    /// The number that is written as `+49 30 …`, `0049 30 …`, `030 …`, `4930…`, or, with an area code, without one; signs
    /// for the eye are passed over. `None` for anything else.
    pub fn read(&self, written: &str) -> Option<PhoneNumber> {
        // "+49 (0)30 …": the zero is dialled only without the country code.
        let written = match written.trim().strip_prefix('+') {
            Some(rest) => format!("+{}", rest.replacen("(0)", "", 1)),
            None => written.trim().to_owned(),
        };
        let mut bare = String::new();
        for (at, sign) in written.chars().enumerate() {
            match sign {
                '0'..='9' => bare.push(sign),
                '+' if at == 0 => bare.push(sign),
                ' ' | '-' | '.' | '(' | ')' | '/' => {}
                _ => return None,
            }
        }
        let DialPlan { country, area } = self;
        let local = format!("{country}{area}");
        let digits = match (
            bare.strip_prefix('+'),
            bare.strip_prefix("00"),
            bare.strip_prefix('0'),
        ) {
            (Some(global), _, _) | (None, Some(global), _) => global.to_owned(),
            (None, None, Some(national)) => format!("{country}{national}"),
            (None, None, None) if bare.starts_with(&local) => bare,
            (None, None, None) if !area.is_empty() => format!("{local}{bare}"),
            (None, None, None) => return None,
        };
        PhoneNumber::of_digits(&digits)
    }

    /// As it is dialled within the country; from abroad, internationally.
    pub fn dialled(&self, number: &PhoneNumber) -> String {
        match number.0.strip_prefix(&self.country) {
            Some(national) => format!("0{national}"),
            None => number.international(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_every_way_in_which_it_is_written() {
        let plan = DialPlan {
            area: "30".into(),
            ..DialPlan::default()
        };
        for written in [
            "+4930123456",
            "+49 30 123-456",
            "+49 (0)30 / 12 34 56",
            "004930123456",
            "030123456",
            "(030) 123 456",
            "4930123456",
            "123456",
            " 030.123456 ",
        ] {
            let found = plan.read(written).map(|number| number.international());
            assert_eq!(found.as_deref(), Some("+4930123456"), "{written}");
        }
        let number = plan.read("030123456").expect("a number");
        assert_eq!(
            (plan.dialled(&number).as_str(), format!("{number:?}").as_str()),
            ("030123456", "***")
        );
        assert_eq!(PhoneNumber::parse(&number.international()), Some(number));
    }

    #[test]
    fn what_is_no_number_is_none() {
        let plan = DialPlan::default();
        for written in [
            "",
            "123456",
            "meeting",
            "+",
            "+49",
            "0",
            "+0301234567",
            "1234567t0",
            "+49+301234567",
            "+1234567890123456",
            "030١٢٣٤٥٦",
        ] {
            assert_eq!(plan.read(written), None, "{written}");
        }
        let abroad = plan.read("+43 1 234567").expect("a number");
        assert_eq!(plan.dialled(&abroad), "+431234567");
        assert_eq!(PhoneNumber::parse("4930123456"), None);
    }
}
