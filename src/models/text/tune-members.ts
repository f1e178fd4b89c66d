// Several fine-tunings of one encoder as one: their weights averaged.
import { random } from '../../core/random.ts';
import type { TextRows } from './text-rows.ts';
import { type TunedText, type TuneTextTask, tuneText } from './tune-text.ts';

/**
 * As many runs as the settings say, alike but for the order of the texts and what is dropped, averaged weight by weight: all
 * begin at the same encoder and head, so they end in one valley, and its middle is steadier than its walls.
 *
 * @see Wortsman et al. 2022, "Model soups", arXiv:2203.05482
 */
export async function tuneMembers(
  learn: TextRows,
  heldOut: TextRows | undefined,
  task: TuneTextTask,
): Promise<TunedText> {
  const { members } = task.settings;
  const first = await tuneText(learn, heldOut, task);
  if (members === 1) return first;
  const sums = new Map(Object.entries(first.values).map(([name, value]) => [name, Float64Array.from(value)]));
  const losses = [first.heldOutLoss];
  for (let member = 1; member < members; member++) {
    const seed = random(task.run.seed)
      .fork(`member ${member}`)
      .integer(2 ** 32);
    const own = await tuneText(learn, heldOut, {
      ...task,
      beginSeed: task.run.seed,
      run: { ...task.run, seed },
    });
    for (const [name, sum] of sums) {
      const value = own.values[name];
      for (let i = 0; i < sum.length; i++) sum[i] += value[i];
    }
    losses.push(own.heldOutLoss);
  }
  const values = Object.fromEntries(
    [...sums].map(([name, sum]) => [name, Float32Array.from(sum, (value) => value / members)]),
  );
  const known = losses.filter((loss) => loss !== undefined);
  return {
    ...first,
    values,
    ...(known.length > 0 && { heldOutLoss: known.reduce((a, b) => a + b, 0) / known.length }),
  };
}
