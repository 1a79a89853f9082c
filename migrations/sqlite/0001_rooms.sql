-- Rooms as they were booked. Times are seconds since 1970 (UTC).
CREATE TABLE rooms (
    number   INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 1000000 AND 9999999),
    name     TEXT,
    -- nonce (24 bytes), then the sealed digits; the room number is sealed with them
    pin      BLOB,
    seats    INTEGER NOT NULL CHECK (seats > 0),
    language TEXT NOT NULL,
    created  INTEGER NOT NULL,
    expires  INTEGER
) STRICT;

-- Numbers of cancelled rooms, which nobody gets again for a while: a member who still dials the old sheet of paper
-- must not land among strangers. Only the number and the day (days since 1970) are kept.
CREATE TABLE retired_numbers (
    number        INTEGER NOT NULL PRIMARY KEY,
    cancelled_day INTEGER NOT NULL
) STRICT;
