import { expect, test } from 'vitest';
import { barText, terminalProgress } from './terminal-progress.ts';

function screen({ isTTY, columns }: { isTTY: boolean; columns?: number }) {
  let text = '';
  let nowMs = 0;
  const output = { isTTY, columns, write: (more: string) => (text += more) };
  return {
    progress: terminalProgress(output, () => nowMs),
    text: () => text,
    at: (ms: number) => {
      nowMs = ms;
    },
  };
}

const CLEAR = '\r\u001b[2K';

test('a bar shows the share, the count and the time; without a total it counts', () => {
  expect(barText({ task: 'fit', done: 6, total: 24, unit: 'folds' }, 3.4)).toBe(
    `fit  ${'█'.repeat(6)}${'░'.repeat(18)}  6/24 folds  25 %  3 s`,
  );
  expect(barText({ task: 'read', done: 1_234_567 }, 0)).toBe('read  1,234,567  0 s');
  expect(barText({ task: 'read', done: 30, total: 20 }, 0)).toContain('100 %');
  expect(barText({ task: 'read', done: 0, total: 0 }, 0)).toBe('read  0  0 s');
});

test('on a terminal the bar is redrawn in place, not too often, and gone at the end', () => {
  const { progress, text, at } = screen({ isTTY: true });
  at(1000);
  progress.step({ task: 'fit', done: 1, total: 4 });
  const first = text();
  expect(first).toContain('1/4');
  at(1010);
  progress.step({ task: 'fit', done: 2, total: 4 });
  expect(text()).toBe(first);
  at(1200);
  progress.step({ task: 'fit', done: 3, total: 4 });
  expect(text()).toContain(`${CLEAR}fit  `);
  progress.step({ task: 'fit', done: 4, total: 4 });
  expect(text().endsWith(CLEAR)).toBe(true);
  progress.note('done');
  expect(text().endsWith(`${CLEAR}done\n`)).toBe(true);
});

test('a bar never runs over the edge of the terminal', () => {
  const { progress, text, at } = screen({ isTTY: true, columns: 40 });
  at(1000);
  progress.step({ task: 'a task with a very long name indeed', done: 1, total: 2 });
  expect(text().length).toBeLessThan(40);
});

test('off a terminal: plain lines every five seconds, whatever the step, and every note', () => {
  const { progress, text, at } = screen({ isTTY: false });
  for (let second = 1; second <= 12; second++) {
    at(second * 1000);
    progress.step({ task: `fit ${second}`, done: second, total: 20, unit: 'models' });
  }
  progress.note('one line');
  expect(text()).toBe('fit 5: 5 of 20 models\nfit 10: 10 of 20 models\none line\n');
});
