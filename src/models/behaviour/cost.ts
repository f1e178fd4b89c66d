// What a fit takes, told before it is paid: how many places are read how often, and what a place costs.
import type { Sample } from '../estimator.ts';
import { eventColumns } from './histories.ts';
import type { Method } from './methods.ts';
import type { BehaviourSettings } from './settings.ts';

export interface CostTask {
  readonly method: Method;
  readonly settings: BehaviourSettings;
  /** Whether a trunk is handed in, so that none is learned. */
  readonly hasTrunk: boolean;
}

/** Of one thread of an ordinary server, small matrices and all that lies between them: measured over whole fits. */
const OPERATIONS_A_SECOND = 8e9;
/** Forward, and twice as much back. */
const LEARNING = 3;
/** Of the customers a seventh is watched, a dozen times at most. */
const WATCHED = 12 / 7;

/** Seconds of one thread a fit is expected to take; histories shorter than the longest cost less. */
export function expectedSeconds(
  { frame, entities }: Sample,
  { method, settings, hasTrunk }: CostTask,
): number {
  const { width, blocks, length } = settings;
  const rows = Math.min(frame.rows, settings.mostRows);
  const events = eventColumns(frame).types?.codes.length ?? 0;
  const places = Math.min(length, 1 + events / Math.max(1, frame.rows));
  // Projections and both layers of the feed-forward half take 12 · width² products a block, attention 2 · length · width.
  const reading = 2 * places * blocks * (12 * width ** 2 + 2 * length * width);
  const moved = method.moves
    ? steps(settings.tuneSteps, settings.tuneEpochs, rows / settings.batch) * settings.batch
    : 0;
  const learned =
    hasTrunk || !method.isPretrained
      ? 0
      : steps(
          settings.pretrainSteps,
          settings.pretrainEpochs,
          new Set(entities).size / settings.pretrainBatch,
        ) *
        settings.pretrainBatch *
        2;
  const watched = method.moves ? WATCHED * rows : 0;
  return (reading * (LEARNING * (moved + learned) + watched + rows)) / OPERATIONS_A_SECOND;
}

const steps = (most: number, epochs: number, batches: number): number =>
  Math.min(most, epochs * Math.ceil(batches));
