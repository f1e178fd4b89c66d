// Which tasks have a model in service, and what each is asked about.
import type { LoadedBundle } from '../registry/bundle.ts';
import type { LoadedTextTask } from '../registry/text-task-bundle.ts';
import type { ServedTask } from './ports.ts';

export function servedTasks(
  bundles: readonly LoadedBundle[],
  texts: readonly LoadedTextTask[],
): readonly ServedTask[] {
  return [
    ...bundles.map(({ task, version, horizonDays }) => ({
      name: task.name,
      about: task.entity,
      version: version.version,
      horizonDays,
    })),
    ...texts.map(({ task, version, horizonDays }) => ({
      name: task.name,
      about: 'text' as const,
      version: version.version,
      horizonDays,
    })),
  ];
}
