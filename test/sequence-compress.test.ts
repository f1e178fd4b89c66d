// A saved next-item network made smaller by the command, and asked again.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { foresell, succeed, testFolder } from './flow/command.ts';

const { dir, write } = testFolder();

describe('sequence compress', () => {
  test('saves a smaller network that ranks and lists as the one it is made of', async () => {
    const lines = Array.from(
      { length: 120 },
      (_, u) => `u${u} ${[0, 1, 2, 3, 4].map((step) => `i${(7 * u + step) % 40}`).join(' ')}`,
    );
    const file = write('network.txt', `${lines.join('\n')}\n`);
    const folder = join(dir, 'network');
    const quick = ['--threads', '1', '--json'];
    await succeed(
      ...['sequence', 'fit', file, '--format', 'user-lines', '--model', 'cnn', '--time-limit', '4s'],
      ...quick,
      '--out',
      folder,
    );
    const small = join(dir, 'network-small');
    const { stdout } = await succeed(
      'sequence',
      'compress',
      folder,
      '--prune',
      '0.2',
      '--out',
      small,
      ...quick,
    );
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ bits: 8, pruned: 0.2, cases: 120 });
    expect(said.bytes.times_smaller).toBeGreaterThan(1.5);
    const again = JSON.parse((await succeed('sequence', 'evaluate', small, ...quick)).stdout);
    expect(again.metrics['ndcg@10'].value).toBeCloseTo(said.metrics['ndcg@10'].value, 2);
    expect(said.metrics['ndcg@10'].value).toBeGreaterThan(0.9 * said.metrics_before['ndcg@10'].value);
    const counts = join(dir, 'counts');
    await succeed(
      'sequence',
      'fit',
      file,
      '--format',
      'user-lines',
      '--model',
      'popularity',
      ...quick,
      '--out',
      counts,
    );
    const { stderr } = await foresell('sequence', 'compress', counts, '--out', join(dir, 'new'), ...quick);
    expect(stderr).toContain('expected a model with a network to make smaller, "popularity" has none');
    const none = await foresell('sequence', 'compress', folder, '--bits', '16', '--out', small, ...quick);
    expect(none.stderr).toContain('--bits: expected 8, 7 or 32');
    // A model that stands there would be answered for by another from then on, without anybody having said so.
    const taken = await foresell('sequence', 'compress', folder, '--out', small, ...quick);
    expect([taken.code, taken.stderr]).toEqual([
      1,
      expect.stringContaining('expected a new or an empty folder'),
    ]);
    const forced = await succeed('sequence', 'compress', folder, '--out', small, '--force', ...quick);
    expect(JSON.parse(forced.stdout).model_version).toMatch(/^v2-/);
  });
});
