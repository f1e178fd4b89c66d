// What a trunk brings along: from another shop, and from other questions; where labels are few, and where they are not.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../src/core/progress.ts';
import { DAY_MS } from '../src/core/time.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { BEHAVIOUR_DEFAULTS } from '../src/models/behaviour/settings.ts';
import { takeSample } from '../src/models/sample.ts';
import { CONTINUE_DEFAULTS } from '../src/models/sequence/continuing.ts';
import { taskNamed } from '../src/tasks/catalogue.ts';
import { continuePretraining } from '../src/train/continue-pretraining.ts';
import { PRETRAIN_DEFAULTS, pretrainShop } from '../src/train/pretrain.ts';
import { lastToRead, loadTrunk, type PretrainedTrunk } from '../src/train/pretrained.ts';
import { parseTasks } from '../src/train/task-heads.ts';
import { exportTrunk, importTrunk } from '../src/train/transfer-trunk.ts';
import { rowsOfSome, type Spread, spreadOf } from './behaviour/arithmetic.ts';
import { aucOf, estimatorOn, fitAndAsk } from './behaviour/fit-answers.ts';
import { type AskedTask, askedTask } from './behaviour/shop-samples.ts';
import { readWords, type Words } from './behaviour/words.ts';
import type { Bench, BenchOptions, Target } from './bench.ts';
import { type ShopInLake, shopInLake } from './simulated-shop.ts';

const KNOWN = {
  parts: ['shops', 'tasks'],
  sizes: [
    'customers',
    'small',
    'days',
    'pretrain',
    'taskSteps',
    'shares',
    'draws',
    'task',
    'tasks',
    'model',
    'features',
  ],
  settings: Object.keys(BEHAVIOUR_DEFAULTS),
};
const RUN = { now: Date.now, progress: silent, command: 'npm run bench -- transfer' };
const HORIZON_DAYS = 30;

interface Run extends BenchOptions {
  readonly words: Words;
}

/**
 * Words: `shops`, `tasks`; both when none is given. `customers=` of the large shop, `small=` of the one a trunk is brought to,
 * `days=`, `pretrain=` and `taskSteps=` steps, `shares=.02,.2` of labels, `draws=3`; `task=purchase` asked, `tasks=` taught;
 * `model=transformer:frozen`; `features=none` (events alone) or `all`.
 */
export const bench: Bench = async (options) => {
  const words = readWords(options.args, KNOWN);
  const parts: Record<string, (run: Run) => Promise<{ targets: readonly Target[]; figures: unknown }>> = {
    shops,
    tasks,
  };
  const targets: Target[] = [];
  const figures: Record<string, unknown> = { seed: options.seed, threads: options.threads };
  for (const part of words.parts) {
    const measured = await parts[part]({ ...options, words });
    targets.push(...measured.targets);
    figures[part] = measured.figures;
  }
  return {
    bench: 'transfer',
    protocol:
      'simulated shops written as CSV and imported; trunks have read nothing after the calibration moment, outcomes taught end before ' +
      'it; the same model on each trunk, labels of the customers drawn alone, AUC at the test moment; a mean over draws of customers',
    targets,
    figures,
  };
};

const sequential = (words: Words, customers: number, seed: number) =>
  simulateShop({ scenario: 'sequential', customers, days: words.number('days', 300), seed });

