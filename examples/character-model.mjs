// A character-level language model of "Alice in Wonderland", from nothing: node examples/character-model.mjs [steps]
import { readFileSync } from 'node:fs';
import * as nn from 'foresell/nn';
import { nodeBackend } from 'foresell/node';
import { gather, matmul, slice } from 'foresell/tensor';

// The text as numbers, one for each character that occurs.
const text = readFileSync(new URL('data/alice-in-wonderland.txt', import.meta.url), 'utf8');
const alphabet = [...new Set(text)].sort();
const codesOf = (characters) => Int32Array.from(characters, (character) => alphabet.indexOf(character));
const codes = codesOf(text);

// The model: characters and their places become vectors, three blocks look back, and states become scores.
const [batch, time, width] = [32, 64, 128];
const trunk = nn.transformer({ blocks: 3, heads: 4, width, dropout: 0.1, causal: true });
const read = (scope, characters) => {
  const table = (name) => scope.parameter(name, { alphabet: alphabet.length, width }, nn.normal());
  const x = scope.apply('places', nn.positions({ length: time }), gather(table('read'), characters));
  return { states: scope.apply('trunk', trunk, { x }), table: table('write') };
};
// The loss: how surprised the model is by the next character, in nats.
const objective = nn.defineModule('character-model', (scope, { characters, next }) => ({
  loss: nn.tiedCrossEntropyMean({ ...read(scope, characters), targets: next }),
}));
// Forward pass, loss and backward pass become one ONNX graph.
const ids = { dtype: 'int32', axes: { batch, time } };
const { program, parameters } = nn.compileTraining(objective, { characters: ids, next: ids });

// Batches are windows at random places; an epoch is 100 of them.
function* batches(epoch, from) {
  for (let number = from; number < 100; number++) {
    const draws = nn.random(1).fork(`${epoch}.${number}`);
    const starts = Array.from({ length: batch }, () => draws.integer(codes.length - time - 1));
    const cut = (shift) => Int32Array.from(starts.flatMap((at) => [...codes.subarray(at + shift, at + shift + time)]));
    yield { bucket: 0, arrays: { characters: cut(0), next: cut(1) } };
  }
}
const steps = Number(process.argv[2] ?? 600);
const schedule = { kind: 'warm-up-cosine', rate: 0.004, warmUpSteps: Math.ceil(steps / 30), steps, floor: 0.0004 };
const model = { programs: [program], values: nn.initialValues(parameters, nn.random(1)), seed: 1 };
const run = { backend: nodeBackend, threads: 2, batches: { batches }, limits: { steps } };
let values;
for await (const event of nn.train({ ...model, ...run, optimiser: { kind: 'adamw' }, schedule, clipNorm: 1 })) {
  if (event.kind === 'step' && event.step % 50 === 0) console.log(`step ${event.step}: ${event.loss.toFixed(3)} nats`);
  if (event.kind === 'stopped') values = event.values;
}

// What was trained is an ordinary ONNX file. Ask it for one character after the other.
const answer = nn.defineModule('answer', (scope, { characters }) => {
  const { states, table } = read(scope, characters);
  return { scores: matmul(slice(states, 1, time - 1), table, { transposeRight: true }) };
});
const one = { characters: { dtype: 'int32', axes: { batch: 1, time } } };
const session = await nodeBackend.open(nn.compileInference(answer, one, values));
let written = text.slice(1000, 1000 + time);
for (let draws = nn.random(2); written.length < time + 300; ) {
  const { scores } = await session.run({ characters: codesOf(written.slice(-time)) });
  written += alphabet[draws.choice(scores.map((score) => Math.exp(score / 0.7)))];
}
console.log(written.slice(time));
