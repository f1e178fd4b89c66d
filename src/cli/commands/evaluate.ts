// foresell evaluate: a saved model held against what happened after given moments.
import { join } from 'node:path';
import { DAY_MS, parseLocalMoment } from '../../core/time.ts';
import { withLake } from '../../data/lake/open.ts';
import type { MetricName } from '../../eval/score.ts';
import { loadBundle } from '../../registry/bundle.ts';
import { metricsText } from '../../report/leaderboard-text.ts';
import { COUNTED } from '../../tasks/task.ts';
import { backtest } from '../../train/backtest.ts';
import type { CommandFile } from '../command.ts';
import { shownMoment, taskOf, workspaceOf } from '../options.ts';

export const evaluateCommand: CommandFile = {
  usage: 'evaluate <task>',
  summary: 'backtest a saved model at given moments',
  examples: [
    'foresell evaluate purchase --as-of 2011-08-10',
    'foresell evaluate spend --as-of 2011-07-01 2011-08-01 --json',
  ],
  declare(command) {
    command
      .option(
        '--as-of <moments...>',
        'moments to stand at (default: the latest whose horizon the log covers)',
      )
      .option('--model-version <version>', 'a saved version (default: the promoted one)');
  },
  async run(context, [name], options) {
    const workspace = workspaceOf(context);
    const task = taskOf(workspace, name);
    const bundle = loadBundle(
      join(workspace.dir, 'models'),
      task.name,
      options.modelVersion as string | undefined,
    );
    await withLake(workspace, context, async (engine, source) => {
      const moments = ((options.asOf as string[] | undefined) ?? []).map((text) =>
        parseLocalMoment(text, source.zone),
      );
      const result = await backtest(engine, source, bundle, {
        moments: moments.length > 0 ? moments : [source.lastMs - Math.round(bundle.checkedDays * DAY_MS)],
        seed: context.seed,
        progress: context.progress,
        signal: context.signal,
      });
      context.document({
        task: task.name,
        model_version: bundle.version.version,
        model: bundle.calibrated.model.estimator,
        metrics: result.pooled.scores,
        baselines: result.pooled.baselines,
        protocol: result.protocol,
        origins: result.origins.map(({ asOf, ...origin }) => ({ as_of: asOf, ...origin })),
        in_sample: result.inSample,
      });
      const zh = context.language === 'zh';
      const look = {
        language: context.language,
        currency: source.currency,
        unit: task.kind === 'binary' ? ('share' as const) : ('money' as const),
      };
      for (const origin of [
        ...result.origins,
        ...(result.origins.length > 1 ? [{ asOf: 'pooled', ...result.pooled }] : []),
      ]) {
        const moment =
          origin.asOf === 'pooled' ? (zh ? '合并' : 'pooled') : shownMoment(workspace, origin.asOf);
        context.say(
          zh
            ? `\n${moment}：${origin.examples} 个${COUNTED[task.entity].zh}，其中 ${origin.positives} 个有该结果`
            : `\n${moment}: ${origin.examples} ${COUNTED[task.entity].en}, ${origin.positives} with the outcome`,
        );
        context.say(
          metricsText(
            {
              model: { id: bundle.calibrated.model.estimator, label: task.label, scores: origin.scores },
              baselines: Object.entries(origin.baselines).map(([id, scores]) => ({
                id,
                label: { en: id, zh: id },
                scores,
              })),
              order: task.metrics as readonly MetricName[],
            },
            look,
          ),
        );
      }
      if (result.inSample.length > 0) {
        const list = result.inSample.map((moment) => shownMoment(workspace, moment)).join(', ');
        context.say(
          zh
            ? `\n! ${list}：模型训练或选择时已见过该时期的结果，这些数字不能说明未来`
            : `\n! ${list}: the model has seen outcomes of that time; these figures say nothing about the future`,
        );
      }
    });
  },
};
