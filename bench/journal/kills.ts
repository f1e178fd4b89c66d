// Rounds of kill -9 under load: whatever a dead process had promised is in the journal, once and in its order.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Random } from '../../src/core/random.ts';
import { openEventJournal } from '../../src/data/journal/event-journal.ts';
import { createWorkspace } from '../../src/data/workspace.ts';

const WRITERS = 8;
const BATCH = 25;
const APPENDER = fileURLToPath(new URL('./appender.ts', import.meta.url));

export interface KillFigures {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly lost: number;
  /** Of each round, when its journal was opened again. */
  readonly lostByRound: readonly number[];
  readonly outOfPlace: number;
  readonly tornBytes: number;
  readonly damages: number;
}

/**
 * @param perRound  acknowledged events after which a round's process is killed, at a moment drawn around it
 */
export async function killRounds(
  dir: string,
  {
    rounds,
    perRound,
    draw,
    log,
  }: { rounds: number; perRound: number; draw: Random; log(line: string): void },
): Promise<KillFigures> {
  const workspace = createWorkspace(dir);
  /** By round and writer: how many were promised, and how many were found, in order from 0. */
  const promised = new Map<string, number>();
  const found = new Map<string, number>();
  let position = 0;
  let outOfPlace = 0;
  let tornBytes = 0;
  let damages = 0;
  const lostByRound: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const answers = await appendAndDie(dir, round, Math.round(perRound * (0.5 + draw.uniform())));
    for (const [writer, count] of answers) promised.set(`${round}:${writer}`, count);
    const events = await openEventJournal(workspace, { purpose: 'bench', idWindow: 1024 });
    const { recovery } = events.journal;
    tornBytes += recovery.tornBytes;
    damages += recovery.damages.length;
    position = await events.read(position, ({ event_id }) => {
      const cut = event_id.lastIndexOf(':');
      const key = event_id.slice(0, cut);
      const next = found.get(key) ?? 0;
      if (Number(event_id.slice(cut + 1)) !== next) outOfPlace++;
      found.set(key, next + 1);
    });
    await events.close();
    let lostNow = 0;
    for (const [writer, count] of answers)
      lostNow += Math.max(0, count - (found.get(`${round}:${writer}`) ?? 0));
    lostByRound.push(lostNow);
    if ((round + 1) % 10 === 0)
      log(`${round + 1} rounds, ${sum(promised.values())} acknowledged, ${sum(lostByRound)} lost`);
  }
  const lost = sum(lostByRound);
  return { rounds, acknowledged: sum(promised.values()), lost, lostByRound, outOfPlace, tornBytes, damages };
}

/** Starts a process, kills it once it has promised so many events, and gives what it had promised by then. */
function appendAndDie(dir: string, round: number, enough: number): Promise<Map<number, number>> {
  const args = ['--import', 'tsx', APPENDER, dir, String(round), String(WRITERS), String(BATCH)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const promised = new Map<number, number>();
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [writer, count] = line.split(' ').map(Number);
      promised.set(writer, count);
    }
    if (sum(promised.values()) >= enough) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(promised);
      else reject(new Error(`the appender ended by itself with ${code}`));
    });
  });
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
