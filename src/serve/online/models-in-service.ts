// The models that answer: loaded whole, warmed up, and swapped at once when others are promoted.
import { AppError } from '../../core/errors.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { forecast } from '../../models/calibrated.ts';
import { type LoadedBundle, loadBundle } from '../../registry/bundle.ts';
import { promotedTasks, showVersion } from '../../registry/versions.ts';
import type { Prediction } from '../api.ts';
import { type Answerer, PREDICTIONS } from '../lifecycle/answer-kind.ts';
import { mayPass } from '../lifecycle/passing-trouble.ts';
import type { RolloutObserver } from '../lifecycle/rollout-observer.ts';
import { openRollouts } from '../lifecycle/rollouts.ts';
import type { PredictionQuestion, Predictor } from '../ports.ts';
import { openPredictor, type PredictorParts } from './predictor.ts';

/** What changed in one look at the registry. */
export interface ServiceChange {
  readonly task: string;
  /** The version that answers from now on. */
  readonly version: string;
  /** The one that answered before. */
  readonly before: string | undefined;
}

/** A version that cannot answer; the one before goes on. */
export interface ServiceFault {
  readonly task: string;
  readonly message: string;
}

export interface Refreshed {
  readonly changes: readonly ServiceChange[];
  readonly faults: readonly ServiceFault[];
}

export interface ModelsInService {
  /** One for as long as it runs: a request is answered by the models that stood when it came. */
  readonly predictor: Predictor;
  readonly bundles: readonly LoadedBundle[];
  /** Loads what was promoted or put on trial since; looks at nothing but small files where nothing was. */
  refresh(): Promise<Refreshed>;
  /** What trials have measured is written down. */
  close(): Promise<void>;
}

export type ServiceParts = Omit<PredictorParts, 'bundles' | 'context'> & {
  readonly modelsDir: string;
  /** Read anew for models loaded later: a catalogue grows. */
  readonly context: () => FieldContext;
  /** Hears of versions on trial. */
  readonly observer?: RolloutObserver;
  /** As `openRollouts` takes it. */
  readonly watchMs?: number;
};

/** Every task of the shop about customers, visits or items that has a promoted version; those about texts are passed over. */
export async function openModels(parts: ServiceParts): Promise<ModelsInService & Refreshed> {
  const { modelsDir, context, observer, watchMs, ...rest } = parts;
  const rollouts = openRollouts({
    ...{ modelsDir, kind: PREDICTIONS, now: parts.now },
    ...(observer && { observer }),
    ...(watchMs !== undefined && { watchMs }),
  });
  let bundles: readonly LoadedBundle[] = [];
  let current = openPredictor({ ...rest, bundles, context: context() });
  /** Versions that were looked at and cannot answer here, so that they are not tried again and again. */
  const passedOver = new Set<string>();
  let inHand: Promise<Refreshed> | undefined;

  async function look(): Promise<Refreshed> {
    const changes: ServiceChange[] = [];
    const faults: ServiceFault[] = [];
    const next = new Map(bundles.map((bundle) => [bundle.task.name, bundle]));
    for (const task of promotedTasks(modelsDir)) {
      const before = next.get(task)?.version.version;
      let looked = '';
      try {
        const { version } = showVersion(modelsDir, task);
        if (version === before || passedOver.has(`${task}/${version}`)) continue;
        looked = `${task}/${version}`;
        passedOver.add(looked);
        const bundle = loadBundle(modelsDir, task, version);
        await rest.readItems?.(bundle);
        await warmUp(bundle);
        passedOver.delete(looked);
        next.set(task, bundle);
        changes.push({ task, version, before });
      } catch (error) {
        // Another kind of model, for another command; or one that is damaged.
        if (!(error instanceof AppError)) throw error;
        if (mayPass(error)) passedOver.delete(looked);
        if (error.code !== 'BAD_FILE' || before !== undefined) faults.push({ task, message: error.message });
      }
    }
    if (changes.length > 0) {
      bundles = [...next.values()];
      current = openPredictor({ ...rest, bundles, context: context() });
    }
    for (const [task, { version }] of next)
      await rollouts.follow(task, version.version, (candidate) => openCandidate(task, candidate));
    return { changes, faults };
  }

  async function openCandidate(
    task: string,
    version: string,
  ): Promise<Answerer<PredictionQuestion, Prediction>> {
    const bundle = loadBundle(modelsDir, task, version);
    await rest.readItems?.(bundle);
    await warmUp(bundle);
    const { predict } = openPredictor({ ...rest, bundles: [bundle], context: context() });
    return predict;
  }

  const refresh = (): Promise<Refreshed> => {
    inHand ??= look().finally(() => {
      inHand = undefined;
    });
    return inHand;
  };
  const first = await refresh();
  return {
    ...{ ...first, refresh, close: () => rollouts.close() },
    get bundles() {
      return bundles;
    },
    predictor: {
      // A shop without models yet is ready for events; asked for an answer it says what is missing.
      ready: true,
      get tasks() {
        return current.tasks;
      },
      predict(question) {
        // Taken once: whatever is swapped meanwhile, one question is answered by the models that stood when it came.
        const { predict } = current;
        return rollouts.answer(question.task, question, predict);
      },
    },
  };
}

/** The first answer compiles kernels and opens sessions: nobody should wait for that. */
async function warmUp({ calibrated, background }: LoadedBundle): Promise<void> {
  const { frame } = background;
  await forecast(calibrated, frame, new Float64Array(frame.rows));
}
