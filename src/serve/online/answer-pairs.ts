// A saved model of customers and items asked about the items they have touched lately, from their own events in memory.
import { type Column, type Frame, takeRows } from '../../core/frame.ts';
import { minorPerMajor } from '../../core/money.ts';
import { inViewOrder, viewOf } from '../../data/blocks.ts';
import type { FeatureView } from '../../data/features/definition.ts';
import { withEventDays } from '../../data/features/event-days.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { compileEventFold } from '../../data/features/fold.ts';
import { foldFrame } from '../../data/features/fold-frame.ts';
import { takeEvents, type UserEvents } from '../../data/features/user-events.ts';
import { openLogs, placeAfter } from '../../data/features/user-log.ts';
import { standingColumns } from '../../data/pairs/candidate-standing.ts';
import { PAIR_HISTORY_MS } from '../../data/pairs/pair-examples.ts';
import { forecast } from '../../models/calibrated.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { AnswerOptions, AskedUser, OnlineAnswers } from './answer-users.ts';
import type { ItemColumns } from './item-columns.ts';

/** A customer and an item they may have touched. */
export interface AskedPair extends AskedUser {
  readonly itemId: string;
}

export interface PairAnswerer {
  answer(pairs: readonly AskedPair[], asOfMs: number, options?: AnswerOptions): Promise<OnlineAnswers>;
}

/** One customer's items in question, all of them: how an item stands among the others is a feature. */
interface Candidates {
  readonly user: AskedUser;
  /** The newest events, those that blocks of items look at. */
  readonly recent: UserEvents;
  readonly items: readonly string[];
}

/**
 * The features are those of `buildPairExamples` but for what everybody did with the item, which is as of the lake's last
 * event.
 */
