// A run of `sequence fit` for a person: what was read, what was tried, the test in both ways to count.
import type { RankMetricName, Scores } from '../eval/score.ts';
import { leaderboardText, metricsText } from '../report/leaderboard-text.ts';
import { metricOrder, type OwnHistory } from '../train/sequence/assess-ranks.ts';
import type { SequenceRun } from '../train/sequence/run-sequence.ts';
import { leaderboardOf } from '../train/sequence/sequence-report.ts';
import type { TestedRecommender } from '../train/sequence/test-sequence.ts';
import type { Context } from './context.ts';

const LOOK = { currency: '', unit: 'share', about: 'sequences' } as const;

export function saySequence(context: Context, run: SequenceRun): void {
  const { data, fitted, histories, facts } = run;
  const zh = context.language === 'zh';
  const { language } = context;
  const number = (value: number) => value.toLocaleString('en-US');
  const { entities, items, interactions } = data.counts;
  context.say(
    zh
      ? `${data.file}：${number(entities)} 条序列，${number(items)} 个商品，${number(interactions)} 个事件`
      : `${data.file}: ${number(entities)} sequences, ${number(items)} items, ${number(interactions)} events`,
  );
  if (data.items)
    context.say(
      zh
        ? `${data.items.file}：认识其中 ${number(data.items.known)} 个商品`
        : `${data.items.file}: knows ${number(data.items.known)} of them`,
    );
  const board = leaderboardOf(run);
  if (board.rows.length > 0 || board.refused.length > 0) {
    context.say(`\n${zh ? '排行榜' : 'Leaderboard'} (${context.word(board.measuredOn)})\n`);
    context.say(leaderboardText(board, { ...LOOK, language }));
  }
  const order = metricOrder(facts.at);
  for (const history of histories) {
    const own = run.model.by[history];
    if (!own) continue;
    const title = HISTORY_WORDS[history][context.language];
    const cases = data.test.targets.length;
    context.say(
      `\n${zh ? `测试（${title}，${number(cases)} 例）` : `Test (${title}, ${number(cases)} cases)`}\n`,
    );
    context.say(ranksTable(run, order, language, ({ by }) => by[history]?.scores));
    if (history !== histories[0] || !own.nonRepeat) continue;
    const fresh = cases - data.repeated.reduce((sum, one) => sum + one, 0);
    context.say(
      zh
        ? `\n其中目标不在自己历史中的 ${number(fresh)} 例\n`
        : `\nOf them ${number(fresh)} whose target was not had before\n`,
    );
    context.say(ranksTable(run, order, language, ({ by }) => by[history]?.nonRepeat));
  }
  const speed = number(Math.round(fitted.chosen.casesPerSecond));
  context.say(
    zh
      ? `\n每秒对全部商品评分 ${speed} 例\n已保存 ${run.out}（${run.version.version}）\n报告：${run.reportPath}`
      : `\n${speed} cases a second scored against the whole catalogue\nsaved ${run.out} (${run.version.version})\nreport: ${run.reportPath}`,
  );
}

export const HISTORY_WORDS: Readonly<Record<OwnHistory, { readonly en: string; readonly zh: string }>> = {
  included: { en: 'own history among the candidates', zh: '候选包含自己的历史商品' },
  excluded: { en: 'own history excluded', zh: '候选排除自己的历史商品' },
};

/** The chosen model's scores on the test beside those of the others. */
export function ranksTable(
  { model, beside }: Pick<SequenceRun, 'model' | 'beside'>,
  order: readonly RankMetricName[],
  language: Context['language'],
  pick: (tested: TestedRecommender) => Scores | undefined,
): string {
  const shown = (tested: TestedRecommender) => ({
    id: tested.trial.recommender.id,
    label: tested.trial.recommender.label,
    scores: pick(tested) ?? {},
  });
  return metricsText({ model: shown(model), baselines: beside.map(shown), order }, { ...LOOK, language });
}