/** A trunk of a large shop in a small one that sells other things of the same kinds, beside none and beside the small shop's own. */
async function shops(run: Run) {
  const { words, seed, threads, log } = run;
  const scratch = mkdtempSync(join(tmpdir(), 'transfer-'));
  const large = await shopInLake(sequential(words, words.number('customers', 3000), seed), run);
  const small = await shopInLake(sequential(words, words.number('small', 1000), seed + 1000), run);
  try {
    const asked = await askedIn(small, run);
    const steps = words.number('pretrain', 600);
    const learn = async ({ workspace }: ShopInLake, asOf: number) =>
      (
        await pretrainShop(workspace, {
          ...{ ...PRETRAIN_DEFAULTS, ...RUN, steps, asOf, seed, threads },
        })
      ).version.version;
    const asOf = lastToRead(asked.plan);
    const own = loadTrunk(small.workspace, await learn(small, asOf));
    await learn(large, asOf);
    mkdirSync(scratch, { recursive: true });
    const file = join(scratch, 'large.trunk');
    const exported = await exportTrunk(large.workspace, { ...RUN, reference: 'latest', file, threads });
    const imported = await importTrunk(small.workspace, { ...RUN, file, threads });
    log(`brought over: ${JSON.stringify({ exported: exported.bytes, ...imported, version: undefined })}`);
    const brought = loadTrunk(small.workspace);
    await continuePretraining(small.workspace, {
      ...{ ...RUN, from: 'latest', asOf, horizonDays: HORIZON_DAYS, seed, threads },
      // All of this shop is new to it: nothing is held.
      how: { ...CONTINUE_DEFAULTS, rate: 1, hold: 0, epochs: 4, steps },
    });
    const continued = loadTrunk(small.workspace);
    const shares = await few(asked, { ...run, trunks: { brought, continued, own } });
    return { targets: targetsOf(shares, 'brought', 'a trunk brought over'), figures: { steps, shares } };
  } finally {
    for (const shop of [large, small]) shop.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A trunk taught by other questions of the same shop, beside the same trunk untaught. */
async function tasks(run: Run) {
  const { words, seed, threads } = run;
  const shop = await shopInLake(sequential(words, words.number('customers', 3000), seed), run);
  try {
    const asked = await askedIn(shop, run);
    const asOf = lastToRead(asked.plan);
    const shared = {
      ...PRETRAIN_DEFAULTS,
      ...RUN,
      steps: words.number('pretrain', 600),
      asOf,
      seed,
      threads,
    };
    const names = words.texts('tasks', ['churn:1', 'spend:0.5']).join(',');
    const learn = async (taught: boolean) =>
      loadTrunk(
        shop.workspace,
        (
          await pretrainShop(shop.workspace, {
            ...shared,
            ...(taught && { tasks: parseTasks(names, taskNamed), taskSteps: words.number('taskSteps', 300) }),
          })
        ).version.version,
      );
    const own = await learn(false);
    const shares = await few(asked, { ...run, trunks: { taught: await learn(true), own } });
    return { targets: [], figures: { taught_by: names, shares } };
  } finally {
    shop.close();
  }
}

const askedIn = (shop: ShopInLake, { words, seed }: Run): Promise<AskedTask> =>
  askedTask(shop, {
    task: taskNamed(words.texts('task', ['purchase'])[0]),
    horizonDays: HORIZON_DAYS,
    asOf: shop.shop.endMs - (HORIZON_DAYS + 1) * DAY_MS,
    maxTrainOrigins: 3,
    eventsAlone: words.texts('features', ['none'])[0] === 'none',
    seed,
  });

interface ShareRow {
  readonly share: number;
  readonly examples: number;
  /** AUC by trunk; `nothing` begins from weights as they are drawn. */
  readonly roc_auc: Readonly<Record<string, Spread>>;
}

async function few(
  { samples }: AskedTask,
  { words, seed, threads, log, trunks }: Run & { readonly trunks: Readonly<Record<string, PretrainedTrunk>> },
): Promise<readonly ShareRow[]> {
  const { train, test } = samples;
  const [id] = words.texts('model', ['transformer:frozen']);
  const [first] = Object.values(trunks);
  const contestants: Record<string, [string, PretrainedTrunk]> = {
    ...Object.fromEntries(
      Object.entries(trunks).map(([name, trunk]) => [name, [id, trunk] as [string, PretrainedTrunk]]),
    ),
    nothing: ['transformer:scratch', Object.values(trunks).at(-1) ?? first],
  };
  const rows: ShareRow[] = [];
  for (const share of words.numbers('shares', [0.02, 0.2])) {
    const areas: Record<string, number[]> = {};
    let examples = 0;
    for (let draw = 0; draw < words.number('draws', 3); draw++) {
      const labelled = takeSample(train, rowsOfSome(train.entities, share, `labels ${share} ${draw}`, seed));
      examples = labelled.target.length;
      if (new Set(labelled.target).size < 2) continue;
      for (const [name, [model, trunk]] of Object.entries(contestants)) {
        const own = await fitAndAsk(estimatorOn(model, words.settings, trunk), labelled, test, {
          ...{ seed: seed + draw, threads },
        });
        areas[name] = [...(areas[name] ?? []), aucOf(test, own.said, seed).value];
      }
    }
    rows.push({
      ...{ share, examples },
      roc_auc: Object.fromEntries(Object.entries(areas).map(([name, own]) => [name, spreadOf(own)])),
    });
    log(JSON.stringify(rows.at(-1)));
  }
  return rows;
}

const targetsOf = (rows: readonly ShareRow[], name: string, words: string): Target[] =>
  rows.slice(0, 1).flatMap(({ share, roc_auc }) => {
    const [own, nothing] = [roc_auc[name], roc_auc.nothing];
    if (!own || !nothing) return [];
    const got = own.mean - nothing.mean;
    return [
      {
        name: `${100 * share} % of labels: ${words} less one from nothing, AUC`,
        ...{ target: '> 0', got, met: got > 0 },
        note: `${own.mean.toFixed(4)} beside ${nothing.mean.toFixed(4)}, ${own.draws} draws`,
      },
    ];
  });
