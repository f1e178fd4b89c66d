// Continual learning by month: a network fitted afresh each month, continued with replay, without, and one that stays as it was.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silent } from '../src/core/progress.ts';
import type { Sequences } from '../src/core/sequences.ts';
import { lakeSequences } from '../src/data/sequences/lake-sequences.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { compareRanks } from '../src/eval/sequences/compare-ranks.ts';
import { TRUNK_CONTINUE } from '../src/models/behaviour/continue/continue-trunk.ts';
import { CONTINUE_DEFAULTS, type ContinueSettings } from '../src/models/sequence/continuing.ts';
import { transformerKind } from '../src/models/sequence/transformer/transformer.ts';
import { readSource } from '../src/train/sequence/sequence-source.ts';
import { hasGrocery } from './behaviour/grocery-shop.ts';
import { readWords, type Words } from './behaviour/words.ts';
import { atLeast, atMost, type Bench, type BenchOptions, type Target } from './bench.ts';
import { ARMS, type Arm, meanNdcg, type Rolled, rollMonths } from './continual/rolling-months.ts';
import { rollTrunks } from './continual/rolling-trunks.ts';
import { type ShopInLake, shopInLake } from './simulated-shop.ts';

const NETWORK = { width: 32, batch: 128, negatives: 256, epochs: 20, patience: 3, evaluateEvery: 1 };
const KNOWN = {
  parts: ['grocery', 'simulated', 'trunks'],
  sizes: ['months', 'customers', 'days', 'replay', 'readings', 'compute', 'rate', 'hold', 'until', 'steps'],
  settings: Object.keys(NETWORK),
};

/**
 * Words: `grocery`, `simulated`, `trunks`; all when none is given. `months=3` rolled over, the last of the data, or up to `until=`
 * (such as 2013-09-01); `replay=`, `compute=`, `readings=`, `rate=` and `hold=` of continuing; `customers=`, `days=` of the simulated shop; `steps=` of a trunk's pretraining; any of
 * the network's `width= epochs= batch= negatives= patience= evaluateEvery=`.
 */
export const bench: Bench = async (options) => {
  const words = readWords(options.args, KNOWN);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = { seed: options.seed, network: { ...NETWORK, ...words.settings } };
  for (const part of words.parts) {
    if (part === 'grocery' && !hasGrocery) {
      options.log('grocery is left out: ../shared/data/grocery_rechorus is not beside the checkout');
      continue;
    }
    if (part === 'trunks') {
      const own = await trunks(options, words);
      figures[part] = own;
      targets.push(...targetsOf(part, own.arms, 'steps'));
      continue;
    }
    const sequences = part === 'grocery' ? await grocery(options) : await simulated(options, words);
    const rolled = await rollMonths(sequences, {
      settings: transformerKind.settings(sequences.items.length, { ...NETWORK, ...words.settings }),
      how: howOf(words),
      months: words.number('months', 3),
      untilMs: untilOf(sequences, words),
      history: part === 'grocery' ? 'excluded' : 'included',
      seed: options.seed,
      threads: options.threads,
      log: options.log,
    });
    const own = summed(rolled, options.seed);
    figures[part] = own;
    targets.push(...targetsOf(part, own.arms, 'events asked for'));
  }
  return {
    bench: 'continual',
    protocol:
      'months of 30 days; a month is learned, then every event of the next is asked about from all that came before it, all items ' +
      'ranked, ties against us, NDCG@10, differences by drawing customers; a tenth of the customers is set apart from all learning: ' +
      'their last event before the first month tells what is forgotten; the first fit finds its readings by its own validation and ' +
      'all later fits take as many; compute is events asked for in learning',
    targets,
    figures,
  };
};

const howOf = (words: Words, defaults = CONTINUE_DEFAULTS): ContinueSettings => ({
  ...defaults,
  replay: words.number('replay', defaults.replay),
  ...(words.number('readings', 0) > 0 && { epochs: words.number('readings', 0) }),
  compute: words.number('compute', defaults.compute),
  rate: words.number('rate', defaults.rate),
  hold: words.number('hold', defaults.hold),
});

interface ArmFigures {
  readonly next: number;
  readonly share_of_full: number;
  readonly less_full?: { readonly low: number; readonly high: number };
  readonly compute: number;
  /** A month. */
  readonly seconds: number;
}

function targetsOf(part: string, arms: Readonly<Record<Arm, ArmFigures>>, unit: string): Target[] {
  const { full, replay, alone, stale } = arms;
  const difference = replay.less_full ? `, difference ${interval(replay.less_full)}` : '';
  return [
    atLeast(
      `${part}: quality on the next month, continued with replay to fitted afresh`,
      replay.share_of_full,
      0.98,
      `NDCG@10 ${replay.next.toFixed(4)} beside ${full.next.toFixed(4)}${difference}; without replay ${alone.next.toFixed(4)}, never again ${stale.next.toFixed(4)}`,
    ),
    atMost(
      `${part}: compute (${unit}), continued with replay to fitted afresh`,
      replay.compute,
      0.15,
      `${replay.seconds.toFixed(0)} s a month beside ${full.seconds.toFixed(0)} s`,
    ),
  ];
}

