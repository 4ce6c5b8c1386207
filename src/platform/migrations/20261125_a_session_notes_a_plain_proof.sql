-- Somebody without a second factor proves anew with her password, or with a code to her proven address. Her token cannot
-- say so, since acr 2 means a second factor and nothing else; the session does, for some minutes.
alter table session_token
  add column proof text,
  add column proven_at timestamptz(3),
  add constraint session_token_proof_check check (proof in ('PASSWORD', 'EMAIL_CODE')),
  add constraint session_token_proven_check check ((proof is null) = (proven_at is null));
