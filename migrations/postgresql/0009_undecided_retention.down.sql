-- Back to 365 days for every event of which nobody has said anything: they still have no expires_at, by which the step
-- knows them when it is taken again.
UPDATE events SET retention_days = 365 WHERE retention_days IS NULL;
ALTER TABLE events
    ALTER COLUMN retention_days SET DEFAULT 365,
    ALTER COLUMN retention_days SET NOT NULL;
