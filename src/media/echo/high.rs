//! The echo above 4 kHz of a line of 16 kHz is turned down, not predicted: what the codecs carry there is no faithful wave (G.722 has two
//! bits a sample for it), so there is little that a filter could take away.
//!
//! How loud it is due is known, though: what was sent has been kept in bands of 500 Hz and blocks of 10 ms, and the low band's filter knows
//! how much of it comes back after how long. How much more or less than below that is above 4 kHz is learnt in each band, by the least that
//! was heard while an echo was due. Must never hear of anything but its leg's sound.

use super::canceller::Traced;
use super::fft::{Long, SHORT, Short};
use super::filter::PARTITIONS;

/// Bands of 500 Hz, from 4 kHz on.
pub const BANDS: usize = 8;
/// Bins of 50 Hz in a band, and the first one.
const BINS: usize = 10;
const FIRST: usize = 80;
/// The first bin that has anything of the high band in it: 3 kHz.
const LOWEST: usize = 60;
/// Blocks of 10 ms that are kept of what was sent: more than the longest delay, a leap of the playout buffer, and a filter.
const KEPT: usize = 96;
/// Samples of 8 kHz in a block.
const BLOCK: usize = 80;
/// Blocks of a filter's partition.
const PARTITION: usize = 2;
/// The power in a bin of a frame of 16 kHz is four times that of one of 8.
const LARGER: f32 = 4.0;

/// The least gain: −45 dB.
const GAIN_LEAST: f32 = 0.005_6;
/// How much more echo than guessed is expected.
const OVER: f32 = 6.0;
/// How much of the guess is left away at most while somebody is trusted to speak here.
const RELAXED: f32 = 0.9;
/// How much of the last block's verdict is kept.
const KEPT_VERDICT: f32 = 0.7;
/// How an echo rings on in the guess, from block to block: −2 dB.
const RING: f32 = 0.63;
/// How fast the averages follow.
const FOLLOW: f32 = 0.3;
/// How fast a share follows what is less, and may rise while nobody speaks here: 3 dB a second.
const SHARE_FALL: f32 = 0.12;
const SHARE_RISE: f32 = 1.007;
/// The share at the beginning, the least and the most: how much louder than below 4 kHz an echo may be above.
const SHARE_FIRST: f32 = 1.0;
const SHARE_LEAST: f32 = 1e-4;
const SHARE_MOST: f32 = 4.0;
/// Power in a bin from which an echo that is due is worth learning from.
const WORTH: f32 = 320.0 * 15.0;
/// How fast the noise's level may rise where no louder echo is due, a block: 4 dB a second; and follows what is less.
const NOISE_RISE: f32 = 1.01;
const NOISE_FALL: f32 = 0.1;

/// Mean power of a bin in each band.
type Powers = [f32; BANDS];

/// What is known of a leg's echo above 4 kHz.
#[derive(Clone, Debug)]
pub struct High {
    /// What was sent, a ring of blocks.
    sent: [Powers; KEPT],
    newest: usize,
    share: Powers,
    heard: Powers,
    due: Powers,
    ring: Powers,
    noise: Powers,
    verdict: Powers,
    gains: [Powers; 2],
    random: u32,
    comfort: bool,
}

/// What the low band's canceller says of an echo, in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Low<'a> {
    /// Where its filter begins, in samples of 8 kHz, and the power gain that each partition may have.
    pub reach: (usize, [f32; PARTITIONS]),
    /// What it made of the frame.
    pub traced: &'a Traced,
    /// How much of what comes out is cancelled at the beginning and at the end of the frame.
    pub fade: (f32, f32),
    /// Some of the frame was made up.
    pub lost: bool,
}

impl Default for High {
    fn default() -> High {
        High {
            sent: [[0.0; BANDS]; KEPT],
            newest: 0,
            share: [SHARE_FIRST; BANDS],
            heard: [0.0; BANDS],
            due: [0.0; BANDS],
            ring: [0.0; BANDS],
            noise: [320.0; BANDS],
            verdict: [0.0; BANDS],
            gains: [[1.0; BANDS]; 2],
            random: 1,
            comfort: true,
        }
    }
}

impl High {
    /// Nothing is known of an echo; what was sent stays known.
    pub fn forget(&mut self, random: u32) {
        let (sent, newest, comfort) = (self.sent, self.newest, self.comfort);
        *self = High {
            sent,
            newest,
            comfort,
            random: random | 1,
            ..High::default()
        };
    }

    /// Leaves the noise away that fills up, or puts it in again.
    pub fn set_comfort(&mut self, comfort: bool) {
        self.comfort = comfort;
    }

    /// The high bands of both blocks of a frame that was sent: frequencies are turned over in it.
    #[inline(always)]
    pub fn sent(&mut self, blocks: &[Short; 2]) {
        for block in blocks {
            let power = block.power();
            self.newest = (self.newest + 1) % KEPT;
            let kept = &mut self.sent[self.newest];
            for (band, kept) in kept.iter_mut().enumerate() {
                let from = SHORT - BINS * (band + 1);
                let sum: f32 = power[from..from + BINS].iter().sum();
                *kept = LARGER * sum / BINS as f32;
            }
        }
    }

    /// Nothing was sent in a frame.
    pub fn sent_nothing(&mut self) {
        for _ in 0..2 {
            self.newest = (self.newest + 1) % KEPT;
            self.sent[self.newest] = [0.0; BANDS];
        }
    }

