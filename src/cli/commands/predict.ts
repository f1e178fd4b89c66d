// foresell predict: a file with everyone's answer at one moment, or the top, or an audience by rule.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { DAY_MS, formatMoment } from '../../core/time.ts';
import { withLake } from '../../data/lake/open.ts';
import { erasedSince } from '../../data/lake/read.ts';
import { loadBundle } from '../../registry/bundle.ts';
import { topCustomersText } from '../../report/leaderboard-text.ts';
import { audienceRows } from '../../serve/audience.ts';
import { nameOfRow, predictBatch, rankedRows } from '../../serve/batch.ts';
import { listByCustomer, readCandidates } from '../../serve/item-lists.ts';
import { writePredictions } from '../../serve/prediction-file.ts';
import { isTextTask, TEXT_TASKS } from '../../tasks/text-task.ts';
import type { CommandFile } from '../command.ts';
import { type Context, positiveNumber } from '../context.ts';
import { isNextItem, runPredictNextItem } from '../next-item.ts';
import { OFFER_OPTIONS, ownItemsOf, withOfferOptions } from '../offer-options.ts';
import { asOfOf, taskOf, withAsOf, workspaceOf } from '../options.ts';
import { READER_OPTIONS, withReaderOptions } from '../sequence-options.ts';
import { runPredictTextTask, TEXT_PREDICT_OPTIONS, withTextPredictOptions } from '../text-tasks.ts';

const SHOWN = 10;

