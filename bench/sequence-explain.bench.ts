// Explanations of sequence models by deletion: what they name moves the answer, what chance names does not.

import { layOut } from '../src/core/case-view.ts';
import { EVENT_SEQUENCES } from '../src/core/event-sequences.ts';
import { type Frame, takeRows } from '../src/core/frame.ts';
import { silent } from '../src/core/progress.ts';
import { random } from '../src/core/random.ts';
import { DAY_MS } from '../src/core/time.ts';
import { SCENARIOS, type ScenarioName } from '../src/data/synthetic/scenario.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { type DeletionCases, type DeletionFigures, deletionTest } from '../src/eval/deletion-test.ts';
import { fromNewest, withoutEvents } from '../src/models/behaviour/without-events.ts';
import type { EventAttribution } from '../src/models/event-attribution.ts';
import { withoutPlaces } from '../src/models/sequence/attribution/kept-events.ts';
import { recommenderById } from '../src/models/sequence/catalogue.ts';
import { purchase } from '../src/tasks/purchase.ts';
import { sessionPurchase } from '../src/tasks/session-purchase.ts';
import { fitTask } from '../src/train/fit.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { hasSharedData, SEQUENCE_SETS } from './sequence/read-sets.ts';
import { shopInLake } from './simulated-shop.ts';

/** Three events drawn from a short history are too often the same three. */
const LEAST_EVENTS = 15;
const LEAST_RATIO = 3;

/** What one model's explanations are worth. */
interface Explained {
  readonly rows: number;
  readonly events_a_row: number;
  /** Named by size, either way; and by what speaks for the answer alone. */
  readonly by_size: DeletionFigures;
  readonly by_gain: DeletionFigures;
  /** Named by size, and made unknown at their moments rather than deleted. */
  readonly made_unknown: DeletionFigures;
  /** The other view: named by attention roll-out. */
  readonly by_attention?: DeletionFigures;
  /** Mean and largest share of the difference explained that the sums miss. */
  readonly missed: { readonly mean: number; readonly most: number };
  readonly seconds_a_row: number;
}

interface Options {
  readonly seed: number;
  readonly threads: number;
  readonly said: (key: string) => string | undefined;
  readonly log: (line: string) => void;
}

