// One fit in a process of its own, so that the memory it takes is its own: what others held before is not among it.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withLake } from '../../src/data/lake/open.ts';
import { openWorkspace } from '../../src/data/workspace.ts';
import type { Settings } from '../../src/models/estimator.ts';
import { taskNamed } from '../../src/tasks/catalogue.ts';
import { loadTrunk } from '../../src/train/pretrained.ts';
import { estimatorOn, fitAndAsk } from './fit-answers.ts';
import { type MovedNumbers, movedNumbers } from './moved-numbers.ts';
import { type Asked, askedTask } from './shop-samples.ts';

export interface FreshFit {
  readonly id: string;
  readonly settings: Settings;
  /** Of the workspace and of a trunk saved there. */
  readonly dir: string;
  readonly trunk: string;
  /** The task by its name. */
  readonly asked: Omit<Asked, 'task'> & { readonly task: string };
  readonly threads: number;
}

export interface FreshAnswer extends MovedNumbers {
  /** Of the test, uncalibrated, [rows]. */
  readonly said: Float64Array;
  readonly fitSeconds: number;
  readonly peakMb?: number;
  readonly grownMb?: number;
  readonly hasSay: boolean;
}

/** @throws Error of a process that ended without an answer; what it wrote stands on stderr */
export function fitInFreshProcess(fit: FreshFit): Promise<FreshAnswer> {
  const child = fork(fileURLToPath(import.meta.url), ['fit'], { serialization: 'advanced' });
  return answerOf(child, fit);
}

function answerOf(child: ChildProcess, fit: FreshFit): Promise<FreshAnswer> {
  return new Promise((resolve, reject) => {
    let answer: FreshAnswer | undefined;
    child.on('message', (message) => {
      answer = message as FreshAnswer;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (answer && code === 0) resolve(answer);
      else reject(new Error(`expected an answer of ${fit.id}, its process ended with ${code}`));
    });
    child.send(fit);
  });
}

async function answer({ id, settings, dir, trunk, asked, threads }: FreshFit): Promise<FreshAnswer> {
  const workspace = openWorkspace(dir);
  const pretrained = loadTrunk(workspace, trunk);
  // The engine is closed before the fit begins: what it held is not counted.
  const { samples } = await withLake(workspace, { threads }, (engine, source) =>
    askedTask({ engine, source }, { ...asked, task: taskNamed(asked.task) }),
  );
  const own = await fitAndAsk(estimatorOn(id, settings, pretrained), samples.train, samples.test, {
    ...{ seed: asked.seed, threads },
  });
  const { said, fitSeconds, peakMb, grownMb, hasSay } = own;
  const moved = movedNumbers(id, own.model, { settings, pretrained });
  return { said, fitSeconds, hasSay, ...(peakMb !== undefined && { peakMb, grownMb }), ...moved };
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'fit')
  process.once('message', async (message) => {
    const said = await answer(message as FreshFit);
    process.send?.(said, () => process.disconnect());
  });
