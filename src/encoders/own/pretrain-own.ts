// Pretrains an encoder of our own on a shop's texts alone, no outcome asked for.
import { AppError, throwIfAborted } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { initialValues } from '../../nn/initialise.ts';
import { decayGroups } from '../../nn/optimiser/groups.ts';
import { compileTraining } from '../../nn/program/training-program.ts';
import { parameterSettings } from '../../nn/step/training-settings.ts';
import type { RunFiles } from '../../nn/trainer/run-folder.ts';
import { named, trainToEnd } from '../../nn/trainer/train-to-end.ts';
import type { Backend } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { pieceLengths } from '../text/piece-lengths.ts';
import type { TextEncoder } from '../text/text-encoder.ts';
import { openTokenizer } from '../tokenizer/open-tokenizer.ts';
import { trainTokenizer } from '../tokenizer/train-tokenizer.ts';
import type { MaskingOptions } from './masking.ts';
import { askedIn, cutTexts, mlmBatches } from './mlm-batches.ts';
import { mlmObjective, mlmSpecs } from './mlm-objective.ts';
import { type OwnShape, ownEncoder } from './own-encoder.ts';
import { type OwnSettings, ownSettings } from './own-settings.ts';

/** A piece is met often enough to be learned where there are so many characters for each. */
const CHARACTERS_A_PIECE = 160;
const VOCABULARY = { least: 1000, most: 16_000 };
/** Pieces read in all where there is little text: minutes of two cores. More still help, who has the time says `epochs`. */
const PIECES_READ = 3_000_000;
const EPOCHS = { least: 3, most: 30 };
/** Few large steps hardly leave the frequencies of pieces: where little is read, more are taken of fewer texts each. */
const LEAST_STEPS = 2000;
const BATCHES_LOG = { least: 3, most: 6 };

const between = (value: number, { least, most }: { least: number; most: number }): number =>
  Math.max(least, Math.min(most, Math.round(value)));

export interface PretrainOwnTask {
  readonly name: string;
  readonly settings?: Partial<OwnSettings>;
  /** Node's by default. */
  readonly backend?: Backend;
  readonly seed: number;
  readonly threads: number;
  readonly progress: Progress;
  /** Where checkpoints and records go; a run that finds its own there goes on from it. */
  readonly files?: RunFiles;
  readonly signal?: AbortSignal;
}

export interface PretrainedOwn {
  readonly encoder: TextEncoder;
  /** Of each step taken, nats a hidden piece. */
  readonly losses: readonly number[];
}

const WARM_UP = 0.06;
/** Fewer texts have no language of their own. */
const FEWEST_TEXTS = 50;

/**
 * Learns a vocabulary from the texts, then what stands where a piece is hidden. The same texts, seed and threads give the
 * same encoder.
 *
 * @param texts as they come; the empty ones are left out
 * @throws AppError USAGE for settings out of bounds; NOT_ENOUGH_DATA, INTERRUPTED, DIVERGED
 */
export async function pretrainOwn(texts: readonly string[], task: PretrainOwnTask): Promise<PretrainedOwn> {
  const settings = ownSettings(task.settings);
  const { width, blocks, heads, length, dropout, share, longestRun } = settings;
  throwIfAborted(task.signal);
  const told = texts.filter((text) => text.trim() !== '');
  if (told.length < FEWEST_TEXTS)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected at least ${FEWEST_TEXTS} texts to learn a language from, got ${told.length}`,
    );
  const characters = told.reduce((sum, { length: own }) => sum + own, 0);
  const file = trainTokenizer(told, {
    size: settings.vocabulary || between(characters / CHARACTERS_A_PIECE, VOCABULARY),
  });
  const tokenizer = openTokenizer(file);
  const shape: OwnShape = { vocabulary: tokenizer.size, width, blocks, heads, length };
  const cut = cutTexts(told, tokenizer, length);
  const epochs = settings.epochs || between(PIECES_READ / cut.ids.length, EPOCHS);
  const batch = settings.batch || batchFor(epochs * told.length);
  const buckets = pieceLengths(length);
  const compiled = buckets.map((time) => {
    const places = { batch, time, asked: askedIn(batch, time, share) };
    return compileTraining(mlmObjective(shape, places, dropout), mlmSpecs(places));
  });
  const programs = compiled.map(({ program }) => program);
  const draws = random(task.seed).fork('own encoder');
  const first = initialValues(compiled[0].parameters, draws.fork('weights'));
  const masking = maskingOf(tokenizer, { share, longestRun });
  const batches = mlmBatches(cut, {
    ...{ masking, batch, buckets, seed: draws.integer(2 ** 32) },
    padId: tokenizer.special.pad,
  });
  const steps = Math.min(settings.steps, Math.round(epochs * batches.batchesPerEpoch));
  const { values, losses } =
    steps === 0
      ? { values: first, losses: [] }
      : await trainToEnd({
          ...{ backend: task.backend ?? nodeBackend, threads: task.threads, seed: draws.integer(2 ** 32) },
          ...{ programs, batches, values: first, clipNorm: 1, optimiser: { kind: 'adamw' as const } },
          parameters: parameterSettings(programs, [decayGroups(settings.weightDecay)]),
          schedule: {
            kind: 'warm-up-cosine',
            rate: settings.rate,
            warmUpSteps: Math.min(steps - 1, Math.ceil(WARM_UP * steps)),
            steps,
            floor: settings.rate / 20,
          },
          limits: { steps },
          openSessions: programs.length,
          progress: named(task.progress, 'pretraining on the texts'),
          ...(task.files && { files: task.files }),
          ...(task.signal && { signal: task.signal }),
        });
  const own = Object.entries(values).flatMap(([name, value]) =>
    name.startsWith(PART) ? [[name.slice(PART.length), value] as const] : [],
  );
  const encoder = ownEncoder({ name: task.name, shape, tokenizer: file, values: Object.fromEntries(own) });
  return { encoder, losses };
}

/** Texts a step, a power of two, where so many are read in all. */
export const batchFor = (read: number): number =>
  2 ** between(Math.floor(Math.log2(read / LEAST_STEPS)), BATCHES_LOG);

/** Of the objective's parameters, those of the encoder. */
const PART = 'encoder.';

function maskingOf(
  { special, size }: ReturnType<typeof openTokenizer>,
  { share, longestRun }: Pick<OwnSettings, 'share' | 'longestRun'>,
): MaskingOptions {
  if (special.mask === undefined)
    throw new AppError('BAD_FILE', 'own encoder: expected a tokenizer with a piece that hides others');
  const ids = Object.values(special).filter((id): id is number => typeof id === 'number');
  return { share, longestRun, maskId: special.mask, size, special: new Set(ids) };
}
