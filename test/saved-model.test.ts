import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../src/core/progress.ts';
import { drawBackground } from '../src/explain/background.ts';
import { explainRows } from '../src/explain/explain-rows.ts';
import { CATALOGUE, fitModel, loadModel } from '../src/models/catalogue.ts';
import type { Question } from '../src/models/estimator.ts';
import { madeUpSample } from '../src/models/made-up-sample.ts';
import { frameFiles, readFrame } from '../src/registry/frame-files.ts';
import { loadVersion } from '../src/registry/load.ts';
import { saveVersion } from '../src/registry/save.ts';
import { readSavedModel, savedModelFiles } from '../src/registry/saved-model-files.ts';

const models = mkdtempSync(join(tmpdir(), 'foresell-saved-model-'));
afterAll(() => rmSync(models, { recursive: true, force: true }));

const QUESTIONS: readonly Question[] = [
  { kind: 'binary', outcome: 'buys', horizonDays: 90, discountPerYear: 0 },
  { kind: 'amount', outcome: 'revenue', horizonDays: 90, discountPerYear: 0 },
];
const run = { seed: 1, threads: 1, progress: silent };

const cases = QUESTIONS.flatMap((question) => {
  const train = madeUpSample({ customers: 300, seed: 1, question });
  return CATALOGUE.filter(({ estimator }) => estimator.refuses(question, train.frame) === undefined).map(
    ({ estimator }) => ({ estimator, question, train, title: `${estimator.id} on ${question.outcome}` }),
  );
});

describe('a model saved in the registry', () => {
  it.each(cases)(
    'predicts and explains as before, and is the same bytes when trained again: $title',
    async (given) => {
      const { estimator, question, train } = given;
      const task = `${estimator.id}-${question.outcome}`.replace(/[^a-z0-9-]/g, '-');
      const background = drawBackground(train.frame, { seed: 5, rows: 12 });
      const save = async (createdMs: number) => {
        const model = await fitModel(estimator, train, undefined, run);
        const files = {
          ...savedModelFiles('model', model.save()),
          ...frameFiles('background', background.frame),
        };
        const info = saveVersion(models, {
          task,
          files,
          dataFingerprint: 'made-up',
          settings: { model: estimator.id },
          seed: run.seed,
          metrics: {},
          run: { createdMs },
        });
        return { model, info };
      };
      const { model, info } = await save(1);
      const again = await save(2);
      expect(again.info.digest).toBe(info.digest);

      const { files } = loadVersion(models, task, info.version);
      const loaded = loadModel(readSavedModel(files, 'model'));
      const stored = { ...background, frame: readFrame(files, 'background') };
      expect(stored.frame).toEqual(background.frame);
      const { frame } = madeUpSample({ customers: 30, seed: 9, question });
      expect([...(await loaded.predict(frame))]).toEqual([...(await model.predict(frame))]);
      const before = await explainRows(model, frame, { background });
      const after = await explainRows(loaded, frame, { background: stored });
      expect([...after.values]).toEqual([...before.values]);
    },
  );
});
