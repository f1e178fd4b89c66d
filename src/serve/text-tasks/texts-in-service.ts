// The models of texts that answer: loaded, warmed up, and swapped when others are promoted.
import { AppError } from '../../core/errors.ts';
import { type LoadedTextTask, loadTextTask } from '../../registry/text-task-bundle.ts';
import { promotedTasks, showVersion } from '../../registry/versions.ts';
import { isTextTask } from '../../tasks/text-task.ts';
import type { Refreshed, ServiceChange, ServiceFault } from '../online/models-in-service.ts';
import type { TextAnswerer } from '../ports.ts';
import { openTextAnswerer, type TextAnswererParts } from './text-answerer.ts';

export interface TextsInService {
  /** Undefined while no model of texts is promoted. */
  readonly answerer: TextAnswerer | undefined;
  readonly bundles: readonly LoadedTextTask[];
  /** Loads what was promoted since; a version that cannot answer leaves the one before in service. */
  refresh(): Promise<Refreshed>;
}

export type TextsParts = Omit<TextAnswererParts, 'bundles'> & { readonly modelsDir: string };

export function openTexts({ modelsDir, ...parts }: TextsParts): TextsInService {
  let bundles: readonly LoadedTextTask[] = [];
  let answerer: TextAnswerer | undefined;
  const lookedAt = new Map<string, string>();
  return {
    get answerer() {
      return answerer;
    },
    get bundles() {
      return bundles;
    },
    async refresh() {
      const changes: ServiceChange[] = [];
      const faults: ServiceFault[] = [];
      const next = new Map(bundles.map((bundle) => [bundle.task.name, bundle]));
      for (const task of promotedTasks(modelsDir).filter(isTextTask)) {
        try {
          const { version } = showVersion(modelsDir, task);
          if (lookedAt.get(task) === version) continue;
          lookedAt.set(task, version);
          const bundle = loadTextTask(modelsDir, task, version);
          // The first answer opens sessions: nobody should wait for that.
          await openTextAnswerer({ ...parts, bundles: [bundle] }).answer({ task, texts: ['warm'] });
          changes.push({ task, version, before: next.get(task)?.version.version });
          next.set(task, bundle);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          faults.push({ task, message: error.message });
        }
      }
      if (changes.length > 0) {
        bundles = [...next.values()];
        answerer = openTextAnswerer({ ...parts, bundles });
      }
      return { changes, faults };
    },
  };
}
