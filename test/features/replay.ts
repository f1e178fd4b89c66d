// A log told to the online state event by event: does it say at each moment what SQL says over the whole log?
import { random } from '../../src/core/random.ts';
import { type Engine, sqlText } from '../../src/data/engine.ts';
import { EVENT_COLUMNS, type EventRow } from '../../src/data/event.ts';
import { buildExamples } from '../../src/data/examples.ts';
import type { FeatureView } from '../../src/data/features/definition.ts';
import type { ItemFacts } from '../../src/data/features/fields.ts';
import { compileEventFold, type FoldedUser } from '../../src/data/features/fold.ts';
import { everyoneKnown } from '../../src/data/labels.ts';
import type { EventSource } from '../../src/data/source.ts';
import { openState, type State } from '../../src/serve/state/online-state.ts';
import { cellOf, same } from './agreement.ts';

export interface ReplayOptions {
  readonly view: FeatureView;
  readonly items?: ReadonlyMap<string, ItemFacts>;
  /** Users whose every moment is compared, drawn among those with so many moments. */
  readonly users: number;
  readonly moments: readonly [fewest: number, most: number];
  /** Others whose events come between, so that nobody's may be taken for another's. */
  readonly others: number;
  readonly seed: number;
  readonly eventsPerUser?: number;
  /** Called after every so many events; gives the state to go on with. */
  readonly interrupt?: { readonly every: number; readonly by: (state: State) => Promise<State> };
}

export interface Replay {
  /** Events told, and moments of the drawn users after which their features were read. */
  readonly events: number;
  readonly moments: number;
  readonly values: number;
  /** Values that the state says may be less than the truth. */
  readonly inexact: number;
  readonly differing: number;
  readonly differences: readonly string[];
}

/** At each moment of a drawn user, all of them are compared: those of whom nothing is new as well. */
export async function replayLog(
  engine: Engine,
  source: EventSource,
  options: ReplayOptions,
): Promise<Replay> {
  const { view, items = new Map(), seed } = options;
  const context = { zone: source.zone, items };
  const drawn = await drawUsers(engine, source, options);
  const asked = new Set(drawn.users);
  const fold = compileEventFold(view, context);
  let state: State = openState({
    views: [view],
    context,
    ...(options.eventsPerUser !== undefined && { eventsPerUser: options.eventsPerUser }),
  });
  // Of one moment in any order: theirs is told by their ids.
  const draw = random(seed);
  const rows = drawn.rows
    .map((row) => ({ row, tie: draw.uniform() }))
    .sort((a, b) => a.row.timestamp - b.row.timestamp || a.tie - b.tie)
    .map(({ row }) => row);
  const told = new Map<number, Map<string, FoldedUser>>();
  let isNews = false;
  for (const [i, row] of rows.entries()) {
    state.apply([row]);
    isNews ||= asked.has(row.user_id ?? '');
    if (options.interrupt && i % options.interrupt.every === 0) state = await options.interrupt.by(state);
    if (!isNews || rows[i + 1]?.timestamp === row.timestamp) continue;
    isNews = false;
    const now = new Map<string, FoldedUser>();
    for (const user of drawn.users) {
      const known = state.find({ user_id: user });
      if (known) now.set(user, fold(known.events, row.timestamp, known.past));
    }
    told.set(row.timestamp, now);
  }
  const truth = await buildExamples(engine, source, {
    view,
    population: everyoneKnown,
    asOfs: [...told.keys()],
    onlyEntities: drawn.users,
  });
  const differences: string[] = [];
  const tally = { values: 0, inexact: 0, differing: 0 };
  truth.entities.forEach((user, row) => {
    const asOf = truth.asOf[row];
    const said = told.get(asOf)?.get(user);
    view.features.forEach(({ name }, f) => {
      tally.values++;
      if (said?.inexact.includes(f)) {
        tally.inexact++;
        return;
      }
      const expected = cellOf(truth.frame, f, row);
      if (said && same(said.values[f], expected)) return;
      tally.differing++;
      if (differences.length < 10)
        differences.push(
          `${name} at ${new Date(asOf).toISOString()}: SQL ${expected}, state ${said?.values[f]}`,
        );
    });
  });
  return { events: rows.length, moments: told.size, ...tally, differences };
}

async function drawUsers(
  engine: Engine,
  source: EventSource,
  { users, moments: [fewest, most], others, seed }: ReplayOptions,
): Promise<{ users: string[]; rows: EventRow[] }> {
  const known = await engine.rows<{ user_id: string; moments: number }>(
    `SELECT user_id, count(DISTINCT timestamp) AS moments FROM ${source.events} WHERE user_id IS NOT NULL GROUP BY user_id ORDER BY user_id`,
  );
  const shuffled = random(seed)
    .fork('users')
    .shuffle([...known]);
  const fitting = shuffled.filter(({ moments }) => moments >= fewest && moments <= most).slice(0, users);
  const chosen = fitting.map(({ user_id }) => user_id);
  const beside = shuffled.map(({ user_id }) => user_id).filter((user) => !chosen.includes(user));
  const wanted = [...chosen, ...beside.slice(0, others)].map(sqlText);
  const columns = Object.keys(EVENT_COLUMNS)
    .map((column) => `"${column}"`)
    .join(', ');
  const rows = await engine.rows(
    `SELECT ${columns} FROM ${source.events} WHERE user_id IN (${wanted.join(', ')})`,
  );
  return { users: chosen, rows: rows as unknown as EventRow[] };
}
