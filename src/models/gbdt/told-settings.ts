// Settings as people and searches write them, one flat list of names, and what each means to a forest.
import { AppError } from '../../core/errors.ts';
import type { SearchSpace, Settings } from '../estimator.ts';
import { type GbdtSettings, LOSS_NAMES, type RowSampling } from './settings.ts';

/** Settings that differ from the defaults. */
export type ToldSettings = Partial<GbdtSettings>;

interface NumberRule {
  readonly low: number;
  readonly high: number;
  readonly integer?: boolean;
  /** The ends themselves are out of range. */
  readonly open?: boolean;
}

/** Numbers that are settings under their own name. */
const NUMBERS = {
  quantile: { low: 0, high: 1, open: true },
  power: { low: 1, high: 2, open: true },
  trees: { low: 0, high: 100_000, integer: true },
  forests: { low: 1, high: 1000, integer: true },
  learningRate: { low: 1e-4, high: 1 },
  leaves: { low: 2, high: 4096, integer: true },
  depth: { low: 0, high: 64, integer: true },
  minRows: { low: 1, high: 1e9, integer: true },
  minCurvature: { low: 0, high: 1e9 },
  ridge: { low: 0, high: 1e9 },
  lasso: { low: 0, high: 1e9 },
  minGain: { low: 0, high: 1e9 },
  bins: { low: 3, high: 255, integer: true },
  columnShare: { low: 0.01, high: 1 },
  nodeColumnShare: { low: 0.01, high: 1 },
  categoryRidge: { low: 0, high: 1e9 },
  minLevelRows: { low: 1, high: 1e9, integer: true },
  patience: { low: 0, high: 100_000, integer: true },
} as const satisfies Partial<Record<keyof GbdtSettings, NumberRule>>;

/** Of rows drawn at random, and of GOSS. */
const SAMPLING = {
  rowShare: { low: 0.01, high: 1 },
  rowEvery: { low: 1, high: 100_000, integer: true },
  gossTop: { low: 0, high: 1, open: true },
  gossOther: { low: 0, high: 1, open: true },
} as const satisfies Record<string, NumberRule>;

const WORDS = {
  loss: `one of ${LOSS_NAMES.join(', ')}`,
  monotone: 'columns with a direction, such as "price=-1, age=+1"',
  interactions: 'lists of columns that may meet, such as "price, age; country"',
  classWeights: 'numbers above 0, such as "1, 3"',
} as const;

export const SETTING_NAMES: readonly string[] = [
  ...Object.keys(NUMBERS),
  ...Object.keys(SAMPLING),
  ...Object.keys(WORDS),
  'band',
];

/**
 * Worth searching: how fast, how fine and how cautious. Bins and depth follow from these; the number of trees is found by
 * early stopping, not searched.
 */
export const GBDT_SPACE: SearchSpace = {
  learningRate: { kind: 'number', low: 0.01, high: 0.2, log: true },
  leaves: { kind: 'number', low: 4, high: 128, log: true, integer: true },
  minRows: { kind: 'number', low: 5, high: 300, log: true, integer: true },
  columnShare: { kind: 'number', low: 0.3, high: 1 },
  rowShare: { kind: 'number', low: 0.5, high: 1 },
  ridge: { kind: 'number', low: 0.01, high: 100, log: true },
  categoryRidge: { kind: 'number', low: 0.1, high: 100, log: true },
};

/** Where the space is entered: the settings it searches, as they are. */
export function spaceSettings(settings: GbdtSettings): Settings {
  const { learningRate, leaves, minRows, columnShare, ridge, categoryRidge, rowSampling } = settings;
  const rowShare = rowSampling?.kind === 'uniform' ? rowSampling.share : 1;
  return { learningRate, leaves, minRows, columnShare, rowShare, ridge, categoryRidge };
}

/** @throws AppError USAGE for a name there is not, or a value out of range */
export function parseSettings(settings: Settings): ToldSettings {
  const unknown = Object.keys(settings).find((key) => !SETTING_NAMES.includes(key));
  if (unknown !== undefined) {
    throw new AppError(
      'USAGE',
      `expected settings of "gbdt" (${SETTING_NAMES.join(', ')}), got "${unknown.slice(0, 40)}"`,
    );
  }
  const told: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(NUMBERS)) {
    if (settings[key] !== undefined) told[key] = numberIn(key, settings[key], rule);
  }
  const { loss, monotone, interactions, classWeights, band } = settings;
  if (loss !== undefined)
    told.loss = LOSS_NAMES.find((each) => each === loss) ?? wrong('loss', WORDS.loss, loss);
  if (monotone !== undefined) told.monotone = directions(monotone);
  if (interactions !== undefined) told.interactions = lists(interactions);
  if (classWeights !== undefined) told.classWeights = classWeightsOf(classWeights);
  if (band !== undefined) told.band = typeof band === 'boolean' ? band : wrong('band', 'true or false', band);
  const sampling = rowSamplingOf(settings);
  if (sampling) told.rowSampling = sampling;
  return told as ToldSettings;
}

function rowSamplingOf(settings: Settings): RowSampling | undefined {
  const given = (key: keyof typeof SAMPLING, otherwise: number): number =>
    settings[key] === undefined ? otherwise : numberIn(key, settings[key], SAMPLING[key]);
  if (settings.gossTop !== undefined || settings.gossOther !== undefined) {
    // A fifth and a tenth, the paper's own.
    const [top, other] = [given('gossTop', 0.2), given('gossOther', 0.1)];
    if (top + other > 1) wrong('gossTop', 'gossTop + gossOther of at most 1', top + other);
    if (settings.rowShare !== undefined) wrong('rowShare', 'either rowShare or gossTop', 'both');
    return { kind: 'gradient', top, other };
  }
  if (settings.rowShare === undefined) return undefined;
  return { kind: 'uniform', share: given('rowShare', 1), every: given('rowEvery', 1) };
}

function numberIn(key: string, value: unknown, { low, high, integer, open }: NumberRule): number {
  const fits =
    typeof value === 'number' &&
    (open ? value > low && value < high : value >= low && value <= high) &&
    (!integer || Number.isInteger(value));
  if (fits) return value;
  const kind = integer ? 'a whole number' : 'a number';
  return wrong(key, `${kind} ${open ? 'between' : 'from'} ${low} ${open ? 'and' : 'to'} ${high}`, value);
}

function wrong(key: string, expected: string, got: unknown): never {
  throw new AppError('USAGE', `"${key}": expected ${expected}, got ${String(got).slice(0, 40)}`);
}

const parts = (value: unknown, separator: string): string[] =>
  String(value)
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');

function directions(value: unknown): Readonly<Record<string, 1 | -1>> {
  const entries = parts(value, ',').map((part) => {
    const at = part.lastIndexOf('=');
    const direction = Number(part.slice(at + 1));
    if (at < 1 || (direction !== 1 && direction !== -1)) wrong('monotone', WORDS.monotone, value);
    return [part.slice(0, at).trim(), direction] as const;
  });
  return Object.fromEntries(entries) as Readonly<Record<string, 1 | -1>>;
}

const lists = (value: unknown): readonly (readonly string[])[] =>
  parts(value, ';').map((list) => parts(list, ','));

function classWeightsOf(value: unknown): readonly number[] {
  const weights = parts(value, ',').map(Number);
  if (weights.length === 0 || !weights.every((weight) => weight > 0 && Number.isFinite(weight)))
    wrong('classWeights', WORDS.classWeights, value);
  return weights;
}
