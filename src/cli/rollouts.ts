// `models canary` and `models shadow`: a version tried beside the one that answers, and how that stands.
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { formatMoment, parseSpan } from '../core/time.ts';
import { withLock } from '../data/lock.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import type { PromotionWatch } from '../registry/pointer.ts';
import {
  type EndedRollout,
  endRollout,
  type RolloutMode,
  type RolloutOrder,
  readRollout,
  startRollout,
  takenBack,
} from '../registry/rollout.ts';
import { readRolloutFigures, WATCH_FIGURES, type WrittenFigures } from '../registry/rollout-figures.ts';
import { checkedLimits, type RolloutLimits } from '../registry/rollout-limits.ts';
import type { VersionInfo } from '../registry/versions.ts';
import { readWatch, type WatchOrder } from '../registry/watch-order.ts';
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
    .option(
      '--watch <span>',
      'with promote: taken back by itself where it breaks a limit within so long, or off (default: as serve.yaml says, 1d)',
    )
    .option(
      '--least <answers>',
      'with canary, shadow and promote: answers before anything is decided (default: 200)',
    )
    .option(
      '--max-errors <part>',
      'with canary, shadow and promote: more failures than the other version has (default: 1%)',
    )
    .option(
      '--max-slower <ratio>',
      'with canary and promote: of the times under which 99 of 100 answers stay (default: 2)',
    )
    .option(
      '--max-shift <index>',
      'with canary, shadow and promote: population stability index of the scores (default: 0.25)',
    );

/** The options an action takes; no other does. */
export const ROLLOUT_OPTIONS = 'share for stop again watch least maxErrors maxSlower maxShift'.split(' ');
const LIMIT_OPTIONS = ['least', 'maxErrors', 'maxSlower', 'maxShift'];
const TRIAL_OPTIONS = ROLLOUT_OPTIONS.filter((option) => option !== 'watch');
export const rolloutOptionsOf = (action: string): readonly string[] =>
  ({ canary: TRIAL_OPTIONS, shadow: TRIAL_OPTIONS, promote: ['watch', ...LIMIT_OPTIONS] })[action] ?? [];

/** How `models promote` says that the version is to be watched; undefined where it says nothing. @throws AppError USAGE */
export function watchOf(options: Record<string, unknown>): PromotionWatch | undefined {
  if (['watch', ...LIMIT_OPTIONS].every((option) => options[option] === undefined)) return undefined;
  const { watch } = options;
  return {
    ...(watch !== undefined && { forMs: watch === 'off' ? 0 : parseSpan(String(watch)) }),
    limits: checkedLimits(limitsOf(options)),
  };
}

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

/** Where models lie, and how long the workspace's server watches those that are promoted. */
export interface ModelsPlace {
  readonly modelsDir: string;
  readonly watchMs: number;
}

/** The trial of a task as `models list --json` has it. */
export function rolloutDocument(place: ModelsPlace, task: string): Record<string, unknown> {
  const { modelsDir } = place;
  const { current, ended } = readRollout(modelsDir, task);
  const written = current && readRolloutFigures(modelsDir, task, current.salt);
  const watched = watchedNow(place, task);
  return {
    task,
    current: current ? orderDocument(current) : null,
    ...(written && { measured: { at: new Date(written.atMs).toISOString(), ...written.figures } }),
    watched: watched ? watchDocument(modelsDir, task, watched) : null,
    ended: ended.map(endDocument),
  };
}

const orderDocument = ({ mode, version, share, startedMs, promoteAfterMs, limits }: RolloutOrder) => ({
  ...{ mode, version, share, started: new Date(startedMs).toISOString() },
  promote_after_hours: promoteAfterMs === undefined ? null : promoteAfterMs / 3_600_000,
  limits: limitsDocument(limits),
});

const limitsDocument = (limits: RolloutLimits) => ({
  least_answers: limits.leastAnswers,
  error_share: limits.errorShare,
  latency_ratio: limits.latencyRatio,
  score_shift: limits.scoreShift,
});

/** A version that a server watches. @param watchMs as the workspace's settings say */
function watchedNow({ modelsDir, watchMs }: ModelsPlace, task: string): WatchOrder | undefined {
  const order = readWatch(modelsDir, task, watchMs);
  return order && order.endsMs > Date.now() ? order : undefined;
}

function watchDocument(
  modelsDir: string,
  task: string,
  { version, before, endsMs, limits, salt }: WatchOrder,
) {
  const written = readRolloutFigures(modelsDir, task, salt, WATCH_FIGURES);
  return {
    ...{ version, before, until: new Date(endsMs).toISOString(), limits: limitsDocument(limits) },
    measured: written ? { at: new Date(written.atMs).toISOString(), ...written.figures } : null,
  };
}

const endDocument = ({ mode, version, share, startedMs, endedMs, outcome, reason, said }: EndedRollout) => ({
  ...{ mode, version, share, outcome, reason: reason ?? null, said: said ?? null },
  started: new Date(startedMs).toISOString(),
  ended: new Date(endedMs).toISOString(),
});

/** What a list of versions says of one: that it is on trial and how it does, or that it was taken back and why. */
export function rolloutNote(context: Context, place: ModelsPlace, info: VersionInfo): string {
  const { modelsDir } = place;
  const { current, ended } = readRollout(modelsDir, info.task);
  const zh = context.language === 'zh';
  if (current?.version === info.version) {
    const { mode, share } = current;
    const what = mode === 'canary' ? (zh ? '灰度' : 'canary') : zh ? '影子' : 'shadow';
    const written = readRolloutFigures(modelsDir, info.task, current.salt);
    return `${what} ${percent(share)}${answersNote(context, written)}`;
  }
  const watched = watchedNow(place, info.task);
  if (watched?.version === info.version) {
    const until = formatMoment(Math.floor(watched.endsMs / 1000) * 1000);
    const written = readRolloutFigures(modelsDir, info.task, watched.salt, WATCH_FIGURES);
    return `${zh ? `观察至 ${until}` : `watched until ${until}`}${answersNote(context, written)}`;
  }
  const back = takenBack(ended, info.digest);
  if (!back) return '';
  const when = formatMoment(Math.floor(back.endedMs / 1000) * 1000);
  return zh
    ? `${when} 已自动撤回：${back.reason ?? ''}（${back.said ?? ''}）`
    : `taken back ${when}: ${back.reason ?? ''} (${back.said ?? ''})`;
}

function answersNote({ language }: Context, written: WrittenFigures | undefined): string {
  const { answers, failed } = (written?.figures.candidate ?? {}) as Record<string, unknown>;
  if (typeof answers !== 'number') return '';
  return language === 'zh'
    ? `：${answers} 次回答，${failed} 次失败`
    : `: ${answers} answers, ${failed} failed`;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
