import { randomUUID } from 'node:crypto';
import type { Permission } from '../../src/domain/access.ts';
import { type EdgeWorld, linkedCustomer } from './edge-world.ts';
import type { TokenChange } from './token-issuer.ts';

/** Staff in one session: her headers, and what she may. */
export interface StaffMember {
  readonly subject: string;
  readonly sid: string;
  readonly headers: Record<string, string>;
}

/** An entry of the audit, as far as a test looks at it. */
export interface AuditLine {
  readonly action: string;
  readonly actorType: string;
  readonly actorId: string;
  readonly reason: string | null;
  readonly actingId: string | null;
}

/** What support may that acts for customers. */
export const supportRights: readonly Permission[] = [
  'customer:self',
  'customer:read',
  'customer:write',
  'customer:pii',
  'customer:act-for',
];

/** A good reason. */
export const reason = 'Ticket 4711: cannot find her birth date';

/** Staff who act for customers, and customers, at the doors of the whole service. */
export class ActingWorld {
  readonly edge: EdgeWorld;
  constructor(edge: EdgeWorld) {
    this.edge = edge;
  }

  /** A session of staff with a second factor just proven. */
  async staff(rights = supportRights, claims: TokenChange['claims'] = {}): Promise<StaffMember> {
    const [subject, sid] = [randomUUID(), randomUUID()];
    await linkedCustomer(this.edge, subject);
    return this.session(subject, { sid, acr: '2', ...claims }, rights);
  }

  /** Another session of the same person. */
  async session(
    subject: string,
    claims: NonNullable<TokenChange['claims']>,
    rights: readonly Permission[] = supportRights,
  ): Promise<StaffMember> {
    const token = await this.edge.token(subject, {
      claims: { resource_access: { 'customer-api': { roles: rights } }, ...claims },
    });
    return { subject, sid: String(claims['sid']), headers: { authorization: `Bearer ${token}` } };
  }

  customer(): Promise<string> {
    return linkedCustomer(this.edge, randomUUID());
  }

  at(who: Pick<StaffMember, 'headers'>, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...who.headers, ...(init.headers as object) };
    return fetch(`${this.edge.url}${path}`, { redirect: 'manual', ...init, headers });
  }

  /** As `POST /auth/acting` answers. */
  begin(who: Pick<StaffMember, 'headers'>, body: object): Promise<Response> {
    return this.at(who, '/auth/acting', { method: 'POST', body: JSON.stringify(body) });
  }

  /** Begins, and returns the headers of a request that is made under it. */
  async acting(
    who: StaffMember,
    customerId: string,
    write = false,
  ): Promise<{ id: string; headers: StaffMember['headers'] }> {
    const answer = await this.begin(who, { customerId, reason, write });
    if (answer.status !== 201) throw new Error(`It did not begin: ${answer.status} ${await answer.text()}`);
    const { id } = (await answer.json()) as { id: string };
    return { id, headers: { ...who.headers, 'x-acting': id } };
  }

  async underWay(who: Pick<StaffMember, 'headers'>): Promise<any> {
    return ((await (await this.at(who, '/auth/acting')).json()) as { acting: unknown }).acting;
  }

  /** What the graph answers, or the code with which it refused the whole request. */
  async ask(headers: Record<string, string>, query: string, variables?: object): Promise<any> {
    const answer = await this.edge.ask({ query, variables }, headers);
    const body = (await answer.json()) as {
      data?: unknown;
      code?: string;
      errors?: { extensions: { code: string } }[];
    };
    return body.code ?? body.errors?.[0]?.extensions.code ?? body.data;
  }

  /** What was left with a customer, in order. */
  async audit(customerId: string): Promise<AuditLine[]> {
    const { rows } = await this.edge.running.parts.pool.query<AuditLine>(
      `select action, actor_type as "actorType", actor_id as "actorId", reason, acting_id as "actingId"
        from audit_entry where customer_id = $1 order by sequence`,
      [customerId],
    );
    return rows;
  }

  async sql(text: string, ...values: unknown[]): Promise<void> {
    await this.edge.running.parts.pool.query(text, values);
  }
}
