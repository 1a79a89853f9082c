//! Owns how a caller hears: which tones are in each frame that the bridge sends. G.711 is heard as it comes; G.722 has a memory, so
//! its frames are put in order before, as a telephone's own buffer does. Must never know who may be heard.

use super::g722::Decoder;
use super::tones::{self, Tones};
use crate::media_api::Law;
use crate::units::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// So many frames are kept back for one that may still come.
const WAITS_FOR: usize = 4;
/// After a pause as long as this nothing is waited for: what is kept back is forgotten.
pub const PAUSE: Duration = Duration::from_millis(200);

/// Hears one frame after the other.
#[derive(Default)]
pub struct Ear {
    /// Most frames of G.711 are the same as the one before, for as long as the same people talk.
    last: Option<(Law, Vec<u8>, Tones)>,
    wide: Option<WideEar>,
}

/// What hears G.722.
struct WideEar {
    decoder: Decoder,
    /// Frames that came, by their place.
    kept: BTreeMap<u32, Vec<u8>>,
    /// The place that is heard next. Sequence numbers are its last 16 bits.
    next: u32,
    came: Time,
}

impl Ear {
    /// Which tones are in the frame of G.711 that came.
    pub fn hear(&mut self, law: Law, sequence: u16, coded: &[u8]) -> Tones {
        // The bridge's coder of another change begins anew, and so does this one; not for one that comes too late.
        self.wide.take_if(|wide| wide.place(sequence).is_some());
        match &self.last {
            Some((last, before, heard)) if (*last, before.as_slice()) == (law, coded) => *heard,
            _ => {
                let heard = tones::heard(coded.iter().map(|&code| tones::decode(law, code)));
                self.last = Some((law, coded.to_vec(), heard));
                heard
            }
        }
    }

    /// Which tones are in the frames of G.722 that can be heard now that this one came.
    pub fn hear_wide(&mut self, now: Time, sequence: u16, coded: &[u8]) -> Vec<Tones> {
        let wide = self.wide.get_or_insert_with(|| WideEar {
            decoder: Decoder::new(),
            kept: BTreeMap::new(),
            next: 1 << 16 | u32::from(sequence),
            came: now,
        });
        wide.take(now, sequence, coded)
    }
}

impl WideEar {
    /// Where a sequence number belongs; nowhere if that is behind what was heard.
    fn place(&self, sequence: u16) -> Option<u32> {
        let ahead = sequence.wrapping_sub(self.next as u16).cast_signed();
        u32::try_from(ahead).ok().map(|ahead| self.next + ahead)
    }