    /// The gains of both blocks of the last frame.
    pub fn gains(&self) -> &[Powers; 2] {
        &self.gains
    }

    /// Turns the high band of both blocks of a frame down.
    #[inline(always)]
    pub fn shape(&mut self, blocks: &mut [Long; 2], low: &Low<'_>) {
        let faded = [low.fade.0, low.fade.1];
        for (nth, block) in blocks.iter_mut().enumerate() {
            let gains = self
                .judge(block, nth, low)
                .map(|gain| 1.0 - faded[nth] * (1.0 - gain));
            self.gains[nth] = gains;
            turn_down(block, &gains);
            if self.comfort && faded[nth] > 0.0 {
                self.add_noise(block, &gains);
            }
        }
    }

    /// How much of each band is let through.
    #[inline(always)]
    fn judge(&mut self, block: &Long, nth: usize, low: &Low<'_>) -> Powers {
        let power = block.power();
        let heard: Powers = std::array::from_fn(|band| {
            let from = FIRST + BINS * band;
            power[from..from + BINS].iter().sum::<f32>() / BINS as f32
        });
        let due = self.due(nth, low);
        let (gate, trusted) = low.traced.openness[nth];
        if !low.lost {
            self.learn(&heard, &due, trusted);
        }
        let relaxed = 1.0 - RELAXED * gate * trusted;
        std::array::from_fn(|band| {
            self.ring[band] = (self.ring[band] * RING).max(due[band]);
            let guess = relaxed * OVER * self.share[band] * self.ring[band];
            let over = (heard[band] / (guess + 1e-3) - 1.0).max(0.0);
            let verdict = (1.0 - KEPT_VERDICT) * over + KEPT_VERDICT * self.verdict[band];
            let gain = (verdict / (1.0 + verdict) * gate).max(GAIN_LEAST);
            self.verdict[band] = gain * gain * over.min(1_000.0);
            gain
        })
    }

    /// What would come back in a block if the echo were above 4 kHz as it is below.
    #[inline(always)]
    fn due(&self, nth: usize, low: &Low<'_>) -> Powers {
        let (start, gains) = &low.reach;
        // The second block of the frame before this one was the last that was sent whole.
        let first = (start + BLOCK / 2) / BLOCK;
        let mut due = [0.0; BANDS];
        for (partition, gain) in gains.iter().enumerate() {
            let back = first + PARTITION * partition;
            for (later, part) in [(0, 0.25), (1, 0.5), (2, 0.25)] {
                // The first block that is heard begins ten milliseconds after the last one that was sent.
                let Some(back) = (back + later).checked_sub(1 + nth) else {
                    continue;
                };
                if back < KEPT {
                    let sent = &self.sent[(self.newest + KEPT - back) % KEPT];
                    for band in 0..BANDS {
                        due[band] += part * gain * sent[band];
                    }
                }
            }
        }
        due
    }

    /// Learns the shares, and the noise.
    #[inline(always)]
    fn learn(&mut self, heard: &Powers, due: &Powers, trusted: f32) {
        for band in 0..BANDS {
            self.heard[band] += FOLLOW * (heard[band] - self.heard[band]);
            self.due[band] += FOLLOW * (due[band] - self.due[band]);
            let (heard, due, share) = (self.heard[band], self.due[band], self.share[band]);
            let ratio = heard / (due + 1.0);
            let followed = match ratio < share {
                true => share + SHARE_FALL * (ratio - share),
                false if trusted > 0.0 => share,
                false => share * SHARE_RISE,
            };
            if due > WORTH {
                self.share[band] = followed.clamp(SHARE_LEAST, SHARE_MOST);
            }
            let noise = self.noise[band];
            self.noise[band] = match heard < noise {
                true => noise + NOISE_FALL * (heard - noise),
                // It may be the echo that is louder.
                false if self.share[band] * self.ring[band] > noise => noise,
                false => (noise * NOISE_RISE).max(1.0),
            };
        }
    }

    /// Fills up what was taken of the noise.
    #[inline(always)]
    fn add_noise(&mut self, block: &mut Long, gains: &Powers) {
        for at in FIRST..FIRST + BINS * BANDS {
            let band = (at - FIRST) / BINS;
            self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (re, im) = (
                (self.random >> 8 & 0xff) as f32,
                (self.random >> 20 & 0xff) as f32,
            );
            let size = (1.5 * self.noise[band] * (1.0 - gains[band] * gains[band]).max(0.0)).sqrt() / 128.0;
            block.re[at] += size * (re - 127.5);
            block.im[at] += size * (im - 127.5);
        }
    }
}

/// Turns the bins of a block down: between the middles of two bands by what lies between their gains.
#[inline(always)]
pub fn turn_down(block: &mut Long, gains: &Powers) {
    for at in LOWEST..=FIRST + BINS * BANDS {
        let place = (at as f32 - (FIRST + BINS / 2) as f32) / BINS as f32;
        let place = place.clamp(0.0, (BANDS - 1) as f32);
        let below = (place as usize).min(BANDS - 2);
        let part = place - below as f32;
        let gain = gains[below] * (1.0 - part) + gains[below + 1] * part;
        block.re[at] *= gain;
        block.im[at] *= gain;
    }
}
