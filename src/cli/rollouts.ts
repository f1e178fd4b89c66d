// `models canary` and `models shadow`: a version tried beside the one that answers, and how that stands.
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { formatMoment, parseSpan } from '../core/time.ts';
import { withLock } from '../data/lock.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import {
  type EndedRollout,
  endRollout,
  type RolloutLimits,
  type RolloutMode,
  type RolloutOrder,
  readRollout,
  startRollout,
  takenBack,
} from '../registry/rollout.ts';
import { readRolloutFigures } from '../registry/rollout-figures.ts';
import type { VersionInfo } from '../registry/versions.ts';
import type { Context } from './context.ts';

export const ROLLOUT_ACTIONS: readonly RolloutMode[] = ['canary', 'shadow'];

/** Of people, where no share is named. */
const USUAL_SHARE: Readonly<Record<RolloutMode, string>> = { canary: '10%', shadow: '100%' };

export const withRolloutOptions = (command: Command): Command =>
  command
    .option(
      '--share <part>',
      'with canary and shadow: of people, such as 10% (default: 10%; of a shadow 100%)',
    )
    .option('--for <span>', 'with canary: promoted by itself after so long within all limits, such as 1d')
    .option('--stop', 'with canary and shadow: end it; the version that answers goes on alone')
    .option('--again', 'with canary and shadow: also a version that was taken back before')
    .option('--least <answers>', 'with canary and shadow: answers before anything is decided (default: 200)')
    .option(
      '--max-errors <part>',
      'with canary and shadow: more failures than the other version has (default: 1%)',
    )
    .option(
      '--max-slower <ratio>',
      'with canary: of the times under which 99 of 100 answers stay (default: 2)',
    )
    .option(
      '--max-shift <index>',
      'with canary and shadow: population stability index of the scores (default: 0.25)',
    );

/** Options that are for these two actions alone. */
export const ROLLOUT_OPTIONS = 'share for stop again least maxErrors maxSlower maxShift'.split(' ');

/** @throws AppError as `startRollout`; NOT_FOUND where there is nothing to stop */
export async function runRollout(
  context: Context,
  workspace: Workspace,
  asked: { readonly mode: RolloutMode; readonly task: string; readonly version?: string },
  options: Record<string, unknown>,
): Promise<void> {
  const { mode, task, version } = asked;
  const modelsDir = workspacePaths.models(workspace);
  const zh = context.language === 'zh';
  await withLock(
    workspacePaths.rolloutLock(workspace, task),
    `trial of ${task}`,
    { waitMs: 5000 },
    async () => {
      if (options.stop === true) {
        const end = endRollout(modelsDir, { task, outcome: 'stopped', endedMs: Date.now() });
        if (!end) throw new AppError('NOT_FOUND', `expected a version of "${task}" on trial, there is none`);
        context.say(
          zh ? `${task}：${end.version} 的试用已结束` : `${task}: the trial of ${end.version} has ended`,
        );
        context.document({ task, ended: endDocument(end) });
        return;
      }
      if (mode === 'shadow' && options.for !== undefined)
        throw new AppError('USAGE', '--for: a shadow is never promoted by itself; use "models canary"');
      const order = startRollout(
        modelsDir,
        {
          ...{ task, mode, share: partOption('--share', options.share ?? USUAL_SHARE[mode]) },
          ...(version !== undefined && { reference: version }),
          ...(options.for !== undefined && { promoteAfterMs: parseSpan(String(options.for)) }),
          ...{ limits: limitsOf(options), again: options.again === true },
        },
        { atMs: Date.now(), salt: randomBytes(12).toString('hex') },
      );
      sayStarted(context, task, order);
      context.document({ task, current: orderDocument(order) });
    },
  );
}

/** A version that everybody is answered by is on trial no longer. */
export function endTrialOf(modelsDir: string, { task, version }: VersionInfo): void {
  const { current } = readRollout(modelsDir, task);
  if (current?.version === version)
    endRollout(modelsDir, { task, salt: current.salt, outcome: 'promoted', endedMs: Date.now() });
}

