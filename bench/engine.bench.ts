// The training engine: is it right, does it learn, and how fast is it beside PyTorch and TensorFlow.js on the same cores.
import type { Bench, BenchOptions, Target } from './bench.ts';
import { measureBrowser } from './engine/browser.ts';
import { measure as measureCompression } from './engine/compression.ts';
import { measureDuplicates } from './engine/duplicates.ts';
import { measure as measureEncoder } from './engine/encoder.ts';
import { measure as measureLearning } from './engine/learnable.ts';
import { measureMemory } from './engine/memory.ts';
import { measureOpTable } from './engine/op-table.ts';
import type { MeasurePart } from './engine/part.ts';
import { measureResume } from './engine/resume.ts';
import { measureSasrec, measureWide } from './engine/steps.ts';

/** `npm run bench -- engine [part …]`; all of them by default, in this order. */
const PARTS: Readonly<Record<string, MeasurePart>> = {
  ops: measureOpTable,
  duplicates: measureDuplicates,
  resume: measureResume,
  browser: measureBrowser,
  learnable: measureLearning,
  sasrec: measureSasrec,
  wide: measureWide,
  encoder: measureEncoder,
  memory: measureMemory,
  compression: measureCompression,
};

export const bench: Bench = async (options: BenchOptions) => {
  const unknown = options.args.filter((name) => PARTS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`expected parts among ${Object.keys(PARTS).join(', ')}, got ${unknown.join(', ')}`);
  const chosen = options.args.length === 0 ? Object.keys(PARTS) : options.args;
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const name of chosen) {
    options.log(`${name} …`);
    const part = await (PARTS[name] as MeasurePart)(options);
    targets.push(...part.targets);
    figures[name] = part.figures;
    for (const { name: what, target, got, met } of part.targets)
      options.log(`  ${met ? 'met   ' : 'MISSED'} ${what}: ${got.toPrecision(4)} (${target})`);
  }
  return {
    bench: 'engine',
    protocol:
      `seed ${options.seed}, ${options.threads} threads; steps are whole (batch fed, forward, backward, AdamW), contestants are processes of their own and take turns; ` +
      'a ratio is the median over rounds of the ratio of medians within a round; peers in bench/peers',
    targets,
    figures,
  };
};
