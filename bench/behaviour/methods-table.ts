// Every way of fine-tuning beside a network that starts from nothing: numbers moved, time, memory and AUC, over one trunk.
import type { Score } from '../../src/eval/score.ts';
import { pooledStates, stateSpecs } from '../../src/models/behaviour/head.ts';
import { METHODS, type Method } from '../../src/models/behaviour/methods.ts';
import { behaviourSettings } from '../../src/models/behaviour/settings.ts';
import { methodTrunk } from '../../src/models/behaviour/tune.ts';
import type { Model, Settings } from '../../src/models/estimator.ts';
import { parameterTable } from '../../src/nn/adapt/freezing.ts';
import { trace } from '../../src/nn/module.ts';
import { input } from '../../src/tensor/ops/leaf.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';
import { type Answered, aucDifference, aucOf, estimatorOn, fitAndAsk } from './fit-answers.ts';
import type { AskedTask } from './shop-samples.ts';

export interface MethodRow {
  /** Numbers that move, those of the head among them, and what share of all they are. */
  readonly trainable: number;
  readonly share: number;
  /** The same of what is put into the trunk alone. */
  readonly trunk_trainable: number;
  readonly trunk_share: number;
  readonly fit_seconds: number;
  readonly peak_mb?: number;
  readonly grown_mb?: number;
  readonly network_has_say: boolean;
  readonly roc_auc: Score;
  /** This one less full fine-tuning, on the same draws of customers. */
  readonly less_full?: Score;
}

interface Run {
  readonly ids: readonly string[];
  readonly settings: Settings;
  readonly pretrained: PretrainedTrunk;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

const FULL = 'transformer';

/** Features with neither network nor events, to tell what all of them add to. */
const BESIDE = ['logistic', 'gbdt'];

export async function methodsTable({ samples }: AskedTask, run: Run) {
  const { settings, pretrained, seed, threads, log } = run;
  const { train, test } = samples;
  const fitted = new Map<string, Answered>();
  const rows: Record<string, MethodRow> = {};
  for (const method of METHODS.filter(({ id }) => run.ids.includes(id))) {
    const own = await fitAndAsk(estimatorOn(method.id, settings, pretrained), train, test, { seed, threads });
    fitted.set(method.id, own);
    const full = fitted.get(FULL);
    rows[method.id] = {
      ...movedNumbers(method, own.model, { settings, pretrained }),
      fit_seconds: own.fitSeconds,
      peak_mb: own.peakMb,
      grown_mb: own.grownMb,
      network_has_say: own.hasSay,
      roc_auc: aucOf(test, own.said, seed),
      ...(full && method.id !== FULL && { less_full: aucDifference(test, [own.said, full.said], seed) }),
    };
    log(`${method.id}: ${JSON.stringify(rows[method.id])}`);
  }
  const beside: Record<string, Score> = {};
  for (const id of BESIDE) {
    const { said } = await fitAndAsk(estimatorOn(id, settings), train, test, { seed, threads });
    beside[id] = aucOf(test, said, seed);
    log(`${id}: ${JSON.stringify(beside[id])}`);
  }
  return { examples: train.target.length, tested: test.target.length, rows, beside };
}

/** As the method declares them: of the trunk by the names it moves, of the head all. */
function movedNumbers(
  method: Method,
  model: Model,
  { settings: told, pretrained }: Pick<Run, 'settings' | 'pretrained'>,
) {
  const { trunk } = pretrained;
  const { width, blocks, heads, length } = trunk.settings;
  const settings = { ...behaviourSettings(method.id, told), width, blocks, heads, length };
  const places = { batch: 1, time: length };
  const inputs = Object.entries(stateSpecs(trunk.plan, places)).map(
    ([name, { dtype, axes }]) => [name, input(name, dtype, axes)] as const,
  );
  const states = pooledStates(methodTrunk({ method, trunk, settings }), places);
  const { parameters } = trace(states, Object.fromEntries(inputs));
  const own = parameterTable(parameters, method.moves?.(parameters) ?? (() => false));
  const head = Object.entries(model.save().arrays ?? {})
    .filter(([name]) => name.startsWith('weight.head.'))
    .reduce((sum, [, values]) => sum + values.length, 0);
  const inTrunk = own.trainable + own.frozen;
  return {
    trainable: own.trainable + head,
    share: (own.trainable + head) / (inTrunk + head),
    trunk_trainable: own.trainable,
    trunk_share: own.trainable / inTrunk,
  };
}
