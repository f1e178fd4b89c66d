// Events taken out of a frame: what is left stays in step.
import { describe, expect, it } from 'vitest';
import { findColumn, makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { eventColumnsOf } from '../made-up-events.ts';
import { withoutEvents } from './without-events.ts';

const MINUTE_MS = 60_000;

describe('a frame without some events', () => {
  const event = (item: string, type: string, minutesAgo: number) => ({
    ...{ item, type, category: 'all', priceMinor: 100 },
    timeMs: -minutesAgo * MINUTE_MS,
  });
  const frame = makeFrame([
    {
      ...{ kind: 'number', name: 'seen', label: name('seen', '次数'), unit: 'count', group: 'seen' },
      values: Float64Array.of(4, 1),
    },
    ...eventColumnsOf(
      [
        [event('a', 'view', 100), event('b', 'cart', 90), event('c', 'view', 50), event('d', 'view', 2)],
        [event('a', 'view', 1)],
      ],
      [0, 0],
    ),
  ]);
  const told = (removed: readonly (readonly number[])[], id: string): (string | undefined)[][] => {
    const column = findColumn(withoutEvents(frame, removed), id);
    if (column?.kind !== 'sequence') return [];
    return removed.map((_, row) =>
      [...column.codes.subarray(column.offsets[row], column.offsets[row + 1])].map(
        (code) => column.levels[code],
      ),
    );
  };

  it('keeps what is left in step, counted from the newest', () => {
    expect(told([[2], []], 'event_items')).toEqual([['a', 'c', 'd'], ['a']]);
    expect(told([[2], []], 'event_types')).toEqual([['view', 'view', 'view'], ['view']]);
    expect(told([[0, 3], [0]], 'event_items')).toEqual([['b', 'c'], []]);
  });

  it('puts two pauses together where the event between them went, and none before the first', () => {
    const [before] = told([[], []], 'event_gaps');
    // 10, 40 and 48 minutes, each told by the power of two seconds it begins at.
    expect(before).toEqual([undefined, '512000', '2048000', '2048000']);
    expect(told([[1], []], 'event_gaps')[0]).toEqual([undefined, '512000', '2048000']);
    expect(told([[3], []], 'event_gaps')[0]).toEqual([undefined, '2048000', '2048000']);
    expect(told([[2, 1], []], 'event_gaps')[0]).toEqual([undefined, '2048000']);
  });

  it('leaves every other column alone', () => {
    expect(findColumn(withoutEvents(frame, [[0], [0]]), 'seen')).toBe(findColumn(frame, 'seen'));
  });
});
