//! Owns how long a registration waits: for its refresh, for the next try, for an answer. Pure functions of a drawn number.

use std::time::Duration;

/// RFC 5626 §4.5: the first pause where no way to the registrar stands, before it is doubled.
const BASE: Duration = Duration::from_secs(30);
/// RFC 5626 §4.5: the longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(1_800);
/// How long a name server may be silent.
pub const LOOK_UP: Duration = Duration::from_secs(10);
/// How long a target may be silent while another one has not been asked.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// The same where addresses are known from before.
pub const LOOK_UP_AGAIN: Duration = Duration::from_secs(2);
/// How long a host that failed is asked after the others, unless it says how long itself.
pub const AVOIDED: Duration = Duration::from_secs(60);
/// What name servers say is asked for again when it is old, but not more often than this, nor so seldom that an address is
/// no longer served.
const NAMES: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(12 * 3_600)];
/// Name servers that said nothing are asked again.
pub const NAMES_AGAIN: Duration = Duration::from_secs(60);
/// The longest pause between two questions whether a better host is back.
const KNOCK_MAX: Duration = Duration::from_secs(30);
/// How long an OPTIONS may be unanswered, and how often a silent registrar is asked for a sign of life.
pub const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long after its next question was due a trunk still counts as one that answers.
pub const GRACE: Duration = Duration::from_secs(12);
/// The shortest pause between two rounds, whatever happens.
pub const GAP: Duration = Duration::from_secs(3);
/// After so long without a REGISTER nobody is run down.
pub const CALM: Duration = Duration::from_secs(60);
/// Whatever a registrar grants, it is not asked more often than this.
const REFRESH_MIN: Duration = Duration::from_secs(5);
/// How long an address that a name server named stays served after it was named last: longer than any call.
pub const STAYS_SERVED: Duration = Duration::from_secs(24 * 3_600);

/// When a binding of `granted` is refreshed: after 60 to 80 % of it, each time another part, so that many who registered
/// at once do not go on doing so.
pub fn refresh(granted: Duration, draw: u64) -> Duration {
    granted.mul_f64(0.6 + 0.2 * part(draw)).max(REFRESH_MIN)
}

/// When a trunk that only has to answer, every `interval`, is asked again: 10 % sooner or later.
pub fn question(interval: Duration, draw: u64) -> Duration {
    interval.mul_f64(0.9 + 0.2 * part(draw))
}

/// When name servers are asked again whose answer may be kept for `ttl`.
pub fn names(ttl: Duration) -> Duration {
    ttl.clamp(NAMES[0], NAMES[1])
}

/// The pause before a better host, which was left so long ago, is asked again whether it is there.
pub fn knock(away: Duration) -> Duration {
    (away / 60).clamp(SIGN_OF_LIFE, KNOCK_MAX)
}

/// The pause before the next try after `failures` rounds in a row: W = min(30 min, 30 s · 2^failures), of which 50 to 100 %
/// (RFC 5626 §4.5).
pub fn back_off(failures: u32, draw: u64) -> Duration {
    let doubled = BASE.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    doubled.min(PAUSE_MAX).mul_f64(0.5 + 0.5 * part(draw))
}

/// A number from 0 to 1.
fn part(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_refreshed_well_before_it_is_over() {
        let minutes = Duration::from_secs(600);
        assert_eq!(refresh(minutes, 0), Duration::from_secs(360));
        let last = refresh(minutes, u64::MAX);
        assert!(
            last > Duration::from_secs(479) && last <= Duration::from_secs(480),
            "{last:?}"
        );
        assert_eq!(refresh(Duration::from_secs(1), 7), REFRESH_MIN);
    }

    #[test]
    fn a_better_host_is_asked_often_at_first_and_then_seldom() {
        let knocks = [0, 120, 600, 86_400].map(|away_s| knock(Duration::from_secs(away_s)).as_secs());
        assert_eq!(knocks, [2, 2, 10, 30]);
        let asked = [0, 300, 604_800].map(|ttl_s| names(Duration::from_secs(ttl_s)).as_secs());
        assert_eq!(asked, [30, 300, 43_200]);
    }

    #[test]
    fn the_pause_doubles_up_to_half_an_hour() {
        let longest: Vec<u64> = (1..9)
            .map(|failures| back_off(failures, u64::MAX).as_secs_f64().round() as u64)
            .collect();
        assert_eq!(longest, [60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
        assert_eq!(back_off(1, 0), Duration::from_secs(30));
        assert_eq!(back_off(u32::MAX, 0), Duration::from_secs(900));
    }
}
