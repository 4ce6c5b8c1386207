import type pg from 'pg';

/** What ends: one provider session, all of one subject's, or everybody's. */
export type Ended = { readonly sid: string } | { readonly subject: string } | 'everything';

/** Why, as the table takes it. */
export type EndReason = 'LOGOUT' | 'PROVIDER' | 'EXPIRED' | 'REUSE' | 'STATUS' | 'STAFF' | 'TAKEOVER';

const over = `update session_token set ended_at = $2, end_reason = $3, sealed = ''::bytea, lease_until = null
  where issuer = $1 and ended_at is null`;
// A verifier refuses tokens that would last longer than a day, so no revocation needs to.
const lasting = `now() + interval '24 hours'`;

/**
 * Ends sessions and refuses their tokens from now on, in one statement.
 *
 * @param at  tokens of a subject that were issued before it are refused
 */
export async function endSessions(
  pool: pg.Pool,
  issuer: string,
  ended: Ended,
  reason: EndReason,
  at: Date,
): Promise<void> {
  if (ended === 'everything') {
    const text = `with ended as (${over} returning subject)
      insert into revocation (issuer, subject, issued_before, expires_at)
      select distinct $1, subject, $2::timestamptz, ${lasting} from ended`;
    await pool.query({ name: 'sessions-end-all', text, values: [issuer, at, reason] });
  } else if ('sid' in ended) {
    const text = `with ended as (${over} and sid = $4)
      insert into revocation (issuer, sid, expires_at) values ($1, $4, ${lasting})`;
    await pool.query({ name: 'sessions-end-one', text, values: [issuer, at, reason, ended.sid] });
  } else {
    const text = `with ended as (${over} and subject = $4)
      insert into revocation (issuer, subject, issued_before, expires_at) values ($1, $4, $2, ${lasting})`;
    await pool.query({ name: 'sessions-end-subject', text, values: [issuer, at, reason, ended.subject] });
  }
}
