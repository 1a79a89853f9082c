-- A telephone number of a room's own ("+4930…"): who dials it is asked for the PIN only.
ALTER TABLE rooms ADD COLUMN direct TEXT;
CREATE UNIQUE INDEX rooms_direct ON rooms (direct) WHERE direct IS NOT NULL;
