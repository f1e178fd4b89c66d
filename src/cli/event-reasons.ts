// Which of a customer's newest events an answer came of: as a document, and for a person.
import { formatDay } from '../core/time.ts';
import type { RowEventReasons } from '../explain/event-reasons.ts';
import type { Context } from './context.ts';

/** @param scale of the margin, `perUnit` of effects: what one shown unit is in them */
export function eventsDocument(
  { reasons, words, events, together, asking, features, base, margin, unexplained }: RowEventReasons,
  { scale, perUnit }: { readonly scale: number; readonly perUnit: number },
): Record<string, unknown> {
  return {
    method: 'integrated-gradients',
    read: events,
    ...{ base: base / scale, events: together / scale, asking: asking / scale, features: features / scale },
    ...{ unexplained: unexplained / scale, margin: margin / scale },
    ...(words && { words }),
    reasons: reasons.map(
      ({ type, item, category, ageMs, dayMs, newer, contribution, effect, attention, ...reason }) => ({
        ...(type !== undefined && { type }),
        ...(item !== undefined && { item_id: item }),
        ...(category !== undefined && { category }),
        ...(dayMs !== undefined && { day: formatDay(dayMs) }),
        ...(ageMs !== undefined && { about_hours_before: Math.round(ageMs / 360_000) / 10 }),
        newer_events: newer,
        contribution: contribution / scale,
        effect: effect / perUnit,
        ...(attention !== undefined && { attention }),
        ...reason,
      }),
    ),
  };
}

export function sayEvents(context: Context, { reasons, events }: RowEventReasons): void {
  const zh = context.language === 'zh';
  if (reasons.length === 0) {
    context.say(zh ? `\n最近 ${events} 个行为都没有影响` : `\nnone of the ${events} newest events counts`);
    return;
  }
  context.say(
    zh
      ? `\n最近 ${events} 个行为中，因为这 ${reasons.length} 个：`
      : `\nof the ${events} newest events, because of ${reasons.length === 1 ? 'this one' : `these ${reasons.length}`}:`,
  );
  for (const { good, words } of reasons) context.say(`  ${good ? '+' : '−'} ${context.word(words)}`);
}
