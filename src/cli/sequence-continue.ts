// `sequence fit --continue`: its options as they are typed, and what is said of a run.
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { formatMoment, parseMoment } from '../core/time.ts';
import { CONTINUE_DEFAULTS, type ContinueSettings } from '../models/sequence/continuing.ts';
import type {
  Continued,
  ContinuedRun,
  ContinueSequenceOptions,
} from '../train/sequence/continue-sequence.ts';
import type { RunSequenceOptions } from '../train/sequence/run-sequence.ts';
import type { Context } from './context.ts';

/** Options of replay, for whatever is continued. */
export const withReplay = (command: Command): Command =>
  command
    .option(
      '--replay <share>',
      `with --continue: of the histories read, how many are old ones (default: ${CONTINUE_DEFAULTS.replay})`,
    )
    .option(
      '--epochs <n>',
      `with --continue: times the new events are read (default: as many as ${100 * CONTINUE_DEFAULTS.compute} % of a first fit's cost allow)`,
    )
    .option(
      '--hold <share>',
      'with --continue: of each weight in the end, what it was before, from 0 to below 1: more where little changes',
    );

/** @throws AppError USAGE for one of them without --continue, or one that is no number */
export function replayOf(options: Record<string, unknown>): Partial<ContinueSettings> {
  const told = { replay: options.replay, epochs: options.epochs, hold: options.hold };
  return Object.fromEntries(
    Object.entries(told).flatMap(([option, text]) => {
      if (text === undefined) return [];
      if (options.continue === undefined)
        throw new AppError('USAGE', `--${option}: expected --continue with it, got none`);
      const value = Number(text);
      if (String(text).trim() === '' || Number.isNaN(value))
        throw new AppError('USAGE', `--${option}: expected a number, got "${text}"`);
      return [[option, value]];
    }),
  );
}

/** Those of `sequence fit` that say how a model is continued; undefined where it is fitted afresh. @throws AppError USAGE */
export function continueSequenceOptions(
  run: RunSequenceOptions,
  options: Record<string, unknown>,
): ContinueSequenceOptions | undefined {
  const told = replayOf(options);
  for (const option of ['since', 'steps'])
    if (options[option] !== undefined && options.continue === undefined)
      throw new AppError('USAGE', `--${option}: expected --continue with it, got none`);
  if (options.continue === undefined) return undefined;
  const { models, timeLimitMs, ...rest } = run;
  if (models !== 'auto' || timeLimitMs !== undefined)
    throw new AppError(
      'USAGE',
      `expected --continue without ${models === 'auto' ? '--time-limit: name --steps or --epochs' : '--model: a model is continued as what it is'}`,
    );
  const folder = String(options.continue);
  return {
    ...rest,
    folder,
    out: options.out === undefined ? folder : rest.out,
    ...(options.since !== undefined && { sinceMs: parseMoment(String(options.since)) }),
    how: {
      ...CONTINUE_DEFAULTS,
      ...told,
      ...(options.steps !== undefined && { steps: Number(options.steps) }),
    },
  };
}

export function sayContinued(context: Context, { continued }: ContinuedRun): void {
  const zh = context.language === 'zh';
  const { from, sinceMs, newEvents, newItems, effort, seconds, whole, forgetting } = continued;
  const count = (value: number): string => value.toLocaleString('en-US');
  const before = whole.seconds === undefined ? '' : whole.seconds.toFixed(0);
  context.say(
    zh
      ? `\n在 ${from} 的基础上继续学习：${formatMoment(sinceMs)} 之后的 ${count(newEvents)} 个新事件，${count(newItems)} 个新商品\n${count(effort.steps)} 步，${count(effort.examples)} 条历史（每轮 ${count(effort.windows)} 条，其中 ${count(effort.replayed)} 条为旧），${seconds.toFixed(0)} 秒${before && `；此前拟合用时 ${before} 秒`}\n共提问 ${count(effort.asked)} 个事件，相当于全部数据读 ${(effort.asked / Math.max(1, whole.asked)).toFixed(2)} 遍`
      : `\ncontinued from ${from}: ${count(newEvents)} new events after ${formatMoment(sinceMs)}, ${count(newItems)} new items\n${count(effort.steps)} steps, ${count(effort.examples)} histories (${count(effort.windows)} a reading, ${count(effort.replayed)} of them old), ${seconds.toFixed(0)} s${before && `; the fit before took ${before} s`}\nasked for ${count(effort.asked)} events, as many as ${(effort.asked / Math.max(1, whole.asked)).toFixed(2)} readings of everything ask for`,
  );
  if (forgetting) context.say(forgettingWords(forgetting, zh));
}

function forgettingWords(
  { cases, before, after, share }: NonNullable<Continued['forgetting']>,
  zh: boolean,
): string {
  const percent = `${(100 * share).toFixed(1)}%`;
  const [was, is] = [before.value.toFixed(4), after.value.toFixed(4)];
  return zh
    ? `遗忘：${cases} 位未参与学习的客户此前的最后一个事件，NDCG ${was} → ${is}（损失 ${percent}）`
    : `forgotten: the last old event of ${cases} customers kept apart, NDCG ${was} → ${is} (${percent} lost)`;
}

/** As `--json` prints it. */
export function continuedDocument({ continued }: ContinuedRun): Record<string, unknown> {
  const { from, sinceMs, newEvents, newItems, how, effort, seconds, whole, forgetting } = continued;
  return {
    continued: {
      ...{ from, since: new Date(sinceMs).toISOString(), new_events: newEvents, new_items: newItems },
      ...{ settings: how, effort, seconds },
      whole: { asked_once: whole.asked, ...(whole.seconds !== undefined && { fit_seconds: whole.seconds }) },
      ...(forgetting && { forgetting }),
    },
  };
}
