// Where somebody's own events speak of a person who is to be forgotten: the text goes, the event stays.
import { pause } from '../../core/pause.ts';
import { mentionsIn } from '../../data/erase/event-mentions.ts';
import type { Needle } from '../../data/erase/needles.ts';
import type { EventCells } from './event-codec.ts';
import { fillFrom } from './event-store.ts';
import type { OpenState } from './online-state.ts';

/** Texts that people write; the others are ids and names of devices, which erasure leaves alone in the lake, too. */
const WRITTEN = ['query', 'props'] as const;

/** People looked at before others have a turn. */
const TURN = 200;

/**
 * Reads everybody once: some seconds for a million people, in small steps.
 *
 * @returns events that lost a text
 * @throws AppError INTERRUPTED
 */
export async function eraseMentions(
  state: OpenState,
  needles: readonly Needle[],
  signal?: AbortSignal,
): Promise<number> {
  const { store } = state;
  let blanked = 0;
  for (let user = 0; user < store.users.keys.size; user++) {
    if (user % TURN === TURN - 1) await pause(signal);
    blanked += eraseFrom(state, user, needles);
  }
  return blanked;
}

function eraseFrom({ store, watcher }: OpenState, user: number, needles: readonly Needle[]): number {
  const count = store.users.count[user];
  if (count === 0) return 0;
  const { events, newestIds } = store.read(user);
  const texts = WRITTEN.map((column) => events.texts(column));
  const hits = new Map<number, Set<string>>();
  for (let at = 0; at < events.length; at++) {
    if (texts.every((values) => values[at] === null)) continue;
    const written = Object.fromEntries(WRITTEN.map((column, text) => [column, texts[text][at]]));
    const columns = mentionsIn(written, needles).map(({ column }) => column as string);
    if (columns.length > 0) hits.set(at, new Set(columns));
  }
  if (hits.size === 0) return 0;
  // A snapshot that is being written may hold it.
  watcher?.beforeErase(user);
  const fill = fillFrom(events);
  store.replace(
    user,
    count,
    (cells: EventCells, at) => {
      fill(cells, at);
      for (const column of WRITTEN) if (hits.get(at)?.has(column)) cells.texts[column] = null;
    },
    newestIds,
  );
  return hits.size;
}
