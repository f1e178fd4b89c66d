// foresell sequence evaluate: a saved next-item model on its left-out items, or on cases of a file.
import type { Scores } from '../../eval/score.ts';
import type { LoadedSequence } from '../../registry/sequence-bundle.ts';
import { metricsText } from '../../report/leaderboard-text.ts';
import { metricOrder, type OwnHistory, parseCutOffs } from '../../train/sequence/assess-ranks.ts';
import { evaluateSequence } from '../../train/sequence/evaluate-sequence.ts';
import type { CommandFile } from '../command.ts';
import { excludeSeenOf } from '../sequence-options.ts';
import { HISTORY_WORDS } from '../sequence-text.ts';

export const sequenceEvaluateCommand: CommandFile = {
  usage: 'sequence evaluate <dir> [test]',
  summary: 'test a saved next-item model on the items it left out, or on a file of cases',
  examples: [
    'foresell sequence evaluate next-item --at 10,20',
    'foresell sequence evaluate next-item prefixes.tsv --at 20 --exclude-seen no --json',
  ],
  declare(command) {
    command
      .option('--at <places>', 'places down to which rankings are read', '10,20')
      .option(
        '--exclude-seen <way>',
        'whether what a user has had is no candidate: yes, no or both (default: as it was fitted)',
      );
  },
  async run(context, [folder, testFile], options) {
    const at = parseCutOffs(String(options.at));
    const found = await evaluateSequence({
      folder,
      testFile,
      at,
      ...(options.excludeSeen === undefined
        ? {}
        : { excludeSeen: excludeSeenOf(String(options.excludeSeen)) }),
      seed: context.seed,
      now: Date.now,
      progress: context.progress,
      signal: context.signal,
    });
    const { saved, histories, by, protocol } = found;
    const id = saved.model.recommender;
    const zh = context.language === 'zh';
    for (const history of histories) {
      const own = by[history];
      if (!own) continue;
      const model = { id, label: { en: id, zh: id }, scores: own.scores };
      const fresh = own.nonRepeat
        ? [{ id: zh ? '未曾接触' : 'not had before', label: { en: id, zh: id }, scores: own.nonRepeat }]
        : [];
      const words = context.word(HISTORY_WORDS[history]);
      const cases = found.cases.toLocaleString('en-US');
      context.say(zh ? `测试（${words}，${cases} 例）\n` : `Test (${words}, ${cases} cases)\n`);
      context.say(
        `${metricsText(
          { model, baselines: fresh, order: metricOrder(at) },
          { language: context.language, currency: '', unit: 'share', about: 'sequences' },
        )}\n`,
      );
    }
    const [first] = histories;
    context.document({
      model: id,
      model_version: saved.version.version,
      own_history: first,
      metrics: by[first]?.scores,
      ...(testFile === undefined && { baselines: measuredThen(saved, first, at) }),
      ...(by[first]?.nonRepeat && { non_repeat: { metrics: by[first].nonRepeat } }),
      by_own_history: Object.fromEntries(
        histories.map((own) => [
          own,
          {
            metrics: by[own]?.scores,
            ...(by[own]?.nonRepeat && { non_repeat: { metrics: by[own].nonRepeat } }),
          },
        ]),
      ),
      protocol,
      cases: found.cases,
      repeated_targets: found.repeatedTargets,
      unknown_targets: found.unknownTargets,
      cases_per_second: found.casesPerSecond,
    });
  },
};

/** The other recommenders on the same cases, as they were measured when the model was fitted: where they were asked the same. */
function measuredThen({ histories, baselines }: LoadedSequence, history: OwnHistory, at: readonly number[]) {
  if (history !== histories[0]) return {};
  const asked = new Set<string>(metricOrder(at));
  const known = Object.entries(baselines).map(([id, scores]): [string, Scores] => [
    id,
    Object.fromEntries(Object.entries(scores).filter(([metric]) => asked.has(metric))),
  ]);
  return Object.fromEntries(known.filter(([, scores]) => Object.keys(scores).length > 0));
}
