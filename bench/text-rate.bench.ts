// How fast titles become vectors, beside onnxruntime's bare rate on the same batches; what 8 bits gain and cost.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openEncoder } from '../src/encoders/folder/open-encoder.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { median } from './interleave.ts';
import { embeddingRate, onnxFileOf } from './text/embedding-rate.ts';
import { int8Loss } from './text/int8-loss.ts';
import { readTitles } from './text/titles.ts';

const FOLDERS: Readonly<Record<string, string>> = {
  minilm: '.encoders/all-minilm-l6-v2',
  'use-lite': '../../shared/models/use-lite-en',
};

/** Words: `minilm`, `use-lite` (both when none), `titles=100000`, `rounds=5`, `reviews=8000` (0: none), `cpu`: the processor's time. */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const said = (key: string, usual: number): number =>
    Number(args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1) ?? usual);
  const [count, rounds, reviews] = [said('titles', 100_000), said('rounds', 5), said('reviews', 8000)];
  const asked = Object.keys(FOLDERS).filter((id) => args.includes(id));
  const clock = args.includes('cpu') ? 'cpu' : 'wall';
  const read = await readTitles(count, seed, log);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = { clock, titles: count, 'of them real': read?.real };
  for (const id of asked.length > 0 ? asked : Object.keys(FOLDERS)) {
    const folder = fileURLToPath(new URL(FOLDERS[id], import.meta.url));
    if (!existsSync(folder)) {
      log(`skipped ${id}: ${FOLDERS[id]} is absent`);
      continue;
    }
    const encoder = await openEncoder(folder);
    if (read !== undefined) {
      const { rates, ofBare, int8 } = await embeddingRate(encoder, read.titles, {
        ...{ clock, threads, rounds, onnx: onnxFileOf(folder) },
      });
      log(`${id}: texts a second ${JSON.stringify(rates)}`);
      const share = ofBare.float.rounds.map((times) => 1 / times);
      targets.push(
        atLeast(
          `${id}: texts a second, share of the bare rate`,
          median(share),
          0.8,
          `rounds ${shown(share)}`,
        ),
        atLeast(`${id}: 8 bits, times as many texts a second`, median(int8), 1.8, `rounds ${shown(int8)}`),
      );
      figures[id] = { 'texts a second': rates };
    }
    const loss = reviews > 0 ? await int8Loss(encoder, { count: reviews, seed, threads, log }) : undefined;
    if (loss !== undefined) {
      const { float, int8 } = loss.auc;
      targets.push(
        atMost(`${id}: AUC lost in 8 bits`, float - int8, 0.005, `${int8.toFixed(4)} of ${float.toFixed(4)}`),
      );
      figures[`${id}, reviews`] = loss;
    }
  }
  return {
    bench: 'text-rate',
    protocol:
      'each round takes its own titles, the same for every contestant, in turn forwards and backwards; bare: session runs alone on the batches of embedTexts, cut and filled beforehand; embedTexts: all of it, opening its programs included; AUC: Women’s Clothing recommended, a fifth of the items tested, a logistic head on frozen vectors',
    targets,
    figures,
  };
};

const shown = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(', ');
