// foresell demo: the main job on bundled real data, from the raw file to the ten most valuable customers with reasons.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import { formatMoment } from '../../core/time.ts';
import { measureCohorts } from '../../data/cohorts.ts';
import { openEngine } from '../../data/engine.ts';
import { type ImportReport, importFiles } from '../../data/import/import-files.ts';
import { loadMapping } from '../../data/import/mapping.ts';
import { withSource } from '../../data/lake/read.ts';
import { measureQuality } from '../../data/quality.ts';
import { createWorkspace, type Workspace } from '../../data/workspace.ts';
import { loadBundle } from '../../registry/bundle.ts';
import { isMissing } from '../../report/document.ts';
import { leaderboardText, topCustomersText } from '../../report/leaderboard-text.ts';
import { metricWords } from '../../report/metric-words.ts';
import { textTable } from '../../report/text-table.ts';
import { predictBatch, rankedRows } from '../../serve/batch.ts';
import { writePredictions } from '../../serve/prediction-file.ts';
import { explainPredictions } from '../../serve/reasons.ts';
import { taskNamed } from '../../tasks/catalogue.ts';
import { writeReport } from '../../train/report-file.ts';
import { type TrainingResult, trainTask } from '../../train/run.ts';
import type { SequenceRun } from '../../train/sequence/run-sequence.ts';
import { NEXT_ITEM } from '../../train/sequence/train-next-item.ts';
import { shopReport } from '../../train/shop-report.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { trainDemoNextItem } from '../demo-next-item.ts';
import { portOption, shownMoment, typedCommand } from '../options.ts';
import { sequenceDocument } from '../sequence-document.ts';
import { serveDemo } from '../serve-demo.ts';
import { SERVE_GRACE_MS } from '../serve-shops.ts';
import { trainingDocument } from '../training-document.ts';
import { sayQuality } from './check.ts';
import { importDocument, sayImport } from './import.ts';

const DATA = fileURLToPath(new URL('../../../examples/online-retail/online-retail.csv.gz', import.meta.url));
const DEFAULT_DIR = './foresell-demo';
const TASKS_SHOWN = ['purchase', 'spend', 'churn', 'ltv'] as const;
const CUSTOMERS_SHOWN = 10;

const ATTRIBUTION = name(
  'Data: Online Retail, Daqing Chen, UCI Machine Learning Repository (2015), doi.org/10.24432/C5BW33, CC BY 4.0; the rows of 2010-12-01 to 2011-09-09, values unaltered.',
  '数据：Online Retail，Daqing Chen，UCI Machine Learning Repository（2015），doi.org/10.24432/C5BW33，CC BY 4.0；取 2010-12-01 至 2011-09-09 的行，数值未改动。',
);