    fn take(&mut self, now: Time, sequence: u16, coded: &[u8]) -> Vec<Tones> {
        let Some(place) = self.place(sequence) else {
            return Vec::new();
        };
        if now.since(self.came) > PAUSE {
            self.kept.clear();
            self.next = place;
        }
        self.came = now;
        self.kept.insert(place, coded.to_vec());
        let mut heard = Vec::new();
        let is_due = |kept: &BTreeMap<u32, Vec<u8>>, next| kept.contains_key(&next) || kept.len() > WAITS_FOR;
        while is_due(&self.kept, self.next)
            && let Some((place, coded)) = self.kept.pop_first()
        {
            self.next = place + 1;
            heard.push(tones::heard(self.decoder.hear(&coded).into_iter()));
        }
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::chance::Chance;
    use crate::sim::tones::CALLERS_MAX;
    use crate::units::WIDE;
    use ezk_g722::libg722::{Bitrate, encoder};

    #[test]
    fn g711_is_heard_as_it_comes() {
        for law in [Law::A, Law::Mu] {
            let mut ear = Ear::default();
            let (four, five) = (tones::frame(law, 4), tones::frame(law, 5));
            let frames = [four, four, five, &tones::silence(law)];
            assert_eq!(
                frames.map(|coded| ear.hear(law, 0, coded).audible),
                [1 << 4, 1 << 4, 1 << 5, 0]
            );
        }
    }

    /// A sound of these tones, one bit each, coded.
    fn say(encoder: &mut encoder::Encoder, bits: u32) -> Vec<u8> {
        let mut sound = [0; WIDE];
        for tone in (0..CALLERS_MAX).filter(|tone| bits & 1 << tone != 0) {
            sound
                .iter_mut()
                .zip(tones::wide(tone))
                .for_each(|(to, from)| *to += from);
        }
        encoder.encode(&sound)
    }

    fn encoder() -> encoder::Encoder {
        encoder::Encoder::new(Bitrate::Mode1_64000, false, false)
    }

    #[test]
    fn g722_is_heard_in_order_without_doubles_and_waits_for_what_is_late() {
        let (mut encoder, mut ear) = (encoder(), Ear::default());
        let frames: Vec<_> = (0..40).map(|n| say(&mut encoder, 1 << (n / 5))).collect();
        let mut hear = |ms: u64, n: usize| -> Vec<u32> {
            let sequence = 65_530_u16.wrapping_add(n as u16);
            let heard = ear.hear_wide(Time::from_millis(ms), sequence, &frames[n]);
            heard.iter().map(|tones| tones.audible).collect()
        };
        let mut came: Vec<_> = (0..10).flat_map(|n| hear(n as u64 * 20, n)).collect();
        for (n, late) in [(11, 0), (10, 2), (10, 0), (12, 1), (14, 0), (13, 2), (15, 1)] {
            let heard = hear(200 + n as u64, n);
            assert_eq!(heard.len(), late, "frame {n}");
            came.extend(heard);
        }
        // What a voice that begins leaves on its neighbours in its first frame is a matter of the tones.
        let steady = |n: &usize| !n.is_multiple_of(5);
        assert!(
            (0..16).filter(steady).all(|n| came[n] == 1 << (n / 5)),
            "{came:?}"
        );
        for (n, heard) in [(17, 0), (18, 0), (19, 0), (20, 0), (21, 5), (16, 0), (22, 1)] {
            assert_eq!(
                hear(300, n).len(),
                heard,
                "frame {n}, of which the one before never came"
            );
        }
        assert_eq!(hear(310, 24).len(), 0);
        assert_eq!(hear(9_000, 39), [1 << 7], "after a pause");
        assert_eq!(
            ear.hear(Law::A, 65_530_u16.wrapping_add(40), tones::frame(Law::A, 3))
                .audible,
            1 << 3
        );
        assert!(ear.wide.is_none(), "another codec begins anew");
    }

    #[test]
    fn after_a_loss_nobody_who_is_silent_is_heard_in_g722_for_five_frames_in_a_row() {
        // As many as the judge blames for. A decoder that missed the change rings on in what it heard before: for four, measured.
        let mut chance = Chance::seeded(1);
        let mut draw = |least: u32| {
            let mut bits = 0_u32;
            while bits.count_ones() < least {
                bits |= 1 << chance.below(CALLERS_MAX as u64);
            }
            bits
        };
        for (lost, talkers) in [(1, 1), (1, 2), (8, 2), (8, 8)].repeat(25) {
            let (mut encoder, mut decoder) = (encoder(), Decoder::new());
            let (before, after) = (draw(talkers), draw(talkers));
            (0..10).for_each(|_| _ = decoder.hear(&say(&mut encoder, before)));
            (0..lost).for_each(|_| _ = say(&mut encoder, after));
            let heard: Vec<_> = (0..10)
                .map(|_| tones::heard(decoder.hear(&say(&mut encoder, after)).into_iter()))
                .collect();
            let strange = |row: &[Tones]| row.iter().fold(!after, |all, tones| all & tones.plain) != 0;
            assert!(
                !heard.windows(5).any(strange),
                "{lost} lost of {talkers}: {heard:?}"
            );
        }
    }
}
