// Gradient-boosted trees as an estimator: what it answers, what it may be told, and how it goes on from an earlier model.
import { AppError } from '../../core/errors.ts';
import { type Frame, findColumn } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import type { Estimator, FitRun, Model, Sample, SavedModel } from '../estimator.ts';
import { fitBand } from './band.ts';
import { boostForest } from './boost.ts';
import { type GbdtParts, gbdtModel, readGbdt } from './gbdt-model.ts';
import { defaultSettings, type GbdtSettings } from './settings.ts';
import { GBDT_SPACE, parseSettings, spaceSettings, type ToldSettings } from './told-settings.ts';

/** What an estimator of this kind is called, where it differs from the plain one. */
interface Kind {
  readonly id: string;
  readonly label: Name;
  readonly told: (rows: number) => ToldSettings;
}

const PLAIN: Kind = { id: 'gbdt', label: name('Gradient-boosted trees', '梯度提升树'), told: () => ({}) };

/**
 * Trees added one after another, each where the loss of those before still falls most: histograms, best leaf first,
 * categories cut into sets, missing values sent to the better side.
 *
 * @see Friedman 2001, Greedy function approximation; Ke et al. 2017, LightGBM
 */
export const gbdt: Estimator = gbdtWith({});

/**
 * Large trees with little doubt: where rules are sharp and customers resemble each other, caution only costs. What is noise
 * there is left to the blend that weighs this one against the cautious one.
 */
export const gbdtFine: Estimator = estimator(
  {},
  {
    id: 'gbdt:fine',
    label: name('Gradient-boosted trees, fine', '梯度提升树（精细）'),
    told: () => ({ leaves: 63, ridge: 0.5, minRows: 10, categoryRidge: 3 }),
  },
);

/** Small samples are grown over more often: the average of a few forests costs little there and steadies most. */
const forestsFor = (rows: number): number => (rows < 50_000 ? 4 : 1);

/**
 * Trees that may use a part of the columns at every node, several forests of them averaged: unlike the plain one in what
 * they rely on, as those of a random forest are.
 */
export const gbdtRandom: Estimator = estimator(
  {},
  {
    id: 'gbdt:random',
    label: name('Gradient-boosted trees, columns drawn at each node', '梯度提升树（随机取列）'),
    told: (rows) => ({ columnShare: 1, nodeColumnShare: 0.6, forests: forestsFor(rows) }),
  },
);

/** The estimator with some settings of its own. */
export function gbdtWith(told: ToldSettings): Estimator {
  return estimator(told);
}

/**
 * The estimator that goes on boosting from a saved model: new trees on its columns and bins, learned from other examples.
 *
 * @throws AppError VERSION, BAD_FILE
 */
export function continueFrom(saved: SavedModel, told: ToldSettings = {}): Estimator {
  return estimator(told, PLAIN, readGbdt(saved.estimator, saved));
}

/** The forest of a saved model, and the bins it was grown on. @throws AppError VERSION, BAD_FILE */
export const savedGbdt = (saved: SavedModel): GbdtParts => readGbdt(saved.estimator, saved);

function estimator(told: ToldSettings, kind: Kind = PLAIN, earlier?: GbdtParts): Estimator {
  const { id, label } = kind;
  return {
    id,
    label,
    role: 'model',
    space: GBDT_SPACE,
    settings: (rows) => spaceSettings({ ...defaultSettings(rows), ...kind.told(rows), ...told }),
    refuses: (question, frame) => {
      if (earlier && earlier.question.kind !== question.kind)
        return `the earlier model answers a question of kind "${earlier.question.kind}"`;
      return frame.columns.some(({ kind }) => kind === 'number' || kind === 'category')
        ? undefined
        : 'needs at least one number or category column';
    },
    withSettings: (settings) => estimator({ ...told, ...parseSettings(settings) }, kind, earlier),
    fit: (train, valid, run) => fitGbdt(train, valid, { told, kind, earlier, run }),
    load: (saved) => gbdtModel(id, readGbdt(id, saved)),
  };
}

interface FitOptions {
  readonly told: ToldSettings;
  readonly kind: Kind;
  readonly earlier: GbdtParts | undefined;
  readonly run: FitRun;
}

async function fitGbdt(
  train: Sample,
  valid: Sample | undefined,
  { told, kind, earlier, run }: FitOptions,
): Promise<Model> {
  const settings: GbdtSettings = {
    ...defaultSettings(tellingRows(train)),
    band: bandsByDefault(train),
    ...kind.told(train.frame.rows),
    ...(earlier && { loss: earlier.loss }),
    ...told,
  };
  checkColumns(train, settings);
  noteUnread(train.frame, run);
  const { question } = train;
  const options = { task: kind.id, settings, run };
  const boosted = await boostForest(train, valid, { ...options, ...(earlier && { earlier }) });
  const band = settings.band && question.kind === 'amount' ? await fitBand(train, valid, options) : undefined;
  return gbdtModel(kind.id, { question, ...boosted, ...(band && { band }) });
}

/** From so many examples the ends of a band can be drawn at all. */
const BAND_ROWS = 200;

/**
 * What a customer will spend is told with an interval, and one drawn for each customer beats one width for all; it costs
 * half as much again as the amounts themselves. Other amounts get a band when asked.
 */
const bandsByDefault = ({ question, frame }: Sample): boolean =>
  question.kind === 'amount' && question.outcome === 'revenue' && frame.rows >= BAND_ROWS;

/** Of so many rows of the commoner outcome beside each of the rarer one, the last tell nearly nothing more. */
const ROWS_AN_OUTCOME = 20;

/**
 * Rows a sample is as good as: a hundred purchases among a hundred thousand visits bear no larger trees than two thousand
 * rows do, however many others bought nothing.
 */
function tellingRows({ question, target }: Sample): number {
  if (question.kind === 'classes') return target.length;
  const happened = target.reduce((sum, y) => sum + Number(y !== 0), 0);
  const rarer = question.kind === 'binary' ? Math.min(happened, target.length - happened) : happened;
  return Math.min(target.length, Math.max(1, ROWS_AN_OUTCOME * rarer));
}

/** @throws AppError USAGE for constraints on columns that are not there, or that cannot have them */
function checkColumns({ question, frame }: Sample, { monotone, interactions = [] }: GbdtSettings): void {
  const directed = Object.keys(monotone);
  const missing = [...directed, ...interactions.flat()].find((column) => !findColumn(frame, column));
  if (missing !== undefined)
    throw new AppError('USAGE', `expected constraints on columns there are, got one on "${missing}"`);
  const category = directed.find((column) => findColumn(frame, column)?.kind !== 'number');
  if (category !== undefined)
    throw new AppError('USAGE', `expected a direction for a number, got one for "${category}"`);
  if (question.kind === 'classes' && directed.length > 0)
    throw new AppError('USAGE', 'expected no directions for several classes: what raises one lowers others');
}

function noteUnread(frame: Frame, run: FitRun): void {
  const unread = frame.columns.filter(({ kind }) => kind !== 'number' && kind !== 'category');
  if (unread.length === 0) return;
  run.progress.note(
    `trees read numbers and categories; left out: ${unread.map((column) => column.name).join(', ')}`,
  );
}
