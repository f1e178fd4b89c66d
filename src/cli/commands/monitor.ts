// foresell monitor: how good the answers of the running server were, and what it refused, in plain words.
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { minorPerMajor } from '../../core/money.ts';
import { nodeJournalDisk } from '../../data/journal/journal-disk.ts';
import type { Workspace } from '../../data/workspace.ts';
import { workspacePaths } from '../../data/workspace.ts';
import type { MetricName } from '../../eval/score.ts';
import { LIST_HORIZON_DAYS } from '../../monitor/predictions/list-outcomes.ts';
import type { ListQuality } from '../../monitor/predictions/list-quality.ts';
import type { LiveQuality } from '../../monitor/predictions/live-quality.ts';
import { readSegments } from '../../monitor/records/read-records.ts';
import { parseRejected } from '../../monitor/rejected/rejected-log.ts';
import { type LoadedBundle, loadBundle } from '../../registry/bundle.ts';
import { SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { listTasks } from '../../registry/versions.ts';
import { formatInterval, formatMetric, metricWords } from '../../report/metric-words.ts';
import { type Speech, speech as speechOf } from '../../report/speech.ts';
import { textTable } from '../../report/text-table.ts';
import { measureAnswers, measuredTask } from '../../serve/operation/measure-answers.ts';
import { rejectedFolder } from '../../serve/operation/operation-paths.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { listQualityText } from '../list-quality-text.ts';
import { isNextItem } from '../next-item.ts';
import { shownMoment, workspaceOf } from '../options.ts';

export const monitorCommand: CommandFile = {
  usage: 'monitor',
  summary:
    'say how good the answers of "serve" were, now that their horizons have passed, and which events it refused',
  examples: [
    'foresell monitor',
    'foresell monitor --task purchase --json',
    'foresell monitor --task next-item',
  ],
  declare: (command) => void command.option('--task <name>', 'only this task'),
  async run(context, _, options) {
    const workspace = workspaceOf(context);
    const only = options.task === undefined ? undefined : String(options.task);
    const bundles = served(workspace, only);
    const { quality, lists, due, knownUntilMs } = await measureAnswers(workspace, {
      tasks: bundles.map(measuredTask),
      lists: only === undefined || isNextItem(only),
      ...{ threads: context.threads, seed: context.seed, signal: context.signal },
    });
    const rejected = await rejectedReasons(workspace);
    context.document({
      known_until: Number.isNaN(knownUntilMs) ? null : new Date(knownUntilMs).toISOString(),
      due,
      quality: quality.map((one) => ({ ...one, from: day(one.fromMs), to: day(one.toMs) })),
      lists: lists.map((one) => ({ ...one, from: day(one.fromMs), to: day(one.toMs) })),
      rejected,
    });
    const zh = context.language === 'zh';
    for (const bundle of bundles)
      sayTask(context, workspace, bundle, { quality, due: due[bundle.task.name] });
    if (due[SEQUENCE_FOLDER] !== undefined) sayLists(context, workspace, lists, due[SEQUENCE_FOLDER]);
    else if (bundles.length === 0)
      context.say(
        zh
          ? '还没有可以评估的模型：foresell train purchase'
          : 'there is no model yet to be judged: foresell train purchase',
      );
    sayRejected(context, rejected);
  },
};

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The models in service whose answers have an outcome of their own. @throws AppError NOT_FOUND */
function served(workspace: Workspace, only: string | undefined): readonly LoadedBundle[] {
  const modelsDir = workspacePaths.models(workspace);
  const tasks = listTasks(modelsDir);
  if (only !== undefined && !tasks.includes(only))
    throw new AppError('NOT_FOUND', `expected a task that has a model (${tasks.join(', ') || 'none yet'})`);
  return (only === undefined ? tasks : [only]).flatMap((task) => {
    try {
      return [loadBundle(modelsDir, task)];
    } catch (cause) {
      // Lists and texts are saved in another form.
      if (cause instanceof AppError && cause.code === 'BAD_FILE') return [];
      throw cause;
    }
  });
}

function sayLists(context: Context, workspace: Workspace, lists: readonly ListQuality[], due: number): void {
  const zh = context.language === 'zh';
  context.say(zh ? `\n下一件商品的列表 (${SEQUENCE_FOLDER})` : `\nLists of items (${SEQUENCE_FOLDER})`);
  if (lists.length === 0)
    context.say(
      zh
        ? `  已满 ${LIST_HORIZON_DAYS} 天的列表有 ${due} 份，尚不足以判断（每个模型版本至少需要 30 位之后有行为的客户）`
        : `  ${due} lists that are ${LIST_HORIZON_DAYS} days old: too few to judge by (30 customers a model version at least who did something afterwards)`,
    );
  for (const one of lists)
    context.say(
      indented(listQualityText(context, one, (ms) => shownMoment(workspace, midnight(ms))).join('\n')),
    );
}

function sayTask(
  context: Context,
  workspace: Workspace,
  { task, background }: LoadedBundle,
  { quality, due }: { readonly quality: readonly LiveQuality[]; readonly due: number },
): void {
  const zh = context.language === 'zh';
  context.say(`\n${context.word(task.label)} (${task.name})`);
  const own = quality.filter((one) => one.task === task.name);
  if (own.length === 0) {
    context.say(
      zh
        ? `  已到期的回答有 ${due} 条，尚不足以判断（每个模型版本至少需要 30 位客户）`
        : `  ${due} answers whose horizon has passed: too few to judge by (30 customers a model version at least)`,
    );
    return;
  }
  const { currency } = background.frame;
  const speech = speechOf(context.language, currency);
  for (const one of own)
    sayQuality(context, workspace, {
      one,
      speech,
      isMoney: task.kind === 'amount',
      perUnit: task.kind === 'amount' ? minorPerMajor(currency) : 1,
    });
}

interface Shown {
  readonly one: LiveQuality;
  readonly speech: Speech;
  readonly isMoney: boolean;
  /** Minor units in one. */
  readonly perUnit: number;
}

function sayQuality(context: Context, workspace: Workspace, { one, speech, isMoney, perUnit }: Shown): void {
  const zh = context.language === 'zh';
  const unit = isMoney ? 'money' : 'share';
  const dates = `${shownMoment(workspace, midnight(one.fromMs))} – ${shownMoment(workspace, midnight(one.toMs))}`;
  const arm = one.arm === 'active' ? '' : ` (${one.arm})`;
  context.say(
    zh
      ? `  模型 ${one.modelVersion}${arm}：${one.examples} 条回答，${one.users} 位客户，${dates}`
      : `  model ${one.modelVersion}${arm}: ${one.examples} answers about ${one.users} customers, ${dates}`,
  );
  const inMinor = (metric: MetricName, value: number): number =>
    metricWords(metric).unit === 'task' ? value * perUnit : value;
  const rows = Object.entries(one.scores).map(([name, score]) => {
    const metric = name as MetricName;
    const { value, low, high } = score;
    const scaled = { value: inMinor(metric, value), low: inMinor(metric, low), high: inMinor(metric, high) };
    return [
      context.word(metricWords(metric).label),
      formatMetric(speech, metric, scaled.value, unit),
      formatInterval(speech, metric, scaled, unit),
      context.word(metricWords(metric).says),
    ];
  });
  const heads = zh
    ? ['指标', '数值', '95% 区间', '含义']
    : ['metric', 'value', '95% interval', 'what it says'];
  context.say(indented(textTable(heads, rows)));
  const shown = (value: number): string => (isMoney ? speech.money(value * perUnit) : speech.share(value));
  const bins = one.calibration.map(({ rows: count, predicted, observed }) => [
    String(count),
    shown(predicted),
    shown(observed.value),
    Number.isFinite(observed.low) ? speech.range(shown(observed.low), shown(observed.high)) : '',
  ]);
  const calibration = zh
    ? ['回答数', '预测', '实际', '95% 区间']
    : ['answers', 'predicted', 'came true', '95% interval'];
  context.say(`\n${indented(textTable(calibration, bins))}`);
  const said = verdict(one);
  if (said) context.say(`  ${context.word(said)}`);
}

/** What a person should take from the numbers, where the interval allows to say it. */
function verdict({ scores }: LiveQuality): { readonly en: string; readonly zh: string } | undefined {
  const { roc_auc: auc, bias } = scores;
  if (auc && auc.high < 0.55)
    return {
      en: '! The order of customers is hardly better than chance: train again.',
      zh: '! 客户排序几乎等同随机：请重新训练。',
    };
  if (bias && bias.low > 0.1)
    return {
      en: '! The answers promise more than came: train again on the newest events.',
      zh: '! 预测明显高于实际：请用最新数据重新训练。',
    };
  if (bias && bias.high < -0.1)
    return {
      en: '! More came than the answers promised: train again on the newest events.',
      zh: '! 预测明显低于实际：请用最新数据重新训练。',
    };
  return undefined;
}

const midnight = (ms: number): number => Math.floor(ms / 1000) * 1000;

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');

async function rejectedReasons(workspace: Workspace): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for await (const { lines } of readSegments(nodeJournalDisk(rejectedFolder(workspace))))
    for (const line of lines) {
      const record = parseRejected(line);
      if (!isRecord(record)) continue;
      const key = `${record.source} ${record.reason} ${record.place.replace(/\/\d+/g, '')}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  return counts;
}

function sayRejected(context: Context, counts: Readonly<Record<string, number>>): void {
  const zh = context.language === 'zh';
  const most = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (most.length === 0) {
    context.say(zh ? '\n没有被拒收的事件' : '\nno event was refused');
    return;
  }
  context.say(zh ? '\n被拒收的事件' : '\nevents that were refused');
  const rows = most.slice(0, 20).map(([key, count]) => [String(count), ...key.split(' ')]);
  context.say(
    indented(textTable(zh ? ['次数', '格式', '原因', '位置'] : ['times', 'format', 'reason', 'where'], rows)),
  );
}