export const demoCommand: CommandFile = {
  usage: 'demo',
  summary:
    'the whole job on bundled real data, in ./foresell-demo unless --workspace says where: import, check, train, predict, report, explain',
  examples: ['foresell demo', 'foresell demo --lang zh --workspace ./my-demo', 'foresell demo --serve'],
  graceMs: SERVE_GRACE_MS,
  declare(command) {
    command
      .option('--serve', 'go on as a server, with a key for a day and calls to try')
      .option('--port <n>', 'port to listen on with --serve; 0 for any that is free', portOption, 8787);
  },
  async run(context, _, options) {
    const startedMs = Date.now();
    const zh = context.language === 'zh';
    const workspace = freshWorkspace(context);
    const step = (number: number, en: string, chinese: string) =>
      context.say(`\n── ${number}/6 ${zh ? chinese : en} ──`);

    step(1, 'import 334,054 invoice lines of a British gift shop', '导入一家英国礼品店的 334,054 行发票');
    const imported = await importFiles(workspace, [DATA], loadMapping('online-retail'), context);
    sayImport(context, imported, workspace);

    const engine = await openEngine({
      threads: context.threads,
      tempDir: join(workspace.dir, 'spill', String(process.pid)),
    });
    let document: ReturnType<typeof demoDocument>;
    try {
      const quality = await withSource(workspace, engine, (source) =>
        measureQuality(engine, source, context.signal),
      );
      step(2, 'check', '检查');
      sayQuality(context, quality);

      step(
        3,
        'train purchase, spend, churn and ltv, each tested on months it has not seen; and next-item',
        '训练购买、消费额、流失与客户价值，各自在未见过的月份上检验；以及下一件商品',
      );
      const results: TrainingResult[] = [];
      for (const taskName of TASKS_SHOWN) results.push(await trainOne(context, workspace, taskName));
      const lists = await trainDemoNextItem(context, workspace);

      step(4, 'predict for everyone', '为所有客户预测');
      const ltv = loadBundle(join(workspace.dir, 'models'), 'ltv');
      const shown = await withSource(workspace, engine, async (source) => {
        for (const taskName of TASKS_SHOWN) {
          const bundle = loadBundle(join(workspace.dir, 'models'), taskName);
          const predictions = await predictBatch(engine, source, bundle, {
            asOf: source.lastMs,
            signal: context.signal,
          });
          const out = join(workspace.dir, 'predictions', `${taskName}.csv`);
          await writePredictions(engine, out, { predictions, bundle, rows: rankedRows(predictions) });
          context.say(
            `${predictions.entities.length.toLocaleString('en-US')} × ${taskName} → ${relative(process.cwd(), out)}`,
          );
        }
        const predictions = await predictBatch(engine, source, ltv, {
          asOf: source.lastMs,
          signal: context.signal,
        });
        const rows = Array.from(rankedRows(predictions).slice(0, CUSTOMERS_SHOWN));
        const { reasons } = await explainPredictions(ltv, predictions, {
          rows,
          most: 3,
          signal: context.signal,
        });
        const { value, low, high } = predictions.forecast;
        return rows.map((row, i) => ({
          id: predictions.entities[row],
          value: value[row],
          ...(low && high ? { low: low[row], high: high[row] } : {}),
          words: reasons[i].reasons.map((reason) => reason.words),
        }));
      });

      step(5, 'report', '报告');
      const reportPath = await withSource(workspace, engine, async (source) =>
        writeReport(join(workspace.dir, 'reports'), {
          ...shopReport({
            workspace,
            tasks: results.map(({ report }) => report),
            quality,
            cohorts: await measureCohorts(engine, source, source.lastMs, context.signal),
            source,
            imported,
            options: {
              command: typedCommand(),
              seed: context.seed,
              threads: context.threads,
              language: context.language,
              now: Date.now,
              seconds: (Date.now() - startedMs) / 1000,
            },
          }),
          shop: 'Online Retail',
          attribution: ATTRIBUTION,
        }),
      );
      context.say(relative(process.cwd(), reportPath));

      step(
        6,
        `the ${CUSTOMERS_SHOWN} most valuable customers of the next 12 months, and why`,
        `未来 12 个月最有价值的 ${CUSTOMERS_SHOWN} 位客户及原因`,
      );
      const [head, rule, ...lines] = topCustomersText(
        shown.map((customer) => ({ ...customer, reasons: [] })),
        { language: context.language, currency: imported.currency, unit: 'money' },
      ).split('\n');
      context.say(`${head}\n${rule}`);
      // Reasons stand below their customer: beside the figures they would wrap on any screen.
      for (const [i, line] of lines.entries()) {
        context.say(line);
        for (const word of shown[i].words) context.say(`      ${context.word(word)}`);
      }
      const seconds = (Date.now() - startedMs) / 1000;
      context.say(`\n${context.word(ATTRIBUTION)}`);
      context.say(closing(context, workspace, { seconds, reportPath }));
      document = demoDocument({ imported, results, lists, shown, reportPath, seconds });
    } finally {
      engine.close();
    }
    if (options.serve === true) await serveDemo(context, workspace, { port: Number(options.port), document });
    else context.document(document);
  },
};

/** A demo always begins anew, and never touches a folder that is not a demo of ours. */
function freshWorkspace(context: Context): Workspace {
  const dir = context.workspaceDir === './foresell-workspace' ? DEFAULT_DIR : context.workspaceDir;
  if (!existsSync(DATA))
    throw new AppError('NOT_FOUND', 'the bundled data are missing: install the package again');
  if (existsSync(join(dir, '.demo'))) rmSync(dir, { recursive: true });
  else if (existsSync(join(dir, 'foresell.yaml'))) {
    throw new AppError(
      'USAGE',
      `"${dir}" holds a workspace of your own: name another folder with --workspace`,
    );
  }
  const workspace = createWorkspace(resolve(dir), { zone: 'Europe/London', currency: 'GBP' });
  writeFileSync(join(dir, '.demo'), 'A demo of foresell: made anew by every `foresell demo`.\n');
  return workspace;
}

