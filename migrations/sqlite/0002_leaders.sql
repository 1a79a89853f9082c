-- Leaders, and PINs that change. The PINs are sealed like `pin`, each for its own column.
ALTER TABLE rooms ADD COLUMN leader_pin BLOB;
-- The PIN before the last change: for a while its callers hear that it has changed. The day (days since 1970) says when
-- to forget it.
ALTER TABLE rooms ADD COLUMN former_pin BLOB;
ALTER TABLE rooms ADD COLUMN pin_changed_day INTEGER;
