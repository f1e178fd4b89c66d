import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { loadVersion } from './load.ts';
import { MANIFEST_FORMAT, parseJson, sha256 } from './manifest.ts';
import { promote, promotionHistory, rollback } from './promotion.ts';
import { saveVersion, type VersionDraft } from './save.ts';
import { listTasks, listVersions, markErasures, promotedTasks, showVersion } from './versions.ts';

let models: string;
beforeEach(() => {
  models = mkdtempSync(join(tmpdir(), 'foresell-registry-'));
});
afterEach(() => rmSync(models, { recursive: true, force: true }));

const draft = (changes: Partial<VersionDraft> = {}): VersionDraft => ({
  task: 'purchase',
  files: { 'model.json': { weights: [1, 2.5], b: null }, 'model.bin': Uint8Array.of(1, 2, 3, 250) },
  dataFingerprint: 'f00d',
  settings: { model: 'logistic', l2: 0.1 },
  seed: 7,
  metrics: { roc_auc: { value: 0.74, low: 0.7, high: 0.78 } },
  run: { createdMs: 1_300_000_000_000, host: 'a' },
  ...changes,
});

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('expected a refusal, got none');
}

/** A disk that works as the real one until its n-th call, then refuses as a full one does. */
function failingDisk(failAt: number): Disk & { calls: () => number } {
  let calls = 0;
  const counted =
    <T extends unknown[]>(work: (...args: T) => void) =>
    (...args: T) => {
      calls++;
      if (calls === failAt) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      work(...args);
    };
  return {
    makeFolder: counted(nodeDisk.makeFolder),
    writeFile: counted(nodeDisk.writeFile),
    rename: counted(nodeDisk.rename),
    syncFolder: counted(nodeDisk.syncFolder),
    calls: () => calls,
  };
}

describe('saving and loading', () => {
  it('gives back the same bytes, and says what the version is', () => {
    const saved = saveVersion(models, draft());
    expect(saved.version).toMatch(/^v1-[0-9a-f]{7}$/);
    const loaded = loadVersion(models, 'purchase');
    expect(loaded.files.get('model.bin')).toEqual(Buffer.from([1, 2, 3, 250]));
    expect(parseJson(loaded.files.get('model.json') as Uint8Array, '')).toEqual({
      weights: [1, 2.5],
      b: null,
    });
    expect(loaded).toMatchObject({
      version: saved.version,
      task: 'purchase',
      dataFingerprint: 'f00d',
      settings: { model: 'logistic', l2: 0.1 },
      seed: 7,
      metrics: { roc_auc: { value: 0.74 } },
      createdMs: 1_300_000_000_000,
      productVersion: '0.1.0',
      promoted: false,
    });
    expect(listTasks(models)).toEqual(['purchase']);
  });

  it('writes the same bytes for the same inputs, whatever the hour, the host and the order of keys', () => {
    const again = join(models, 'again');
    const first = saveVersion(models, draft());
    const second = saveVersion(
      again,
      draft({
        files: { 'model.bin': Uint8Array.of(1, 2, 3, 250), 'model.json': { b: null, weights: [1, 2.5] } },
        settings: { l2: 0.1, model: 'logistic' },
        run: { createdMs: 9, host: 'b' },
      }),
    );
    expect(second.version).toBe(first.version);
    for (const file of ['manifest.json', 'manifest.sha256', 'model.json', 'model.bin']) {
      const path = join('purchase', first.version, file);
      expect(readFileSync(join(again, path))).toEqual(readFileSync(join(models, path)));
    }
  });

  it.each([
    ['dataFingerprint', { dataFingerprint: 'beef' }],
    ['settings', { settings: { model: 'logistic', l2: 0.2 } }],
    ['seed', { seed: 8 }],
    ['metrics', { metrics: {} }],
    ['files', { files: { 'model.json': { weights: [1, 2.6], b: null } } }],
  ])('names another digest when the %s differ', (_, changes) => {
    expect(saveVersion(models, draft(changes)).digest).not.toBe(saveVersion(models, draft()).digest);
  });

  it('counts versions up, and lists a thousand in under two seconds', () => {
    const quick: Disk = { ...nodeDisk, writeFile: writeFileSync, syncFolder: () => {} };
    const first = saveVersion(models, draft(), quick);
    const folder = join(models, 'purchase');
    const manifest = readFileSync(join(folder, first.version, 'manifest.json'), 'utf8');
    for (let n = 2; n <= 1000; n++) {
      const text = manifest.replace('"seed":7', `"seed":${n}`);
      const digest = sha256(Buffer.from(text));
      const version = join(folder, `v${n}-${digest.slice(0, 7)}`);
      mkdirSync(version);
      writeFileSync(join(version, 'manifest.json'), text);
      writeFileSync(join(version, 'manifest.sha256'), `${digest}  manifest.json\n`);
      writeFileSync(join(version, 'run.json'), '{"createdMs":5}');
    }
    // Processor time: a busy machine is not a slow list.
    const before = process.cpuUsage();
    const { versions, damaged } = listVersions(models, 'purchase');
    const { user, system } = process.cpuUsage(before);
    expect(versions.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(damaged).toEqual([]);
    expect((user + system) / 1000).toBeLessThan(2000);
    expect(saveVersion(models, draft(), quick).sequence).toBe(1001);
    expect(showVersion(models, 'purchase', 'v417').seed).toBe(417);
  });

  it.each([
    '../up.json',
    'a/b.json',
    '.hidden',
    'a..b',
    'manifest.json',
    'run.json',
    'NUL',
    'con.json',
    'A.json',
    '',
  ])('refuses the file name %j', (name) => {
    expect(refusal(() => saveVersion(models, draft({ files: { [name]: 1 } }))).code).toBe('USAGE');
  });

  it.each(['..', '../x', 'a/b', '', '.', 'x.y', '/tmp'])('refuses the task %j everywhere', (task) => {
    expect(refusal(() => saveVersion(models, draft({ task }))).code).toBe('USAGE');
    expect(refusal(() => loadVersion(models, task)).code).toBe('USAGE');
    expect(refusal(() => listVersions(models, task)).code).toBe('USAGE');
    expect(refusal(() => promote(models, { task }, { atMs: 1 })).code).toBe('USAGE');
  });

  it('says what exists when a reference names nothing', () => {
    expect(refusal(() => showVersion(models, 'purchase')).message).toBe(
      'no saved model of "purchase": train one first',
    );
    expect(refusal(() => showVersion(models, 'trunk')).message).toBe(
      'no saved model of "trunk": "foresell pretrain" makes one',
    );
    const { version } = saveVersion(models, draft());
    const error = refusal(() => showVersion(models, 'purchase', '../../etc'));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.message).toContain(`1 saved, the latest is ${version}`);
    expect(refusal(() => showVersion(models, 'purchase', 'promoted')).code).toBe('NOT_FOUND');
  });
});

