// Past sequences ready to be searched by item, and the nearest of them to a history.
import type { Sequences } from '../../../core/sequences.ts';
import { rowsByAge } from './event-recency.ts';
import { nthLargest } from './item-graph.ts';

/** Sequences of known items, oldest first, and where each item occurs among them, newest first. */
export interface SessionIndex {
  /** Items of session s are `items[offsets[s] … offsets[s + 1])`: [sessions + 1] */
  readonly offsets: Int32Array;
  /** [events] */
  readonly items: Int32Array;
  /** How new each session is, in (0, 1], [sessions] */
  readonly recency: Float64Array;
  /** Postings of item i are `sessions[starts[i] … starts[i + 1])`, each session once: [items + 1] */
  readonly starts: Int32Array;
  readonly sessions: Int32Array;
  /** Where in its session the item last stands, beside `sessions` */
  readonly places: Int32Array;
}

/** The part of an index from which the rest follows. */
export type SessionLog = Pick<SessionIndex, 'offsets' | 'items' | 'recency'>;

/**
 * Sequences of at least two known events, for one alone says nothing of what goes with what; of each the last `longest` events.
 *
 * @param recency of each event
 */
export function sessionLog(train: Sequences, recency: Float64Array, longest: number): SessionLog {
  const kept: number[] = [];
  const parts: Int32Array[] = [];
  for (const row of rowsByAge(train)) {
    const events = train.items
      .subarray(train.offsets[row], train.offsets[row + 1])
      .filter((item) => item >= 0);
    if (events.length < 2) continue;
    kept.push(row);
    parts.push(events.subarray(Math.max(0, events.length - longest)));
  }
  const offsets = new Int32Array(kept.length + 1);
  parts.forEach((part, session) => {
    offsets[session + 1] = offsets[session] + part.length;
  });
  const items = new Int32Array(offsets[kept.length]);
  parts.forEach((part, session) => {
    items.set(part, offsets[session]);
  });
  return { offsets, items, recency: Float64Array.from(kept, (row) => recency[train.offsets[row + 1] - 1]) };
}

export function indexSessions(log: SessionLog, catalogue: number): SessionIndex {
  const { offsets, items } = log;
  const count = offsets.length - 1;
  const starts = new Int32Array(catalogue + 1);
  const seenIn = new Int32Array(catalogue).fill(-1);
  const eachPosting = (visit: (item: number, session: number, place: number) => void): void => {
    seenIn.fill(-1);
    for (let session = count - 1; session >= 0; session--) {
      for (let event = offsets[session + 1] - 1; event >= offsets[session]; event--) {
        const item = items[event];
        if (seenIn[item] === session) continue;
        seenIn[item] = session;
        visit(item, session, event - offsets[session]);
      }
    }
  };
  eachPosting((item) => starts[item + 1]++);
  for (let item = 0; item < catalogue; item++) starts[item + 1] += starts[item];
  const filled = starts.slice();
  const sessions = new Int32Array(starts[catalogue]);
  const places = new Int32Array(starts[catalogue]);
  eachPosting((item, session, place) => {
    sessions[filled[item]] = session;
    places[filled[item]++] = place;
  });
  return { ...log, starts, sessions, places };
}

export interface Nearness {
  /** Distinct items of the history that count, latest first. */
  readonly lookBack: number;
  /** Weight of each distinct item against the one after it. */
  readonly decay: number;
  /** Power of an item's inverse frequency. */
  readonly idfPower: number;
  /** Power of a past session's length in the denominator: .5 for the cosine. */
  readonly lengthPower: number;
  /** Sessions looked at an item, the newest first. */
  readonly sample: number;
  /** Neighbours kept; those as near as the last one stay too. */
  readonly neighbours: number;
}

/** The nearest sessions of one history, valid until the next search. */
export interface Neighbours {
  readonly count: () => number;
  /** Sessions found, the first `count`. */
  readonly sessions: Int32Array;
  /** [sessions] by session, not by place in the list */
  readonly similarity: Float64Array;
  /** Where the latest item of the history that the session shares stands in it, [sessions] by session. */
  readonly anchors: Int32Array;
}

export interface Searcher {
  readonly search: (history: Int32Array) => void;
  readonly found: Neighbours;
}

/**
 * Similarity of history h to past session n: Σ over shared items of decay^rank · idf^q, times recency(n) / |n|^p, where the
 * rank counts the distinct items after it in h. Time is proportional to `sample` × items looked back at, not to the log.
 *
 * @see Garg et al. 2019, "Sequence and time aware neighborhood for session-based recommendations" (STAN), eq. 2–6; Ludewig
 *   and Jannach 2018 (V-SKNN), arXiv:1803.09587
 */
export function searcherOf(index: SessionIndex, nearness: Nearness): Searcher {
  const { offsets, starts, sessions, places, recency } = index;
  const count = recency.length;
  const similarity = new Float64Array(count);
  const anchors = new Int32Array(count);
  const touched = new Int32Array(count);
  const idf = idfOf(index, nearness.idfPower);
  const fit = Float64Array.from(
    recency,
    (newness, session) => newness / (offsets[session + 1] - offsets[session]) ** nearness.lengthPower,
  );
  const latest = new Int32Array(Math.min(nearness.lookBack, idf.length));
  let filled = 0;
  let near = 0;

  const search = (history: Int32Array): void => {
    for (let i = 0; i < filled; i++) similarity[touched[i]] = 0;
    filled = 0;
    let trust = 1;
    const distinct = latestDistinct(history, latest);
    for (let rank = 0; rank < distinct; rank++) {
      const item = latest[rank];
      const weight = trust * idf[item];
      trust *= nearness.decay;
      if (weight === 0) continue;
      const end = Math.min(starts[item + 1], starts[item] + nearness.sample);
      for (let at = starts[item]; at < end; at++) {
        const session = sessions[at];
        if (similarity[session] === 0) {
          touched[filled++] = session;
          anchors[session] = places[at];
        }
        similarity[session] += weight;
      }
    }
    for (let i = 0; i < filled; i++) similarity[touched[i]] *= fit[touched[i]];
    near = keepNearest();
  };

  /** Moves the nearest to the front; the others stay behind them, to be cleared at the next search. */
  const keepNearest = (): number => {
    const nearEnough = nthLargest(similarity, touched.subarray(0, filled), nearness.neighbours);
    let kept = 0;
    for (let i = 0; i < filled; i++) {
      const session = touched[i];
      if (similarity[session] < nearEnough) continue;
      touched[i] = touched[kept];
      touched[kept++] = session;
    }
    return kept;
  };
  return { search, found: { count: () => near, sessions: touched, similarity, anchors } };
}

/** ln(sessions / sessions with the item) + 1 to the power given, so that an item in all of them still counts: [items] */
function idfOf({ starts, recency }: SessionIndex, power: number): Float64Array {
  return Float64Array.from({ length: starts.length - 1 }, (_, item) => {
    const holders = starts[item + 1] - starts[item];
    return holders === 0 ? 0 : (1 + Math.log(recency.length / holders)) ** power;
  });
}

/** Fills `into` with the distinct items of a history, latest first; says how many. */
function latestDistinct(history: Int32Array, into: Int32Array): number {
  let count = 0;
  for (let at = history.length - 1; at >= 0 && count < into.length; at--) {
    let known = false;
    for (let i = 0; i < count && !known; i++) known = into[i] === history[at];
    if (!known) into[count++] = history[at];
  }
  return count;
}
