// How next-item numbers were measured, as the stamp scripts read and as sentences for people.
import { type Name, name } from '../../core/name.ts';
import { formatMoment } from '../../core/time.ts';
import { intervalWords } from '../../eval/bootstrap.ts';
import type { Protocol } from '../../eval/score.ts';
import type { SequenceCounts } from '../../eval/sequences/count-sequences.ts';
import type { OwnHistory } from './assess-ranks.ts';
import type { SplitWay } from './sequence-data.ts';

export interface TestFacts {
  readonly split: SplitWay;
  /** Of a split by time, UTC ms. */
  readonly testFromMs?: number;
  readonly history: OwnHistory;
  /** Places down to which rankings are read. */
  readonly at: readonly number[];
  /** Of the file learned from. */
  readonly counts: SequenceCounts;
  /** Candidates of every ranking. */
  readonly candidates: number;
  readonly cases: number;
  /** Users or sessions behind the cases. */
  readonly entities: number;
  readonly notAsked: number;
  readonly unknownTargets: number;
  /** Whether the chosen model has learned from the validation targets as well. */
  readonly again: boolean;
  readonly seed: number;
  readonly fingerprint: string;
}

type Words = Readonly<Record<'split' | 'calibration' | 'candidates' | 'ties' | 'interval', Name>>;

export function sequenceProtocolWords(facts: TestFacts): Words {
  const { split, notAsked, unknownTargets, testFromMs, candidates, cases, history, again } = facts;
  const way = splitWords({ split, notAsked, unknownTargets, testFromMs });
  return {
    split: again
      ? name(
          `${way.en}; chosen by the validation, the model then learns from it as well`,
          `${way.zh}；按验证选定后，模型再学习验证目标`,
        )
      : way,
    calibration: name('none: a ranking needs none', '无：排序无需校准'),
    candidates: {
      included: name(
        `full ranking: all ${candidates} items, own history included`,
        `全量排序：全部 ${candidates} 个商品，包含自己的历史商品`,
      ),
      excluded: name(
        `full ranking: all ${candidates} items, own history excluded (a target that repeats it counts as missed)`,
        `全量排序：全部 ${candidates} 个商品，排除自己的历史商品（重复历史的目标按未命中计）`,
      ),
    }[history],
    ties: name(
      'against us: an item with the target’s score stands before it',
      '从严：与目标同分的商品排在目标之前',
    ),
    interval: {
      en: intervalWords(cases),
      zh: intervalWords(cases).replace('bootstrap by user', '按用户自助抽样').replace('draws', '次'),
    },
  };
}

function splitWords({
  split,
  notAsked,
  unknownTargets,
  testFromMs,
}: Pick<TestFacts, 'split' | 'notAsked' | 'unknownTargets' | 'testFromMs'>): Name {
  const valid = name(
    'for validation the last items of a tenth of the sequences, 5,000 at most',
    '从十分之一的序列（至多 5,000 条）留出最后一个商品用于验证',
  );
  if (split === 'leave-one-out') {
    const short = notAsked > 0;
    return name(
      `leave-one-out: the last item of each sequence is the test, the one before it the validation${short ? `; ${notAsked} sequences of fewer than 3 items are learned from and not tested` : ''}`,
      `留一法：每条序列的最后一个商品用于测试，倒数第二个用于验证${short ? `；${notAsked} 条不足 3 个商品的序列只用于学习` : ''}`,
    );
  }
  if (split === 'time') {
    const moment = formatMoment(testFromMs ?? 0);
    return name(
      `by time: every event from ${moment} on is asked about from all that came before it; ${valid.en}${notAsked > 0 ? `; ${notAsked} sequences begin later, their first events are not asked about` : ''}`,
      `按时间：${moment} 起的每个事件由其之前的全部事件预测；${valid.zh}${notAsked > 0 ? `；${notAsked} 条序列此后才开始，其首个事件不参与测试` : ''}`,
    );
  }
  return name(
    `a test file; ${valid.en}${unknownTargets > 0 ? `; ${unknownTargets} targets are not in the catalogue and count as missed` : ''}`,
    `单独的测试文件；${valid.zh}${unknownTargets > 0 ? `；${unknownTargets} 个目标不在商品目录中，按未命中计` : ''}`,
  );
}

export function sequenceProtocol(facts: TestFacts): Protocol {
  const words = sequenceProtocolWords(facts);
  return {
    split: words.split.en,
    train_as_of: [],
    calibrate_as_of: [],
    calibration: words.calibration.en,
    test_as_of: facts.testFromMs === undefined ? [] : [formatMoment(facts.testFromMs)],
    horizon_days: 0,
    candidates: words.candidates.en,
    ties: words.ties.en,
    users: facts.counts.entities,
    items: facts.counts.items,
    interactions: facts.counts.interactions,
    examples: facts.cases,
    positives: facts.cases - facts.unknownTargets,
    seeds: [facts.seed],
    interval: words.interval.en,
    data_fingerprint: facts.fingerprint,
  };
}
