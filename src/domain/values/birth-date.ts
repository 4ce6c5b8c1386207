import { invalid } from '../errors.ts';

/** A day of birth in ISO form, such as `1990-12-31`: not before 1900. */
export type BirthDate = string & { readonly __brand: 'BirthDate' };

const earliest = '1900-01-01';
/** The first day of the calendar to end is the one at UTC+14, so that nobody's today is refused. */
const furthestEast = 14 * 3_600_000;

/**
 * Reads a day of the calendar.
 *
 * @param now  the present moment: nobody is born after today, wherever that is
 * @throws ValidationFailed for what is no day, or one before 1900 or in the future
 */
export function parseBirthDate(text: string, now: Date, path = 'birthDate'): BirthDate {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN);
  // `2023-02-30` would roll over into March.
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text) {
    throw invalid(path, 'date', 'This is not a day of the calendar.');
  }
  if (text < earliest) throw invalid(path, 'min', 'The earliest date is 1900-01-01.');
  const today = new Date(now.getTime() + furthestEast).toISOString().slice(0, 10);
  if (text > today) throw invalid(path, 'future', 'The date lies in the future.');
  return text as BirthDate;
}
