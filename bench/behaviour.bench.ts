// The behaviour transformer as an estimator of a shop's questions: what fine-tuning moves, what pretraining pays, what order tells.
import { DAY_MS } from '../src/core/time.ts';
import { idealProbabilities, observe } from '../src/data/synthetic/ideal-observer.ts';
import { SCENARIOS, type ScenarioName } from '../src/data/synthetic/scenario.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { METHODS } from '../src/models/behaviour/methods.ts';
import { BEHAVIOUR_DEFAULTS } from '../src/models/behaviour/settings.ts';
import { taskNamed } from '../src/tasks/catalogue.ts';
import type { Task } from '../src/tasks/task.ts';
import { BESIDE, fewLabels, type LabelShare } from './behaviour/few-labels.ts';
import { groceryShop, hasGrocery } from './behaviour/grocery-shop.ts';
import { type MethodRow, methodsTable } from './behaviour/methods-table.ts';
import { type Known, type OrderEffects, orderEffects, TREES } from './behaviour/order-effects.ts';
import { type Asked, askedTask, learnTrunk, TRUNK_SIZES, type TrunkSizes } from './behaviour/shop-samples.ts';
import { readWords, type Words } from './behaviour/words.ts';
import { atLeast, atMost, type Bench, type BenchOptions, type Target } from './bench.ts';
import { type ShopInLake, shopInLake, userNumber } from './simulated-shop.ts';

const LORA = 'transformer:lora';
const FULL = 'transformer';
/** Where categories follow each other, and the same shop where each view is drawn afresh. */
const ORDERED = 'sequential';
const ORDERLESS = 'orderless';
const ORDER_TASKS = ['purchase', 'churn', 'spend', 'session-purchase'];

const SIZES = {
  customers: 10_000,
  days: 490,
  horizon: 30,
  origins: 3,
  groceryHorizon: 90,
  draws: 5,
  shares: [0.01, 0.1],
} as const;

const KNOWN = {
  parts: ['methods', 'labels', 'order'],
  sizes: [
    ...[
      'customers',
      'days',
      'horizon',
      'origins',
      'groceryHorizon',
      'draws',
      'shares',
      'pretrain',
      'width',
      'blocks',
    ],
    ...['scenario', 'task', 'model', 'data', 'features'],
  ],
  settings: Object.keys(BEHAVIOUR_DEFAULTS).filter((key) => key !== 'width' && key !== 'blocks'),
};

interface Run extends BenchOptions {
  readonly words: Words;
  readonly trunk: TrunkSizes;
}

interface Measured {
  readonly targets: readonly Target[];
  readonly figures: unknown;
}

/**
 * Words: `methods`, `labels`, `order`; all when none is given. Sizes: `customers=` and `days=` of the simulated shop,
 * `horizon=` days, `origins=` training moments; `pretrain=` steps, `width=`, `blocks=` of the trunk (of `order`,
 * `pretrain=0`: each fit learns its own); any other setting of the model by its name, such as `rank=2 tuneSteps=600`. Of
 * `methods`: `task=purchase`, `model=transformer,transformer:lora`, `features=all` or `none` (events alone); of `labels`:
 * `shares=.01,.1`, `draws=5`, `features=all,none`; of both: `data=simulated,grocery`, `groceryHorizon=90`; of `order`: `task=purchase,churn`, `model=transformer`. `scenario=`
 * another shop, of `order` several.
 */
export const bench: Bench = async (options) => {
  const words = readWords(options.args, KNOWN);
  const trunk = {
    steps: words.number('pretrain', TRUNK_SIZES.steps),
    width: words.number('width', TRUNK_SIZES.width),
    blocks: words.number('blocks', TRUNK_SIZES.blocks),
  };
  const parts: Record<string, (run: Run) => Promise<Measured>> = { methods, labels, order };
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {
    seed: options.seed,
    threads: options.threads,
    customers: words.number('customers', SIZES.customers),
    days: words.number('days', SIZES.days),
    trunk,
    settings: { ...BEHAVIOUR_DEFAULTS, ...words.settings, width: trunk.width, blocks: trunk.blocks },
  };
  for (const part of words.parts) {
    const measured = await parts[part]({ ...options, words, trunk });
    targets.push(...measured.targets);
    figures[part] = measured.figures;
  }
  return {
    bench: 'behaviour',
    protocol:
      'simulated shops written as CSV and imported; the full feature set and the newest events in order; training moments, one ' +
      'calibration moment and one test, a horizon apart; the trunk has read nothing after the calibration moment; AUC over ' +
      'everybody asked, intervals and differences by drawing customers, 95 %; the models that are compared learn from the same ' +
      'moments and the test chooses nothing; truth conditioned on the latent state at the test moment',
    targets,
    figures,
  };
};

