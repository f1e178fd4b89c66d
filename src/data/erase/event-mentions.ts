// Where one event speaks of a person: the same question `needleSql` asks of a table.
import type { EventColumn, EventRow } from '../event.ts';
import { isWord, type Needle, needleMatcher, OTHER_ID_COLUMNS, PERSON_COLUMNS } from './needles.ts';

export interface Mention {
  readonly column: EventColumn;
  readonly needle: Needle;
}

/** Every column that holds a needle: an id of a person as a whole, any other text by its words. */
export function mentionsIn(event: Partial<EventRow>, needles: readonly Needle[]): Mention[] {
  const mentions: Mention[] = [];
  for (const [name, value] of Object.entries(event)) {
    if (typeof value !== 'string' || OTHER_ID_COLUMNS.has(name)) continue;
    for (const needle of needles) {
      const isThere = PERSON_COLUMNS.has(name)
        ? isWord(needle) && value === needle.value
        : needleMatcher(needle)(value);
      if (isThere) mentions.push({ column: name as EventColumn, needle });
    }
  }
  return mentions;
}