export const predictCommand: CommandFile = {
  usage: 'predict <task>',
  summary: 'write everyone’s prediction at one moment to a CSV, NDJSON or Parquet file, best first',
  examples: [
    'foresell predict purchase --as-of 2011-09-09 --out predictions.csv',
    'foresell predict ltv --as-of 2011-09-09 --top 100 --out best.parquet',
    "foresell predict churn --as-of 2011-09-09 --segment 'value >= 0.6 and revenue_90d > 500' --out save-them.ndjson",
    "foresell predict next-item --filter \"category in ('Toys', 'Books')\" --exclude-seen bought --diversity 0.3 --top 5 --out lists.csv",
    'foresell predict satisfaction --since 2026-03-01 --words 5 --out satisfaction.csv',
    'foresell predict query-purchase --as-of 2026-03-02 --out queries.ndjson',
  ],
  declare(command) {
    const own = withAsOf(command, 'the moment to stand at (default: the last event)')
      .option('--out <file>', 'file ending in .csv, .ndjson or .parquet')
      .option(
        '--top <k>',
        'only the k highest; of tasks about items the k best of each customer',
        positiveNumber('--top'),
      )
      .option(
        '--segment <rule>',
        'only customers for whom the rule holds: value, low, high, tier, rank or any feature, with =, !=, <, <=, >, >=, and, or, not',
      )
      .option('--model-version <version>', 'a saved version (default: the promoted one)')
      .option(
        '--exclude-seen [way]',
        'tasks about items: without what the customer has bought; next-item: yes, nothing of their own (the default as the model was tested), bought, or no',
      )
      .option('--candidates <file>', 'tasks about items: only those of a text file, one id a line')
      .option(
        '--segment-by <key>',
        'next-item: what is popular with people of the same country, device, channel or attribute, for those without a history',
      );
    withTextPredictOptions(withReaderOptions(withOfferOptions(own)));
  },
  async run(context, [name], options) {
    if (isNextItem(name)) return runPredictNextItem(context, options);
    if (isTextTask(name)) return runPredictTextTask(context, name, options);
    for (const option of TEXT_PREDICT_OPTIONS)
      if (options[option] !== undefined)
        throw new AppError(
          'USAGE',
          `--${option} is for ${TEXT_TASKS.map((task) => task.name).join(', ')}, which are about texts`,
        );
    for (const option of [...OFFER_OPTIONS, ...READER_OPTIONS, 'segmentBy'])
      if (options[option] !== undefined)
        throw new AppError('USAGE', `--${dashed(option)} is for "next-item", which lists items`);
    const workspace = workspaceOf(context);
    const out = options.out as string | undefined;
    const task = taskOf(workspace, name);
    for (const option of task.entity === 'user_item' ? [] : ['excludeSeen', 'candidates']) {
      if (options[option] !== undefined) {
        const flag = option === 'candidates' ? '--candidates' : '--exclude-seen';
        throw new AppError(
          'USAGE',
          `${flag} is for tasks about items; "${task.name}" is about ${task.about.en}`,
        );
      }
    }
    const lists = {
      excludeSeen: options.excludeSeen !== undefined && ownItemsOf(options.excludeSeen) !== 'no',
      ...(options.top === undefined ? {} : { top: Number(options.top) }),
      ...(options.candidates === undefined ? {} : { candidates: readCandidates(String(options.candidates)) }),
    };
    if (out === undefined)
      throw new AppError('USAGE', 'expected --out FILE ending in .csv, .ndjson or .parquet');
    const bundle = loadBundle(
      join(workspace.dir, 'models'),
      task.name,
      options.modelVersion as string | undefined,
    );
    await withLake(workspace, context, async (engine, source) => {
      const asOf = asOfOf(workspace, options) ?? source.lastMs;
      if (asOf > source.lastMs + DAY_MS) context.progress.note(afterTheEnd(context, asOf, source.lastMs));
      const predictions = await predictBatch(engine, source, bundle, {
        asOf,
        progress: context.progress,
        signal: context.signal,
      });
      let rows = Array.from(rankedRows(predictions));
      if (options.segment !== undefined) rows = audienceRows(String(options.segment), predictions, rows);
      const listed = predictions.subjects?.items ? listByCustomer(predictions, rows, lists) : undefined;
      rows = listed ? [...listed.rows] : rows.slice(0, lists.top);
      await writePredictions(engine, out, { predictions, bundle, rows, ranks: listed?.ranks });
      if (erasedSince(workspace, source)) {
        // Thrown inside `withLake`, this begins anew on the lake without the customer.
        rmSync(out, { force: true });
        throw new AppError('BUSY', 'a customer was erased meanwhile: run the same command again');
      }
      context.document({
        task: task.name,
        model_version: bundle.version.version,
        as_of: formatMoment(asOf),
        horizon_days: bundle.horizonDays,
        unit: predictions.unit,
        rows: rows.length,
        asked: predictions.entities.length,
        out,
        protocol: bundle.protocol,
        metrics: bundle.scores,
      });
      const { value, low, high } = predictions.forecast;
      context.say(
        topCustomersText(
          rows.slice(0, SHOWN).map((row) => ({
            id: nameOfRow(predictions, row),
            value: value[row],
            ...(low && high ? { low: low[row], high: high[row] } : {}),
            reasons: [],
          })),
          {
            language: context.language,
            currency: bundle.background.frame.currency,
            unit: task.kind === 'binary' ? 'share' : 'money',
          },
        ),
      );
      context.say(
        context.language === 'zh'
          ? `已写入 ${rows.length.toLocaleString('en-US')} 行：${out}（模型 ${bundle.version.version}）`
          : `${rows.length.toLocaleString('en-US')} rows in ${out} (model ${bundle.version.version})`,
      );
    });
  },
};

const dashed = (option: string): string => option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Features fade as if nobody had done anything since the log ends. */
function afterTheEnd(context: Context, asOf: number, lastMs: number): string {
  const days = Math.floor((asOf - lastMs) / DAY_MS);
  return context.language === 'zh'
    ? `! 日志止于 ${formatMoment(lastMs)}，比该时点早 ${days} 天：其间发生的事未知，预测会偏低；请先导入较新的事件`
    : `! the log ends at ${formatMoment(lastMs)}, ${days} days before that moment: what happened since is unknown to the model; import newer events first`;
}
