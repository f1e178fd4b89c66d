// Vectors of texts by transformers.js, from a folder with onnx/model.onnx: one JSON document on stdout.
//
//   node embed.mjs --packages FOLDER --model FOLDER --pooling mean|cls < texts.json
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { packages: { type: 'string' }, model: { type: 'string' }, pooling: { type: 'string', default: 'mean' } },
});
const require = createRequire(`${options.packages}/package.json`);
const { env, pipeline } = require('@huggingface/transformers');
const folder = resolve(options.model);
env.localModelPath = dirname(folder);
env.allowRemoteModels = false;

const texts = JSON.parse(readFileSync(0, 'utf8'));
const extract = await pipeline('feature-extraction', basename(folder), { dtype: 'fp32' });
const vectors = [];
for (const text of texts) {
  const { data } = await extract(text, { pooling: options.pooling, normalize: false });
  vectors.push([...data]);
}
console.log(JSON.stringify({ version: env.version, vectors }));
