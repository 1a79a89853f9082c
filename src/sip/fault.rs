//! Owns what can be wrong with a message as such, and the exact words in which the peer is told. Must never quote the
//! message: a reason phrase is a constant.

use super::counters::Refused;
use super::response::Status;

/// One thing wrong with a message; the first one found decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    DatagramTooLong,
    LineTooLong,
    HeadersTooMany,
    HeaderTooLong,
    HeaderLine,
    ControlCharacter,
    HeadUnfinished,
    ContentLength,
    LengthMissing,
    BodyTooShort,
    RequestLine,
    RequestUri,
    Scheme,
    Version,
    Duplicate,
    Missing,
    Via,
    From,
    To,
    CSeq,
    CSeqMethod,
    MaxForwards,
    Contact,
    RecordRoute,
}

impl Fault {
    /// The refusal that names the fault.
    pub const fn status(self) -> Status {
        match self {
            Fault::DatagramTooLong => Status(513, "Message Too Large"),
            Fault::LineTooLong => Status(414, "Request-URI Too Long"),
            Fault::HeadersTooMany => Status(400, "Too Many Header Fields"),
            Fault::HeaderTooLong => Status(400, "Header Field Too Long"),
            Fault::HeaderLine => Status(400, "Malformed Header Line"),
            Fault::ControlCharacter => Status(400, "Control Character In Header Field"),
            Fault::HeadUnfinished => Status(400, "Missing Empty Line After Header Fields"),
            Fault::ContentLength => Status(400, "Malformed Content-Length"),
            Fault::LengthMissing => Status(400, "Missing Content-Length"),
            Fault::BodyTooShort => Status(400, "Content-Length Exceeds Message Body"),
            Fault::RequestLine => Status(400, "Malformed Request Line"),
            Fault::RequestUri => Status(400, "Malformed Request-URI"),
            Fault::Scheme => Status(416, "Unsupported URI Scheme"),
            Fault::Version => Status(505, "Version Not Supported"),
            Fault::Duplicate => Status(400, "Header Field Allowed Only Once"),
            Fault::Missing => Status(400, "Missing From, To, Call-ID Or CSeq"),
            Fault::Via => Status(400, "Malformed Via"),
            Fault::From => Status(400, "Malformed From"),
            Fault::To => Status(400, "Malformed To"),
            Fault::CSeq => Status(400, "Malformed CSeq"),
            Fault::CSeqMethod => Status(400, "CSeq Method Differs From Request Method"),
            Fault::MaxForwards => Status(400, "Malformed Max-Forwards"),
            Fault::Contact => Status(400, "Missing Or Malformed Contact"),
            Fault::RecordRoute => Status(400, "Malformed Record-Route"),
        }
    }

    /// The counter of the fault.
    pub const fn refused(self) -> Refused {
        match self {
            Fault::DatagramTooLong => Refused::DatagramTooLong,
            Fault::LineTooLong => Refused::LineTooLong,
            Fault::HeadersTooMany => Refused::HeadersTooMany,
            Fault::HeaderTooLong => Refused::HeaderTooLong,
            Fault::LengthMissing => Refused::Unframed,
            Fault::Scheme => Refused::Scheme,
            Fault::Version => Refused::Version,
            Fault::HeaderLine
            | Fault::ControlCharacter
            | Fault::HeadUnfinished
            | Fault::ContentLength
            | Fault::BodyTooShort
            | Fault::RequestLine
            | Fault::RequestUri
            | Fault::Duplicate
            | Fault::Missing
            | Fault::Via
            | Fault::From
            | Fault::To
            | Fault::CSeq
            | Fault::CSeqMethod
            | Fault::MaxForwards
            | Fault::Contact
            | Fault::RecordRoute => Refused::Malformed,
        }
    }
}
