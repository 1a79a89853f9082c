//! The E-model (ITU-T G.107, narrowband): what a listener thinks of a line, from delay and loss. Everything but those two has
//! its default value (G.107 table 2). A pure function; nothing here knows a call.

/// What a codec makes of loss (ITU-T G.113 Appendix I).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Codec {
    /// Equipment impairment factor Ie: what it costs without loss.
    pub impairment: f64,
    /// Packet-loss robustness factor Bpl, for random loss.
    pub robustness: f64,
}

/// G.711 whose gaps are left silent or merely repeated.
#[cfg(test)]
pub const G711: Codec = Codec {
    impairment: 0.0,
    robustness: 4.3,
};
/// G.711 whose gaps are concealed as G.711 Appendix I does.
pub const G711_CONCEALED: Codec = Codec {
    impairment: 0.0,
    robustness: 25.1,
};

/// G.107's default values, in its own symbols: dB, dBm0p, quantising distortion units.
mod default {
    pub const SLR: f64 = 8.0;
    pub const RLR: f64 = 2.0;
    pub const STMR: f64 = 15.0;
    pub const D_R: f64 = 3.0;
    pub const D_S: f64 = 3.0;
    pub const TELR: f64 = 65.0;
    pub const WEPL: f64 = 110.0;
    pub const QDU: f64 = 1.0;
    pub const NC: f64 = -70.0;
    pub const NFOR: f64 = -64.0;
    pub const P_S: f64 = 35.0;
    pub const P_R: f64 = 35.0;
    /// Loudness of the whole way.
    pub const OLR: f64 = SLR + RLR;
    /// Sidetone by way of the room.
    pub const LSTR: f64 = STMR + D_R;
}
use default as d;

/// The rating R: 93.2 at best, 0 at worst, of a line with this one-way delay from mouth to ear and this share (0 to 100)
/// of packets lost at random.
pub fn rating(delay_ms: f64, loss_pct: f64, codec: Codec) -> f64 {
    let noise = noise();
    let basic = 15.0 - 1.5 * (d::SLR + noise);
    let r = basic
        - simultaneous(noise, basic, delay_ms)
        - delayed(noise, basic, delay_ms)
        - equipment(loss_pct, codec);
    r.clamp(0.0, 100.0)
}

/// The mean opinion score that a rating stands for (G.107 Annex B): 1 to 4.5.
pub fn mos(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
}

/// No: all noise, referred to the middle of the way, dBm0p.
fn noise() -> f64 {
    let sender = d::P_S - d::SLR - d::D_S - 100.0 + 0.004 * (d::P_S - d::OLR - d::D_S - 14.0).powi(2);
    let effective = d::P_R + 10.0 * (1.0 + power((10.0 - d::LSTR) / 10.0)).log10();
    let receiver = d::RLR - 121.0 + effective + 0.008 * (effective - 35.0).powi(2);
    let floor = d::NFOR + d::RLR;
    let sum: f64 = [d::NC, sender, receiver, floor]
        .map(|level| power(level / 10.0))
        .iter()
        .sum();
    10.0 * sum.log10()
}

