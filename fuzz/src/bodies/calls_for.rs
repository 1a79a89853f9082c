//! How much may be answered to what was heard, told by the parser alone.

use rundruf::sip::probe::{self, Asked, Cut, Seen};

/// How many final responses a message calls for at most.
pub fn called_for(seen: Seen) -> usize {
    match seen {
        Seen::KeepAlive | Seen::Unreadable | Seen::Response(_) | Seen::Faulty { ack: true, .. } => 0,
        Seen::Request(Asked::Ack) => 0,
        // Its own, and the INVITE's.
        Seen::Request(Asked::Cancel) => 2,
        Seen::Request(Asked::Invite | Asked::Other) | Seen::Faulty { ack: false, .. } => 1,
    }
}

/// What came by one connection, and in which pieces.
#[derive(Default)]
pub struct StreamHeard {
    bytes: Vec<u8>,
    pieces: Vec<usize>,
}

impl StreamHeard {
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
        self.pieces.push(piece.len());
    }

    /// Insists that it means the same however it was cut; the final responses that it calls for at most.
    pub fn judged(self) -> usize {
        let mut rest = self.bytes.as_slice();
        let pieces = self.pieces.iter().map(|length| {
            let (piece, behind) = rest.split_at(*length);
            rest = behind;
            piece
        });
        let cuts = probe::stream(pieces);
        assert_eq!(cuts, probe::stream([self.bytes.as_slice()]), "the cuts matter");
        let each = cuts.into_iter().map(|cut| match cut {
            Cut::Ping => 0,
            Cut::Broken(_) => 1,
            Cut::Message(_, seen) => called_for(seen),
        });
        each.sum()
    }
}
