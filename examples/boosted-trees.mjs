// Boosted trees alone: read a table, train, test, explain, ask what would change, export. Run: node examples/boosted-trees.mjs
import { fileURLToPath } from 'node:url';
import {
  attributeForest, cutFolds, estimatorById, fitModel, gbdtWith, modelToOnnx, readInputs, readTable, scoreBinary,
  silent, tableSample, takeRows, takeSample, treeCount, whatWouldChange, writeModel,
} from 'foresell';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const run = { seed: 1, threads: 2, progress: silent };
const file = fileURLToPath(new URL('online-shoppers/online-shoppers.csv.gz', import.meta.url));
const { frame: table } = await readTable(file, { types: { Region: 'category', TrafficType: 'category' } });

// One visit a row. `PageValues` is made from the shop's transactions: a visit still going on has none, so it stays out.
const target = table.columns.find(({ name }) => name === 'Revenue').values;
const columns = table.columns.filter(({ name }) => name !== 'Revenue' && name !== 'PageValues');
const { sample } = tableSample({ frame: { ...table, columns }, target, kind: 'binary' });

// Identical visits stay together; a fifth is the test, another fifth says when to stop.
const [fold] = cutFolds(sample, { folds: 5, seed: 1 }).repeats[0];
const [test, known] = [takeSample(sample, fold.test), takeSample(sample, fold.train)];
const [inner] = cutFolds(known, { folds: 4, seed: 2 }).repeats[0];
const [train, valid] = [takeSample(known, inner.train), takeSample(known, inner.test)];

// Leaving pages at once never speaks for a purchase: a promise the trees keep everywhere.
const trees = gbdtWith({ learningRate: 0.05, leaves: 15, patience: 50, monotone: { ExitRates: -1, BounceRates: -1 } });
const model = await fitModel(trees, train, valid, run);
const baseline = await fitModel(estimatorById('best-column'), train, valid, run);
const auc = async (of) => {
  const rows = { entities: test.entities, actual: test.target, predicted: await of.predict(test.frame) };
  const { value, low, high } = scoreBinary(rows, { seed: 1, draws: 500 }).scores.roc_auc;
  return `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
};
const forest = model.forest();
console.log(`${treeCount(forest)} trees: AUC ${await auc(model)}; the best single column ${await auc(baseline)}`);

// Why the first visit of the test got its answer: base + contributions = margin, exactly.
const visit = takeRows(test.frame, [0]);
const { base, features, values } = await attributeForest(forest, visit);
const [chance] = await model.predict(visit);
const strongest = [...features.keys()].sort((a, b) => Math.abs(values[b]) - Math.abs(values[a])).slice(0, 3);
console.log(`visit 1: ${(100 * chance).toFixed(1)} %; base ${base.toFixed(2)}, ${strongest.map((k) => `${features[k]} ${values[k].toFixed(2)}`).join(', ')}`);

// The smallest changes that would make its chance three times as large.
const limits = { immutable: ['Month', 'Region', 'VisitorType', 'OperatingSystems', 'Browser', 'Weekend', 'SpecialDay'] };
const asked = { goal: { over: 3 * chance }, background: takeRows(train.frame, Array.from({ length: 500 }, (_, i) => i)), limits };
const { answers } = await whatWouldChange(model, visit, asked);
for (const { changes, value } of answers)
  console.log(`  ${(100 * value).toFixed(1)} % if ${changes.map(({ column, from, to }) => `${column} were ${to.en}, not ${from.en}`).join(' and ')}`);

// The same trees in any ONNX runtime: the file says in its metadata what each column of `features` is.
const inputs = readInputs(forest.inputs, test.frame);
const cells = Float64Array.from({ length: test.target.length * inputs.length }, (_, i) => inputs[i % inputs.length][Math.floor(i / inputs.length)]);
const session = await InferenceSession.create(writeModel(modelToOnnx(model)));
const { prediction } = await session.run({ features: new Tensor('float64', cells, [test.target.length, inputs.length]) });
const furthest = (await model.predict(test.frame)).reduce((most, own, i) => Math.max(most, Math.abs(own - prediction.data[i])), 0);
console.log(`onnxruntime says the same of ${test.target.length} visits: largest difference ${furthest.toExponential(1)}`);
