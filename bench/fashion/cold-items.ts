// A photograph finds products nobody has learned from; and, as a weak baseline, so does a name through a learned linear map.
import { choleskyFactor, solveFactored } from '../../src/core/cholesky.ts';
import { makeFrame } from '../../src/core/frame.ts';
import { silent } from '../../src/core/progress.ts';
import { vectorLogistic } from '../../src/models/heads/vector-logistic.ts';
import { openVectorSearch, vectorTable } from '../../src/models/retrieval/vector-search.ts';
import { wordVectors } from '../../src/models/retrieval/word-vectors.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import type { BenchOptions } from '../bench.ts';
import { type Fashion, meanAndSpread, splitByName, takeVectors, vectorColumn } from './fashion-data.ts';

const AT = 10;
/** Of the linear map, on centred rows: chosen before anything was measured. */
const RIDGE = 10;

type Scores = Record<string, Record<string, number[]>>;

/**
 * Cold: a fifth of the names, left out of all learning. Every cold photograph looks for other cold products; those of its own
 * name count as nothing, neither found nor missed, since a second photograph of one thing is no test.
 */
export async function coldItems(
  fashion: Fashion,
  vectors: Float32Array,
  { seed, threads, log }: BenchOptions,
): Promise<Record<string, unknown>> {
  const { width } = fashion.encoder;
  const scores: Scores = {};
  const add = (way: string, key: string, value: number) => {
    scores[way] ??= {};
    scores[way][key] ??= [];
    scores[way][key].push(value);
  };
  let sizes = {};
  for (let draw = seed; draw < seed + 3; draw++) {
    const { train, test } = splitByName(fashion.keys, draw);
    sizes = { learned_from: train.length, cold: test.length };
    const cold = takeVectors(vectors, width, test);
    const mean = columnMeans(takeVectors(vectors, width, train), width);
    const centred = cold.map((value, i) => value - mean[i % width]);
    const types = fashion.fields.articleType;
    const levels = [...new Set(train.map((i) => types[i]))].sort();
    const codeOf = new Map(levels.map((level, code) => [level, code]));
    const model = await vectorLogistic.fit(
      {
        question: {
          kind: 'classes',
          outcome: 'other',
          horizonDays: 0,
          discountPerYear: 0,
          classes: levels.length,
        },
        frame: makeFrame([vectorColumn('pictures', width, takeVectors(vectors, width, train))]),
        entities: train.map((i) => fashion.keys[i]),
        asOf: new Float64Array(train.length),
        target: Float64Array.from(train, (i) => codeOf.get(types[i]) as number),
      },
      undefined,
      { seed: draw, threads, progress: silent },
    );
    const said = await model.predict(makeFrame([vectorColumn('pictures', width, cold)]));
    const ways: readonly (readonly [string, Float32Array, number])[] = [
      ['pictures, as the network gives them', cold, width],
      ['pictures, less the mean of those learned from', centred, width],
      [
        'what the head says of types (root of probabilities)',
        Float32Array.from(said, Math.sqrt),
        levels.length,
      ],
    ];
    for (const [way, table, own] of ways) {
      const found = await rankOthers(fashion, test, { table, width: own, threads });
      for (const [key, value] of Object.entries(found)) add(way, key, value);
    }
    for (const [key, value] of Object.entries(byChance(fashion, test))) add('by chance', key, value);

    // From names to pictures: a ridge regression of centred pictures on the words of names.
    const words = wordVectors(train.map((i) => fashion.names[i]));
    const map = ridgeMap(
      words.read(train.map((i) => fashion.names[i])),
      words.width,
      takeVectors(vectors, width, train),
      width,
    );
    const drawn = map(words.read(test.map((i) => fashion.names[i])));
    const search = await openVectorSearch(vectorTable(centred, width), { backend: nodeBackend, threads });
    const { places } = await search.nearest(drawn, { most: AT });
    await search.close();
    let [own, type] = [0, 0];
    test.forEach((item, i) => {
      const list = Array.from(places.subarray(i * AT, (i + 1) * AT), (place) => test[place]);
      if (list.some((other) => fashion.keys[other] === fashion.keys[item])) own++;
      type += list.filter((other) => types[other] === types[item]).length / AT;
    });
    add('name → picture, linear map', `a picture of this name among the first ${AT}`, own / test.length);
    add('name → picture, linear map', `type, precision at ${AT}`, type / test.length);
    add('by chance', `a picture of this name among the first ${AT}`, nameByChance(fashion, test));
    log(`cold items, seed ${draw}: done`);
  }
  return {
    ...sizes,
    ridge: RIDGE,
    ways: Object.fromEntries(
      Object.entries(scores).map(([way, own]) => [
        way,
        Object.fromEntries(Object.entries(own).map(([key, values]) => [key, meanAndSpread(values)])),
      ]),
    ),
  };
}

