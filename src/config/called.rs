//! How numbers are dialled here, and where the one that was dialled stands in a call.

use super::ConfigError;
use super::error::shortened;
use crate::number::{CalledFrom, DialPlan};

/// Country and area.
pub(super) fn dial_plan(country: &str, area: &str) -> Result<DialPlan, Vec<ConfigError>> {
    let digits = |key, typed: &str, most: usize, remedy| {
        let text = typed.trim();
        let fits =
            text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        let error = || ConfigError::new(key, shortened(typed), remedy);
        fits.then(|| text.to_owned()).ok_or_else(error)
    };
    let remedy = "write the country code without `+` and zeros, for example \"49\" for Germany";
    let country = digits("sip.country", country, 3, remedy).and_then(|code| {
        let error = ConfigError::new("sip.country", "", remedy);
        if code.is_empty() { Err(error) } else { Ok(code) }
    });
    let remedy = "write the area code without its zero, for example \"30\" for Berlin, or leave it empty";
    match (country, digits("sip.area", area, 6, remedy)) {
        (Ok(country), Ok(area)) => Ok(DialPlan { country, area }),
        (country, area) => Err(country.err().into_iter().chain(area.err()).collect()),
    }
}

/// Each place at most once.
pub(super) fn places(typed: &[String]) -> Result<Vec<CalledFrom>, ConfigError> {
    let mut found = Vec::new();
    for text in typed {
        let place = CalledFrom::ALL
            .into_iter()
            .find(|place| place.name() == text.trim());
        match place.filter(|place| !found.contains(place)) {
            Some(place) => found.push(place),
            None => {
                let known = CalledFrom::ALL
                    .map(|place| format!("{:?}", place.name()))
                    .join(", ");
                let remedy = format!("write each of these at most once, the likeliest first: {known}");
                return Err(ConfigError::new("sip.called_from", shortened(text), &remedy));
            }
        }
    }
    Ok(found)
}
