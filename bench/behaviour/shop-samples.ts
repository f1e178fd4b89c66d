// The examples of a task as training reads them, the newest events in order among their columns, and a trunk learned before them.
import { EVENT_SEQUENCES } from '../../src/core/event-sequences.ts';
import { silent } from '../../src/core/progress.ts';
import { DAY_MS } from '../../src/core/time.ts';
import type { Engine } from '../../src/data/engine.ts';
import { readCapabilities, viewFor } from '../../src/data/features/capabilities.ts';
import { startingView, withEvents } from '../../src/data/features/default-view.ts';
import type { EventSource } from '../../src/data/source.ts';
import type { SplitPlan } from '../../src/data/splits.ts';
import { visitorLog } from '../../src/data/visits/visits.ts';
import type { Workspace } from '../../src/data/workspace.ts';
import type { Sample } from '../../src/models/estimator.ts';
import type { Task } from '../../src/tasks/task.ts';
import { boundView } from '../../src/train/bounded-view.ts';
import { sampleCustomers } from '../../src/train/customer-sample.ts';
import { planHorizon } from '../../src/train/horizon.ts';
import { PRETRAIN_DEFAULTS, pretrainShop } from '../../src/train/pretrain.ts';
import { lastToRead, loadTrunk, type PretrainedTrunk, refuseForesight } from '../../src/train/pretrained.ts';
import { buildSamples, questionFor, type Samples } from '../../src/train/samples.ts';

export interface AskedShop {
  readonly engine: Engine;
  readonly source: EventSource;
}

export interface AskedTask {
  readonly task: Task;
  readonly plan: SplitPlan;
  readonly samples: Samples;
  /** One in this many customers was drawn; 1 = everyone. */
  readonly oneIn: number;
}

export interface Asked {
  readonly task: Task;
  readonly horizonDays: number;
  /** Moment of the test, UTC ms; the latest possible when absent. */
  readonly asOf?: number;
  readonly maxTrainOrigins?: number;
  /** Nothing but events in order: no feature says what they come to, only the weekday of the moment stays. */
  readonly eventsAlone?: boolean;
  readonly seed: number;
}

/** The full feature set of the task with what was done in order; shops without seasons, whose calendar is left alone. */
export async function askedTask({ engine, source }: AskedShop, asked: Asked): Promise<AskedTask> {
  const { task, horizonDays, seed, asOf, maxTrainOrigins } = asked;
  const { plan, checkedDays } = planHorizon(task, source, { horizonDays, asOf, maxTrainOrigins });
  const historyMs = plan.train[0] - source.firstMs;
  const span = { horizonDays: checkedDays, historyDays: historyMs / DAY_MS };
  const known = task.entity === 'session' ? visitorLog(source) : source;
  const told = withEvents(startingView(task.entity, span), task.entity);
  const { view } = boundView(viewFor(told, await readCapabilities(engine, known)).view, historyMs);
  const moments = plan.train.length + (plan.calibrate === 'cross-fit' ? 0 : plan.calibrate.length) + 1;
  const drawn = await sampleCustomers(engine, source, { task, moments, seed });
  const samples = await buildSamples(engine, drawn.source, {
    ...{ task, question: questionFor(task, checkedDays), view, plan, drawn: drawn.drawn, seed },
    progress: silent,
  });
  const asRead = asked.eventsAlone ? withoutFeatures(samples) : samples;
  return { task, plan, samples: asRead, oneIn: drawn.oneIn };
}

/** The same for everybody at a moment; models of events want one column beside them. */
const NEUTRAL = 'weekday';
const EVENTS: readonly string[] = Object.values(EVENT_SEQUENCES);

function withoutFeatures({ train, calibrate, test }: Samples): Samples {
  const narrow = (sample: Sample): Sample => {
    const columns = sample.frame.columns.filter(({ name }) => name === NEUTRAL || EVENTS.includes(name));
    return { ...sample, frame: { ...sample.frame, columns } };
  };
  return { train: narrow(train), test: narrow(test), ...(calibrate && { calibrate: narrow(calibrate) }) };
}

export interface TrunkSizes {
  readonly steps: number;
  readonly width: number;
  readonly blocks: number;
}

export interface LearnedForShop {
  readonly pretrained: PretrainedTrunk;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** One trunk from everything customers did before anything the plans judge by, as `foresell pretrain` learns it. */
export async function learnTrunk(
  workspace: Workspace,
  plans: readonly SplitPlan[],
  {
    sizes,
    seed,
    threads,
    log,
  }: { sizes: TrunkSizes; seed: number; threads: number; log: (line: string) => void },
): Promise<LearnedForShop> {
  const asOf = Math.min(...plans.map(lastToRead));
  const learned = await pretrainShop(workspace, {
    ...PRETRAIN_DEFAULTS,
    ...sizes,
    ...{ asOf, seed, threads, now: Date.now, progress: silent, command: 'npm run bench -- behaviour' },
  });
  const pretrained = loadTrunk(workspace, learned.version.version);
  for (const plan of plans) refuseForesight(pretrained, plan);
  const { customers, events, items, weights, steps, loss, seconds } = learned;
  const figures = { ...sizes, customers, events, items, weights, steps, loss, seconds };
  log(`trunk: ${JSON.stringify(figures)}`);
  return { pretrained, figures };
}

/** The default sizes of a trunk, and its steps. */
export const TRUNK_SIZES: TrunkSizes = {
  steps: PRETRAIN_DEFAULTS.steps,
  width: PRETRAIN_DEFAULTS.width,
  blocks: PRETRAIN_DEFAULTS.blocks,
};
