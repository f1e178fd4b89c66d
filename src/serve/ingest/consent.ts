// Whether an event may be kept, and with the person's ids or without: what the event says, else what the person said last.
import type { EventRow } from '../../data/event.ts';
import type { ConsentStatement } from './outcome.ts';

/** `assumed`: silence is consent, the shop has asked already. `required`: silence is refusal. */
export type ConsentRule = 'assumed' | 'required';

/** `kept` with its ids, `nameless` without any, or `refused`. */
export type ConsentVerdict = 'kept' | 'nameless' | 'refused';

export interface ConsentBook {
  /** The verdict on an event of this person. A statement on an `identify` event is remembered for later ones. */
  judge(row: EventRow, statement: ConsentStatement | undefined): ConsentVerdict;
  /** Takes a kept `identify` row's statement back into memory, at a restart. */
  remember(row: EventRow): void;
  /** What a person said goes with them. */
  forget(id: string): void;
}

/** Key of `props` under which an `identify` row keeps the statement that came with it. */
const PROPS_KEY = 'consent';

/** @param limit persons whose statement is remembered; past it the oldest statement is forgotten */
export function createConsentBook(rule: ConsentRule, limit = 500_000): ConsentBook {
  const said = new Map<string, ConsentStatement>();
  const note = (person: string | null | undefined, prefix: string, statement: ConsentStatement) => {
    if (!person) return;
    said.delete(prefix + person);
    said.set(prefix + person, statement);
    if (said.size <= limit) return;
    for (const oldest of said.keys()) {
      said.delete(oldest);
      break;
    }
  };
  const noteRow = (row: EventRow, statement: ConsentStatement) => {
    note(row.user_id, 'u', statement);
    note(row.anonymous_id, 'a', statement);
  };
  const known = (row: EventRow): ConsentStatement | undefined => {
    if (said.size === 0) return undefined;
    return (
      (row.user_id ? said.get(`u${row.user_id}`) : undefined) ??
      (row.anonymous_id ? said.get(`a${row.anonymous_id}`) : undefined)
    );
  };
  return {
    judge(row, statement) {
      // The statement itself is kept whatever it says: it is the proof of the refusal.
      if (row.type === 'identify' && statement) {
        noteRow(row, statement);
        return 'kept';
      }
      const remembered = known(row);
      const byDefault = rule === 'assumed';
      if (!(statement?.analytics ?? remembered?.analytics ?? byDefault)) return 'refused';
      return (statement?.personalization ?? remembered?.personalization ?? byDefault) ? 'kept' : 'nameless';
    },
    forget(id) {
      said.delete(`u${id}`);
      said.delete(`a${id}`);
    },
    remember(row) {
      if (row.type !== 'identify' || !row.props) return;
      const statement = (JSON.parse(row.props) as Record<string, unknown>)[PROPS_KEY];
      if (typeof statement === 'object' && statement !== null) noteRow(row, statement as ConsentStatement);
    },
  };
}

/** An `identify` row's props with the statement among them. */
export function propsWithConsent(props: string | null | undefined, statement: ConsentStatement): string {
  const own: Record<string, unknown> = props ? JSON.parse(props) : {};
  return JSON.stringify({ ...own, [PROPS_KEY]: statement });
}
