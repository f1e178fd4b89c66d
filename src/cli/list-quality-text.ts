// How good lists were, for a person: hit rates beside those of what was popular.
import type { ListQuality } from '../monitor/predictions/list-quality.ts';
import { speech as speechOf } from '../report/speech.ts';
import { textTable } from '../report/text-table.ts';
import type { Context } from './context.ts';

/** @param shownDay how a moment is shown */
export function listQualityText(
  { language, word }: Pick<Context, 'language' | 'word'>,
  { modelVersion, lists, users, fromMs, toMs, rates }: ListQuality,
  shownDay: (ms: number) => string,
): readonly string[] {
  const zh = language === 'zh';
  const speech = speechOf(language, '');
  const dates = `${shownDay(fromMs)} – ${shownDay(toMs)}`;
  const within = ({ value, low, high }: { value: number; low: number; high: number }): string =>
    `${speech.share(value)} (${speech.range(speech.share(low), speech.share(high))})`;
  const rows = rates.map(({ outcome, places, lists: own, hit, popular }) => [
    word(
      outcome === 'next'
        ? { en: `met next, in the first ${places}`, zh: `随后接触的商品，前 ${places} 位` }
        : { en: `bought, in the first ${places}`, zh: `随后购买的商品，前 ${places} 位` },
    ),
    String(own),
    within(hit),
    within(popular),
  ]);
  const heads = zh
    ? ['命中', '列表数', '命中率（95% 区间）', '热门商品']
    : ['stood in the list', 'lists', 'hit rate (95% interval)', 'what was popular'];
  const next = rates.filter(({ outcome }) => outcome === 'next').at(-1);
  const said =
    next && next.gain.high < 0
      ? [zh ? '! 热门商品命中更多：请重新训练。' : '! What is popular hits more often: train again.']
      : next && next.gain.low <= 0
        ? [zh ? '! 尚不能说明优于热门商品。' : '! It cannot be said yet to be better than what is popular.']
        : [];
  return [
    zh
      ? `模型 ${modelVersion}：${lists} 份列表，${users} 位客户，${dates}`
      : `model ${modelVersion}: ${lists} lists for ${users} customers, ${dates}`,
    ...textTable(heads, rows).split('\n'),
    ...said,
  ];
}
