// foresell table explain: why one row of a table gets its answer, and what would change it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../../data/engine.ts';
import { openTable } from '../../data/table/open-table.ts';
import type { TableAnswers } from '../../models/table-model.ts';
import { type LoadedTable, loadTable } from '../../registry/table-bundle.ts';
import { askRow, explainRow, whatIfRow } from '../../serve/explain-table.ts';
import type { CommandFile } from '../command.ts';
import { positiveNumber } from '../context.ts';
import { sayWhatIf, whatIfDocument, whatIfOf, withWhatIf } from '../what-if.ts';

const REASONS = 8;

export const tableExplainCommand: CommandFile = {
  usage: 'table explain <dir> <data>',
  summary: 'why one row of a table gets its answer, and what would change it',
  examples: [
    'foresell table explain foresell-table new-sessions.csv --row 12',
    'foresell table explain churn-model customers.csv --row 3 --what-if --immutable age,city --only-rise tenure',
    'foresell table explain demand-model weeks.parquet --what-if --above 5000 --changes 1 --json',
  ],
  declare(command) {
    command.option('--row <n>', 'which row of the file, the first being 1', positiveNumber('--row'), 1);
    withWhatIf(command).option(
      '--class <value>',
      'with --what-if, of several classes: whose probability should change (default: the one called)',
    );
  },
  async run(context, [dir, data], options) {
    const asked = whatIfOf(options, 1);
    const bundle = loadTable(dir);
    const { signal, language } = context;
    const scratch = mkdtempSync(join(tmpdir(), 'foresell-table-'));
    const engine = await openEngine({ tempDir: join(scratch, 'spill'), threads: context.threads });
    try {
      const decoded = join(scratch, 'data');
      mkdirSync(decoded);
      const source = await openTable(engine, data, { scratch: decoded, missing: bundle.missing, signal });
      const row = Number(options.row);
      const own = await askRow(engine, source, bundle, { row, signal });
      const { explanation, told } = await explainRow(bundle, own, { most: REASONS, signal });
      const named = options.class === undefined ? {} : { own: String(options.class) };
      const whatIf = asked && (await whatIfRow(bundle, own, { ...asked, ...named, signal }));
      context.document({
        target: bundle.target.column,
        kind: bundle.target.kind,
        row,
        model: bundle.table.model.estimator,
        model_version: bundle.version.version,
        ...answerDocument(bundle, own.answers),
        link: explanation.link,
        method: explanation.method,
        background: explanation.background,
        margin: explanation.margins[0],
        base: explanation.base,
        contributions: explanation.parts.map(({ id, columns }, part) => ({
          id,
          columns,
          contribution: explanation.values[part],
        })),
        reasons: told.reasons.map(({ words, effect, columns }) => ({ words, effect, columns })),
        ...(whatIf && { what_if: whatIfDocument(whatIf, 1) }),
      });
      context.say(answerText(bundle, own.answers, { row, zh: language === 'zh' }));
      for (const { effect, words } of told.reasons)
        context.say(`  ${effect > 0 ? '+' : '−'} ${context.word(words)}`);
      if (told.restWords) context.say(`    ${context.word(told.restWords)}`);
      if (whatIf) sayWhatIf(context, whatIf);
    } finally {
      engine.close();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};

function answerDocument({ target }: LoadedTable, { value, low, high, called }: TableAnswers) {
  const { positive, negative, classes = [] } = target;
  if (target.kind === 'multiclass')
    return {
      prediction: classes[called?.[0] ?? 0],
      probabilities: Object.fromEntries(classes.map((own, k) => [own, value[k]])),
    };
  return {
    value: value[0],
    low: low ? low[0] : null,
    high: high ? high[0] : null,
    ...(target.kind === 'binary' ? { prediction: called?.[0] === 1 ? positive : negative } : {}),
  };
}

function answerText(
  { target }: LoadedTable,
  { value, low, high, called }: TableAnswers,
  { row, zh }: { row: number; zh: boolean },
): string {
  const where = zh ? `第 ${row} 行` : `row ${row}`;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const plain = (amount: number) => amount.toLocaleString('en-US', { maximumFractionDigits: 2 });
  const shown = target.kind === 'regression' ? plain : percent;
  const ends =
    low && high
      ? zh
        ? `（${shown(low[0])} 至 ${shown(high[0])}）`
        : ` (${shown(low[0])} to ${shown(high[0])})`
      : '';
  const is = (answer: string) =>
    zh ? `${where}：${target.column} 为 ${answer}` : `${where}: ${target.column} is ${answer}`;
  if (target.kind === 'regression') return is(`${plain(value[0])}${ends}`);
  if (target.kind === 'binary') {
    const { positive = '1', negative = '0' } = target;
    const chance = zh ? `${positive} 的概率 ${percent(value[0])}` : `${positive} at ${percent(value[0])}`;
    return `${is(called?.[0] === 1 ? positive : negative)}${zh ? '，' : ', '}${chance}${ends}`;
  }
  const at = called?.[0] ?? 0;
  return `${is(target.classes?.[at] ?? String(at))}${zh ? '，概率 ' : ', at '}${percent(value[at])}`;
}
