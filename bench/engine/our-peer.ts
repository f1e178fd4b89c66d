// We as a contestant: speaks the peers' protocol, so that our steps are timed and weighed just as theirs are.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { BATCHES, checksum, makeBatches } from '../peers/batches.ts';
import type { PeerReady, PeerSteps } from '../peers.ts';
import { decoderSettings, type LossName, type ModelName, openContestant } from './decoder.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'sasrec' },
    loss: { type: 'string', default: 'bce' },
    dropout: { type: 'string', default: '0.2' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});
const [threads, seed] = [Number(values.threads), Number(values.seed)];
const options = decoderSettings(values.model as ModelName, values.loss as LossName, Number(values.dropout));
const bytesBefore = resident('VmRSS');
const startedMs = performance.now();
const contestant = await openContestant(options, threads, seed);
// Compiling needs memory that training does not: the reported peak is that of steps (Linux only), as with the peers.
if (existsSync('/proc/self/clear_refs')) writeFileSync('/proc/self/clear_refs', '5');
say({
  framework: 'foresell',
  threads,
  parameters: contestant.parameters,
  batches: checksum(makeBatches(options.shape, seed, BATCHES)),
  warmUpMilliseconds: performance.now() - startedMs,
  bytesBefore,
});
for await (const line of createInterface({ input: process.stdin })) {
  const { steps } = JSON.parse(line) as { steps: number };
  say({ ...(await contestant.run(steps)), peakBytes: resident('VmHWM') });
}
await contestant.close();

/** Bytes by /proc/self/status; elsewhere what Node knows. */
function resident(field: 'VmRSS' | 'VmHWM'): number {
  if (!existsSync('/proc/self/status')) return process.memoryUsage.rss();
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return 1024 * Number(line?.[1] ?? 0);
}

function say(message: PeerReady | PeerSteps): void {
  const ready = 'framework' in message ? { ready: true } : {};
  process.stdout.write(`${JSON.stringify({ ...ready, ...message })}\n`);
}
