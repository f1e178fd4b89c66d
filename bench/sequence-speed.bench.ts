// How fast next-item models learn and answer: a training step beside onnxruntime's own products, and scoring a whole shop.
import type { Bench, Target } from './bench.ts';
import { scoringRate } from './sequence/scoring-rate.ts';
import { SIZES, trainingRate } from './sequence/training-rate.ts';

/**
 * Words: `training` or `scoring`, both when none is given; `models=ID,…` are scored with (transformer when absent), for
 * `users=100000` customers.
 */
export const bench: Bench = async (options) => {
  const { args } = options;
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const words = args.filter((arg) => !arg.includes('='));
  const isWanted = (part: string): boolean => words.length === 0 || words.includes(part);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  if (isWanted('training'))
    for (const size of Object.keys(SIZES)) {
      const part = await trainingRate(size, options);
      targets.push(...part.targets);
      figures[size] = part.figures;
    }
  if (isWanted('scoring'))
    for (const model of (said('models') ?? 'transformer').split(',')) {
      const part = await scoringRate({ ...options, model, users: Number(said('users') ?? 100_000) });
      targets.push(...part.targets);
      figures[`scoring, ${model}`] = part.figures;
    }
  return {
    bench: 'sequence-speed',
    protocol:
      'training: whole steps (making the batch, forward, backward, optimiser) of the pretraining objective on full windows without dropout, in turn with onnxruntime running each of its matrix products alone, ratio inside rounds; scoring: every item for every customer, after one batch to warm up',
    targets,
    figures,
  };
};