/// Is: what comes together with the voice: loudness, sidetone, quantising.
fn simultaneous(noise: f64, basic: f64, delay_ms: f64) -> f64 {
    let loudness = (d::OLR + 0.2 * (64.0 + noise - d::RLR)) / 8.0;
    let too_loud = 20.0 * ((1.0 + loudness.powi(8)).powf(1.0 / 8.0) - loudness);
    let q = 37.0 - 15.0 * d::QDU.log10();
    let g = 1.07 + 0.258 * q + 0.0602 * q * q;
    let y = (basic - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
    let z = 46.0 / 30.0 - g / 40.0;
    let quantising = 15.0 * (1.0 + power(y) + power(z)).log10();
    too_loud + sidetone(delay_ms) + quantising
}

/// Ist.
fn sidetone(delay_ms: f64) -> f64 {
    let masked = -10.0 * (power(-d::STMR / 10.0) + (-delay_ms / 4.0).exp() * power(-d::TELR / 10.0)).log10();
    let term = |offset: f64, scale: f64, order: i32| {
        (1.0 + ((masked + offset) / scale).powi(order)).powf(1.0 / f64::from(order))
    };
    12.0 * term(-13.0, 6.0, 8) - 28.0 * term(1.0, 19.4, 35) - 13.0 * term(-3.0, 33.0, 13) + 29.0
}

/// Id: talker echo, listener echo, and delay itself. The echo path is one way there and one back.
fn delayed(noise: f64, basic: f64, delay_ms: f64) -> f64 {
    let loudness = d::TELR - 40.0 * ((1.0 + delay_ms / 10.0) / (1.0 + delay_ms / 150.0)).log10()
        + 6.0 * (-0.3 * delay_ms * delay_ms).exp();
    let (at_talker, echo) = (-1.5 * (noise - d::RLR), 80.0 + 2.5 * (loudness - 14.0));
    let talker = (rooted(at_talker - echo, 100.0) - 1.0) * (1.0 - (-delay_ms).exp());
    let round = 10.5 * (d::WEPL + 7.0) * (2.0 * delay_ms + 1.0).powf(-0.25);
    let listener = rooted(basic - round, 169.0);
    talker + listener + mere_delay(delay_ms)
}

/// Half of `x` and the root of its square and `c`: a soft edge at zero.
fn rooted(x: f64, c: f64) -> f64 {
    x / 2.0 + (x * x / 4.0 + c).sqrt()
}

/// Idd: nothing up to 100 ms.
fn mere_delay(delay_ms: f64) -> f64 {
    if delay_ms <= 100.0 {
        return 0.0;
    }
    let x = (delay_ms / 100.0).log2();
    let bent = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (bent(x) - 3.0 * bent(x / 3.0) + 2.0)
}

/// Ie,eff: codec and loss. Loss is taken for random (BurstR = 1).
fn equipment(loss_pct: f64, codec: Codec) -> f64 {
    let Codec {
        impairment,
        robustness,
    } = codec;
    impairment + (95.0 - impairment) * loss_pct / (loss_pct + robustness)
}

fn power(exponent: f64) -> f64 {
    10f64.powf(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, within: f64) {
        assert!((got - expected).abs() <= within, "{got} instead of {expected}");
    }

    #[test]
    fn the_default_line_is_rated_as_g_107_says() {
        let r = rating(0.0, 0.0, G711);
        close(r, 93.2, 0.05);
        close(mos(r), 4.41, 0.005);
    }

    #[test]
    fn scores_are_those_of_g_107_table_b_1() {
        for (r, score) in [
            (90.0, 4.34),
            (80.0, 4.03),
            (70.0, 3.60),
            (60.0, 3.10),
            (50.0, 2.58),
        ] {
            close(mos(r), score, 0.01);
        }
        assert_eq!((mos(-5.0), mos(0.0)), (1.0, 1.0));
        close(mos(100.0), 4.5, 1e-9);
    }

    /// Computed from the formulas by another program.
    #[test]
    fn delay_and_loss_cost_what_the_formulas_say() {
        let points = [
            (50.0, 0.0, G711, 91.76),
            (100.0, 0.0, G711, 90.66),
            (150.0, 0.0, G711, 89.54),
            (200.0, 0.0, G711, 85.80),
            (300.0, 0.0, G711, 72.67),
            (400.0, 0.0, G711, 62.25),
            (0.0, 1.0, G711, 75.28),
            (0.0, 3.0, G711, 54.17),
            (0.0, 3.0, G711_CONCEALED, 83.06),
            (0.0, 5.0, G711_CONCEALED, 77.43),
            (150.0, 1.0, G711_CONCEALED, 85.90),
        ];
        for (delay_ms, loss_pct, codec, r) in points {
            close(rating(delay_ms, loss_pct, codec), r, 0.01);
        }
    }

    #[test]
    fn more_of_either_is_never_better_and_nothing_leaves_the_scale() {
        let mut before = f64::MAX;
        for delay_ms in 0..2_000 {
            let r = rating(f64::from(delay_ms), 0.0, G711);
            // The echo's terms bend upwards a little in the first milliseconds.
            assert!(r <= before + 0.1, "{delay_ms} ms");
            before = r;
        }
        assert_eq!(rating(1e6, 100.0, G711), 0.0);
        assert!(mos(rating(0.0, 100.0, G711_CONCEALED)) < 1.5);
    }
}
