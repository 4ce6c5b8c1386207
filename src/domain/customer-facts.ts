import type { AuditAction, Deed, FieldChange } from './audit-entry.ts';
import type { ChangeReason, DomainEvent } from './events.ts';

/** What a customer has to tell: the journal takes it at flush, and writes it in the change's own transaction. */
export interface CustomerFacts {
  readonly deeds: readonly Deed[];
  readonly events: readonly DomainEvent[];
  /** Whether something changed that a form shows, so that the version rises (design, decision 26). */
  readonly profile: boolean;
}

/** When a change happened, and on whose side it began. */
export interface Change {
  readonly at: Date;
  readonly by: ChangeReason;
}

/** Collects what happens to one customer until the next flush. */
export class FactBook {
  readonly #deeds: Deed[] = [];
  readonly #events: DomainEvent[] = [];
  #registered = false;

  /** Notes what was done. */
  note(action: AuditAction, by: ChangeReason, changes: readonly FieldChange[] = []): void {
    this.#deeds.push({ action, by, changes });
  }

  /** Adds an event of its own, besides CustomerUpdated. */
  raise(event: DomainEvent): void {
    this.#events.push(event);
    this.#registered ||= event.name === 'CustomerRegistered';
  }

  /** Every path that changed, once, in order. */
  #changed(): string[] {
    const changes = this.#deeds.flatMap((deed) => deed.changes).filter(({ from, to }) => from !== to);
    return [...new Set(changes.map(({ path }) => path))];
  }

  /**
   * Everything noted so far. All changes of one flush are one CustomerUpdated; a registration says itself what it made.
   *
   * @param updated  makes the event that tells the paths
   */
  close(updated: (changed: string[], reason: ChangeReason) => DomainEvent): CustomerFacts {
    const changed = this.#changed();
    const by = this.#deeds.findLast(({ changes }) => changes.length)?.by;
    const tell = by !== undefined && changed.length > 0 && !this.#registered;
    return {
      deeds: this.#deeds,
      events: tell ? [updated(changed, by), ...this.#events] : this.#events,
      profile: changed.length > 0 && !this.#registered,
    };
  }
}
