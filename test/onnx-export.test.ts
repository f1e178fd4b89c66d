// Saved models as ONNX files: a stranger who reads only the file's own words gets the numbers the model gives.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Frame, findColumn } from '../src/core/frame.ts';
import { loadBundle } from '../src/registry/bundle.ts';
import { loadTable } from '../src/registry/table-bundle.ts';
import { readModel } from '../src/tensor/onnx/read.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { madeUpCsv } from './flow/made-up-csv.ts';
import { asCsv, madeUpRows } from './flow/made-up-table.ts';

const { dir, write } = testFolder();
const on = (...args: string[]) => [...args, '--threads', '2', '--lang', 'en'];

/** As the metadata under `foresell.inputs` describes one column of `features`. */
interface Described {
  readonly name: string;
  readonly kind: 'number' | 'category';
  readonly levels: readonly string[];
  readonly rarer: number;
  readonly missing: number | 'NaN';
}

function cellOf(frame: Frame, input: Described, row: number): number {
  const column = findColumn(frame, input.name);
  if (column?.kind === 'number') return column.values[row];
  if (column?.kind !== 'category') throw new Error(`expected a column ${input.name}`);
  if (column.codes[row] < 0) return Number(input.missing);
  const place = input.levels.indexOf(column.levels[column.codes[row]]);
  return place < 0 ? input.rarer : place;
}

async function askFile(path: string, frame: Frame): Promise<Float32Array> {
  const bytes = readFileSync(path);
  const inputs: Described[] = JSON.parse(readModel(bytes).metadata['foresell.inputs']);
  const features = Float64Array.from({ length: frame.rows * inputs.length }, (_, i) =>
    cellOf(frame, inputs[i % inputs.length], Math.floor(i / inputs.length)),
  );
  const session = await InferenceSession.create(bytes);
  const { prediction } = await session.run({
    features: new Tensor('float64', features, [frame.rows, inputs.length]),
  });
  return prediction.data as Float32Array;
}

function expectEqual(got: Float32Array, said: Float64Array): void {
  expect(got.length).toBe(said.length);
  // One rounding to float32, and a sigmoid in float32.
  got.forEach((value, i) => {
    expect(Math.abs(value - said[i])).toBeLessThan(1e-6);
  });
}

describe('a table’s model', () => {
  const saved = join(dir, 'answered');
  const out = join(dir, 'answered.onnx');
  const learn = (folder: string, ...options: string[]) =>
    succeed(
      ...on('table', 'fit', write('customers.csv', asCsv(madeUpRows(150))), '--out', folder),
      ...['--target', 'answered', '--kind', 'binary', '--holdout', '.3', '--cv', '2', ...options],
    );

  beforeAll(() => learn(saved, '--drop', 'spent,size,joined', '--model', 'gbdt'));

  test('is scored by onnxruntime as by us, and carries its calibration', async () => {
    const said = await succeed(...on('table', 'export', saved, '--onnx', out));
    expect(said.stdout).toContain('before calibration');
    const { table, background } = loadTable(saved);
    expectEqual(await askFile(out, background.frame), await table.model.predict(background.frame));
    const { metadata } = readModel(readFileSync(out));
    expect(JSON.parse(metadata['foresell.corrections'])).toEqual(
      JSON.parse(JSON.stringify(table.corrections)),
    );
  });

  test('tells in JSON what it takes', async () => {
    const { stdout } = await succeed(...on('table', 'export', saved, '--onnx', out, '--json'));
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ out, model: 'gbdt', link: 'logit', bytes: readFileSync(out).length });
    expect(document.inputs.map(({ name }: Described) => name)).toContain('income');
  });

  test('is refused where it is no forest, and without a file to write', async () => {
    const lines = join(dir, 'lines');
    await learn(lines, '--drop', 'spent,size,joined', '--model', 'logistic');
    for (const [folder, file, words] of [
      [lines, 'lines.onnx', 'got "logistic"'],
      [saved, 'saved.txt', 'ending in .onnx'],
    ]) {
      const refused = await foresell(...on('table', 'export', folder, '--onnx', join(dir, file)));
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(words);
      expect(existsSync(join(dir, file))).toBe(false);
    }
    const nowhere = join(dir, 'none', 'model.onnx');
    expect((await foresell(...on('table', 'export', saved, '--onnx', nowhere))).stderr).toContain('ENOENT');
  });
});

test('a shop’s model, here a single tree, is exported the same way', async () => {
  const shop = ['--workspace', join(dir, 'shop')];
  const orders = write('orders.csv', madeUpCsv());
  const { stdout } = await succeed(...on('import', orders, '--propose', ...shop));
  await succeed(...on('import', orders, '--map', write('map.yaml', stdout), ...shop));
  await succeed(...on('train', 'purchase', '--model', 'tree', '--horizon', '30d', ...shop));
  const out = join(dir, 'purchase.onnx');
  await succeed(...on('models', 'export', 'purchase', '--onnx', out, ...shop));
  const { calibrated, background } = loadBundle(join(dir, 'shop', 'models'), 'purchase');
  expectEqual(await askFile(out, background.frame), await calibrated.model.predict(background.frame));
});
