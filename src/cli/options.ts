// Options several commands take, read once and the same way everywhere.
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { DAY_MS, formatLocalMoment, parseLocalMoment, parseMoment, parseSpan } from '../core/time.ts';
import type { FeatureDefinition } from '../data/features/definition.ts';
import { featuresFromYaml } from '../data/features/yaml/read-features.ts';
import { openWorkspace, type Workspace, workspacePaths, workspaceZone } from '../data/workspace.ts';
import { SEQUENCE_FOLDER } from '../registry/sequence-bundle.ts';
import { taskNamed } from '../tasks/catalogue.ts';
import { ownTasks } from '../tasks/own.ts';
import type { Task } from '../tasks/task.ts';
import { isTextTask } from '../tasks/text-task.ts';
import { type Context, UsageError } from './context.ts';

export const withHorizon = (command: Command): Command =>
  command.option('--horizon <span>', 'how far ahead, such as 30d, 12w or 36h (default: the task’s own)');

export const withAsOf = (command: Command, meaning: string): Command =>
  command.option('--as-of <moment>', meaning);

/** Days of `--horizon`; undefined when not given. */
export function horizonOf(options: Record<string, unknown>): number | undefined {
  if (options.horizon === undefined) return undefined;
  const days = parseSpan(String(options.horizon)) / DAY_MS;
  if (days > 0) return days;
  throw new AppError('USAGE', `--horizon: expected more than nothing, got "${options.horizon}"`);
}

/** UTC ms of `--as-of`, a date alone being a midnight of the shop; undefined when not given. */
export const asOfOf = (workspace: Workspace, options: Record<string, unknown>): number | undefined =>
  options.asOf === undefined ? undefined : parseLocalMoment(String(options.asOf), workspaceZone(workspace));

/** A moment (UTC ms, or its text) as `--as-of` would take it: the shop's own date where it is a midnight there. */
export const shownMoment = (workspace: Workspace, moment: number | string): string =>
  formatLocalMoment(typeof moment === 'number' ? moment : parseMoment(moment), workspaceZone(workspace));

/** @throws AppError NOT_FOUND saying how to make one */
export const workspaceOf = (context: Context): Workspace => openWorkspace(context.workspaceDir);

/** The task by name: the shop's own ones from `tasks/*.yaml` of the workspace, then the shipped ones. */
export function taskOf(workspace: Workspace, name: string): Task {
  if (name === SEQUENCE_FOLDER)
    throw new AppError(
      'USAGE',
      `"${name}" answers with lists: it is for "train" and "predict"; its model, ${workspacePaths.models(workspace)}, for "sequence evaluate" and "sequence explain"`,
    );
  if (isTextTask(name))
    throw new AppError('USAGE', `"${name}" is about texts, not customers: it is for "train" and "predict"`);
  return taskNamed(name, ownTasks(workspace.dir));
}

/** Features of `--features FILE`; none when not given. @throws AppError NOT_FOUND, BAD_DEFINITION naming the key */
export function featuresOf(file: unknown): readonly FeatureDefinition[] {
  if (typeof file !== 'string') return [];
  if (!existsSync(file))
    throw new AppError('NOT_FOUND', `expected a YAML file with features at "${file}", there is none`);
  return featuresFromYaml(readFileSync(file, 'utf8'));
}

/** The command as it was typed, for reports. */
export const typedCommand = (): string => `foresell ${process.argv.slice(2).map(quoted).join(' ')}`.trim();

const quoted = (word: string): string =>
  /^[\w./:@,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** What every run is told by where it was asked for: seed, threads, language, clock and who watches. */
export const runOf = ({ seed, threads, language, progress, signal }: Context) => ({
  ...{ seed, threads, language, progress, signal },
  command: typedCommand(),
  now: Date.now,
});

/** @throws UsageError for what is no port */
export function portOption(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UsageError(`--port: expected a number from 0 to 65535, got "${text.slice(0, 20)}"`);
}
