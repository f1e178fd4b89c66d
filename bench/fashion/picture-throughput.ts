// Pictures a second: the whole way from the archive to vectors, beside the bare network and beside decoding alone.
import { random } from '../../src/core/random.ts';
import { embedImages } from '../../src/encoders/image/embed-images.ts';
import { IMAGE_LIMITS, openSharpDecoder } from '../../src/encoders/image/image-decoder.ts';
import { openVectorSearch, vectorTable } from '../../src/models/retrieval/vector-search.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import type { BenchOptions } from '../bench.ts';
import type { Fashion } from './fashion-data.ts';

const PICTURES = 1024;
const ROUNDS = 3;
const BATCH = 16;

export async function pictureThroughput(
  { encoder, sources }: Fashion,
  { log }: BenchOptions,
): Promise<Record<string, unknown>> {
  const some = sources.slice(0, PICTURES);
  const decode = await openSharpDecoder();
  const pixels = new Float32Array(BATCH * 3 * encoder.processing.width * encoder.processing.height).fill(0.1);
  const bare = async (threads: number) => {
    const session = await nodeBackend.open(encoder.graph(BATCH), { threads });
    await session.run({ [encoder.input]: pixels });
    const seconds = await timed(async () => {
      for (let run = 0; run < PICTURES / BATCH; run++) await session.run({ [encoder.input]: pixels });
    });
    await session.release();
    return seconds;
  };
  const ways: Readonly<Record<string, () => Promise<number>>> = {
    'network alone, 1 thread': () => bare(1),
    'network alone, 2 threads': () => bare(2),
    'decoding alone': () =>
      timed(async () => {
        await Promise.all(
          some.map(async (source) =>
            decode(await source.read(IMAGE_LIMITS.bytes), encoder.processing, IMAGE_LIMITS),
          ),
        );
      }),
    'archive to vectors, 1 thread': () =>
      timed(() => embedImages(encoder, some, { backend: nodeBackend, threads: 1, batch: BATCH })),
    'archive to vectors, 2 threads': () =>
      timed(() => embedImages(encoder, some, { backend: nodeBackend, threads: 2, batch: BATCH })),
  };
  // In turn, so that a busy moment of the machine falls on all alike; the best of each counts.
  const best: Record<string, number> = {};
  const processor: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++)
    for (const [way, measure] of Object.entries(ways)) {
      const before = process.cpuUsage();
      best[way] = Math.max(best[way] ?? 0, PICTURES / (await measure()));
      const { user, system } = process.cpuUsage(before);
      processor[way] = Math.min(
        processor[way] ?? Number.POSITIVE_INFINITY,
        (user + system) / 1000 / PICTURES,
      );
    }
  log('throughput: done');
  const share = (threads: string) =>
    best[`archive to vectors, ${threads}`] / best[`network alone, ${threads}`];
  return {
    pictures: PICTURES,
    rounds: ROUNDS,
    batch: BATCH,
    pictures_a_second: best,
    // What others do on the machine moves it less.
    processor_ms_a_picture: processor,
    share_of_the_bare_network: { '1 thread': share('1 thread'), '2 threads': share('2 threads') },
    nearest: await nearestSpeed(),
  };
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
};

/** The exact ten nearest of 100,000 vectors of 384 numbers. */
async function nearestSpeed(): Promise<Record<string, unknown>> {
  const [rows, width] = [100_000, 384];
  const own = random(1);
  const vectors = Float32Array.from({ length: rows * width }, () => own.uniform() - 0.5);
  const search = await openVectorSearch(vectorTable(vectors, width), { backend: nodeBackend });
  const msEach = async (count: number) => {
    const questions = vectors.subarray(0, count * width);
    await search.nearest(questions, { most: 10 });
    const seconds = [];
    for (let round = 0; round < ROUNDS; round++)
      seconds.push(await timed(() => search.nearest(questions, { most: 10 })));
    return (1000 * Math.min(...seconds)) / count;
  };
  const measured = {
    rows,
    width,
    threads: 1,
    ms_a_question: await msEach(1),
    ms_a_question_of_64_at_once: await msEach(64),
  };
  await search.close();
  return measured;
}
