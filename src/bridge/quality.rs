//! How well one line does, from what the media side counted: figures for the operator, and words for a call that is heard one
//! way only. Must never know who calls.

use super::e_model::{self, G711_CONCEALED};
use super::status::{EchoStatus, LineStatus};
use crate::media_api::{EchoFigures, EchoState, FarFigures, Fault, LegFigures};
use crate::units::{FRAME_MS, SAMPLE_RATE};

/// One line's figures in the operator's measures. Its place and age are not known here.
pub fn line(line: u32, figures: &LegFigures) -> LineStatus {
    let (frame_ms, far) = (FRAME_MS as f64, &figures.far);
    let buffer_ms = figures.buffered * FRAME_MS as u32;
    let round_trip_ms = far.round_trip.map(|trip| f64::from(trip) * 1_000.0 / 65_536.0);
    // A packet is filled for one frame, travels, and waits in the buffer.
    let delay_ms = round_trip_ms.map(|trip| frame_ms + trip / 2.0 + f64::from(buffer_ms));
    let reported = far.reports > 0;
    // We conceal what is missing; so does every telephone of today, and none says so.
    let mos = |delay_ms: f64, loss_256: u32| {
        let loss_pct = f64::from(loss_256) * 100.0 / 256.0;
        e_model::mos(e_model::rating(delay_ms, loss_pct, G711_CONCEALED))
    };
    LineStatus {
        line,
        loss_pct: share(figures.lost, figures.received.saturating_add(figures.lost)),
        jitter_ms: jitter_ms(figures.jitter),
        buffer_ms,
        concealed_ms: u64::from(figures.concealed) * 1_000 / u64::from(SAMPLE_RATE),
        far_loss_pct: reported.then(|| far_loss_pct(far)),
        far_jitter_ms: reported.then(|| jitter_ms(far.jitter)),
        round_trip_ms,
        delay_ms,
        mos: (figures.received > 0).then(|| {
            mos(
                delay_ms.unwrap_or(frame_ms + f64::from(buffer_ms)),
                figures.loss_256,
            )
        }),
        far_mos: reported.then(|| mos(frame_ms + round_trip_ms.unwrap_or(0.0) / 2.0, far.loss_256)),
        said_goodbye: far.goodbye,
        one_way: figures.fault.map(|fault| words(fault).to_owned()),
        echo: figures.echo.map(echo),
        ..LineStatus::default()
    }
}

fn far_loss_pct(far: &FarFigures) -> f64 {
    share(far.lost.min(far.sent), far.sent)
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) * 100.0 / f64::from(whole.max(1))
}

fn jitter_ms(samples: u32) -> f64 {
    f64::from(samples) * 1_000.0 / f64::from(SAMPLE_RATE)
}

fn echo(figures: EchoFigures) -> EchoStatus {
    let state = match figures.state {
        EchoState::LetThrough => "let through: no canceller is free, or no time for one",
        EchoState::Cancelled => "taken out",
        EchoState::NoEcho => "none after all: it came back louder than it was sent",
    };
    EchoStatus {
        delay_ms: figures.delay_ms.into(),
        loss_db: figures.loss_db.map(i32::from),
        state: state.to_owned(),
        rest_db: figures.rest_db.map(i32::from),
        is_heard: figures.is_heard,
        is_ducked: figures.is_ducked,
    }
}

/// What is the matter, and where to look.
pub const fn words(fault: Fault) -> &'static str {
    match fault {
        Fault::NothingComes => {
            "nothing comes from the caller: a firewall or address translation keeps the RTP ports closed, or the \
             telephone was given an address that does not lead here (sip.advertise)"
        }
        Fault::FromElsewhere => {
            "the voice comes from an address that the call did not agree on, and is refused: the telephone system moved it \
             without saying so"
        }
        Fault::UnknownPayload => {
            "the voice comes in a codec that was not agreed: switch on G.711 alone at the trunk"
        }
        Fault::NothingArrives => {
            "the caller hears nothing: the telephone reports that no voice of ours arrives; look at its firewall or address \
             translation"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 0.05, "{got} instead of {expected}");
    }

    #[test]
    fn a_good_line_and_its_other_end() {
        let far = FarFigures {
            sent: 1_000,
            reports: 3,
            lost: 20,
            loss_256: 0,
            jitter: 16,
            round_trip: Some(65_536 / 10),
            goodbye: false,
        };
        let figures = LegFigures {
            received: 990,
            lost: 10,
            jitter: 40,
            buffered: 2,
            concealed: 1_600,
            loss_256: 0,
            far,
            fault: None,
            echo: None,
        };
        let status = line(4, &figures);
        assert_eq!((status.line, status.buffer_ms, status.concealed_ms), (4, 40, 200));
        close(status.loss_pct, 1.0);
        close(status.jitter_ms, 5.0);
        close(status.far_loss_pct.expect("reported"), 2.0);
        close(status.far_jitter_ms.expect("reported"), 2.0);
        close(status.round_trip_ms.expect("measured"), 100.0);
        close(status.delay_ms.expect("measured"), 20.0 + 50.0 + 40.0);
        assert!(status.mos.is_some_and(|mos| mos > 4.2) && status.far_mos.is_some_and(|mos| mos > 4.3));
        assert_eq!(status.one_way, None);
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let status = line(1, &LegFigures::default());
        assert_eq!(
            (status.round_trip_ms, status.delay_ms, status.far_loss_pct),
            (None, None, None)
        );
        assert_eq!((status.mos, status.far_mos), (None, None));
    }

    #[test]
    fn loss_costs_little_where_gaps_are_concealed_either_way() {
        let mut figures = LegFigures {
            received: 100,
            loss_256: 8,
            ..LegFigures::default()
        };
        figures.far = FarFigures {
            sent: 100,
            reports: 1,
            loss_256: 8,
            ..FarFigures::default()
        };
        let status = line(1, &figures);
        assert!(status.mos.is_some_and(|mos| mos > 4.0), "{status:?}");
        assert!(status.far_mos.is_some_and(|mos| mos > 4.0), "{status:?}");
        figures.loss_256 = 64;
        assert!(line(1, &figures).mos.is_some_and(|mos| mos < 3.2));
    }

    #[test]
    fn an_echo_is_told_with_its_delay_and_level() {
        let figures = LegFigures {
            echo: Some(EchoFigures {
                state: EchoState::Cancelled,
                delay_ms: 180,
                loss_db: Some(18),
                rest_db: Some(31),
                is_heard: true,
                is_ducked: true,
            }),
            ..LegFigures::default()
        };
        let told = line(4, &figures).echo.expect("it was found");
        assert_eq!(
            (told.delay_ms, told.loss_db, told.state.as_str()),
            (180, Some(18), "taken out")
        );
        assert_eq!(
            (told.rest_db, told.is_heard, told.is_ducked),
            (Some(31), true, true)
        );
    }

    #[test]
    fn a_fault_is_told_with_its_cause() {
        for fault in Fault::ALL {
            let figures = LegFigures {
                fault: Some(fault),
                ..LegFigures::default()
            };
            assert!(line(1, &figures).one_way.is_some_and(|why| why.contains(": ")));
        }
    }
}