async function rankOthers(
  { keys, fields }: Fashion,
  test: readonly number[],
  { table, width, threads }: { table: Float32Array; width: number; threads: number },
): Promise<Record<string, number>> {
  const search = await openVectorSearch(vectorTable(table, width), { backend: nodeBackend, threads });
  // Products of one name may fill the first places: so many more are asked for.
  const most = Math.min(test.length, 60);
  const { places } = await search.nearest(table, { most });
  await search.close();
  const sums: Record<string, number> = {};
  test.forEach((item, i) => {
    const others = Array.from(places.subarray(i * most, (i + 1) * most), (place) => test[place])
      .filter((other) => keys[other] !== keys[item])
      .slice(0, AT);
    for (const [key, value] of Object.entries(precision(fields, item, others)))
      sums[key] = (sums[key] ?? 0) + value;
  });
  return Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum / test.length]));
}

function precision({ articleType, baseColour }: Fashion['fields'], item: number, others: readonly number[]) {
  const isType = (other: number) => articleType[other] === articleType[item];
  const isColour = (other: number) => baseColour[other] === baseColour[item];
  const both = (other: number) => isType(other) && isColour(other);
  const share = (is: (other: number) => boolean, of: readonly number[]) =>
    of.filter(is).length / Math.max(1, of.length);
  return {
    'type, precision at 1': share(isType, others.slice(0, 1)),
    [`type, precision at ${AT}`]: share(isType, others),
    'type and colour, precision at 1': share(both, others.slice(0, 1)),
    [`type and colour, precision at ${AT}`]: share(both, others),
    'colour, precision at 1': share(isColour, others.slice(0, 1)),
  };
}

/** What a product drawn at random would be. */
function byChance({ keys, fields }: Fashion, test: readonly number[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const item of test) {
    const others = test.filter((other) => keys[other] !== keys[item]);
    for (const [key, value] of Object.entries(precision(fields, item, others)))
      if (!key.endsWith('at 1')) {
        sums[key] = (sums[key] ?? 0) + value;
        const first = key.replace(`at ${AT}`, 'at 1');
        sums[first] = (sums[first] ?? 0) + value;
      }
  }
  return Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum / test.length]));
}

function nameByChance({ keys }: Fashion, test: readonly number[]): number {
  const counts = new Map<string, number>();
  for (const item of test) counts.set(keys[item], (counts.get(keys[item]) ?? 0) + 1);
  return (
    test.reduce((sum, item) => sum + 1 - (1 - (counts.get(keys[item]) as number) / test.length) ** AT, 0) /
    test.length
  );
}

function columnMeans(values: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i];
  return mean.map((sum) => sum / (values.length / width));
}

/** y ≈ x · B with B = (XᵀX + ridge)⁻¹ XᵀY on centred rows; what comes out is centred, too. */
function ridgeMap(
  x: Float32Array,
  width: number,
  y: Float32Array,
  out: number,
): (x: Float32Array) => Float32Array {
  const [meanX, meanY] = [columnMeans(x, width), columnMeans(y, out)];
  const gram = new Float64Array(width * width);
  const cross = Array.from({ length: out }, () => new Float64Array(width));
  const rows = x.length / width;
  for (let row = 0; row < rows; row++) {
    // A name has few words: only they are gone through.
    const own: number[] = [];
    for (let k = 0; k < width; k++) if (x[row * width + k] !== 0) own.push(k);
    for (const a of own) {
      const value = x[row * width + a];
      for (const b of own) gram[a * width + b] += value * x[row * width + b];
      for (let j = 0; j < out; j++) cross[j][a] += value * (y[row * out + j] - meanY[j]);
    }
  }
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < width; b++) gram[a * width + b] -= rows * meanX[a] * meanX[b];
    gram[a * width + a] += RIDGE;
  }
  const factor = choleskyFactor(gram, width);
  if (!factor) throw new Error('the words of names make no positive definite matrix');
  const columns = cross.map((right) => solveFactored(factor, right));
  return (asked) => {
    const count = asked.length / width;
    const drawn = new Float32Array(count * out);
    for (let row = 0; row < count; row++) {
      for (let j = 0; j < out; j++) {
        let sum = 0;
        for (let k = 0; k < width; k++) {
          const value = asked[row * width + k] - meanX[k];
          if (value !== 0) sum += value * columns[j][k];
        }
        drawn[row * out + j] = sum;
      }
    }
    return drawn;
  };
}
