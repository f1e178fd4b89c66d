// Whether a shop's texts are enough to learn from, in plain words, before anything is learned.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import type { Eligibility } from '../../report/task-document.ts';
import type { TextTask } from '../../tasks/text-task.ts';

export interface TextCounts {
  /** 0 or 1, or ratings, [texts] */
  readonly train: Float64Array;
  readonly test: Float64Array;
  /** Texts in the log, whether or not an answer is known of them. */
  readonly read: number;
  readonly isAmount: boolean;
}

interface Side {
  readonly rows: Float64Array;
  readonly words: Name;
  readonly least: number;
}

/** An own encoder, and a choice between models, need this many texts to learn from. */
const FEWEST_TRAIN = 100;
const FEWEST_TEST = 20;
/** Of each outcome; fewer cannot be told from noise. */
const FEWEST_OF_EACH = 10;

const WHAT: Readonly<Record<TextTask['answer'], Name>> = {
  rating: name('texts with a rating', '带评分的文本'),
  purchase: name('texts whose horizon is over', '预测期已结束的文本'),
};

const OUTCOMES: Readonly<Record<TextTask['answer'], readonly [yes: Name, no: Name]>> = {
  rating: [name('texts that recommend', '推荐的文本'), name('texts that do not', '不推荐的文本')],
  purchase: [
    name('texts followed by a purchase', '随后有购买的文本'),
    name('texts not followed by one', '随后无购买的文本'),
  ],
};

/** What there must be, each with how much of it there is. */
export function textChecks(
  task: TextTask,
  { train, test, isAmount }: Omit<TextCounts, 'read'>,
): Eligibility['checks'] {
  const sides: readonly Side[] = [
    { rows: train, words: name('to learn from', '训练部分'), least: FEWEST_TRAIN },
    { rows: test, words: name('to test on', '测试部分'), least: FEWEST_TEST },
  ];
  return sides.flatMap(({ rows, words, least }) => {
    const need = (of: Name, fewest: number, found: number) => ({
      words: name(
        `at least ${fewest} ${of.en} ${words.en}: ${found}`,
        `${words.zh}至少 ${fewest} 条${of.zh}：现有 ${found} 条`,
      ),
      passed: found >= fewest,
    });
    const all = need(WHAT[task.answer], least, rows.length);
    if (isAmount) {
      const passed = rows.some((value) => value !== rows[0]);
      return [all, { words: name(`different ratings ${words.en}`, `${words.zh}的评分各不相同`), passed }];
    }
    const yes = rows.reduce((sum, value) => sum + value, 0);
    const [high, low] = OUTCOMES[task.answer];
    return [all, need(high, FEWEST_OF_EACH, yes), need(low, FEWEST_OF_EACH, rows.length - yes)];
  });
}

/** @throws AppError NOT_ENOUGH_DATA saying what is there and what is missing; both languages in its details */
export function checkEnoughTexts(task: TextTask, counts: TextCounts): void {
  const missing = textChecks(task, counts).filter(({ passed }) => !passed);
  if (missing.length === 0) return;
  const words = name(
    `too little to learn "${task.name}" from: the log has ${counts.read} texts of the kind it is learned from; expected ${missing.map((own) => own.words.en).join('; ')}; import more of them, or try another --as-of`,
    `数据不足以学习“${task.name}”：日志中可用于学习的这类文本有 ${counts.read} 条；需要${missing.map((own) => own.words.zh).join('；')}；请导入更多数据，或改用其他 --as-of`,
  );
  throw new AppError('NOT_ENOUGH_DATA', words.en, { words: [words] });
}
