// foresell explain: why one customer got that answer, in numbers that add up and in words.
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { formatMoment } from '../../core/time.ts';
import { withLake } from '../../data/lake/open.ts';
import { storedIds } from '../../data/pseudonym.ts';
import { loadBundle } from '../../registry/bundle.ts';
import { topCustomersText } from '../../report/leaderboard-text.ts';
import { textTable } from '../../report/text-table.ts';
import { nameOfRow, predictBatch, rowAbout } from '../../serve/batch.ts';
import { explainPredictions } from '../../serve/reasons.ts';
import { whatIfPredictions } from '../../serve/what-if.ts';
import type { CommandFile } from '../command.ts';
import { eventsDocument, sayEvents } from '../event-reasons.ts';
import { asOfOf, taskOf, withAsOf, workspaceOf } from '../options.ts';
import { sayWhatIf, whatIfDocument, whatIfOf, withWhatIf } from '../what-if.ts';

export const explainCommand: CommandFile = {
  usage: 'explain <task>',
  summary: 'why a customer got that prediction: contributions that add up, and words',
  examples: [
    'foresell explain ltv --entity 12748 --as-of 2011-09-09',
    'foresell explain churn --entity 12748 --json --lang zh',
    'foresell explain churn --entity 12748 --what-if --below .3 --immutable country --only-rise days_known',
  ],
  declare(command) {
    withAsOf(command, 'the moment to stand at (default: the last event)')
      .option('--entity <id>', 'the customer, or the visitor')
      .option('--item <id>', 'tasks about items: which (default: the customer’s best)')
      .option('--model-version <version>', 'a saved version (default: the promoted one)');
    withWhatIf(command);
  },
  async run(context, [name], options) {
    const workspace = workspaceOf(context);
    const task = taskOf(workspace, name);
    if (options.entity === undefined)
      throw new AppError('USAGE', 'expected --entity ID: the customer to explain');
    const entity = String(options.entity);
    const bundle = loadBundle(
      join(workspace.dir, 'models'),
      task.name,
      options.modelVersion as string | undefined,
    );
    await withLake(workspace, context, async (engine, source) => {
      const asOf = asOfOf(workspace, options) ?? source.lastMs;
      const { signal } = context;
      const predictions = await predictBatch(engine, source, bundle, {
        asOf,
        onlyEntities: storedIds(workspace.dir, workspace.settings.pseudonyms, entity),
        withDays: true,
        signal,
      });
      const row = rowAbout(predictions, options.item as string | undefined);
      const { explanation, reasons, events } = await explainPredictions(bundle, predictions, {
        rows: [row],
        most: 8,
        signal,
      });
      const { forecast, perUnit, unit } = predictions;
      const asked = whatIfOf(options, perUnit);
      const whatIf = asked && (await whatIfPredictions(bundle, predictions, { ...asked, row, signal }));
      const [told] = reasons;
      // On the identity the margin is the amount itself: in the unit it is shown in.
      const scale = explanation.link === 'identity' ? perUnit : 1;
      const base = explanation.base / scale;
      const contributions = explanation.parts.map(({ id, columns }, part) => ({
        id,
        columns,
        contribution: explanation.values[part] / scale,
      }));
      context.document({
        task: task.name,
        entity,
        ...(predictions.subjects?.items ? { item_id: predictions.subjects.items[row] } : {}),
        ...(predictions.subjects?.sessions ? { session_id: predictions.subjects.sessions[row] } : {}),
        as_of: formatMoment(predictions.subjects?.at?.[row] ?? asOf),
        horizon_days: bundle.horizonDays,
        model_version: bundle.version.version,
        value: forecast.value[row] / perUnit,
        low: forecast.low ? forecast.low[row] / perUnit : null,
        high: forecast.high ? forecast.high[row] / perUnit : null,
        unit,
        tier: forecast.tier?.[row] ?? null,
        margin: explanation.margins[0] / scale,
        base,
        link: explanation.link,
        method: explanation.method,
        background: explanation.background,
        contributions,
        reasons: told.reasons.map(({ words, effect, columns, good }) => ({
          words,
          effect: effect / perUnit,
          columns,
          good,
        })),
        ...(events && { events: eventsDocument(events[0], { scale, perUnit }) }),
        ...(whatIf && { what_if: whatIfDocument(whatIf, perUnit) }),
      });
      context.say(
        topCustomersText(
          [
            {
              id: nameOfRow(predictions, row),
              value: forecast.value[row],
              ...(forecast.low && forecast.high ? { low: forecast.low[row], high: forecast.high[row] } : {}),
              reasons: [],
            },
          ],
          {
            language: context.language,
            currency: bundle.background.frame.currency,
            unit: task.kind === 'binary' ? 'share' : 'money',
          },
        ),
      );
      for (const reason of told.reasons)
        context.say(`  ${reason.good ? '+' : '−'} ${context.word(reason.words)}`);
      if (told.restWords) context.say(`    ${context.word(told.restWords)}`);
      if (events) sayEvents(context, events[0]);
      const zh = context.language === 'zh';
      const strongest = contributions
        .slice()
        .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
        .slice(0, 12);
      const sum = contributions.reduce((all, { contribution }) => all + contribution, base);
      context.say(
        `\n${textTable(
          [zh ? '贡献（模型刻度）' : 'contribution on the model’s margin', { head: '', align: 'right' }],
          [
            [zh ? '基准' : 'base', base.toFixed(4)],
            ...strongest.map(({ id, contribution }) => [id, contribution.toFixed(4)]),
            [
              zh
                ? `全部 ${contributions.length} 项合计 = 模型刻度值`
                : `all ${contributions.length} together = margin`,
              sum.toFixed(4),
            ],
          ],
        )}`,
      );
      if (whatIf) sayWhatIf(context, whatIf);
    });
  },
};