export function openPairAnswerer(
  bundle: LoadedBundle,
  context: FieldContext,
  items: () => Promise<ItemColumns>,
): PairAnswerer {
  const { view, calibrated, background, task } = bundle;
  const { currency } = background.frame;
  const candidatesOf = candidateReader(task.population, context);
  const compile = (asked: FeatureView) => {
    const [ofPair, ofUser, ofCategory] = [
      viewOf(asked, 'pair'),
      viewOf(asked, undefined),
      viewOf(asked, 'category'),
    ];
    const folds = [ofPair, ofUser, ofCategory].map((own) => compileEventFold(own, context));
    return { asked, ofPair, ofUser, ofCategory, folds };
  };
  const usual = compile(view);
  const money = task.kind === 'amount';

  function frameOf(
    all: readonly Candidates[],
    { asked, ofPair, ofUser, ofCategory, folds }: ReturnType<typeof compile>,
    { asOfMs, itemColumns }: { readonly asOfMs: number; readonly itemColumns: ItemColumns },
  ): { readonly frame: Frame; readonly inexact: readonly (readonly string[])[] } {
    const [foldPair, foldUser, foldCategory] = folds;
    const pairs = all.flatMap((own) => own.items.map((item) => ({ own, item })));
    const rows = pairs.length;
    const users = new Map(all.map((own) => [own, foldUser(own.user.events, asOfMs, own.user.past)]));
    const categoryOf = (item: string) => context.items?.get(item)?.category ?? undefined;
    const frameFor = (own: FeatureView, values: Parameters<typeof foldFrame>[1]) =>
      foldFrame(own, values, currency);
    const pairFrame = frameFor(
      ofPair,
      pairs.map(
        ({ own, item }) =>
          foldPair(
            where(own.recent, (id) => id === item),
            asOfMs,
          ).values,
      ),
    );
    const columns: Column[] = [...pairFrame.columns];
    if (ofUser.features.length > 0)
      columns.push(
        ...frameFor(
          ofUser,
          pairs.map(({ own }) => users.get(own)?.values ?? []),
        ).columns,
      );
    columns.push(...itemColumns.of(pairs.map(({ item }) => item)));
    if (ofCategory.features.length > 0)
      columns.push(
        ...frameFor(
          ofCategory,
          pairs.map(({ own, item }) => {
            const category = categoryOf(item);
            const isOf = (id: string) => category !== undefined && categoryOf(id) === category;
            return foldCategory(where(own.recent, isOf), asOfMs).values;
          }),
        ).columns,
      );
    const asOf = new Float64Array(rows).fill(asOfMs);
    columns.push(
      ...standingColumns(
        { frame: pairFrame, asOf },
        pairs.map(({ own }) => String(all.indexOf(own))),
      ),
    );
    const behind = [...ofPair.features, ...ofCategory.features].map(({ name }) => name);
    return {
      frame: inViewOrder(asked, columns, { rows, currency }),
      inexact: pairs.map(({ own }) => {
        const { past } = own.user;
        const ofOwn = (users.get(own)?.inexact ?? []).map((f) => ofUser.features[f].name);
        return past && past.untilMs > asOfMs - PAIR_HISTORY_MS ? [...ofOwn, ...behind] : ofOwn;
      }),
    };
  }

  return {
    async answer(asked, asOfMs, { withDays = false } = {}) {
      const compiled = withDays ? compile(withEventDays(view, asOfMs)) : usual;
      const known = new Map<string, Candidates>();
      for (const user of asked)
        if (!known.has(user.userId)) known.set(user.userId, candidatesOf(user, asOfMs));
      const all = [...known.values()];
      const { frame: whole, inexact } = frameOf(all, compiled, { asOfMs, itemColumns: await items() });
      const starts = new Map<Candidates, number>();
      let start = 0;
      for (const own of all) {
        starts.set(own, start);
        start += own.items.length;
      }
      const rows = new Int32Array(asked.length).fill(-1);
      const places: number[] = [];
      asked.forEach(({ userId, itemId }, at) => {
        const own = known.get(userId) as Candidates;
        const place = own.items.indexOf(itemId);
        if (place >= 0) rows[at] = places.push((starts.get(own) as number) + place) - 1;
      });
      const frame = takeRows(whole, places);
      const told = asked.filter((_, at) => rows[at] >= 0);
      return {
        rows,
        inexact: places.map((place) => inexact[place]),
        predictions: {
          entities: told.map(({ userId }) => userId),
          asOf: asOfMs,
          frame,
          forecast: await forecast(calibrated, frame, new Float64Array(frame.rows).fill(asOfMs)),
          unit: money ? currency : 'probability',
          perUnit: money ? minorPerMajor(currency) : 1,
          subjects: { items: told.map(({ itemId }) => itemId) },
        },
      };
    },
  };
}

/** The items somebody is asked about: those with an event of the population's filter in its window. */
function candidateReader(
  { filter = {}, lookbackMs = PAIR_HISTORY_MS }: LoadedBundle['task']['population'],
  context: FieldContext,
): (user: AskedUser, asOfMs: number) => Candidates {
  const openLog = openLogs(context);
  return (user, asOfMs) => {
    const log = openLog(user.events, asOfMs);
    const ids = user.events.texts('item_id');
    const items = new Set<string>();
    for (const at of log.matching(filter)) {
      const id = ids[at];
      if (id !== null && log.times[at] > asOfMs - lookbackMs) items.add(id);
    }
    const from = placeAfter(log.times, log.known, asOfMs - PAIR_HISTORY_MS);
    const recent = takeEvents(
      user.events,
      Array.from({ length: log.known - from }, (_, i) => from + i),
    );
    // In the order of ids, as the batch has them: equal standings then share alike.
    return { user, recent, items: [...items].sort() };
  };
}

function where(events: UserEvents, isOf: (item: string) => boolean): UserEvents {
  const items = events.texts('item_id');
  const places: number[] = [];
  for (let at = 0; at < events.length; at++) {
    const id = items[at];
    if (id !== null && isOf(id)) places.push(at);
  }
  return takeEvents(events, places);
}
