-- $1 owner, $2 digest
INSERT INTO calendar_links (owner_id, digest) VALUES ($1::VARCHAR, $2::VARCHAR) ON CONFLICT (owner_id) DO UPDATE SET digest = excluded.digest, created_at = now()