async function trainOne(context: Context, workspace: Workspace, taskName: string): Promise<TrainingResult> {
  const result = await trainTask(workspace, {
    task: taskNamed(taskName),
    models: 'auto',
    promote: true,
    command: `foresell train ${taskName}`,
    language: context.language,
    seed: context.seed,
    threads: context.threads,
    now: Date.now,
    progress: context.progress,
    signal: context.signal,
  });
  const { report, currency } = result;
  const { leaderboard } = report;
  context.say(`\n${context.word(report.question)}`);
  if (leaderboard && !isMissing(leaderboard)) {
    context.say(leaderboardText(leaderboard, { language: context.language, currency, unit: report.unit }));
  }
  context.say(testLine(context, result, workspace));
  return result;
}

/** One line: how good the chosen model was on the test beside the first baseline. */
function testLine(
  context: Context,
  { assessment, report, seconds }: TrainingResult,
  workspace: Workspace,
): string {
  const { chosen, baselines, protocol } = assessment;
  const metrics =
    report.kind === 'binary'
      ? (['roc_auc', 'log_loss', 'ece'] as const)
      : (['norm_gini', 'bias', 'coverage'] as const);
  const best = baselines[0];
  const cells = metrics.flatMap((metric) => {
    const own = chosen.evaluation.scores[metric];
    const other = best?.evaluation.scores[metric];
    if (!own) return [];
    const show = (value: number) => value.toFixed(3).replace('-', '−');
    return [
      [
        context.word(metricWords(metric).label),
        show(own.value),
        `${show(own.low)} … ${show(own.high)}`,
        other ? show(other.value) : '–',
      ],
    ];
  });
  const zh = context.language === 'zh';
  const head = `${zh ? '测试' : 'test'} ${protocol.test_as_of.map((moment) => shownMoment(workspace, moment)).join(', ')} ${zh ? `（${protocol.horizon_days} 天）` : `(${protocol.horizon_days} d)`}`;
  return `${textTable([head, chosen.estimator.id, '95 %', best?.estimator.id ?? ''], cells)}\n${seconds.toFixed(0)} ${zh ? '秒' : 's'}`;
}

function closing(
  context: Context,
  workspace: Workspace,
  { seconds, reportPath }: { seconds: number; reportPath: string },
): string {
  const dir = relative(process.cwd(), workspace.dir) || '.';
  const foresell = existsSync(join(process.cwd(), 'bin', 'foresell.js'))
    ? 'node bin/foresell.js'
    : 'npx foresell';
  const lines =
    context.language === 'zh'
      ? [
          `完成，用时 ${seconds.toFixed(0)} 秒。在浏览器中打开 ${relative(process.cwd(), reportPath)}。接下来可以试试：`,
          `  ${foresell} explain ltv --entity ${'12748'} --workspace ${dir} --lang zh`,
          `  ${foresell} predict churn --segment 'value >= 0.6' --out leaving.csv --workspace ${dir}`,
          `  ${foresell} import 您的文件.csv --propose > map.yaml`,
          `  ${foresell} serve --workspace ${dir}`,
        ]
      : [
          `done in ${seconds.toFixed(0)} s. Open ${relative(process.cwd(), reportPath)} in a browser. Try next:`,
          `  ${foresell} explain ltv --entity 12748 --workspace ${dir}`,
          `  ${foresell} predict churn --segment 'value >= 0.6' --out leaving.csv --workspace ${dir}`,
          `  ${foresell} import YOUR.csv --propose > map.yaml`,
          `  ${foresell} serve --workspace ${dir}`,
        ];
  return `\n${lines.join('\n')}`;
}

function demoDocument(parts: {
  imported: ImportReport;
  results: readonly TrainingResult[];
  lists: SequenceRun;
  shown: readonly { id: string; value: number; low?: number; high?: number; words: readonly unknown[] }[];
  reportPath: string;
  seconds: number;
}) {
  return {
    import: importDocument(parts.imported),
    tasks: {
      ...Object.fromEntries(parts.results.map((result) => [result.version.task, trainingDocument(result)])),
      [NEXT_ITEM]: sequenceDocument(parts.lists),
    },
    most_valuable: parts.shown.map(({ id, value, low, high, words }) => ({
      user_id: id,
      value_minor: value,
      low_minor: low,
      high_minor: high,
      reasons: words,
    })),
    report: parts.reportPath,
    finished: formatMoment(Date.now()),
    seconds: parts.seconds,
  };
}