/** A trunk of a simulated shop, each month weighing as many cases as it has. */
async function trunks(options: BenchOptions, words: Words) {
  const inLake = await simulatedShop(options, words);
  try {
    const months = await rollTrunks(inLake, {
      how: howOf(words, TRUNK_CONTINUE),
      months: words.number('months', 3),
      steps: words.number('steps', 600),
      ...{ seed: options.seed, threads: options.threads, log: options.log },
    });
    const cases = months.reduce((sum, month) => sum + month.cases, 0);
    const total = (arm: Arm, of: 'steps' | 'seconds') =>
      months.reduce((sum, { arms }) => sum + arms[arm][of], 0);
    const next = (arm: Arm) =>
      months.reduce((sum, month) => sum + month.cases * month.arms[arm].next, 0) / cases;
    const armOf = (arm: Arm): ArmFigures => ({
      ...{ next: next(arm), share_of_full: next(arm) / next('full') },
      compute: total(arm, 'steps') / total('full', 'steps'),
      seconds: total(arm, 'seconds') / months.length,
    });
    const arms = Object.fromEntries(ARMS.map((arm) => [arm, armOf(arm)])) as Record<Arm, ArmFigures>;
    return { cases, arms, months };
  } finally {
    inLake.close();
  }
}

/** All arms over all months together; the old cases as they stand at the end. */
function summed({ epochs, oldEntities, months }: Rolled, seed: number) {
  const entities = months.flatMap((month) => month.entities);
  const places = (arm: Arm) => join64(months.map(({ arms }) => arms[arm].next));
  const total = (arm: Arm, of: 'asked' | 'seconds' | 'steps') =>
    months.reduce((sum, { arms }) => sum + arms[arm][of], 0);
  const last = months[months.length - 1];
  const armOf = (arm: Arm) => {
    const next = meanNdcg(places(arm));
    return {
      next,
      share_of_full: next / meanNdcg(places('full')),
      less_full: compareRanks(places(arm), places('full'), { metric: 'ndcg@10', entities, seed }),
      old: meanNdcg(last.arms[arm].old),
      /** Of the quality on old cases before the first month, what is lost. */
      forgotten: 1 - meanNdcg(last.arms[arm].old) / meanNdcg(last.arms.stale.old),
      compute: total(arm, 'asked') / total('full', 'asked'),
      ...{ asked: total(arm, 'asked'), steps: total(arm, 'steps') },
      seconds: total(arm, 'seconds') / months.length,
    };
  };
  return {
    ...{ readings: epochs, cases: entities.length, old_cases: oldEntities.length },
    arms: Object.fromEntries(ARMS.map((arm) => [arm, armOf(arm)])) as Record<Arm, ReturnType<typeof armOf>>,
    months: months.map(({ endMs, newEvents, newItems, arms, entities: asked }) => ({
      learned_until: new Date(endMs).toISOString().slice(0, 10),
      ...{ new_events: newEvents, new_items: newItems, cases: asked.length },
      next: Object.fromEntries(ARMS.map((arm) => [arm, meanNdcg(arms[arm].next)])),
      old: Object.fromEntries(ARMS.map((arm) => [arm, meanNdcg(arms[arm].old)])),
    })),
  };
}

function join64(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const interval = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${low.toFixed(4)} … ${high.toFixed(4)}`;

function untilOf({ timesMs = new Float64Array() }: Sequences, words: Words): number {
  const [said] = words.texts('until', ['']);
  if (said !== '') return Date.parse(said);
  return timesMs.reduce((latest, time) => Math.max(latest, time), 0);
}

const GROCERY = fileURLToPath(new URL('../../shared/data/grocery_rechorus/train.csv.gz', import.meta.url));

async function grocery({ seed, threads }: BenchOptions): Promise<Sequences> {
  const scratch = mkdtempSync(join(tmpdir(), 'continual-'));
  try {
    const source = { path: GROCERY, format: 'csv', user: 'user_id', item: 'item_id', time: 'time' } as const;
    return (await readSource(source, { scratch, seed, threads, progress: silent })).sequences;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What customers of a simulated shop looked at and bought, in order. */
async function simulated(options: BenchOptions, words: Words): Promise<Sequences> {
  const inLake = await simulatedShop(options, words);
  try {
    return await lakeSequences(inLake.engine, inLake.source, {
      ...{ by: 'user', types: ['view', 'purchase'], progress: silent },
    });
  } finally {
    inLake.close();
  }
}

const simulatedShop = (options: BenchOptions, words: Words): Promise<ShopInLake> =>
  shopInLake(
    simulateShop({
      scenario: 'sequential',
      customers: words.number('customers', 1500),
      days: words.number('days', 300),
      seed: options.seed,
    }),
    options,
  );
