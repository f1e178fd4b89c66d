// A process that trains the made-up run in a folder and says each step, to be killed by a test.

import { nodeBackend } from '../../tensor/session/session-node.ts';
import { madeUpRun, madeUpSource, madeUpValidation } from './made-up-run.ts';
import { runFolder } from './run-folder.ts';
import { train } from './train.ts';

const [folder, steps, threads] = process.argv.slice(2) as [string, string, string];
const events = train({
  ...madeUpRun(Number(steps)),
  threads: Number(threads),
  backend: nodeBackend,
  batches: madeUpSource(),
  validation: madeUpValidation,
  files: runFolder(folder),
});
for await (const event of events) {
  if (event.kind === 'step') process.stdout.write(`step ${event.step}\n`);
  if (event.kind === 'stopped') process.stdout.write('stopped\n');
}
