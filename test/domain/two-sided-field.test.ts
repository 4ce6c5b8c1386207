import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changedHere,
  type OurSide,
  type ProviderState,
  readProvider,
  toldProvider,
  unknownPerson,
} from '../../src/domain/person.ts';
import { type ProviderValues, reconcile } from '../../src/domain/two-sided-field.ts';

const [noon, later] = [new Date('2026-11-24T12:00:00Z'), new Date('2026-11-24T13:00:00Z')];
const field = { ours: 'ours', changedAt: noon, delivered: false, seen: 'seen', read: 'read' };

describe('names and language changed on both sides (design, decision 27)', () => {
  test.each([
    ['both agree', { ...field, read: 'ours' }, 'agree', false],
    ['nothing happened there, ours was not delivered', { ...field, read: 'seen' }, 'deliver', false],
    ['changed there after ours was delivered', { ...field, delivered: true }, 'take', false],
    ['changed there, never here', { ...field, changedAt: null }, 'take', false],
    ['changed on both sides, there later', { ...field, eventAt: later }, 'take', true],
    ['changed on both sides, here later', { ...field, changedAt: later, eventAt: noon }, 'deliver', true],
    ['changed on both sides, without an event', field, 'take', true],
    ['changed on both sides at the same moment', { ...field, eventAt: noon }, 'take', true],
    ['emptied there after ours was delivered', { ...field, delivered: true, read: null }, 'take', false],
  ] as const)('%s', (_what, sides, outcome, lost) => {
    expect(reconcile(sides)).toEqual({ outcome, lost });
  });

  const value = fc.constantFrom('a', 'b', 'c', null);
  const sides = fc.record({
    ours: value,
    seen: value,
    read: value,
    changedAt: fc.constantFrom(noon, later, null),
    eventAt: fc.constantFrom(noon, later, undefined),
    delivered: fc.boolean(),
  });

  test('whoever counts, a value that is overruled differs from the one that counts', () => {
    fc.assert(
      fc.property(sides, (both) => {
        const { outcome, lost } = reconcile(both);
        expect(outcome === 'agree').toBe(both.ours === both.read);
        expect(lost && both.read === both.seen).toBe(false);
      }),
    );
  });

  type Step = { readonly side: 'here' | 'there' | 'other'; readonly value: string | null };
  const step = fc.record({ side: fc.constantFrom('here', 'there', 'other'), value }) as fc.Arbitrary<Step>;

  /** One customer known to the provider as two users, who are read and written in turn. */
  class Both {
    ours: OurSide = { givenName: null, familyName: null, locale: null };
    state: ProviderState = unknownPerson.provider;
    readonly users: Record<string, ProviderValues> = { there: this.ours, other: this.ours };
    #now = noon.getTime();

    change({ side, value: givenName }: Step): void {
      const at = new Date((this.#now += 1000));
      if (side !== 'here') this.users[side] = { ...(this.users[side] ?? this.ours), givenName };
      else if (givenName !== this.ours.givenName) {
        this.ours = { ...this.ours, givenName };
        this.state = changedHere(this.state, ['givenName'], at);
      }
    }

    /** Reads a user and delivers to her; whether anything was written anywhere. */
    look(subject: string): boolean {
      const at = new Date((this.#now += 1000));
      const values = this.users[subject] ?? this.ours;
      const { state, taken, deliver } = readProvider(this.ours, this.state, { subject, values }, at);
      this.ours = { ...this.ours, ...taken };
      this.state = state;
      if (!deliver.length) return Object.keys(taken).length > 0;
      this.users[subject] = { ...values, ...Object.fromEntries(deliver.map((name) => [name, this.ours[name]])) };
      this.state = toldProvider(this.state, this.ours, { subject, values: this.users[subject] }, at);
      return true;
    }
  }

  test('after all jobs have run both sides are the same, and stay so', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 12 }), (steps) => {
        const both = new Both();
        for (const [change, looked] of steps) {
          both.change(change);
          if (looked) both.look(change.side === 'here' ? 'there' : change.side);
        }
        for (const subject of ['there', 'other', 'there', 'other']) both.look(subject);

        expect(both.users['there']?.givenName).toBe(both.ours.givenName);
        expect(both.users['other']?.givenName).toBe(both.ours.givenName);
        expect(both.look('there') || both.look('other')).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
