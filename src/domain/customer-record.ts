import { canBecome, type AccountStatus } from './account-status.ts';
import type { AuditAction, FieldChange } from './audit-entry.ts';
import { type Change, type CustomerFacts, FactBook } from './customer-facts.ts';
import { type CustomerRow, customerSchema, type Journaled } from './customer-schema.ts';
import { StatusConflict } from './errors.ts';
import { guarded } from './guarded.ts';
import type { Person } from './person.ts';
import type { EmailHashes } from './values/email.ts';

const books = new WeakMap<object, FactBook>();

/** The row of a customer, written by nobody but the methods of the classes above it, and the book of what happened to it. */
export abstract class CustomerRecord extends guarded(customerSchema) {
  /** Hands everything over that happened since the last time. For the journal only. */
  takeFacts(): CustomerFacts | undefined {
    const book = books.get(this);
    books.delete(this);
    const { id, status, emailVerified, phoneVerified } = this;
    return book?.close((changed, reason) => ({
      name: 'CustomerUpdated',
      data: { customerId: id, version: this.version + 1, changed, reason, status, emailVerified, phoneVerified },
    }));
  }

  /** The journal wrote entries and events: the row counts on. */
  journaled(counters: Journaled): void {
    this.set(counters);
  }

  /** What is stored of her personal part, and what her contacts are found by. For the sealing of rows only. */
  resealed(sealed: Buffer, email: EmailHashes, phone: EmailHashes): void {
    const { even: phoneHashEven, odd: phoneHashOdd } = phone;
    this.set({ sealed, emailHashEven: email.even, emailHashOdd: email.odd, phoneHashEven, phoneHashOdd });
  }

  /** What was sealed is open. For the sealing of rows only. */
  opened(person: Person | null): void {
    this.set({ person });
  }

  protected become(to: AccountStatus, action: AuditAction, change: Change, before: readonly FieldChange[] = []): void {
    const from = this.status;
    if (!canBecome(from, to)) throw new StatusConflict(from, to);
    this.set({ status: to });
    this.book().note(action, change.by, [...before, { path: 'status', from, to }]);
  }

  protected known(): Person {
    if (!this.person) throw new StatusConflict(this.status);
    return this.person;
  }

  protected book(): FactBook {
    const book = books.get(this) ?? new FactBook();
    books.set(this, book);
    return book;
  }

  protected set(values: Partial<CustomerRow>): this {
    return Object.assign(this, values);
  }
}
