// For tests and the bench: clients, faults and crashes drawn from a seed, and a ledger of what was promised to whom.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Random, random } from '../../core/random.ts';
import type { EventRow } from '../event.ts';
import { type EventJournal, openEventsOn } from './event-journal.ts';
import type { JournalDisk } from './journal-disk.ts';
import { type DiskOperation, type Fault, type SimulatedDisk, simulatedDisk } from './simulated-disk.ts';

export interface ScheduleOutcome {
  /** Events acknowledged as kept. */
  readonly acknowledged: number;
  readonly powerCuts: number;
  readonly kills: number;
  readonly failures: number;
  /** What was promised and not kept, in words; empty when all is well. */
  readonly complaints: readonly string[];
}

export interface ScheduleOptions {
  /** For the proof that the schedule can see a loss: a disk that keeps less than it promises. */
  readonly spoil?: (disk: JournalDisk) => JournalDisk;
}

const EPOCHS = 4;
const USERS = ['ann', 'bob', 'cid'];

/** What the clients were told, and what they have sent. */
interface Ledger {
  readonly sent: Map<string, EventRow>;
  readonly acknowledged: Set<string>;
  readonly unanswered: Set<string>;
  /** Ids that were compacted away before their segments were dropped. */
  readonly lake: Set<string>;
  readonly positions: Map<string, number>;
  /** Ids whose erasure has begun, and those whose erasure was reported as done: never seen again unless sent again. */
  readonly erasing: Set<string>;
  readonly erased: Set<string>;
  readonly complaints: string[];
}

/**
 * Runs one schedule: some epochs of clients that append, repeat, compact and erase while the disk fails, each ended by a
 * power cut, a kill or a clean close; after each the journal is opened again and held against the ledger.
 */
export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<ScheduleOutcome> {
  const root = random(seed);
  const draw = root.fork('clients');
  const counts = { powerCuts: 0, kills: 0, failures: 0 };
  const ledger: Ledger = {
    sent: new Map(),
    acknowledged: new Set(),
    unanswered: new Set(),
    lake: new Set(),
    positions: new Map(),
    erasing: new Set(),
    erased: new Set(),
    complaints: [],
  };
  let faults = drawFaults(root.fork('faults 0'));
  let disk: SimulatedDisk = simulatedDisk({
    random: root.fork('disk'),
    fault: (operation) => faults(operation),
    delay: () => (draw.uniform() < 0.2 ? nextTurn() : Promise.resolve()),
  });
  const spoil = options.spoil ?? ((whole) => whole);
  const settings = { segmentBytes: 1024 + draw.integer(8192), maxWaitingBytes: 1 << 20, idWindow: 1 << 16 };
  for (let epoch = 1; ; epoch++) {
    const isLast = epoch > EPOCHS;
    if (isLast) faults = () => undefined;
    try {
      const events = await openEventsOn(spoil(disk), settings);
      await compare(events, ledger);
      await (isLast ? sendRest(events, ledger) : runClients(events, ledger, draw));
      if (isLast) await compare(events, ledger);
      if (isLast || draw.uniform() < 0.2) await events.close();
    } catch (cause) {
      // An opening that met a fault is tried again after the crash; anything else is ours.
      if ((cause as { code?: string }).code === undefined) throw cause;
      counts.failures++;
    }
    if (isLast) break;
    const isPower = disk.ended ? disk.ended === 'cut' : draw.uniform() < 0.6;
    counts[isPower ? 'powerCuts' : 'kills']++;
    faults = drawFaults(root.fork(`faults ${epoch}`));
    disk = disk.restart(isPower ? 'power' : 'process');
  }
  for (const id of ledger.sent.keys())
    if (!ledger.acknowledged.has(id)) ledger.complaints.push(`${id} was never acknowledged`);
  return { ...counts, acknowledged: ledger.acknowledged.size, complaints: ledger.complaints };
}

/** One fault: at an operation soon or later, or at a sync, where most hangs on it. Short writes now and then. */
function drawFaults(draw: Random): (operation: DiskOperation) => Fault | undefined {
  const kind = draw.uniform() < 0.4 ? 'datasync' : undefined;
  let left = 1 + draw.integer(kind ? 12 : draw.uniform() < 0.3 ? 12 : 80);
  const fault = (['cut', 'cut', 'kill', 'EIO', 'EIO', 'ENOSPC'] as const)[draw.integer(6)];
  const shortness = draw.uniform() < 0.5 ? 0.3 : 0;
  return (operation) => {
    if ((kind === undefined || operation === kind) && --left === 0) return fault;
    return operation === 'write' && draw.uniform() < shortness ? 'short' : undefined;
  };
}

