// A trained next-item network taught what came since: its catalogue grown, the new learned with some of the old among it.
import { random } from '../../../../core/random.ts';
import { takeSequences } from '../../../../core/sequences.ts';
import { compareTexts } from '../../../../core/text-order.ts';
import type { FitRun } from '../../../estimator.ts';
import {
  type ContinueSettings,
  checkContinue,
  type Effort,
  type NewsOf,
  readingsFor,
} from '../../continuing.ts';
import type { FitParts } from '../fit.ts';
import { type NetworkKind, networkOf } from '../network.ts';
import type { NetworkSettings } from '../settings.ts';
import type { Trained, Values } from '../trained.ts';
import { growPlan } from './grown-plan.ts';
import { learnOn } from './learn-on.ts';
import { askedOf, replayBatches } from './replay.ts';

export interface ContinueTask<S extends NetworkSettings> {
  readonly kind: NetworkKind<S>;
  /** As it was trained. */
  readonly settings: S;
  readonly how: ContinueSettings;
  readonly parts: FitParts;
  readonly run: FitRun;
}

export interface ContinuedNetwork extends Trained {
  readonly effort: Effort;
}

/** @throws AppError USAGE, BAD_DATA, NOT_ENOUGH_DATA, INTERRUPTED, DIVERGED */
export async function continueNetwork<S extends NetworkSettings>(
  trained: Trained,
  news: NewsOf,
  { kind, settings, how, parts, run }: ContinueTask<S>,
): Promise<ContinuedNetwork> {
  checkContinue(how);
  const { known, newFrom } = sortedNews(news);
  const { attributes } = parts;
  const { plan, wasRow } = growPlan(trained.network.plan, {
    sequences: known,
    ownRows: settings.ownRows,
    ...(attributes && { attributes }),
  });
  const network = networkOf(kind, plan, settings);
  const members: Values[] = [];
  let effort: Effort = { steps: 0, examples: 0, asked: 0, replayed: 0, windows: 0 };
  for (const [member, values] of trained.members.entries()) {
    const draws = random(run.seed).fork(`continued member ${member}`);
    const seed = draws.integer(2 ** 32);
    const batches = replayBatches(plan, { known, newFrom }, settings, { share: how.replay, seed });
    const whole = { asked: askedOf(known), readings: trained.readings ?? settings.epochs };
    const epochs = readingsFor(how, batches.asked, whole);
    const learned = await learnOn({
      ...{ network, values, wasRow, batches, epochs, settings: how, seed, run },
      backend: parts.backend,
      task: `${kind.id}: continuing`,
      ...(parts.files && { files: parts.files(member) }),
    });
    members.push(learned.values);
    effort = {
      ...{ replayed: batches.replayed, windows: batches.windows },
      steps: effort.steps + learned.steps,
      examples: effort.examples + learned.examples,
      asked: effort.asked + Math.round((batches.asked * learned.steps) / batches.batchesPerEpoch),
    };
  }
  const { readings } = trained;
  return { network, members, ...(readings !== undefined && { readings }), effort };
}

/** In an order of their own: the one they came in decides nothing. */
function sortedNews({ known, newFrom }: NewsOf): NewsOf {
  const { entities, offsets } = known;
  const rows = Int32Array.from(entities.keys()).sort(
    (a, b) => compareTexts(entities[a], entities[b]) || a - b,
  );
  const sorted = takeSequences(known, rows);
  return {
    known: sorted,
    newFrom: Uint32Array.from(rows, (row, at) => newFrom[row] - offsets[row] + sorted.offsets[at]),
  };
}
