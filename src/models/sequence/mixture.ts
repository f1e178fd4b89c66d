// Several recommenders as one: the distributions they read their scores as, averaged or multiplied as held-out cases say.
import { AppError, invariant, throwIfAborted } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import { pause } from '../../core/pause.ts';
import { type NextItemCases, takeSequences } from '../../core/sequences.ts';
import type { FitRun, Json, SavedModel } from '../estimator.ts';
import { asJson } from '../saved.ts';
import { withAddedItems } from './added-items.ts';
import { fitWithCases } from './fit-with-cases.ts';
import { flooredLogs, meanGain, type Pool, type PooledCases, productWeights, type Voice } from './pooling.ts';
import { learnAgain, type NextItemModel, type Recommender } from './recommender.ts';
import { baseIdOf } from './repeats/with-returns.ts';
import { readSavedState } from './saved-recommender.ts';
import { bestTemperature, logSumExp, TEMPERATURES } from './softmax-row.ts';

const FORMAT = 2;
const JOINT = '+';

/** What cases teach a mixture. */
interface Mixing {
  readonly pool: Pool;
  /** One a member. */
  readonly voices: readonly Voice[];
}

interface MixtureState extends Mixing {
  readonly members: readonly { readonly estimator: string; readonly format: number; readonly state: Json }[];
}

/** The ids inside `A+B`, or `undefined` for one alone. */
export const memberIdsOf = (id: string): readonly string[] | undefined =>
  id.includes(JOINT) ? id.split(JOINT) : undefined;

/**
 * Scores are log Σ weight · p, or Σ weight · log p where that ranks the cases better, with p = softmax(member / temperature).
 * Temperatures are those under which the cases' targets were likeliest; weights of a mean are found by expectation
 * maximisation, each member counting one case more than it earned, those of a product by trying.
 */
export function mixtureOf(
  members: readonly Recommender[],
  load: (saved: SavedModel) => NextItemModel,
): Recommender {
  const id = members.map((member) => member.id).join(JOINT);
  invariant(
    baseIdOf(id) === undefined,
    'a mixture with repeats learned by its last member is named as if all did',
  );
  const slow = members.filter(({ within }) => within);
  const refusal: Recommender['refuses'] = (train) =>
    members.map((member) => member.refuses(train)).find((reason) => reason !== undefined);
  return {
    id,
    label: name(
      members.map(({ label }) => label.en).join(' + '),
      members.map(({ label }) => label.zh).join(' + '),
    ),
    role: 'model',
    knowing: (attributes) =>
      mixtureOf(
        members.map((member) => member.knowing?.(attributes) ?? member),
        load,
      ),
    // Those that can stop early have a part of the time each: they are fitted one after the other.
    ...(slow.length > 0 && {
      within: (seconds: number) =>
        mixtureOf(
          members.map((member) => member.within?.(seconds / slow.length) ?? member),
          load,
        ),
    }),
    refuses: refusal,
    async fit(train, valid, run) {
      throwIfAborted(run.signal);
      const reason = refusal(train);
      if (reason) throw new AppError('NOT_ENOUGH_DATA', `"${id}" cannot learn from this: ${reason}`);
      const [models, mixing] = await fitWithCases(train, valid, {
        refuses: refusal,
        fit: (sequences, cases) => inTurn(members, (member) => member.fit(sequences, cases, run)),
        learn: (fitted, cases) => learnMixing(fitted, cases, run),
        close: async (fitted) => {
          for (const model of fitted) await model.close?.();
        },
      });
      return {
        ...mixtureModel(id, models, mixing),
        async again(known, over) {
          const learned = await inTurn([...members.entries()], ([place, member]) =>
            learnAgain(member, models[place], known, over),
          );
          return mixtureModel(id, learned, mixing);
        },
      };
    },
    load(saved) {
      const state = readSavedState<MixtureState>(saved, id, FORMAT, ['pool', 'voices', 'members']);
      if (state.members.length !== members.length || state.voices.length !== members.length)
        throw new AppError('BAD_FILE', `a saved "${id}" model has other members than it needs; fit it again`);
      const models = state.members.map((member, place) =>
        load({ ...member, arrays: arraysOf(saved, place) }),
      );
      return mixtureModel(id, models, state);
    },
  };
}

