// The report of a next-item run: the same page as a shop's, in words about sequences.
import { type Language, name } from '../../core/name.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import type { ReportDocument } from '../../report/document.ts';
import type { Leaderboard, TaskReport, TestMetrics } from '../../report/task-document.ts';
import { metricOrder, type OwnHistory } from './assess-ranks.ts';
import type { SequenceData } from './sequence-data.ts';
import { sequenceProtocolWords } from './sequence-protocol.ts';
import type { TestedRecommender, TestedSequence } from './test-sequence.ts';

export function leaderboardOf({ fitted }: Pick<TestedSequence, 'fitted'>): Leaderboard {
  const { trials, chosen, refused, decider } = fitted;
  return {
    metric: decider,
    measuredOn: name('validation targets, which no model learned from', '验证目标（未用于学习）'),
    rows: trials.flatMap(({ recommender, valid, fitSeconds, casesPerSecond }) => {
      if (!valid) return [];
      const { id, label, role } = recommender;
      const predictMs = 1e6 / casesPerSecond;
      return [
        { id, label, role, chosen: recommender === chosen.recommender, score: valid, fitSeconds, predictMs },
      ];
    }),
    refused: refused.map(({ recommender: { id, label }, reason }) => ({ id, label, reason })),
  };
}

/** One task for each way to count, the deciding one first. */
export function sequenceReports(run: TestedSequence, version: string): readonly TaskReport[] {
  const [first] = run.histories;
  return run.histories.flatMap((history) => {
    const whole = reportOf(run, history, { version, isFirst: history === first, fresh: false });
    const hasFresh = history === first && run.model.by[history]?.nonRepeat;
    return hasFresh ? [whole, reportOf(run, history, { version, isFirst: false, fresh: true })] : [whole];
  });
}

const TITLES = {
  included: name('Next item', '下一个商品'),
  excluded: name('Next item, own history excluded', '下一个商品（排除历史）'),
} as const;
const FRESH_TITLE = name('Next item not had before', '未曾接触的下一个商品');

function reportOf(
  run: TestedSequence,
  history: OwnHistory,
  { version, isFirst, fresh }: { version: string; isFirst: boolean; fresh: boolean },
): TaskReport {
  const { data, facts } = run;
  const differences = run.differences[history];
  const shown = (fresh ? differences?.nonRepeat : differences?.all) ?? [];
  const repeated = data.repeated.reduce((sum, one) => sum + one, 0);
  const cases = fresh ? data.test.targets.length - repeated : data.test.targets.length;
  return {
    id: fresh ? 'next-item-new' : isFirst ? 'next-item' : `next-item-${history}`,
    title: fresh ? FRESH_TITLE : TITLES[history],
    question: fresh
      ? name('Which item not had before comes next?', '接下来是哪个未曾接触的商品？')
      : name('Which item comes next?', '接下来是哪个商品？'),
    kind: 'ranking',
    unit: 'share',
    horizonDays: 0,
    modelVersion: version,
    summary: {
      predicted: name('a place for every item of the catalogue', '目录中每个商品的名次'),
      population: name(`sequences of ${data.file}`, `${data.file} 的序列`),
      customers: cases,
      advice: [],
    },
    protocol: { ...run.protocol, examples: cases },
    protocolWords: sequenceProtocolWords({ ...facts, history, cases }),
    ...(isFirst && { leaderboard: leaderboardOf(run) }),
    metrics: metricsOf(run, history, fresh),
    differences: {
      rows: shown.map(({ metric, against, score }) => ({ metric, against: against.label, score })),
    },
    limits: limitsOf(run, history, repeated),
  };
}

function metricsOf(
  { model, beside, facts }: TestedSequence,
  history: OwnHistory,
  fresh: boolean,
): TestMetrics {
  const shown = ({ trial, by }: TestedRecommender) => ({
    id: trial.recommender.id,
    label: trial.recommender.label,
    scores: (fresh ? by[history]?.nonRepeat : by[history]?.scores) ?? {},
  });
  return { model: shown(model), baselines: beside.map(shown), order: metricOrder(facts.at) };
}

function limitsOf({ data, beside, fitted }: TestedSequence, history: OwnHistory, repeated: number) {
  const cases = data.test.targets.length;
  const once = fitted.chosen.again ? beside.filter(({ trial }) => !trial.again) : [];
  const share = `${((100 * repeated) / Math.max(1, cases)).toFixed(1)}%`;
  return [
    name(
      `${repeated} of ${cases} targets (${share}) repeat an item of their own history${history === 'excluded' && repeated > 0 ? '; here they count as missed' : ''}.`,
      `${cases} 个目标中有 ${repeated} 个（${share}）重复自己的历史商品${history === 'excluded' && repeated > 0 ? '，此处按未命中计' : ''}。`,
    ),
    ...(once.length > 0
      ? [
          name(
            `Not chosen, and shown as they were before learning from the validation targets: ${once.map(({ trial }) => trial.recommender.label.en).join(', ')}.`,
            `以下模型未被选中，显示的是学习验证目标之前的结果：${once.map(({ trial }) => trial.recommender.label.zh).join('、')}。`,
          ),
        ]
      : []),
    ...(data.unknownTargets > 0
      ? [
          name(
            `${data.unknownTargets} targets are items the file learned from does not have: nobody finds them.`,
            `${data.unknownTargets} 个目标不在学习文件的商品中，任何模型都无法命中。`,
          ),
        ]
      : []),
  ];
}

export interface SequencePageFacts {
  readonly command: string;
  readonly seed: number;
  readonly threads: number;
  readonly language: Language;
  readonly madeAtMs: number;
  readonly seconds: number;
}

/** The page around the reports of one run. */
export function sequencePage(
  { file, fingerprint }: SequenceData,
  tasks: readonly TaskReport[],
  facts: SequencePageFacts,
): ReportDocument {
  return {
    format: 1,
    about: 'sequences',
    shop: file,
    madeAt: new Date(facts.madeAtMs).toISOString(),
    language: facts.language,
    currency: '',
    tasks,
    reproduction: {
      command: facts.command,
      seed: facts.seed,
      threads: facts.threads,
      dataFingerprint: fingerprint,
      versions: [
        { name: 'foresell', version: PRODUCT_VERSION },
        { name: 'node', version: process.version },
      ],
      seconds: facts.seconds,
    },
  };
}
