// foresell retrain: a task learned anew from what came since, and put into service only where it should be.
import { randomBytes } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { parseSpan } from '../../core/time.ts';
import { isTextTask } from '../../tasks/text-task.ts';
import type { EnterService, RetrainingResult } from '../../train/retrain/conclude.ts';
import { retrainTask } from '../../train/retrain/retrain.ts';
import { retrainNextItem } from '../../train/retrain/retrain-next-item.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { isNextItem } from '../next-item.ts';
import { runOf, taskOf, workspaceOf } from '../options.ts';
import { partOption } from '../rollouts.ts';
import { sequenceFitOptions } from '../sequence-options.ts';
import { runRetrainTextTask } from '../text-tasks.ts';
import { SUPERVISED } from '../train-process.ts';

export const retrainCommand: CommandFile = {
  usage: 'retrain <task>',
  summary:
    'train a question anew as its present model was, compare both on the same later period, keep the better',
  examples: [
    'foresell retrain purchase',
    'foresell retrain spend --canary 10% --for 1d --time-limit 30m',
    'foresell retrain churn --no-promote --json',
    'foresell retrain next-item',
    'foresell retrain satisfaction',
  ],
  declare(command) {
    command
      .option('--canary <part>', 'an accepted version first answers this share of people, such as 10%')
      .option('--for <span>', 'with --canary: promoted by itself after so long within all limits, such as 1d')
      .option('--no-promote', 'say what would be done, and only save the new version')
      .option('--time-limit <span>', 'for the training, such as 30m: what would not end in time is left out');
  },
  async run(context, [taskName], options) {
    endWithParent();
    const result = await retrainNamed(context, taskName, { ...options, service: serviceOf(options) });
    say(context, result);
    context.document({
      ...{ task: result.task, verdict: result.verdict, reason: result.reason, said: result.said },
      ...{ version: result.version ?? null, incumbent: result.incumbent ?? null },
      service: result.service ?? null,
    });
  },
};

async function retrainNamed(
  context: Context,
  name: string,
  { timeLimit, service }: { readonly timeLimit?: unknown; readonly service: EnterService },
): Promise<RetrainingResult> {
  if (isTextTask(name)) return runRetrainTextTask(context, name, { timeLimit, service });
  const workspace = workspaceOf(context);
  if (isNextItem(name))
    return retrainNextItem(workspace, {
      ...(await sequenceFitOptions(context, workspace.dir, {
        ...{ format: 'workspace', out: '', at: '10,20', excludeSeen: 'both', model: 'auto', timeLimit },
      })),
      service,
    });
  return retrainTask(workspace, {
    ...{ task: taskOf(workspace, name), service },
    ...(timeLimit !== undefined && { timeLimitMs: parseSpan(String(timeLimit)) }),
    ...runOf(context),
  });
}

function serviceOf(options: Record<string, unknown>): EnterService {
  if (options.promote === false) return { kind: 'none' };
  if (options.canary === undefined) {
    if (options.for === undefined) return { kind: 'promote' };
    throw new AppError('USAGE', '--for: expected --canary beside it');
  }
  return {
    ...{ kind: 'canary', share: partOption('--canary', options.canary) },
    ...(options.for !== undefined && { promoteAfterMs: parseSpan(String(options.for)) }),
    salt: randomBytes(12).toString('hex'),
  };
}

/** A server that dies must not leave its training behind: its end is heard through the channel it was started with. */
function endWithParent(): void {
  if (process.env[SUPERVISED] === undefined) return;
  // As Ctrl-C would: what is on the disk is whole, and there is a time after which work that does not listen is left.
  const end = () => process.kill(process.pid, 'SIGTERM');
  if (!process.connected) end();
  process.once('disconnect', end);
  process.channel?.unref();
}

function say(context: Context, { task, verdict, reason, said, version, service }: RetrainingResult): void {
  const zh = context.language === 'zh';
  const what = {
    accepted: {
      promoted: { en: `${version} answers now`, zh: `现在使用 ${version}` },
      canary: { en: `${version} answers its share of people`, zh: `${version} 开始回答一部分用户` },
      none: { en: `${version} would answer`, zh: `${version} 可以投入使用` },
    }[service ?? 'none'],
    kept: { en: `${version} is saved, the one before goes on`, zh: `已保存 ${version}，继续使用之前的版本` },
    unchanged: { en: 'nothing was trained', zh: '没有训练' },
  }[verdict];
  context.say(`${task}: ${zh ? what.zh : what.en} (${reason}: ${said})`);
}
