// What every training run says to a person: who was tried, the test beside the baselines, what was found.
import type { Name } from '../core/name.ts';
import { isMissing } from '../report/document.ts';
import { leaderboardText, metricsText, type TextLook } from '../report/leaderboard-text.ts';
import type { TaskReport } from '../report/task-document.ts';
import type { Context } from './context.ts';

export interface ScoresShown {
  readonly report: Pick<TaskReport, 'leaderboard' | 'metrics' | 'unit'>;
  /** What was tested, as it stands behind the head. */
  readonly tested: string;
  /** Signs of leakage that did not end the run. */
  readonly found: readonly { readonly words: Name }[];
  /** ISO 4217 of amounts of money. */
  readonly currency?: string;
  readonly about?: TextLook['about'];
}

export function sayScores(
  context: Context,
  { report, tested, found, currency = '', about }: ScoresShown,
): void {
  const { leaderboard, metrics, unit } = report;
  const zh = context.language === 'zh';
  const look = { language: context.language, currency, unit, ...(about && { about }) };
  if (leaderboard && !isMissing(leaderboard)) {
    context.say(`\n${zh ? '排行榜' : 'Leaderboard'} (${context.word(leaderboard.measuredOn)})\n`);
    context.say(leaderboardText(leaderboard, look));
  }
  if (metrics && !isMissing(metrics)) {
    context.say(`\n${zh ? '测试' : 'Test'}${tested && ` ${tested}`}\n`);
    context.say(metricsText(metrics, look));
  }
  for (const { words } of found) context.say(`\n! ${context.word(words)}`);
}

/** The sentence of a split, behind the head. */
export const splitShown = (context: Context, { protocolWords }: TaskReport): string =>
  protocolWords?.split ? `(${context.word(protocolWords.split)})` : '';
