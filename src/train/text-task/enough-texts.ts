// Whether a shop's texts are enough to learn from, in plain words, before anything is learned.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import type { TextTask } from '../../tasks/text-task.ts';

export interface TextCounts {
  /** 0 or 1, or ratings, [texts] */
  readonly train: Float64Array;
  readonly test: Float64Array;
  /** Texts with words, whether or not an answer is known of them. */
  readonly read: number;
  readonly isAmount: boolean;
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

/** @throws AppError NOT_ENOUGH_DATA saying what is there and what is missing; both languages in its details */
export function checkEnoughTexts(task: TextTask, { train, test, read, isAmount }: TextCounts): void {
  const what = WHAT[task.answer];
  const missing: Name[] = [];
  const need = (side: Name, least: number, got: number, of: Name) => {
    if (got < least)
      missing.push(
        name(
          `at least ${least} ${of.en} ${side.en}, got ${got}`,
          `${side.zh}至少 ${least} 条${of.zh}，现有 ${got} 条`,
        ),
      );
  };
  const sides = [
    { rows: train, side: name('to learn from', '训练部分'), least: FEWEST_TRAIN },
    { rows: test, side: name('to test on', '测试部分'), least: FEWEST_TEST },
  ];
  for (const { rows, side, least } of sides) {
    need(side, least, rows.length, what);
    if (rows.length < least) continue;
    if (isAmount) {
      if (rows.every((value) => value === rows[0]))
        missing.push(
          name(`different ratings ${side.en}, all are the same`, `${side.zh}评分各异，现全部相同`),
        );
      continue;
    }
    const yes = rows.reduce((sum, value) => sum + value, 0);
    const [high, low] =
      task.answer === 'rating'
        ? [name('that recommend', '推荐'), name('that do not', '不推荐')]
        : [name('followed by a purchase', '随后有购买'), name('not followed by one', '随后无购买')];
    const each = (of: Name) => name(`${what.en} ${of.en}`, `${of.zh}的文本`);
    need(side, FEWEST_OF_EACH, yes, each(high));
    need(side, FEWEST_OF_EACH, rows.length - yes, each(low));
  }
  if (missing.length === 0) return;
  const words = name(
    `too little to learn "${task.name}" from: the log has ${read} texts of ${task.about.en}; expected ${missing.map(({ en }) => en).join('; ')}; import more of them, or try another --as-of`,
    `数据不足以学习“${task.name}”：日志中有${task.about.zh} ${read} 条；需要${missing.map(({ zh }) => zh).join('；')}；请导入更多数据，或改用其他 --as-of`,
  );
  throw new AppError('NOT_ENOUGH_DATA', words.en, { words: [words] });
}
