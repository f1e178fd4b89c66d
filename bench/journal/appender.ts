// The process the journal's bench kills: several writers append batches, and each acknowledgement is told to the parent.
import { writeSync } from 'node:fs';
import { openEventJournal } from '../../src/data/journal/event-journal.ts';
import { openWorkspace } from '../../src/data/workspace.ts';
import { benchEvent } from './bench-event.ts';

const [dir, round, writers, batch] = process.argv.slice(2);
const events = await openEventJournal(openWorkspace(dir), { segmentBytes: 1 << 20 });

/** Tells which of its events, all before `sequence`, a writer has been promised; a parent that reads slowly is waited for. */
const tell = (writer: number, sequence: number): void => {
  for (let left = Buffer.from(`${writer} ${sequence}\n`); left.length > 0; )
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(still, 0, 0, 1);
    }
};
const still = new Int32Array(new SharedArrayBuffer(4));

async function write(writer: number): Promise<void> {
  for (let sequence = 0; ; sequence += Number(batch)) {
    const rows = Array.from({ length: Number(batch) }, (_, index) =>
      benchEvent(`${round}:${writer}:${sequence + index}`, sequence + index),
    );
    await events.append(rows);
    tell(writer, sequence + rows.length);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