/**
 * Words: `beauty` (and other sets of the bench of sequences), `steady` and other scenarios of the simulated shop,
 * `steady:session` for moments of visits; beauty and steady when none is given. `seconds=180` of learning an item model,
 * `rows=200` explained, `customers=4000` and `days=300` of a shop, `model=gru`, `method=transformer:lora`.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const words = args.filter((arg) => !arg.includes('='));
  const figures: Record<string, Explained> = {};
  const targets: Target[] = [];
  for (const word of words.length > 0 ? words : ['beauty', 'steady']) {
    const [scenario] = word.split(':');
    const run = scenario in SCENARIOS ? explainShop : explainItems;
    const found = await run(word, { seed, threads, said, log });
    figures[word] = found;
    log(`${word}: ${JSON.stringify(found)}`);
    const { by_size: size, by_gain: gain, missed, rows } = found;
    // Why an item is what speaks for it; why an answer is what moves it either way.
    const told = run === explainItems ? gain : size;
    targets.push(
      atLeast(
        `${word}: the three events named move the score so many times as far as three by chance`,
        told.ratio,
        LEAST_RATIO,
        `${told.named.toFixed(3)} beside ${told.drawn.toFixed(3)}, ${rows} rows of at least ${LEAST_EVENTS} events`,
      ),
      atMost(`${word}: share of the difference that sums miss, mean`, missed.mean, 0.01),
    );
  }
  return {
    bench: 'sequence-explain',
    protocol: `integrated gradients from events of which nothing is known; deleted events are gone from the sequence a model reads, the others stand as they did; the score is the logit of a shop's question, or that of the item suggested first; mean absolute change, chance over five draws among all events of a row; rows of at least ${LEAST_EVENTS} events`,
    targets,
    figures,
  };
};

async function explainItems(word: string, { seed, threads, said, log }: Options): Promise<Explained> {
  const read = SEQUENCE_SETS[word];
  if (!hasSharedData() || !read) throw new Error(`expected shared data of "${word}", found none`);
  const { train, valid, test, history } = await read({ seed, threads });
  const recommender = recommenderById(said('model') ?? 'transformer');
  const quick = recommender.within?.(Number(said('seconds') ?? 180)) ?? recommender;
  const model = await quick.fit(train, valid, { seed, threads, progress: silent });
  log(`${word}: learned`);
  const sizeOf = (at: number): number => test.ends[at] - test.sequences.offsets[test.rows[at]];
  const long = Array.from(test.targets.keys()).filter((at) => sizeOf(at) >= LEAST_EVENTS);
  const chosen = random(seed)
    .fork('explained')
    .shuffle(long)
    .slice(0, Number(said('rows') ?? 200));
  const { before } = layOut(test, chosen);
  const items = model.itemIds.length;
  const scores = await model.score(before);
  // Why what is suggested first is suggested.
  const top = Int32Array.from(chosen, (_, row) => {
    const own = scores.slice(row * items, (row + 1) * items);
    if (history === 'excluded')
      for (let event = before.offsets[row]; event < before.offsets[row + 1]; event++)
        own[before.items[event]] = Number.NEGATIVE_INFINITY;
    return own.indexOf(own.reduce((best, score) => Math.max(best, score), Number.NEGATIVE_INFINITY));
  });
  const scoreOf = (all: Float32Array): Float64Array =>
    Float64Array.from(top, (item, row) => all[row * items + item]);
  const startedMs = performance.now();
  const told = await model.attribute!(before, top);
  const seconds = (performance.now() - startedMs) / 1000;
  // A model looks back so far and no further: older events are worth nothing.
  const placesOf = (removed: readonly (readonly number[])[]): readonly (readonly number[])[] =>
    removed.map((places, row) => {
      const read = told.offsets[row + 1] - told.offsets[row];
      return places.map((place) => place + before.offsets[row + 1] - before.offsets[row] - read);
    });
  const found = await judge(
    told,
    { seed, seconds },
    {
      answers: scoreOf(scores),
      without: async (removed) => scoreOf(await model.score(withoutPlaces(before, placesOf(removed)))),
      unknown: async (removed) => {
        const items = before.items.slice();
        placesOf(removed).forEach((places, row) => {
          for (const place of places) items[before.offsets[row] + place] = -1;
        });
        return scoreOf(await model.score({ ...before, items }));
      },
    },
  );
  await model.close?.();
  return found;
}

async function explainShop(word: string, { seed, threads, said, log }: Options): Promise<Explained> {
  const [scenario, entity] = word.split(':') as [ScenarioName, string | undefined];
  const shop = simulateShop({
    scenario,
    customers: Number(said('customers') ?? 4000),
    days: Number(said('days') ?? 300),
    seed,
  });
  const inLake = await shopInLake(shop, { threads, log });
  try {
    const horizonDays = 30;
    const method = said('method') ?? 'transformer';
    const fitted = await fitTask(inLake.engine, inLake.source, {
      task: entity === 'session' ? sessionPurchase : purchase,
      ...(entity === 'session' ? {} : { horizonDays }),
      asOf: shop.endMs - (horizonDays + 1) * DAY_MS,
      models: [method],
      preset: 'fast',
      maxTrainOrigins: 2,
      ...{ seed, threads, now: Date.now, progress: silent },
    });
    const model = fitted.trials.find((trial) => trial.estimator.id === method)?.model;
    if (!model?.attributeEvents) throw new Error(`${word}: ${method} was not fitted`);
    log(`${word}: learned`);
    const { frame } = fitted.samples.test;
    const events = frame.columns.find(({ name }) => name === 'event_types');
    if (events?.kind !== 'sequence') throw new Error(`${word}: no events to explain by`);
    const long = Array.from({ length: frame.rows }, (_, row) => row).filter(
      (row) => events.offsets[row + 1] - events.offsets[row] >= LEAST_EVENTS,
    );
    const chosen = random(seed)
      .fork('explained')
      .shuffle(long)
      .slice(0, Number(said('rows') ?? 100));
    const part = takeRows(frame, chosen);
    const startedMs = performance.now();
    const told = await model.attributeEvents(part);
    const seconds = (performance.now() - startedMs) / 1000;
    return await judge(
      told,
      { seed, seconds },
      {
        answers: await model.margin(part),
        without: (removed) => model.margin(withoutEvents(part, fromNewest(removed, told.offsets))),
        unknown: (removed) => model.margin(unknownEvents(part, fromNewest(removed, told.offsets))),
      },
    );
  } finally {
    inLake.close();
  }
}

const TIMES: ReadonlySet<string> = new Set([EVENT_SEQUENCES.gaps, EVENT_SEQUENCES.ages]);

/** The frame with all but the moments of some events forgotten. @param hidden of each row, by how many are newer */
function unknownEvents(frame: Frame, hidden: readonly (readonly number[])[]): Frame {
  const names = new Set<string>(Object.values(EVENT_SEQUENCES));
  const columns = frame.columns.map((column) => {
    if (column.kind !== 'sequence' || !names.has(column.name) || TIMES.has(column.name)) return column;
    const codes = column.codes.slice();
    hidden.forEach((events, row) => {
      for (const newer of events) codes[column.offsets[row + 1] - 1 - newer] = -1;
    });
    return { ...column, codes };
  });
  return { ...frame, columns };
}

async function judge(
  told: EventAttribution,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
  {
    answers,
    without,
    unknown,
  }: Pick<DeletionCases, 'answers' | 'without'> & {
    /** Answers with these events there still, at their moments, and nothing else known of them. */
    readonly unknown: DeletionCases['without'];
  },
): Promise<Explained> {
  const { offsets, events, attention, base, margins, unexplained } = told;
  const by = (worth: Float64Array, order: 'size' | 'gain'): Promise<DeletionFigures> =>
    deletionTest({ offsets, worth, answers, without }, { seed, order });
  const missed = Array.from(
    unexplained,
    (rest, row) => Math.abs(rest) / Math.max(0.1, Math.abs(margins[row] - base[row])),
  );
  const rows = missed.length;
  return {
    rows,
    events_a_row: events.length / rows,
    by_size: await by(events, 'size'),
    by_gain: await by(events, 'gain'),
    made_unknown: await deletionTest({ offsets, worth: events, answers, without: unknown }, { seed }),
    ...(attention && { by_attention: await by(attention, 'size') }),
    missed: { mean: missed.reduce((sum, share) => sum + share / rows, 0), most: Math.max(...missed) },
    seconds_a_row: seconds / rows,
  };
}