async function inTurn<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of all) results.push(await each(one));
  return results;
}

function arraysOf({ arrays = {} }: SavedModel, place: number): NonNullable<SavedModel['arrays']> {
  const prefix = `${place}.`;
  const own = Object.entries(arrays).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, array]) => [key.slice(prefix.length), array]));
}

/** More teach one temperature nothing, and each costs a softmax of the catalogue for every value tried. */
const TEMPERATURE_CASES = 500;
/** Expectation maximisation of a handful of weights is there long before. */
const ROUNDS = 100;
/** Scores held at once while cases are read. */
const SCORES_AT_ONCE = 1 << 22;

async function learnMixing(
  models: readonly NextItemModel[],
  cases: NextItemCases,
  run: FitRun,
): Promise<Mixing> {
  const voices = await learnVoices(models, cases, run);
  const pooled = await poolCases(models, voices, { cases, run });
  const product = productWeights(pooled);
  const averaged = meanGain(
    pooled,
    voices.map(({ weight }) => weight),
  );
  if (pooled.targets.length < LEAST_POOLED || averaged >= product.gain) return { pool: 'mean', voices };
  return {
    pool: 'product',
    voices: voices.map(({ temperature }, m) => ({ temperature, weight: product.weights[m] })),
  };
}

/** Fewer cases do not tell a product from a mean. */
const LEAST_POOLED = 100;
/** Numbers held at once while a product is tried, over all members. */
const MOST_POOLED = 40_000_000;

/** As many of the cases as fit, evenly spread, as the members see them. */
async function poolCases(
  models: readonly NextItemModel[],
  voices: readonly Voice[],
  { cases, run }: { readonly cases: NextItemCases; readonly run: FitRun },
): Promise<PooledCases> {
  const items = models[0].itemIds.length;
  const most = Math.max(1, Math.floor(MOST_POOLED / (items * models.length)));
  const count = Math.min(most, cases.targets.length);
  const rows = Array.from({ length: count }, (_, i) => Math.floor((i * cases.targets.length) / count));
  const known = rows.filter((row) => cases.targets[row] >= 0);
  const place = new Map(known.map((row, i) => [row, i]));
  const logs: Float32Array[] = [];
  for (const [m, model] of models.entries()) {
    const own = new Float32Array(known.length * items).fill(Math.log(1 / items));
    await eachTarget(model, cases, { rows: known, run }, (row, scores) => {
      const at = (place.get(row) as number) * items;
      flooredLogs(scores, voices[m].temperature, own.subarray(at, at + items));
    });
    logs.push(own);
  }
  return { logs, items, targets: Int32Array.from(known, (row) => cases.targets[row]) };
}

async function learnVoices(
  models: readonly NextItemModel[],
  cases: NextItemCases,
  run: FitRun,
): Promise<readonly Voice[]> {
  const rows = cases.targets.length;
  const few = Math.max(1, Math.ceil(rows / TEMPERATURE_CASES));
  const temperatures: number[] = [];
  /** Probability of each target by each member, [members] of [cases]. */
  const likelihoods: Float64Array[] = [];
  for (const [place, model] of models.entries()) {
    const fits = TEMPERATURES.map(() => 0);
    const some = Array.from({ length: Math.ceil(rows / few) }, (_, i) => i * few);
    await eachTarget(model, cases, { rows: some, run }, (_row, scores, target) => {
      TEMPERATURES.forEach((temperature, t) => {
        fits[t] += scores[target] / temperature - logSumExp(scores, temperature);
      });
    });
    temperatures.push(bestTemperature(fits));
    const likelihood = new Float64Array(rows);
    const all = Array.from({ length: rows }, (_, row) => row);
    await eachTarget(model, cases, { rows: all, run }, (row, scores, target) => {
      likelihood[row] = Math.exp(
        scores[target] / temperatures[place] - logSumExp(scores, temperatures[place]),
      );
    });
    likelihoods.push(likelihood);
    run.progress.step({ task: 'mixture', done: place + 1, total: models.length, unit: 'members' });
  }
  return mixtureWeights(likelihoods).map((weight, place) => ({ weight, temperature: temperatures[place] }));
}

