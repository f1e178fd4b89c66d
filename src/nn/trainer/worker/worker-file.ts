// Where a worker's code lies: JavaScript in a build, TypeScript in a checkout.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';

/**
 * What `new Worker` takes to start a file of this product.
 *
 * @param name of the file, without its ending, as seen from `neighbour`
 * @param neighbour `import.meta.url` of the module that starts it
 */
export function workerFile(
  name: string,
  neighbour: string,
  workerData: unknown,
): ConstructorParameters<typeof Worker> {
  if (!neighbour.endsWith('.ts')) return [new URL(`${name}.js`, neighbour), { workerData }];
  // Node 20 does not hand a loader on to its workers: this one is told to read TypeScript before it reads any.
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')).href.replace(
    /cjs$/,
    'mjs',
  );
  const file = new URL(`${name}.ts`, neighbour).href;
  const script = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(file)}); });`;
  return [script, { workerData, eval: true, execArgv: [] }];
}
