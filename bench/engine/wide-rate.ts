// How much of onnxruntime's own matrix rate a whole step of the wide transformer keeps, and what memory it takes.
import { trace } from '../../src/nn/module.ts';
import { gradients } from '../../src/tensor/gradient.ts';
import { input } from '../../src/tensor/ops/leaf.ts';
import { atLeast, atMost, type BenchOptions } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { decoder, decoderSettings, decoderSpecs } from './decoder.ts';
import { openProductTimer, productsOf } from './matmul-rate.ts';
import type { Part } from './part.ts';
import { startOurs } from './start-ours.ts';

const ROUNDS = 6;
const STEPS = 3;

export async function compareWithProducts({ threads, seed, log }: BenchOptions): Promise<Part> {
  const settings = decoderSettings('wide', 'sampled', 0.1);
  const batch = Object.fromEntries(
    Object.entries(decoderSpecs(settings.shape)).map(([name, { dtype, axes }]) => [
      name,
      input(name, dtype, axes),
    ]),
  );
  const { output, parameters } = trace(decoder(settings), batch as never, { training: true });
  const backward = gradients(
    output.loss,
    parameters.map(({ tensor }) => tensor),
  );
  const products = await openProductTimer(
    productsOf([
      output.loss,
      ...backward.flatMap(({ dense, rows }) => [
        ...(dense ? [dense] : []),
        ...rows.map(({ values }) => values),
      ]),
    ]),
    threads,
  );
  const peer = await startOurs([
    ...['--model', 'wide', '--loss', 'sampled', '--dropout', '0.1'],
    ...['--threads', String(threads), '--seed', String(seed)],
  ]);
  let peakBytes = 0;
  try {
    const { medians, ratios } = await interleave(ROUNDS, {
      products: async () => [await products.measure()],
      step: async () => {
        const got = await peer.run(STEPS);
        peakBytes = got.peakBytes;
        return got.milliseconds;
      },
    });
    const ratio = ratios['step'] as (typeof ratios)[string];
    const rate = (milliseconds: number) => products.flops / milliseconds / 1e6;
    const [alone, whole] = [medians['products'] as number, medians['step'] as number];
    log(
      `  wide: products alone ${alone.toFixed(0)} ms (${rate(alone).toFixed(0)} GFLOP/s), whole step ${whole.toFixed(0)} ms (${rate(whole).toFixed(0)} GFLOP/s)`,
    );
    return {
      targets: [
        atLeast(
          'wide: share of the matrix rate that a whole step keeps',
          1 / ratio.median,
          0.75,
          `${rate(whole).toFixed(0)} of ${rate(alone).toFixed(0)} GFLOP/s; rounds ${(1 / ratio.highest).toFixed(2)}–${(1 / ratio.lowest).toFixed(2)}`,
        ),
        atMost('wide: peak memory of the process, MB', peakBytes / 2 ** 20, 600),
      ],
      figures: {
        productMilliseconds: alone,
        stepMilliseconds: whole,
        gigaflop: products.flops / 1e9,
        peakBytes,
      },
    };
  } finally {
    await peer.stop();
    await products.close();
  }
}
