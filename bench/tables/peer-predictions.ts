// What the other libraries say of a table's tests: run once for a table and a setting, then read back.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PYTHON } from '../peers.ts';
import { writeTable } from './exchange.ts';
import type { TableSet } from './table-set.ts';

export const LIBRARIES = ['lightgbm', 'xgboost', 'sklearn'] as const;
export type Library = (typeof LIBRARIES)[number];
export type PeerLoss = TableSet['loss'] | 'tweedie' | 'hurdle';

export interface PeerSaid {
  readonly library: Library;
  readonly loss: PeerLoss;
  /** Test after test, in the order of the splits. */
  readonly said: Float64Array;
  readonly seconds: number;
}

const script = fileURLToPath(new URL('../peers/table_predictions.py', import.meta.url));

export const peersInstalled = (): boolean => existsSync(PYTHON);

/**
 * Tunes inside every training part, fits, predicts. Results lie in `folder` beside the table and are used again: delete
 * the folder to begin anew.
 */
export async function peerPredictions(
  set: TableSet,
  {
    library,
    loss,
    folder,
    threads,
    seed,
    log,
  }: {
    readonly library: Library;
    readonly loss: PeerLoss;
    readonly folder: string;
    readonly threads: number;
    readonly seed: number;
    readonly log: (line: string) => void;
  },
): Promise<PeerSaid> {
  const answer = join(folder, `${library}-${loss}`);
  if (!existsSync(`${answer}.json`)) {
    if (!existsSync(join(folder, 'table.json'))) writeTable(set, folder);
    const { tries, innerFolds } = library === 'lightgbm' ? set : (set.others ?? set);
    const args = [
      script,
      folder,
      '--library',
      library,
      '--loss',
      loss,
      '--tries',
      tries,
      '--folds',
      innerFolds,
    ];
    await runPython([...args, '--threads', threads, '--seed', seed].map(String));
    log(`${set.name}: ${library} ${loss} done`);
  }
  const bytes = readFileSync(`${answer}.f64`);
  const said = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return { library, loss, said, seconds: JSON.parse(readFileSync(`${answer}.json`, 'utf8')).seconds };
}

function runPython(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = `${errors}${chunk}`.slice(-2000);
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`python ended with ${code}: ${errors}`)),
    );
  });
}
