// Small pieces every part of a report is made of: a part that may be missing, a finding in words.
import type { Name } from '../core/name.ts';

/** A part of the report, or why there is none. A part left out altogether reads "not measured in this run". */
export type Part<T> = T | Missing;

export interface Missing {
  /** The rest of "Not available because …", in both languages. */
  readonly missing: Name;
}

/** `good` reassures, `note` informs, `warning` asks for a look, `problem` asks for action before the numbers are used. */
export type Severity = 'good' | 'note' | 'warning' | 'problem';

/** Something found, said in words. */
export interface Finding {
  readonly severity: Severity;
  readonly words: Name;
}