function sayStarted(context: Context, task: string, { mode, version, share }: RolloutOrder): void {
  const part = percent(share);
  const said = {
    canary: {
      en: `${task}: ${version} answers ${part} of people from now on, wherever the shop is served; "foresell models list ${task}" says how it does`,
      zh: `${task}：从现在起由 ${version} 回答 ${part} 的用户；“foresell models list ${task}”显示其表现`,
    },
    shadow: {
      en: `${task}: ${version} is asked about ${part} of people from now on, and its answers are only compared`,
      zh: `${task}：从现在起也向 ${version} 询问 ${part} 的用户，其回答只用于比较`,
    },
  }[mode];
  context.say(context.word(said));
}

function limitsOf(options: Record<string, unknown>): Partial<RolloutLimits> {
  const { least, maxErrors, maxSlower, maxShift } = options;
  return {
    ...(least !== undefined && { leastAnswers: numberOption('--least', least) }),
    ...(maxErrors !== undefined && { errorShare: partOption('--max-errors', maxErrors) }),
    ...(maxSlower !== undefined && { latencyRatio: numberOption('--max-slower', maxSlower) }),
    ...(maxShift !== undefined && { scoreShift: numberOption('--max-shift', maxShift) }),
  };
}

function numberOption(option: string, given: unknown): number {
  const text = String(given).trim();
  const value = Number(text);
  if (text !== '' && Number.isFinite(value)) return value;
  throw new AppError('USAGE', `${option}: expected a number, got "${text.slice(0, 20)}"`);
}

/** `10%` or `0.1`. */
export function partOption(option: string, given: unknown): number {
  const match = /^(\d+(?:\.\d+)?)(\s*%)?$/.exec(String(given).trim());
  const value = match ? Number(match[1]) / (match[2] ? 100 : 1) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new AppError('USAGE', `${option}: expected a part such as 10%, got "${String(given).slice(0, 20)}"`);
}

/** The trial of a task as `models list --json` has it. */
export function rolloutDocument(modelsDir: string, task: string): Record<string, unknown> {
  const { current, ended } = readRollout(modelsDir, task);
  const written = current && readRolloutFigures(modelsDir, task, current.salt);
  return {
    task,
    current: current ? orderDocument(current) : null,
    ...(written && { measured: { at: new Date(written.atMs).toISOString(), ...written.figures } }),
    ended: ended.map(endDocument),
  };
}

const orderDocument = ({ mode, version, share, startedMs, promoteAfterMs, limits }: RolloutOrder) => ({
  ...{ mode, version, share, started: new Date(startedMs).toISOString() },
  promote_after_hours: promoteAfterMs === undefined ? null : promoteAfterMs / 3_600_000,
  limits: {
    least_answers: limits.leastAnswers,
    error_share: limits.errorShare,
    latency_ratio: limits.latencyRatio,
    score_shift: limits.scoreShift,
  },
});

const endDocument = ({ mode, version, share, startedMs, endedMs, outcome, reason, said }: EndedRollout) => ({
  ...{ mode, version, share, outcome, reason: reason ?? null, said: said ?? null },
  started: new Date(startedMs).toISOString(),
  ended: new Date(endedMs).toISOString(),
});

/** What a list of versions says of one: that it is on trial and how it does, or that it was taken back and why. */
export function rolloutNote(context: Context, modelsDir: string, info: VersionInfo): string {
  const { current, ended } = readRollout(modelsDir, info.task);
  const zh = context.language === 'zh';
  if (current?.version === info.version) {
    const { mode, share } = current;
    const candidate = readRolloutFigures(modelsDir, info.task, current.salt)?.figures.candidate as
      | { readonly answers?: unknown; readonly failed?: unknown }
      | undefined;
    const what = mode === 'canary' ? (zh ? '灰度' : 'canary') : zh ? '影子' : 'shadow';
    const done =
      typeof candidate?.answers === 'number'
        ? zh
          ? `：${candidate.answers} 次回答，${candidate.failed} 次失败`
          : `: ${candidate.answers} answers, ${candidate.failed} failed`
        : '';
    return `${what} ${percent(share)}${done}`;
  }
  const back = takenBack(ended, info.digest);
  if (!back) return '';
  const when = formatMoment(Math.floor(back.endedMs / 1000) * 1000);
  return zh
    ? `${when} 已自动撤回：${back.reason ?? ''}（${back.said ?? ''}）`
    : `taken back ${when}: ${back.reason ?? ''} (${back.said ?? ''})`;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