async function eachTarget(
  model: NextItemModel,
  { before, targets }: NextItemCases,
  { rows, run }: { readonly rows: readonly number[]; readonly run: FitRun },
  visit: (row: number, scores: Float32Array, target: number) => void,
): Promise<void> {
  const items = model.itemIds.length;
  const atOnce = Math.max(1, Math.floor(SCORES_AT_ONCE / items));
  for (let from = 0; from < rows.length; from += atOnce) {
    await pause(run.signal);
    const part = rows.slice(from, from + atOnce);
    const scores = await model.score(takeSequences(before, part));
    part.forEach((row, i) => {
      const own = scores.subarray(i * items, (i + 1) * items);
      if (targets[row] >= 0 && own[targets[row]] > Number.NEGATIVE_INFINITY) visit(row, own, targets[row]);
    });
  }
}

/**
 * Weights under which the cases were likeliest, by expectation maximisation from equal ones.
 *
 * @param likelihoods probability of what came, [members] of [cases]
 */
export function mixtureWeights(likelihoods: readonly Float64Array[]): number[] {
  const members = likelihoods.length;
  let weights = new Array<number>(members).fill(1 / members);
  for (let round = 0; round < ROUNDS; round++) {
    const earned = new Array<number>(members).fill(1);
    for (let row = 0; row < likelihoods[0].length; row++) {
      let total = 0;
      for (let m = 0; m < members; m++) total += weights[m] * likelihoods[m][row];
      if (total > 0)
        for (let m = 0; m < members; m++) earned[m] += (weights[m] * likelihoods[m][row]) / total;
    }
    const sum = earned.reduce((all, one) => all + one, 0);
    weights = earned.map((one) => one / sum);
  }
  return weights;
}

function mixtureModel(id: string, models: readonly NextItemModel[], { pool, voices }: Mixing): NextItemModel {
  const { itemIds } = models[0];
  const items = itemIds.length;
  return {
    recommender: id,
    itemIds,
    isLogarithm: true,
    async score(before) {
      const mixed = await models[0].score(before);
      const others = await inTurn(models.slice(1), (model) => model.score(before));
      const row = new Float64Array(items);
      const logs = new Float32Array(items);
      for (let from = 0; from < mixed.length; from += items) {
        row.fill(0);
        [mixed, ...others].forEach((scores, m) => {
          const own = scores.subarray(from, from + items);
          if (pool === 'mean') speak(own, voices[m], row);
          else if (voices[m].weight > 0) {
            flooredLogs(own, voices[m].temperature, logs);
            for (let item = 0; item < items; item++) row[item] += voices[m].weight * logs[item];
          }
        });
        for (let item = 0; item < items; item++)
          mixed[from + item] = pool === 'mean' ? Math.log(row[item]) : row[item];
      }
      return mixed;
    },
    save() {
      const saved = models.map((model) => model.save());
      return {
        estimator: id,
        format: FORMAT,
        state: asJson({
          pool,
          voices,
          members: saved.map(({ estimator, format, state }) => ({ estimator, format, state })),
        }),
        arrays: Object.fromEntries(
          saved.flatMap(({ arrays = {} }, place) =>
            Object.entries(arrays).map(([key, array]) => [`${place}.${key}`, array]),
          ),
        ),
      };
    },
    ...(models.some(({ withItems }) => withItems) && {
      withItems: (added) =>
        mixtureModel(
          id,
          models.map((model) => withAddedItems(model, added)),
          { pool, voices },
        ),
    }),
    ...(models.some(({ compressed }) => compressed) && {
      compressed: (how) =>
        mixtureModel(
          id,
          models.map((model) => model.compressed?.(how) ?? model),
          { pool, voices },
        ),
    }),
    async close() {
      for (const model of models) await model.close?.();
    },
  };
}

/** Adds a member's distribution to `row`; one that says never of everything says nothing. */
function speak(scores: Float32Array, { weight, temperature }: Voice, row: Float64Array): void {
  const total = logSumExp(scores, temperature);
  if (total === Number.NEGATIVE_INFINITY) return;
  for (let i = 0; i < row.length; i++) row[i] += weight * Math.exp(scores[i] / temperature - total);
}
