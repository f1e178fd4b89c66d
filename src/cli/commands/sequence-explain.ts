// foresell sequence explain: why a saved next-item model suggests an item after a history.
import { layOut } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import type { Sequences } from '../../core/sequences.ts';
import { formatDay } from '../../core/time.ts';
import { type LoadedSequence, loadSequence } from '../../registry/sequence-bundle.ts';
import { explainItem } from '../../serve/explain-item.ts';
import type { CommandFile } from '../command.ts';

export const sequenceExplainCommand: CommandFile = {
  usage: 'sequence explain <dir>',
  summary: 'why a saved next-item model suggests an item: which events of a history it came of',
  examples: [
    'foresell sequence explain next-item --history "a17 b4 c9"',
    'foresell sequence explain next-item --history "a17 b4 c9" --item d2 --lang zh',
    'foresell sequence explain next-item --case 12 --json',
  ],
  declare(command) {
    command
      .option('--history <ids>', 'what somebody had, ids separated by spaces, oldest first')
      .option('--case <number>', 'instead: one of the cases the model was saved with, from 1')
      .option('--item <id>', 'the item (default: what is suggested first)')
      .option(
        '--exclude-seen <way>',
        'whether what is in the history is no suggestion: yes or no (default: as it was tested)',
      )
      .option('--most <count>', 'events told at most', '5');
  },
  async run(context, [folder], options) {
    const most = Number(options.most);
    if (!(Number.isInteger(most) && most >= 1))
      throw new AppError(
        'USAGE',
        `expected --most to be a whole number from 1, got "${String(options.most)}"`,
      );
    const saved = loadSequence(folder);
    try {
      const { before, unknown } = historyOf(saved, options);
      const way = options.excludeSeen as string | undefined;
      if (way !== undefined && way !== 'yes' && way !== 'no')
        throw new AppError('USAGE', `expected --exclude-seen yes or no, got "${way}"`);
      const found = await explainItem(saved, {
        ...{ before, most, item: options.item as string | undefined, signal: context.signal },
        ...(way !== undefined && { excludeSeen: way === 'yes' }),
      });
      const { item, place, items, score, method, base, unexplained, events, reasons, words } = found;
      context.document({
        model: saved.model.recommender,
        model_version: saved.version.version,
        ...{ item_id: item, place, items, score, method },
        ...(base !== undefined && { base, unexplained }),
        ...{ events, unknown_events: unknown },
        ...(words && { words }),
        reasons: reasons.map(
          ({ event, item: own, type, dayMs, contribution, attention, placeWithout, words: told }) => ({
            event: event + 1,
            ...(own !== undefined && { item_id: own }),
            ...(type !== undefined && { type }),
            ...(dayMs !== undefined && { day: formatDay(dayMs) }),
            contribution,
            ...(attention !== undefined && { attention }),
            ...(placeWithout !== undefined && { place_without: placeWithout }),
            words: told,
          }),
        ),
      });
      const zh = context.language === 'zh';
      const of = items.toLocaleString('en-US');
      context.say(zh ? `${item}：${of} 个商品中排第 ${place}` : `${item}: place ${place} of ${of} items`);
      if (unknown > 0)
        context.say(
          zh
            ? `历史中 ${unknown} 个商品未知，未计入`
            : `${unknown} of the history are not known and left out`,
        );
      if (!words) context.say(zh ? '历史中没有行为支持它' : 'no event of the history speaks for it');
      for (const { words: told } of reasons) context.say(`  + ${context.word(told)}`);
    } finally {
      await saved.model.close?.();
    }
  },
};

function historyOf(
  saved: LoadedSequence,
  { history, case: number }: Record<string, unknown>,
): { readonly before: Sequences; readonly unknown: number } {
  if ((history === undefined) === (number === undefined))
    throw new AppError('USAGE', 'expected --history "ids…" or --case NUMBER, one of the two');
  const { itemIds } = saved.model;
  if (number !== undefined) return { before: storedCase(saved, String(number)), unknown: 0 };
  const ids = String(history)
    .split(/\s+/)
    .filter((id) => id !== '');
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const items = ids.flatMap((id) => codes.get(id) ?? []);
  if (items.length === 0 && ids.length > 0)
    throw new AppError('USAGE', '--history: expected ids of items the model knows, it knows none of these');
  return {
    before: {
      ...{ entities: [''], offsets: Uint32Array.of(0, items.length), items: Int32Array.from(items), itemIds },
    },
    unknown: ids.length - items.length,
  };
}

function storedCase({ cases }: LoadedSequence, text: string): Sequences {
  const number = Number(text);
  if (!cases)
    throw new AppError(
      'NOT_FOUND',
      'the model was tested on a file of its own and holds no cases: say --history',
    );
  const count = cases.targets.length;
  if (!(Number.isInteger(number) && number >= 1 && number <= count))
    throw new AppError(
      'USAGE',
      `--case: expected a number from 1 to ${count}, the cases the model was saved with, got "${text.slice(0, 20)}"`,
    );
  return layOut(cases, [number - 1]).before;
}
