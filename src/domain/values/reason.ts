import { invalid } from '../errors.ts';

const longest = 500;
const unwritten = /[\p{Cc}\p{Cs}]/u;

/** @throws ValidationFailed for a reason that says nothing, is too long, or holds control characters */
export function parseReason(text: string | null | undefined): string {
  const reason = text?.trim() ?? '';
  if (!reason) throw invalid('reason', 'required', 'Say why.');
  if (reason.length > longest) throw invalid('reason', 'max_length', `At most ${longest} characters.`);
  if (unwritten.test(reason)) throw invalid('reason', 'characters', 'Control characters do not belong in a reason.');
  return reason;
}