/** Six ways of fine-tuning and none, on one task over one trunk of each shop. */
async function methods(run: Run): Promise<Measured> {
  const { words, seed, threads, log } = run;
  const [name] = words.texts('task', ['purchase']);
  const [features] = featuresOf(words, ['all']);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  await onShops(run, ['simulated'], async (label, shop, moments) => {
    const question = { ...moments(taskNamed(name)), eventsAlone: features === 'none', seed };
    const asked = await askedTask(shop, question);
    const { pretrained, figures: trunk } = await learnTrunk(shop.workspace, [asked.plan], {
      ...run,
      sizes: run.trunk,
    });
    const ids = words.texts(
      'model',
      METHODS.map(({ id }) => id),
    );
    const { dir } = shop.workspace;
    const table = await methodsTable(asked, {
      ...{ ids, settings: words.settings, asked: question, dir, pretrained, threads, log },
    });
    targets.push(...methodTargets(label, table.rows));
    figures[label] = { task: name, features, trunk, ...table };
  });
  return { targets, figures };
}

function methodTargets(label: string, rows: Readonly<Record<string, MethodRow>>): Target[] {
  const lora = rows[LORA];
  if (lora?.less_full === undefined) return [];
  return [
    atMost(
      `${label}, LoRA: share of numbers that move`,
      lora.share,
      0.02,
      `${lora.trainable} with the head; of the trunk alone ${(100 * lora.trunk_share).toFixed(2)} %`,
    ),
    atLeast(
      `${label}, LoRA less full fine-tuning, AUC`,
      lora.less_full.value,
      -0.005,
      `${lora.roc_auc.value.toFixed(4)} beside ${rows[FULL].roc_auc.value.toFixed(4)}, ${interval(lora.less_full)}${
        lora.network_has_say ? '' : '; features answer alone'
      }`,
    ),
  ];
}

/** Whether a trunk learned without labels makes up for labels there are few of. */
async function labels(run: Run): Promise<Measured> {
  const { words, seed } = run;
  const [name] = words.texts('task', ['purchase']);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  await onShops(run, ['simulated', 'grocery'], async (label, shop, moments) => {
    for (const features of featuresOf(words, ['all', 'none'])) {
      const eventsAlone = features === 'none';
      const asked = await askedTask(shop, { ...moments(taskNamed(name)), eventsAlone, seed });
      const trunk = await learnTrunk(shop.workspace, [asked.plan], { ...run, sizes: run.trunk });
      const shares = await fewLabels(asked, {
        ...run,
        pretrained: trunk.pretrained,
        shares: words.numbers('shares', SIZES.shares),
        draws: words.number('draws', SIZES.draws),
        beside: eventsAlone ? [] : BESIDE,
        settings: words.settings,
      });
      const { train, test } = asked.samples;
      const title = `${label}, ${eventsAlone ? 'events alone' : 'all features'}`;
      targets.push(...shares.flatMap((share) => labelTargets(title, share)));
      figures[title] = {
        ...{ task: name, examples: train.target.length, tested: test.target.length, shares },
        customers: new Set(train.entities).size,
        trunk: trunk.figures,
      };
    }
  });
  return { targets, figures };
}

type OpenShop = Pick<ShopInLake, 'engine' | 'source' | 'workspace'>;
type MomentsOf = (task: Task) => Omit<Asked, 'seed'>;

/** The simulated shop and Grocery, those of them that are wanted and there. */
async function onShops(
  run: Run,
  otherwise: readonly string[],
  measure: (label: string, shop: OpenShop, moments: MomentsOf) => Promise<void>,
): Promise<void> {
  const { words, log } = run;
  const data = words.texts('data', otherwise);
  if (data.includes('simulated')) {
    const [scenario] = scenariosOf(words, [ORDERED]);
    await withShop(run, scenario, (shop) =>
      measure(`simulated ${scenario}`, shop, (task) => momentsOf(shop, task, words)),
    );
  }
  if (!data.includes('grocery')) return;
  if (!hasGrocery) {
    log('grocery is left out: ../shared/data/grocery_rechorus is not beside the checkout');
    return;
  }
  const shop = await groceryShop(run.threads);
  try {
    const horizonDays = words.number('groceryHorizon', SIZES.groceryHorizon);
    const maxTrainOrigins = words.number('origins', SIZES.origins);
    await measure('grocery', shop, (task) => ({ task, horizonDays, maxTrainOrigins }));
  } finally {
    shop.close();
  }
}

function labelTargets(label: string, { share, difference, roc_auc }: LabelShare): Target[] {
  if (!difference) return [];
  const beside = Object.entries(roc_auc)
    .map(([id, { mean }]) => `${id} ${mean.toFixed(4)}`)
    .join(', ');
  return [
    atLeast(
      `${label}, ${100 * share} % of labels: pretrained with LoRA less from scratch, AUC`,
      difference.mean,
      0.03,
      `${difference.draws} draws, ${difference.lowest.toFixed(4)} … ${difference.highest.toFixed(4)}; ${beside}`,
    ),
  ];
}