describe('tampering', () => {
  const folderOf = (version: string) => join(models, 'purchase', version);

  it.each(['model.json', 'model.bin', 'manifest.json', 'manifest.sha256'])(
    'is refused at every single byte of %s, naming the file',
    (file) => {
      const { version } = saveVersion(models, draft());
      const path = join(folderOf(version), file);
      const bytes = readFileSync(path);
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] ^= 1 << (at % 8);
        writeFileSync(path, changed);
        const error = refusal(() => loadVersion(models, 'purchase', version));
        expect(error.code).toBe('TAMPERED');
        expect(error.details.file).toBe(file === 'manifest.sha256' ? 'manifest.json' : file);
      }
      writeFileSync(path, bytes);
      expect(loadVersion(models, 'purchase', version).version).toBe(version);
    },
  );

  it.each(['model.json', 'model.bin', 'manifest.json', 'manifest.sha256'])(
    'by cutting, lengthening or removing %s is refused',
    (file) => {
      const { version } = saveVersion(models, draft());
      const path = join(folderOf(version), file);
      const bytes = readFileSync(path);
      truncateSync(path, bytes.length - 1);
      expect(refusal(() => loadVersion(models, 'purchase')).code).toBe('TAMPERED');
      truncateSync(path, 0);
      expect(refusal(() => loadVersion(models, 'purchase')).code).toBe('TAMPERED');
      writeFileSync(path, bytes);
      appendFileSync(path, '\n');
      expect(refusal(() => loadVersion(models, 'purchase')).code).toBe('TAMPERED');
      rmSync(path);
      const error = refusal(() => loadVersion(models, 'purchase'));
      expect(error).toMatchObject({ code: 'TAMPERED', details: { version, file } });
      expect(error.message).toContain('it is missing');
    },
  );

  it('by an extra file, a folder or a link in the place of a file is refused', () => {
    const { version } = saveVersion(models, draft());
    const extra = join(folderOf(version), 'extra.json');
    writeFileSync(extra, '{}');
    expect(refusal(() => loadVersion(models, 'purchase')).details.file).toBe('extra.json');
    rmSync(extra);
    const path = join(folderOf(version), 'model.bin');
    const elsewhere = join(models, 'elsewhere.bin');
    renameSync(path, elsewhere);
    symlinkSync(elsewhere, path);
    expect(refusal(() => loadVersion(models, 'purchase')).message).toContain('not a plain file');
    rmSync(path);
    mkdirSync(path);
    expect(refusal(() => loadVersion(models, 'purchase')).message).toContain('not a plain file');
  });

  it('by an honest-looking manifest under another version or task is refused', () => {
    const { version, digest } = saveVersion(models, draft());
    const other = saveVersion(models, draft({ seed: 8 }));
    rmSync(folderOf(other.version), { recursive: true });
    renameSync(folderOf(version), folderOf(other.version));
    expect(refusal(() => loadVersion(models, 'purchase', other.version)).code).toBe('TAMPERED');
    mkdirSync(join(models, 'churn'));
    renameSync(folderOf(other.version), join(models, 'churn', `v1-${digest.slice(0, 7)}`));
    expect(refusal(() => loadVersion(models, 'churn')).message).toContain('saved for the task "purchase"');
  });

  it('is shown in the list as damage, beside the sound versions', () => {
    const first = saveVersion(models, draft());
    const second = saveVersion(models, draft({ seed: 8 }));
    writeFileSync(join(folderOf(first.version), 'manifest.json'), '{not json');
    const { versions, damaged } = listVersions(models, 'purchase');
    expect(versions.map(({ version }) => version)).toEqual([second.version]);
    expect(damaged).toEqual([{ version: first.version, problem: expect.stringContaining('manifest.json') }]);
  });

  it('is told apart from a newer format, and bounded in size', () => {
    const { version } = saveVersion(models, draft());
    const text = readFileSync(join(folderOf(version), 'manifest.json'), 'utf8');
    const newer = text.replace(`"format":${MANIFEST_FORMAT}`, `"format":${MANIFEST_FORMAT + 1}`);
    const digest = sha256(Buffer.from(newer));
    const folder = folderOf(`v2-${digest.slice(0, 7)}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'manifest.json'), newer);
    writeFileSync(join(folder, 'manifest.sha256'), `${digest}  manifest.json\n`);
    expect(refusal(() => loadVersion(models, 'purchase', 'v2'))).toMatchObject({ code: 'VERSION' });
    expect(refusal(() => loadVersion(models, 'purchase', 'v1', { maxBytes: 8 })).code).toBe('BAD_FILE');
    truncateSync(join(folderOf(version), 'manifest.json'), 2 ** 30);
    expect(refusal(() => loadVersion(models, 'purchase', 'v1')).message).toContain('far too large');
  });
});

describe('a crash or a full disk while saving', () => {
  it('leaves the versions as they were, at whichever write it strikes', () => {
    const { version } = saveVersion(models, draft());
    const counting = failingDisk(-1);
    saveVersion(join(models, 'probe'), draft(), counting);
    expect(counting.calls()).toBeGreaterThan(8);
    for (let n = 1; n < counting.calls(); n++) {
      const error = refusal(() => saveVersion(models, draft({ seed: 8 }), failingDisk(n)));
      expect(error.code).toBe('DISK');
      expect(readdirSync(join(models, 'purchase'))).toEqual([version]);
    }
    expect(loadVersion(models, 'purchase').version).toBe(version);
  });

  it('leaves a staging folder that readers pass over and the next save clears', () => {
    const { version } = saveVersion(models, draft());
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const leftover = join(models, 'purchase', `.staging-${dead}-1`);
    mkdirSync(leftover);
    writeFileSync(join(leftover, 'manifest.json'), '{');
    const living = join(models, 'purchase', `.staging-${process.ppid}-1`);
    mkdirSync(living);
    expect(listVersions(models, 'purchase').versions.map((info) => info.version)).toEqual([version]);
    expect(loadVersion(models, 'purchase').version).toBe(version);
    expect(saveVersion(models, draft({ seed: 8 })).sequence).toBe(2);
    expect(existsSync(leftover)).toBe(false);
    expect(existsSync(living)).toBe(true);
  });
});

describe('promotion', () => {
  it('is what puts a task into service: saved alone it is not, and one of an unreadable history is looked at', () => {
    for (const task of ['churn', 'ltv', 'purchase']) saveVersion(models, draft({ seed: 1, task }));
    promote(models, { task: 'purchase' }, { atMs: 10 });
    writeFileSync(join(models, 'ltv', 'promoted.json'), 'no history');
    expect(listTasks(models)).toEqual(['churn', 'ltv', 'purchase']);
    expect(promotedTasks(models)).toEqual(['ltv', 'purchase']);
  });

  it('moves the pointer, goes back step by step, and remembers', () => {
    const [one, two, three] = [1, 2, 3].map((seed) => saveVersion(models, draft({ seed })).version);
    expect(showVersion(models, 'purchase').version).toBe(three);
    const at = (atMs: number) => ({ atMs });
    expect(promote(models, { task: 'purchase', reference: one }, at(10)).promoted).toBe(true);
    expect(showVersion(models, 'purchase').version).toBe(one);
    promote(models, { task: 'purchase', reference: 'v2' }, at(20));
    promote(models, { task: 'purchase' }, at(30));
    promote(models, { task: 'purchase' }, at(31));
    expect(loadVersion(models, 'purchase').version).toBe(three);
    expect(rollback(models, 'purchase', at(40)).version).toBe(two);
    promote(models, { task: 'purchase', reference: three }, at(50));
    expect(rollback(models, 'purchase', at(60)).version).toBe(two);
    expect(rollback(models, 'purchase', at(70)).version).toBe(one);
    expect(refusal(() => rollback(models, 'purchase', at(80))).code).toBe('NOT_FOUND');
    expect(loadVersion(models, 'purchase').version).toBe(one);
    expect(listVersions(models, 'purchase').versions.map(({ promoted }) => promoted)).toEqual([
      true,
      false,
      false,
    ]);
    expect(
      promotionHistory(models, 'purchase').map(({ action, version, atMs }) => [action, version, atMs]),
    ).toEqual([
      ['promote', one, 10],
      ['promote', two, 20],
      ['promote', three, 30],
      ['rollback', two, 40],
      ['promote', three, 50],
      ['rollback', two, 60],
      ['rollback', one, 70],
    ]);
  });

  it('refuses a tampered version and leaves the pointer where it was', () => {
    const [one, two] = [1, 2].map((seed) => saveVersion(models, draft({ seed })).version);
    promote(models, { task: 'purchase', reference: one }, { atMs: 1 });
    appendFileSync(join(models, 'purchase', two, 'model.bin'), 'x');
    expect(refusal(() => promote(models, { task: 'purchase', reference: two }, { atMs: 2 })).code).toBe(
      'TAMPERED',
    );
    expect(showVersion(models, 'purchase').version).toBe(one);
  });

  it('keeps the old pointer when the disk refuses, at whichever write it strikes', () => {
    const [one] = [1, 2].map((seed) => saveVersion(models, draft({ seed })).version);
    promote(models, { task: 'purchase', reference: one }, { atMs: 1 });
    for (const n of [1, 2]) {
      const disk = failingDisk(n);
      expect(refusal(() => promote(models, { task: 'purchase' }, { atMs: 2, disk })).code).toBe('DISK');
      expect(loadVersion(models, 'purchase').version).toBe(one);
    }
    expect(readdirSync(join(models, 'purchase')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('refuses a damaged pointer in words', () => {
    saveVersion(models, draft());
    writeFileSync(join(models, 'purchase', 'promoted.json'), '{"history":[{"version":"../../etc"}]}');
    expect(refusal(() => loadVersion(models, 'purchase')).code).toBe('BAD_FILE');
  });
});

describe('erased users', () => {
  it('mark a version for retraining outside its digest, adding up', () => {
    const { version, digest } = saveVersion(models, draft());
    const which = { task: 'purchase', version };
    markErasures(models, which, { users: 2, atMs: 200 });
    markErasures(models, which, { users: 1, atMs: 100 });
    const loaded = loadVersion(models, 'purchase');
    expect(loaded.erasures).toEqual({ sinceMs: 100, users: 3 });
    expect(loaded.digest).toBe(digest);
    expect(statSync(join(models, 'purchase', version, 'erasures.json')).size).toBeLessThan(100);
    writeFileSync(join(models, 'purchase', version, 'erasures.json'), 'broken');
    expect(showVersion(models, 'purchase').erasures).toEqual({ sinceMs: 0, users: 1 });
  });
});