async function runClients(events: EventJournal, ledger: Ledger, draw: Random): Promise<void> {
  const clients = Array.from({ length: 1 + draw.integer(4) }, async () => {
    const turns = 3 + draw.integer(12);
    for (let turn = 0; turn < turns && events.ready; turn++) {
      const what = draw.uniform();
      const batch = drawBatch(ledger, draw);
      if (what < 0.06) await compact(events, ledger);
      else if (what < 0.1) await erase(events, ledger, USERS[draw.integer(USERS.length)]);
      else await send(events, ledger, batch);
      if (draw.uniform() < 0.5) await nextTurn();
    }
  });
  await Promise.all(clients.map((client) => client.catch(refusal)));
}

/** The disk's refusals are expected here. */
function refusal(cause: unknown): void {
  if ((cause as { code?: string }).code === undefined) throw cause;
}

/** New events, ones that got no answer, and ones that did. */
function drawBatch({ sent, unanswered }: Ledger, draw: Random): EventRow[] {
  return Array.from({ length: 1 + draw.integer(5) }, () => {
    const known = [...(draw.uniform() < 0.7 ? unanswered : sent.keys())];
    const again = draw.uniform() < 0.3 ? sent.get(known[draw.integer(known.length)] ?? '') : undefined;
    if (again) return again;
    const event: EventRow = {
      event_id: `event ${sent.size}`,
      type: 'view',
      timestamp: sent.size,
      user_id: USERS[draw.integer(USERS.length)],
      text: 'x'.repeat(draw.integer(draw.uniform() < 0.1 ? 3000 : 60)),
    };
    sent.set(event.event_id, event);
    unanswered.add(event.event_id);
    return event;
  });
}

async function send(events: EventJournal, ledger: Ledger, batch: readonly EventRow[]): Promise<void> {
  for (const { event_id } of batch) {
    ledger.erased.delete(event_id);
    if (ledger.erasing.has(event_id)) ledger.positions.delete(event_id);
  }
  const fates = await events.append(batch);
  for (const [index, { event_id }] of batch.entries()) {
    ledger.acknowledged.add(event_id);
    ledger.unanswered.delete(event_id);
    if (fates[index] === 'accepted') ledger.erasing.delete(event_id);
  }
}

/** What compaction does, with a set in the place of the lake. */
async function compact(events: EventJournal, ledger: Ledger): Promise<void> {
  const until = await events.journal.seal();
  await events.read(events.journal.start, (event, position) => {
    if (position < until) ledger.lake.add(event.event_id);
  });
  await events.dropBefore(until);
}

async function erase(events: EventJournal, ledger: Ledger, user: string): Promise<void> {
  const kept = await readAll(events);
  const theirs = [...kept.values()].filter(({ event }) => event.user_id === user);
  for (const { event } of theirs) ledger.erasing.add(event.event_id);
  const positions = new Set(theirs.map(({ position }) => position));
  await events.journal.rewrite((record, position) => (positions.has(position) ? undefined : record));
  for (const { event } of theirs) ledger.erased.add(event.event_id);
}

async function readAll(
  events: EventJournal,
): Promise<Map<number, { readonly event: EventRow; readonly position: number }>> {
  const found = new Map<number, { event: EventRow; position: number }>();
  await events.read(events.journal.start, (event, position) => found.set(position, { event, position }));
  return found;
}

/** Holds what the journal has against what was promised. */
async function compare(events: EventJournal, ledger: Ledger): Promise<void> {
  const { sent, acknowledged, lake, positions, erasing, erased, complaints } = ledger;
  for (const damage of events.journal.recovery.damages)
    complaints.push(`damage reported where there was none: ${JSON.stringify(damage)}`);
  const seen = new Set<string>();
  let before = -1;
  for (const { event, position } of (await readAll(events)).values()) {
    const id = event.event_id;
    if (position <= before) complaints.push(`${id} is out of order`);
    before = position;
    if (JSON.stringify(event) !== JSON.stringify(sent.get(id))) complaints.push(`${id} is not what was sent`);
    if (seen.has(id)) complaints.push(`${id} is there twice`);
    seen.add(id);
    if (erased.has(id)) complaints.push(`${id} is there after its erasure`);
    if (acknowledged.has(id) && positions.has(id) && positions.get(id) !== position)
      complaints.push(`${id} has moved`);
    positions.set(id, position);
  }
  for (const id of acknowledged)
    if (!seen.has(id) && !lake.has(id) && !erasing.has(id))
      complaints.push(`${id} was acknowledged and is lost`);
}

/** Clients whose events got no answer send them again. */
async function sendRest(events: EventJournal, ledger: Ledger): Promise<void> {
  for (const id of [...ledger.unanswered]) {
    const event = ledger.sent.get(id);
    if (event) await send(events, ledger, [event]);
  }
}
