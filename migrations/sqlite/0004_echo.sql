-- Whether echoes are taken out in this room (1) or let through as they come (0), where the bridge does so at all.
ALTER TABLE rooms ADD COLUMN echo INTEGER NOT NULL DEFAULT 1 CHECK (echo IN (0, 1));
