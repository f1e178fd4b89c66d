// metrics.ndjson and both logs together: lines, torn tails, resumption at every step.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MetricsRecord, openMetricsLog, readMetricsLog, withoutTiming } from './metrics-log.ts';
import { eventFileNames, readEventFile } from './tensorboard.ts';
import { openTrainingRecord } from './training-record.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foresell-record-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log = () => join(folder, 'metrics.ndjson');

const at = (step: number, seconds = 0): MetricsRecord => ({
  step,
  epoch: Math.floor(step / 10),
  loss: 1 / step,
  examples_per_second: 100 + seconds,
});

describe('metrics.ndjson', () => {
  it('holds one line a record, fields in the order given, null for what JSON has no number for', () => {
    const metrics = openMetricsLog(log());
    metrics.write({ step: 1, loss: 0.25, learning_rate: 1e-4 });
    metrics.write({ step: 2, loss: Number.NaN, note: 'validation' });
    metrics.close();
    expect(readFileSync(log(), 'utf8')).toBe(
      '{"step":1,"loss":0.25,"learning_rate":0.0001}\n{"step":2,"loss":null,"note":"validation"}\n',
    );
  });

  it('says when there is none, and when a folder is named', () => {
    expect(() => readMetricsLog(log())).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', message: 'expected a log metrics.ndjson, found none' }),
    );
    expect(() => readMetricsLog(folder)).toThrow(
      expect.objectContaining({ code: 'BAD_FILE', message: expect.stringMatching(/got a folder/) }),
    );
  });

  it('refuses a step that goes back', () => {
    const metrics = openMetricsLog(log());
    metrics.write(at(5));
    expect(() => metrics.write(at(4))).toThrow('steps only grow along a log, got 4 after 5');
    metrics.close();
  });

  it('is cut back to the step resumed, wherever the kill tore it', () => {
    const metrics = openMetricsLog(log());
    for (let step = 1; step <= 6; step++) metrics.write(at(step));
    metrics.close();
    const whole = readFileSync(log());
    const lineEnds = [...whole.entries()].filter(([, byte]) => byte === 10).map(([index]) => index + 1);
    for (let length = 0; length <= whole.length; length += 7) {
      writeFileSync(log(), whole.subarray(0, length));
      const resumed = openMetricsLog(log(), 4);
      const kept = Math.min(4, lineEnds.filter((end) => end <= length).length);
      expect(resumed.lastStep()).toBe(kept === 0 ? undefined : kept);
      resumed.close();
      expect(readFileSync(log()).length).toBe(kept === 0 ? 0 : lineEnds[kept - 1]);
    }
  });

  it('ends where a line holds no record', () => {
    writeFileSync(log(), '{"step":1}\n\0\0\0\n{"step":2}\n');
    expect(readMetricsLog(log())).toEqual([{ step: 1 }]);
    openMetricsLog(log(), 9).close();
    expect(readFileSync(log(), 'utf8')).toBe('{"step":1}\n');
  });

  it('begins empty when no step is resumed', () => {
    writeFileSync(log(), '{"step":1}\n');
    openMetricsLog(log()).close();
    expect(readFileSync(log(), 'utf8')).toBe('');
  });
});

describe('the record of a run', () => {
  /** What both logs say, without what depends on the machine's pace. */
  const told = (run: string) => ({
    metrics: readMetricsLog(join(run, 'metrics.ndjson')).map(withoutTiming),
    events: eventFileNames(run)
      .flatMap((name) => readEventFile(readFileSync(join(run, name))))
      .map(({ step, scalars: { examples_per_second: _, ...scalars } }) => ({ step, scalars })),
  });

  it('is the same after a kill at any step and a resumption from the checkpoint before it', () => {
    const whole = join(folder, 'whole');
    const straight = openTrainingRecord(whole, { now: () => 1e12 });
    for (let step = 1; step <= 12; step++) straight.write(at(step));
    straight.close();
    for (let killedAt = 1; killedAt <= 12; killedAt++) {
      const run = join(folder, `killed-${killedAt}`);
      const first = openTrainingRecord(run, { now: () => 1e12 });
      for (let step = 1; step <= killedAt; step++) {
        first.write(at(step));
        if (step % 4 === 0) first.flush();
      }
      first.close();
      appendFileSync(join(run, 'metrics.ndjson'), '{"step":1');
      const checkpoint = Math.floor(killedAt / 4) * 4;
      const second = openTrainingRecord(run, { now: () => 2e12, resumeStep: checkpoint });
      expect(second.lastStep() ?? 0).toBe(checkpoint);
      for (let step = checkpoint + 1; step <= 12; step++) second.write(at(step, 55));
      second.close();
      expect(told(run)).toEqual(told(whole));
    }
    expect(told(whole).metrics).toHaveLength(12);
    expect(told(whole).events).toHaveLength(13);
  });

  it('writes numbers alone into the event file', () => {
    const record = openTrainingRecord(folder, { now: () => 0 });
    record.write({ step: 1, loss: 0.5, phase: 'warm-up', frozen: true });
    record.write({ step: 2, phase: 'warm-up' });
    record.close();
    expect(told(folder).events.slice(1)).toEqual([{ step: 1, scalars: { loss: 0.5 } }]);
  });
});
