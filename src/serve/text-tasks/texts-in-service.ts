// The models of texts that answer: loaded, warmed up, swapped when others are promoted, tried beside each other.
import { AppError } from '../../core/errors.ts';
import { type LoadedTextTask, loadTextTask } from '../../registry/text-task-bundle.ts';
import { promotedTasks, showVersion } from '../../registry/versions.ts';
import { isTextTask } from '../../tasks/text-task.ts';
import type { Prediction } from '../api.ts';
import { type Answerer, TEXTS, type TextsAsked } from '../lifecycle/answer-kind.ts';
import { mayPass } from '../lifecycle/passing-trouble.ts';
import type { RolloutObserver } from '../lifecycle/rollout-observer.ts';
import { openRollouts } from '../lifecycle/rollouts.ts';
import type { Refreshed, ServiceChange, ServiceFault } from '../online/models-in-service.ts';
import type { TextAnswerer } from '../ports.ts';
import { openTextAnswerer, type TextAnswererParts } from './text-answerer.ts';

export interface TextsInService {
  /** Undefined while no model of texts has been saved. */
  readonly answerer: TextAnswerer | undefined;
  readonly bundles: readonly LoadedTextTask[];
  /** Loads what was promoted or put on trial since; a version that cannot answer leaves the one before in service. */
  refresh(): Promise<Refreshed>;
  /** What trials have measured is written down. */
  close(): Promise<void>;
}

export type TextsParts = Omit<TextAnswererParts, 'bundles'> & {
  readonly modelsDir: string;
  /** Hears of versions on trial. */
  readonly observer?: RolloutObserver;
  /** As `openRollouts` takes it. */
  readonly watchMs?: number;
};

export function openTexts({ modelsDir, observer, watchMs, ...parts }: TextsParts): TextsInService {
  const rollouts = openRollouts<TextsAsked, Prediction>({
    ...{ modelsDir, kind: TEXTS, now: parts.now },
    ...(observer && { observer }),
    ...(watchMs !== undefined && { watchMs }),
  });
  let bundles: readonly LoadedTextTask[] = [];
  let answerer: TextAnswerer | undefined;
  const lookedAt = new Map<string, string>();

  /** The first answer opens sessions: nobody should wait for that. */
  async function open(task: string, version: string): Promise<LoadedTextTask> {
    const bundle = loadTextTask(modelsDir, task, version);
    await openTextAnswerer({ ...parts, bundles: [bundle] }).answer({ task, texts: ['warm'] });
    return bundle;
  }
  async function look(): Promise<Refreshed> {
    const changes: ServiceChange[] = [];
    const faults: ServiceFault[] = [];
    const next = new Map(bundles.map((bundle) => [bundle.task.name, bundle]));
    for (const task of promotedTasks(modelsDir).filter(isTextTask)) {
      try {
        const { version } = showVersion(modelsDir, task);
        if (lookedAt.get(task) === version) continue;
        lookedAt.set(task, version);
        const bundle = await open(task, version);
        changes.push({ task, version, before: next.get(task)?.version.version });
        next.set(task, bundle);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (mayPass(error)) lookedAt.delete(task);
        faults.push({ task, message: error.message });
      }
    }
    if (changes.length > 0) {
      bundles = [...next.values()];
      answerer = onTrial(openTextAnswerer({ ...parts, bundles }));
    }
    return { changes, faults };
  }
  /** Answers by these models, by those on trial beside them, or by those before them. */
  const onTrial = (promoted: TextAnswerer): TextAnswerer => ({
    tasks: promoted.tasks,
    answer({ task, texts, words }) {
      const asked = {
        task,
        entities: texts.map((text) => ({ text })),
        ...(words !== undefined && { words }),
      };
      return rollouts.answer(task, asked, ofTexts(promoted));
    },
  });

  return {
    get answerer() {
      return answerer;
    },
    get bundles() {
      return bundles;
    },
    async refresh() {
      const found = await look();
      for (const { task, version } of bundles)
        await rollouts.follow(task.name, version.version, async (candidate) =>
          ofTexts(openTextAnswerer({ ...parts, bundles: [await open(task.name, candidate)] })),
        );
      return found;
    },
    close: () => rollouts.close(),
  };
}

const ofTexts =
  ({ answer }: TextAnswerer): Answerer<TextsAsked, Prediction> =>
  ({ task, entities, words }) =>
    answer({ task, texts: entities.map(({ text }) => text), ...(words !== undefined && { words }) });