/** Tasks in a shop whose views follow each other and in one whose views do not; targets in the first alone. */
async function order(run: Run): Promise<Measured> {
  const { words, seed, threads, log } = run;
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const scenario of scenariosOf(words, [ORDERED, ORDERLESS])) {
    figures[scenario] = await withShop(run, scenario, async (shop) => {
      const asked = [];
      for (const name of words.texts('task', ORDER_TASKS))
        asked.push(await askedTask(shop, { ...momentsOf(shop, taskNamed(name), words), seed }));
      const plans = asked.map(({ plan }) => plan);
      const trunk =
        run.trunk.steps > 0
          ? await learnTrunk(shop.workspace, plans, { ...run, sizes: run.trunk })
          : undefined;
      const tasks: OrderEffects[] = [];
      for (const each of asked) {
        const effects = await orderEffects(each, knownOf(shop, each), {
          ids: words.texts('model', [FULL]),
          settings: words.settings,
          ...(trunk && { pretrained: trunk.pretrained }),
          ...{ seed, threads, log },
        });
        tasks.push(effects);
        if (scenario !== ORDERLESS) targets.push(...orderTargets(scenario, effects));
      }
      return { ...(trunk && { trunk: trunk.figures }), tasks };
    });
  }
  return { targets, figures };
}

function orderTargets(scenario: string, { task, chosen, deciding, contestants }: OrderEffects): Target[] {
  const own = contestants[chosen];
  const difference = own.less_trees?.[deciding];
  if (!difference) return [];
  const name = `${scenario}, ${task}: ${chosen}`;
  const features = own.less_without_events?.[deciding];
  const best = contestants['ideal observer']?.closed?.mean_absolute;
  return [
    {
      name: `${name} less ${TREES}, ${deciding}`,
      target: 'better, its interval excludes zero',
      got: difference.value,
      met: own.is_better === true,
      note: `${interval(difference)}${features ? `; less trees and linear without events ${features.value.toFixed(4)}, ${interval(features)}` : ''}`,
    },
    ...(own.closed
      ? [
          atLeast(
            `${name}: share closed of the distance ${TREES} keeps from the truth`,
            own.closed.mean_absolute,
            0.5,
            `root mean square ${own.closed.root_mean_square.toFixed(4)}${
              best === undefined ? '' : `; the ideal observer closes ${best.toFixed(4)}`
            }`,
          ),
        ]
      : []),
  ];
}

const VISITS_HORIZON_DAYS = 7;

function momentsOf({ shop }: ShopInLake, task: Task, words: Words) {
  const ofVisits = task.entity === 'session';
  const horizonDays = ofVisits ? VISITS_HORIZON_DAYS : words.number('horizon', SIZES.horizon);
  return {
    ...{ task, horizonDays },
    // A day less than the window allows: the log ends with its last event, not with the window.
    asOf: shop.endMs - (horizonDays + 1) * DAY_MS,
    maxTrainOrigins: words.number('origins', SIZES.origins),
  };
}

/** What is really going to happen to those asked about; of visits the shop does not say. */
function knownOf(
  { shop }: ShopInLake,
  { task, plan, samples }: Awaited<ReturnType<typeof askedTask>>,
): Known {
  if (task.entity !== 'user' || task.outcome === 'other') return {};
  const users = samples.test.entities.map(userNumber);
  const [asOf] = plan.test;
  const { horizonMs } = plan;
  const { saleResponse, fullPricePain } = shop.world.scenario;
  if (task.outcome === 'revenue') {
    const spend = users.map((user) => shop.truth.expectedSpend(user, asOf, horizonMs).netMinor);
    return { truth: Float64Array.from(spend) };
  }
  const asked = (buys: number) => (task.outcome === 'leaves' ? 1 - buys : buys);
  const truth = Float64Array.from(users, (user) =>
    asked(shop.truth.purchaseProbability(user, asOf, horizonMs)),
  );
  if (saleResponse !== 0 || fullPricePain !== 0) return { truth };
  const ideal = idealProbabilities(shop, observe(shop, asOf), horizonMs);
  return { truth, 'ideal observer': Float64Array.from(users, (user) => asked(ideal[user])) };
}

async function withShop<T>(
  { words, seed, threads, log }: Run,
  scenario: ScenarioName,
  work: (shop: ShopInLake) => Promise<T>,
): Promise<T> {
  const customers = words.number('customers', SIZES.customers);
  const shop = simulateShop({ scenario, customers, days: words.number('days', SIZES.days), seed });
  const inLake = await shopInLake(shop, { threads, log });
  try {
    return await work(inLake);
  } finally {
    inLake.close();
  }
}

function scenariosOf(words: Words, otherwise: readonly ScenarioName[]): readonly ScenarioName[] {
  return words.texts('scenario', otherwise).map((text) => {
    if (!Object.hasOwn(SCENARIOS, text))
      throw new Error(`expected one of ${Object.keys(SCENARIOS).join(', ')}, got ${text}`);
    return text as ScenarioName;
  });
}

function featuresOf(words: Words, otherwise: readonly string[]): readonly string[] {
  const said = words.texts('features', otherwise);
  const other = said.find((each) => each !== 'all' && each !== 'none');
  if (other !== undefined) throw new Error(`expected all or none after features=, got ${other}`);
  return said;
}

const interval = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${low.toFixed(4)} … ${high.toFixed(4)}`;
