//! Plays recorded clips into a leg, one straight after the other, so that words join to a sentence; a pause is a clip too.

use super::{Frame, SILENCE};
use crate::ids::ClipId;
use crate::media_api::{PlayToken, Playlist};

/// All clips, decoded once at the start.
#[derive(Debug, Default)]
pub struct ClipBank(Vec<Box<[i16]>>);

impl ClipBank {
    /// The clips in the order of their ids; 8 kHz, 16 bit.
    pub fn new(clips: Vec<Box<[i16]>>) -> ClipBank {
        ClipBank(clips)
    }

    fn samples(&self, clip: ClipId) -> &[i16] {
        self.0.get(usize::from(clip.0)).map_or(&[], |samples| samples)
    }
}

/// What a leg hears beside the room.
#[derive(Clone, Debug, Default)]
pub struct Player {
    playing: Option<Playing>,
}

/// A clip that plays again and again, without a gap.
#[derive(Clone, Debug, Default)]
pub struct Music {
    clip: Option<ClipId>,
    sample: usize,
}

impl Music {
    /// Begins this clip, or ends.
    pub fn set(&mut self, clip: Option<ClipId>) {
        *self = Music { clip, sample: 0 };
    }

    /// Whether something plays.
    pub fn is_playing(&self) -> bool {
        self.clip.is_some()
    }

    /// Adds the next 20 ms.
    pub fn add(&mut self, bank: &ClipBank, frame: &mut Frame) {
        let samples = self.clip.map_or(&[][..], |clip| bank.samples(clip));
        if samples.is_empty() {
            return;
        }
        for sample in frame {
            *sample = sample.saturating_add(samples[self.sample % samples.len()]);
            self.sample = (self.sample + 1) % samples.len();
        }
    }
}

#[derive(Clone, Debug)]
struct Playing {
    list: Playlist,
    token: PlayToken,
    clip: usize,
    sample: usize,
}

impl Player {
    /// Plays `list` from its beginning, instead of what plays now.
    pub fn play(&mut self, list: Playlist, token: PlayToken) {
        self.playing = Some(Playing {
            list,
            token,
            clip: 0,
            sample: 0,
        });
    }

    /// Falls silent.
    pub fn stop(&mut self) {
        self.playing = None;
    }

    /// Whether something plays.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// The next frame; the token of a list that ends with it.
    pub fn next(&mut self, bank: &ClipBank, frame: &mut Frame) -> Option<PlayToken> {
        *frame = SILENCE;
        let playing = self.playing.as_mut()?;
        if playing.fill(bank, frame) {
            return None;
        }
        self.playing.take().map(|ended| ended.token)
    }
}

impl Playing {
    /// Fills the frame; `false` if the list ended within it.
    fn fill(&mut self, bank: &ClipBank, frame: &mut Frame) -> bool {
        let mut filled = 0;
        while filled < frame.len() {
            let Some(&clip) = self.list.clips().get(self.clip) else {
                return false;
            };
            let sound = bank.samples(clip).get(self.sample..).unwrap_or(&[]);
            let n = sound.len().min(frame.len() - filled);
            frame[filled..filled + n].copy_from_slice(&sound[..n]);
            filled += n;
            self.sample += n;
            if n == sound.len() {
                self.clip += 1;
                self.sample = 0;
            }
        }
        self.clip < self.list.clips().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::FRAME;

    fn bank() -> ClipBank {
        ClipBank::new(vec![vec![1; 100].into(), vec![2; 400].into(), Box::default()])
    }

    fn played(clips: &[u16]) -> (Vec<i16>, usize) {
        let bank = bank();
        let mut player = Player::default();
        player.play(Playlist::new(clips.iter().map(|&id| ClipId(id))), PlayToken(9));
        let mut sound = Vec::new();
        let mut frame = SILENCE;
        for frames in 1..1_000 {
            let ended = player.next(&bank, &mut frame);
            sound.extend_from_slice(&frame);
            if let Some(token) = ended {
                assert_eq!(token, PlayToken(9));
                assert!(!player.is_playing());
                return (sound, frames);
            }
        }
        panic!("never ended");
    }

    #[test]
    fn clips_join_without_a_gap() {
        let (sound, frames) = played(&[0, 1]);
        assert_eq!(frames, usize::div_ceil(100 + 400, FRAME));
        assert!(sound[..100].iter().all(|&s| s == 1));
        assert!(sound[100..500].iter().all(|&s| s == 2));
        assert!(sound[500..].iter().all(|&s| s == 0));
    }

    #[test]
    fn music_goes_round_without_a_gap_until_it_is_ended() {
        let bank = ClipBank::new(vec![(0..100).collect::<Vec<i16>>().into()]);
        let mut music = Music::default();
        music.set(Some(ClipId(0)));
        let mut sound = Vec::new();
        for _ in 0..5 {
            let mut frame = SILENCE;
            music.add(&bank, &mut frame);
            sound.extend_from_slice(&frame);
        }
        assert!(
            sound
                .iter()
                .enumerate()
                .all(|(at, &sample)| usize::from(sample.unsigned_abs()) == at % 100)
        );
        music.set(None);
        let mut frame = SILENCE;
        music.add(&bank, &mut frame);
        assert_eq!(frame, SILENCE);
    }

    #[test]
    fn an_empty_list_and_unknown_clips_end_too() {
        assert_eq!(played(&[]).1, 1);
        assert!(played(&[2, 77]).0.iter().all(|&s| s == 0));
    }
}
