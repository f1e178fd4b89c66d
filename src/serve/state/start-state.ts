// The state as it was when the process ended: from its snapshot, or from the lake, and what the journal has since.
import { AppError } from '../../core/errors.ts';
import type { EventRow } from '../../data/event.ts';
import { loadSnapshot } from './load-snapshot.ts';
import { type OpenState, openState, type State, type StateOptions } from './online-state.ts';
import type { SnapshotPlace } from './save-snapshot.ts';

/** Events on the disk, by position: what `openEventJournal` gives. */
export interface StoredEvents {
  /** @returns the position to go on from */
  read(
    from: number,
    reader: (row: EventRow, position: number) => void,
    signal?: AbortSignal,
  ): Promise<number>;
}

export interface StartOptions extends StateOptions {
  readonly snapshot: SnapshotPlace;
  readonly journal: StoredEvents;
  /**
   * Fills an empty state with everything older than the journal, where there is no snapshot that can be used.
   *
   * @returns the position of the journal to go on from
   */
  rebuild(state: State): Promise<number>;
  /** Hears why a snapshot could not be used. */
  onUnusable?(reason: AppError): void;
  /** Also told of each row that the journal gives, in order. */
  onRow?(row: EventRow): void;
  readonly signal?: AbortSignal;
}

export interface StartedState {
  readonly state: OpenState;
  /** Everything before this position of the journal has been applied. */
  readonly position: number;
  readonly from: 'snapshot' | 'lake';
}

/** A snapshot that is damaged, of another version, or older than the journal reaches back, is as good as none. */
const UNUSABLE = new Set(['BAD_FILE', 'VERSION', 'NOT_FOUND']);

/** @throws AppError INTERRUPTED, and what the journal and the lake throw */
export async function startState(options: StartOptions): Promise<StartedState> {
  const { snapshot, journal, onRow, signal } = options;
  const replay = async (state: State, from: number): Promise<number> =>
    journal.read(
      from,
      (row) => {
        applyStored(state, row);
        onRow?.(row);
      },
      signal,
    );
  try {
    const loaded = await loadSnapshot(options, snapshot, signal);
    if (loaded) {
      loaded.state.followVisits();
      const position = await replay(loaded.state, loaded.position);
      return { state: loaded.state, position, from: 'snapshot' };
    }
  } catch (cause) {
    if (!(cause instanceof AppError && UNUSABLE.has(cause.code))) throw cause;
    options.onUnusable?.(cause);
  }
  const state = openState(options);
  const from = await options.rebuild(state);
  state.followVisits();
  const position = await replay(state, from);
  return { state, position, from: 'lake' };
}

/** What takes rows that were stored. */
export type Taking = Pick<State, 'apply' | 'adopt' | 'isAdopted'>;

/** A row as it was applied when it came: one that names visitor and user makes them one, the first time. */
export function applyStored(state: Taking, row: EventRow): void {
  state.apply([row]);
  const { anonymous_id: anonymousId, user_id: userId } = row;
  if (anonymousId && userId && !state.isAdopted(anonymousId)) state.adopt(anonymousId, userId);
}
