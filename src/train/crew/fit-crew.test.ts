// A crew fits what one thread would fit, byte for byte, and stops as one.
import { afterAll, expect, test } from 'vitest';
import { silent } from '../../core/progress.ts';
import { estimatorById, fitModel } from '../../models/catalogue.ts';
import type { FitRun, Question } from '../../models/estimator.ts';
import { madeUpSample } from '../../models/made-up-sample.ts';
import { fitCrew } from './fit-crew.ts';

const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };
const RUN: FitRun = { seed: 4, threads: 2, progress: silent };
const samples = [1, 2].map((seed) => madeUpSample({ customers: 300, seed, question: BUYS }));
const crew = fitCrew(2);
afterAll(() => crew.close());

test('threads fit the same bytes in the order asked for, and say when each is done', async () => {
  const ids = ['logistic', 'gbdt', 'tree', 'own-rate', 'mbg-nbd'];
  const jobs = ids.flatMap((id) =>
    samples.map((sample, i) => ({ estimator: estimatorById(id), sample, seconds: 10 * (i + 1) })),
  );
  let done = 0;
  const models = await crew.fitAll(jobs, RUN, () => done++);
  expect(done).toBe(jobs.length);
  for (const [i, { estimator, sample }] of jobs.entries()) {
    expect(models[i].save()).toEqual((await fitModel(estimator, sample, undefined, RUN)).save());
  }
});

test('events in order change nothing for those who do not read them', async () => {
  const sample = madeUpSample({ customers: 120, seed: 3, question: BUYS, events: true });
  const jobs = ['tree', 'logistic'].map((id) => ({
    ...{ estimator: estimatorById(id), sample },
    seconds: 10,
  }));
  const models = await crew.fitAll(jobs, RUN);
  for (const [i, { estimator }] of jobs.entries()) {
    const here = await fitModel(estimator, sample, undefined, { ...RUN, threads: 1 });
    expect(models[i].save()).toEqual(here.save());
  }
});

test('what was told something, or is not of the catalogue, is fitted here', async () => {
  let here = 0;
  const tree = estimatorById('tree');
  const watched = {
    ...tree,
    fit: (...args: Parameters<typeof tree.fit>) => {
      here++;
      return tree.fit(...args);
    },
  };
  const job = (estimator: typeof tree) => ({ estimator, sample: samples[0], seconds: 10 });
  const models = await crew.fitAll([job(tree), job(watched), job(tree)], RUN);
  expect(here).toBe(1);
  expect(models[1].save()).toEqual(models[0].save());
});

test('little work starts no thread', async () => {
  const idle = fitCrew(2);
  const tree = { ...estimatorById('tree') };
  const jobs = samples.map((sample) => ({ estimator: tree, sample, seconds: 0.1 }));
  expect(await idle.fitAll(jobs, RUN)).toHaveLength(2);
  idle.close();
});

test('a failure in a thread is the failure here, code and all; the crew works on', async () => {
  const logistic = estimatorById('logistic');
  const nobody = { ...samples[0], entities: samples[0].entities.slice(1) };
  const jobs = [nobody, samples[1], samples[0]].map((sample) => ({
    estimator: logistic,
    sample,
    seconds: 10,
  }));
  const code = await fitModel(logistic, nobody, undefined, RUN).catch((error) => error.code);
  expect(code).toBeTypeOf('string');
  await expect(crew.fitAll(jobs, RUN)).rejects.toMatchObject({ code });
  expect(await crew.fitAll(jobs.slice(1), RUN)).toHaveLength(2);
});

test('the call to stop reaches every thread', async () => {
  const stop = new AbortController();
  const gbdt = estimatorById('gbdt');
  const large = madeUpSample({ customers: 5000, seed: 3, question: BUYS });
  const jobs = [1, 2, 3].map(() => ({ estimator: gbdt, sample: large, seconds: 10 }));
  const fitting = crew.fitAll(jobs, { ...RUN, signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await expect(fitting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await crew.fitAll(jobs.slice(0, 2), RUN)).toHaveLength(2);
});
