// Words of the sequence bench are read as they are meant, and others refused.
import { expect, it } from 'vitest';
import { askedEntry, settingsOf } from './asked-entry.ts';

it('an entry is an id, its own settings and a limit, each of which may be missing', () => {
  expect(askedEntry('session-knn+gru:repeats')).toEqual({ id: 'session-knn+gru:repeats', settings: {} });
  expect(askedEntry('gru[hidden:64;times:no]@180s')).toEqual({
    ...{ id: 'gru', settings: { hidden: 64, times: false }, seconds: 180 },
  });
  expect(askedEntry('mlp@0.5s').seconds).toBe(0.5);
});

it('settings are numbers, yes or no, or words', () => {
  expect(settingsOf('width:32,times:yes,way:odd')).toEqual({ width: 32, times: true, way: 'odd' });
  expect(settingsOf('')).toEqual({});
});

it.each(['gru@180', 'gru[hidden:64', '@3s', ''])('anything else is refused: "%s"', (word) => {
  expect(() => askedEntry(word)).toThrow(/expected an entry/);
});
