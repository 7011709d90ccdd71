-- The list of everybody's connected apps, the newest first.
CREATE INDEX grants_live ON grants (created_at, id) WHERE ended_at IS NULL;
