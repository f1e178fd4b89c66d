// How the numbers about a shop's texts were measured, as the stamp scripts read and as sentences for people.
import { type Name, name } from '../../core/name.ts';
import { DAY_MS, formatMoment } from '../../core/time.ts';
import type { TextEvents } from '../../data/texts/text-events.ts';
import type { Protocol } from '../../eval/score.ts';
import type { TextTask } from '../../tasks/text-task.ts';
import type { FittedTable } from '../table/fit-table.ts';
import type { PreparedTable } from '../table/prepare-table.ts';
import { tableProtocol } from '../table/table-protocol.ts';
import { FOLDS } from './fit-texts.ts';
import type { TextSplit } from './split-texts.ts';
import type { TextQuestion } from './text-examples.ts';

export interface TextProtocolFacts extends TextQuestion {
  readonly split: TextSplit;
  readonly events: TextEvents;
  readonly seed: number;
}

/** Texts on which models are compared and calibrated. */
export const heldOutWords = ({ answer }: TextTask): Name =>
  answer === 'rating'
    ? name(
        'a fifth of the texts learned from, equal texts together',
        '训练文本中留出的五分之一，相同文本不分开',
      )
    : name(
        'the last sixth of the texts learned from, a horizon after those before',
        '训练文本中时间上最后的六分之一，与之前的文本相隔一个预测期',
      );

/** What differs from a table's sentences. */
export function wordsInProtocol(
  split: TextSplit,
  { test }: FittedTable,
  { task }: TextQuestion,
): Readonly<Record<'split' | 'calibration' | 'candidates' | 'interval', Name>> {
  const rated = task.answer === 'rating';
  const { interval } = test.model.evaluation;
  const [asked, all] = [split.test.length, split.train.length + split.test.length];
  return {
    split: split.words,
    calibration: heldOutWords(task),
    candidates: name(`${asked} tested texts of ${all}`, `测试 ${asked} 条文本，共 ${all} 条`),
    interval: name(
      interval.replace('by user', rated ? 'by item' : 'by person'),
      interval.replace('bootstrap by user', rated ? '按商品自助抽样' : '按人自助抽样').replace('draws', '次'),
    ),
  };
}

export function textProtocol(
  prepared: PreparedTable,
  fitted: FittedTable,
  { split, events, seed, ...question }: TextProtocolFacts,
): Protocol {
  const words = wordsInProtocol(split, fitted, question);
  const facts = { folds: FOLDS, repeats: 1, time: 'timestamp', seed };
  const asked = <T>(values: ArrayLike<T>): number =>
    new Set(Array.from(split.test, (place) => values[place]).filter((value) => (value as unknown) !== ''))
      .size;
  return {
    ...tableProtocol(prepared, fitted, facts),
    split: words.split.en,
    ...(split.by === 'time' && { test_as_of: [formatMoment(split.seenUntilMs)] }),
    calibration: words.calibration.en,
    candidates: words.candidates.en,
    horizon_days: question.horizonMs / DAY_MS,
    interval: words.interval.en,
    users: asked(events.people),
    items: asked(events.items),
  };
}
