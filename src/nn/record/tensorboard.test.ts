// Event files: the bytes TensorBoard's own writer makes, damage, resumption.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeScalarEvent, encodeScalarEvent, type ScalarEvent } from './scalar-event.ts';
import { eventFileNames, openEventFile, readEventFile } from './tensorboard.ts';
import { frameRecord, readRecords } from './tfrecord.ts';

/**
 * Four events as TensorBoard writes them.
 *
 * source: tensorboard.summary.writer.record_writer.RecordWriter
 * command: RecordWriter(f).write(Event(...).SerializeToString(deterministic=True)) for the events below, in order
 * version: tensorboard 2.21.0, protobuf 7.36
 */
const GOLDEN = Buffer.from(
  'GAAAAAAAAACjf0siCQAAIED8VNlBGg1icmFpbi5FdmVudDoyKzUxEDAAAAAAAAAAlfXQXwkAAFBA/FTZQRABKiMKCwoEbG9zcxUAACBAChQKDWxl' +
    'YXJuaW5nX3JhdGUVbxKDOkCvLm4eAAAAAAAAANncEjIJAACAQPxU2UEQrAIqEAoOCgdsb3NzL8OpFQAAAIDELZueHgAAAAAAAADZ3BIyCQAAwED8' +
    'VNlBEICAgIAgKg0KCwoEbG9zcxUAAIB/Twv44w==',
  'base64',
);
const GOLDEN_EVENTS: readonly ScalarEvent[] = [
  { wallTime: 1700000000.5, step: 0, fileVersion: 'brain.Event:2', scalars: {} },
  { wallTime: 1700000001.25, step: 1, scalars: { loss: 2.5, learning_rate: 1e-3 } },
  { wallTime: 1700000002, step: 300, scalars: { 'loss/é': -0 } },
  { wallTime: 1700000003, step: 2 ** 33, scalars: { loss: Number.POSITIVE_INFINITY } },
];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foresell-tensorboard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A clock that a second passes on at every look. */
function clockFrom(startMs: number): () => number {
  let ms = startMs;
  return () => {
    ms += 1000;
    return ms;
  };
}

describe('the event message', () => {
  it('is written in the bytes TensorBoard 2.21 writes', () => {
    const ours = Buffer.concat(GOLDEN_EVENTS.map((event) => frameRecord(encodeScalarEvent(event))));
    expect(ours.equals(GOLDEN)).toBe(true);
  });

  it('is read from the bytes TensorBoard 2.21 writes', () => {
    const events = readEventFile(GOLDEN);
    expect(events.map(({ step, wallTime }) => [step, wallTime])).toEqual(
      GOLDEN_EVENTS.map(({ step, wallTime }) => [step, wallTime]),
    );
    expect(events[0].fileVersion).toBe('brain.Event:2');
    expect(events[1].scalars).toEqual({ loss: 2.5, learning_rate: Math.fround(1e-3) });
    expect(Object.is(events[2].scalars['loss/é'], -0)).toBe(true);
    expect(events[3].scalars.loss).toBe(Number.POSITIVE_INFINITY);
  });

  it('comes back as it went in', () => {
    const scalars = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.float());
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.nat(Number.MAX_SAFE_INTEGER),
        scalars,
        (wallTime, step, values) => {
          const back = decodeScalarEvent(encodeScalarEvent({ wallTime, step, scalars: values }));
          expect(back.wallTime === wallTime && back.step === step).toBe(true);
          expect(Object.entries(back.scalars)).toEqual(Object.entries(values));
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  it('is refused, not half read, when the bytes are something else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeScalarEvent(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_FILE' });
        }
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe('an event file', () => {
  it('begins with its version and names no machine', () => {
    const file = openEventFile(folder, { now: () => 1_700_000_000_750 });
    file.writeScalars(1, { loss: 0.5 });
    file.close();
    expect(eventFileNames(folder)).toEqual(['events.out.tfevents.1700000000.foresell']);
    expect(readEventFile(readFileSync(file.path))).toEqual([
      { wallTime: 1_700_000_000.75, step: 0, fileVersion: 'brain.Event:2', scalars: {} },
      { wallTime: 1_700_000_000.75, step: 1, scalars: { loss: 0.5 } },
    ]);
  });

  it('keeps every event before the place where a byte is changed', () => {
    const ends = readRecords(GOLDEN).map(({ end }) => end);
    for (let at = 0; at < GOLDEN.length; at++) {
      const damaged = Buffer.from(GOLDEN);
      damaged[at] ^= 0x10;
      expect(readRecords(damaged)).toHaveLength(ends.filter((end) => end <= at).length);
      expect(readRecords(GOLDEN.subarray(0, at))).toHaveLength(ends.filter((end) => end <= at).length);
    }
  });

  it('is the same after a kill and a resumption as without', () => {
    const steps = [10, 20, 30, 40, 50];
    const whole = openEventFile(join(folder, 'whole'), { now: clockFrom(0) });
    for (const step of steps) whole.writeScalars(step, { loss: 1 / step });
    whole.close();

    const killed = openEventFile(join(folder, 'killed'), { now: clockFrom(0) });
    for (const step of [10, 20, 30]) killed.writeScalars(step, { loss: 1 / step });
    killed.close();
    appendFileSync(killed.path, readFileSync(whole.path).subarray(-30, -7)); // torn while the next was written
    const resumed = openEventFile(join(folder, 'killed'), { now: clockFrom(90_000), resumeStep: 20 });
    expect(resumed.path).toBe(killed.path);
    for (const step of [30, 40, 50]) resumed.writeScalars(step, { loss: 1 / step });
    resumed.close();

    const told = (path: string) =>
      readEventFile(readFileSync(path)).map(({ step, fileVersion, scalars }) => ({
        step,
        fileVersion,
        scalars,
      }));
    expect(told(resumed.path)).toEqual(told(whole.path));
    expect(told(resumed.path)).toHaveLength(6);
  });

  it('begins anew when the file to resume holds nothing whole', () => {
    writeFileSync(join(folder, 'events.out.tfevents.5.foresell'), 'no record');
    const file = openEventFile(folder, { now: () => 9000, resumeStep: 3 });
    file.close();
    expect(readEventFile(readFileSync(file.path)).map(({ fileVersion }) => fileVersion)).toEqual([
      'brain.Event:2',
    ]);
  });

  it('of a second run in the same second gets a later name', () => {
    for (let run = 0; run < 3; run++) openEventFile(folder, { now: () => 7000 }).close();
    expect(eventFileNames(folder)).toEqual([7, 8, 9].map((s) => `events.out.tfevents.${s}.foresell`));
  });
});
