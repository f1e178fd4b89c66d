// For tests: the built command line serving a workspace as a process of its own, which no test file leaves behind.
import { afterAll } from 'vitest';
import { type Running, start } from './command.ts';

export interface BuiltServer extends Running {
  /** Where it listens: a free port of this machine. */
  readonly url: string;
}

const started: Running[] = [];
afterAll(async () => {
  for (const { process } of started) process.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
});

/** Resolves once it listens. @param more options of `serve` @throws Error with what it said where it ends before */
export async function startServer(workspace: string, ...more: readonly string[]): Promise<BuiltServer> {
  const running = start([
    'serve',
    '--workspace',
    workspace,
    '--port',
    '0',
    '--json',
    '--threads',
    '1',
    ...more,
  ]);
  started.push(running);
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    running.process.stdout?.on('data', (text: string) => {
      said += text;
      const found = /"url": "([^"]+)"/.exec(said)?.[1];
      if (found) resolve(found);
    });
    running.ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return { ...running, url };
}
