// `serve --retrain`: what is served is trained anew when it is time, in processes beside the server.
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { parseSpan } from '../core/time.ts';
import { type Workspace, workspacePaths, workspaceZone } from '../data/workspace.ts';
import { observeLifecycle } from '../serve/lifecycle/observe-lifecycle.ts';
import { openRetraining } from '../serve/lifecycle/retraining.ts';
import { parseSchedule, type Schedule } from '../serve/lifecycle/schedule.ts';
import type { ShopService } from '../serve/open-service.ts';
import { repeatWork } from '../serve/repeat-work.ts';
import { NEXT_ITEM } from '../train/sequence/train-next-item.ts';
import { partOption } from './rollouts.ts';
import { processTrainer } from './train-process.ts';

export const withRetrainOptions = (command: Command): Command =>
  command
    .option(
      '--retrain <when>',
      'train what is served anew, beside the answering: every 1d, or each day at 03:30 of the shop’s clock (default: never)',
    )
    .option('--retrain-limit <span>', 'with --retrain: one training is ended after so long', '1h')
    .option(
      '--canary <part>',
      'with --retrain: a model that is accepted first answers this share of people, such as 10%',
    )
    .option('--canary-for <span>', 'with --canary: promoted after so long within all limits', '1d');

export interface RetrainSettings {
  readonly schedule: Schedule;
  readonly limitMs: number;
  /** As `retrain` takes them. */
  readonly words: readonly string[];
}

/** Undefined where nothing is trained anew. @throws AppError USAGE */
export function retrainSettings(options: Record<string, unknown>): RetrainSettings | undefined {
  if (options.retrain === undefined) {
    if (options.canary === undefined) return undefined;
    throw new AppError(
      'USAGE',
      '--canary: expected --retrain beside it; for a saved version: foresell models canary',
    );
  }
  const share = options.canary === undefined ? undefined : partOption('--canary', options.canary);
  if (share === 0) throw new AppError('USAGE', '--canary: expected more than 0%');
  parseSpan(String(options.canaryFor));
  return {
    schedule: parseSchedule(String(options.retrain)),
    limitMs: parseSpan(String(options.retrainLimit)),
    words: share === undefined ? [] : ['--canary', String(share), '--for', String(options.canaryFor)],
  };
}

/** How often it is asked whether something is due. */
const LOOK_MS = 60_000;
/** One core is the server's. */
const THREADS = 1;

/** Begins to look; `close` stops the training under way. */
export function startRetraining(
  shops: Iterable<{ readonly service: ShopService; readonly workspace: Workspace }>,
  { schedule, limitMs, words }: RetrainSettings,
  onTrouble: (error: unknown) => void,
): { close(): Promise<void> } {
  const program = [process.execPath, ...process.execArgv, process.argv[1]] as [string, ...string[]];
  const lookMs = schedule.kind === 'every' ? Math.min(LOOK_MS, schedule.ms / 4) : LOOK_MS;
  const running = [...shops].map(({ service, workspace }) => {
    const { monitor } = service;
    const retraining = openRetraining({
      modelsDir: workspacePaths.models(workspace),
      tasks: () => [
        ...service.models.bundles.map(({ task }) => task.name),
        ...(service.shop.ports.recommender ? [NEXT_ITEM] : []),
        ...(service.shop.ports.texts?.tasks ?? []),
      ],
      ...{ schedule, zone: workspaceZone(workspace), now: Date.now },
      trainer: processTrainer({ program, workspaceDir: workspace.dir, threads: THREADS, limitMs, words }),
      settle: async () => void (await service.settle()),
      observer: monitor
        ? observeLifecycle(monitor)
        : { began: () => {}, trained: () => {}, failed: (_, error) => onTrouble(error) },
    });
    const looking = repeatWork(lookMs, () => retraining.tick(), onTrouble);
    looking.start();
    return { retraining, looking };
  });
  return {
    async close() {
      // All at once: each may take as long as a process is given to end.
      await Promise.all(
        running.map(async ({ retraining, looking }) => {
          await retraining.close();
          await looking.stop();
        }),
      );
    },
  };
}
