// Erases one customer from a workspace, start to end, and proves it with the same search before and after.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { withoutPins } from '../backup/pin-workspace.ts';
import { type Disk, listFiles, realDisk } from '../disk.ts';
import { openEngine } from '../engine.ts';
import { compactJournal } from '../journal/compact.ts';
import { type EventJournal, openEventJournal } from '../journal/event-journal.ts';
import { commitLake, sweepLake } from '../lake/commit.ts';
import { clearScratch, withScratch } from '../lake/scratch.ts';
import { readSnapshot } from '../lake/snapshot.ts';
import { withLock } from '../lock.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';
import { eraseFromJournal, isSetAside } from './erase-journal.ts';
import type { FileReader } from './file-reader.ts';
import { markModels, savedVersions } from './mark-models.ts';
import { findNeedles, type Needle } from './needles.ts';
import { eraseFromRecords, recordKind } from './record-files.ts';
import { rewriteWithout } from './rewrite.ts';
import { type Finding, searchWorkspace } from './search.ts';

export interface EraseOptions {
  readonly threads?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly waitMs?: number;
  readonly nowMs?: number;
  readonly disk?: Disk;
  /** The workspace's journal, where this process has it open; else it is opened for the time of the erasure. */
  readonly events?: EventJournal;
  /** How files of other rooms are read. */
  readonly readers?: readonly FileReader[];
  /** What this process holds of a served shop; else the files of its records are written anew here. */
  readonly live?: LiveRecords;
}

/** What a server has in memory, and the files it writes to. */
export interface LiveRecords {
  /** Takes the person out of all of it, and mentions of them out of what is others'. */
  forget(needles: readonly Needle[]): Promise<void>;
}

export interface Erasure {
  /** Where the customer stood; empty when nothing was known of them. */
  readonly before: readonly Finding[];
  /** Always empty: a customer still found is an error. */
  readonly after: readonly Finding[];
  /** Files of the lake, the quarantine and the journal that were written anew. */
  readonly rewritten: readonly string[];
  /** Files that were derived from the data (predictions, reports, caches) and are gone. */
  readonly removed: readonly string[];
  /** `task/version` of the models to train again; each carries a mark in its `erasures.json`. */
  readonly models: readonly string[];
}

/**
 * Removes every trace of a customer: their rows in the lake and the quarantine, mentions of them in the texts of others,
 * the same in the journal, and derived files that hold them. Readers see the lake before or after, never between.
 *
 * The journal is brought into the lake first: who the person is (their visitor ids, their texts) may stand only there.
 *
 * @param userId  as the shop knows it, also where the workspace keeps pseudonyms
 * @throws AppError BUSY, DISK, INTERRUPTED; BAD_DATA naming the files when the search still finds the customer
 */
export async function eraseUser(
  workspace: Workspace,
  userId: string,
  options: EraseOptions = {},
): Promise<Erasure> {
  if (userId.trim() === '') throw new AppError('USAGE', 'expected the id of a customer, got an empty text');
  const opened = options.events ? undefined : await openJournalIfAny(workspace, options);
  const events = options.events ?? opened;
  try {
    if (events) await compactJournal(workspace, events, { ...options, keepFrom: 0 });
    const { waitMs = 0, signal, progress } = options;
    const onWait = (holder: string) => progress?.note(`waiting for ${holder}`);
    return await withoutPins(workspace, 'erase', { waitMs, signal, onWait }, () =>
      eraseEverywhere(workspace, userId, options, events),
    );
  } finally {
    await opened?.close();
  }
}

/** A journal another process has open is that process's to erase from: then this is BUSY, naming it. */
async function openJournalIfAny(
  workspace: Workspace,
  { waitMs, signal, progress }: EraseOptions,
): Promise<EventJournal | undefined> {
  if (!existsSync(workspacePaths.journal(workspace))) return undefined;
  const onWait = (holder: string) => progress?.note(`waiting for ${holder}`);
  return openEventJournal(workspace, { purpose: 'erase', waitMs, signal, onWait });
}

async function eraseEverywhere(
  workspace: Workspace,
  userId: string,
  options: EraseOptions,
  events: EventJournal | undefined,
): Promise<Erasure> {
  const { progress = silent, signal, disk = realDisk } = options;
  const lockOptions = {
    waitMs: options.waitMs ?? 0,
    signal,
    onWait: (holder: string) => progress.note(`waiting for ${holder}`),
  };
  return withLock(workspacePaths.lakeLock(workspace), 'erase', lockOptions, async () => {
    clearScratch(workspace);
    sweepLake(workspace, disk);
    return withScratch(workspace, 'erase', async (folder) => {
      const engine = await openEngine({ threads: options.threads, tempDir: join(folder, 'spill') });
      try {
        const snapshot = readSnapshot(workspace);
        const needles = await findNeedles(engine, workspace, snapshot, userId);
        progress.step({ task: 'searching', done: 0, total: 3, unit: 'passes' });
        const search = () => searchWorkspace(engine, workspace, needles, options.readers);
        const before = await search();
        // Memory is searched by nobody: it forgets whatever the files say.
        await options.live?.forget(needles);
        if (before.length === 0) return { before, after: [], rewritten: [], removed: [], models: [] };

        progress.step({ task: 'rewriting', done: 1, total: 3, unit: 'passes' });
        const holding = new Set(before.map(({ file }) => file));
        const id = randomBytes(6).toString('hex');
        const rewrite = await rewriteWithout(engine, workspace, snapshot, { holding, needles, folder, id });
        throwIfAborted(signal);
        // Marked first: a model that is marked and an erasure that then fails is the harmless order.
        const nowMs = options.nowMs ?? Date.now();
        const models = savedVersions(workspace);
        markModels(workspace, models, { atMs: nowMs, disk });
        // Retired files hold what is erased, too: whoever reads them starts anew.
        const next = { ...rewrite.next, erasures: rewrite.next.erasures + 1, retired: [] };
        commitLake(workspace, rewrite.staged, next, disk);
        if (events) await eraseFromJournal(events, needles, signal);
        // A training that read the old lake may have saved a version meanwhile; one that saves later marks it itself.
        const late = savedVersions(workspace).filter((version) => !models.includes(version));
        markModels(workspace, late, { atMs: nowMs, disk });
        models.push(...late);
        const removed: string[] = [];
        const removeDerived = (found: readonly Finding[]): boolean => {
          const derived = found
            .map(({ file }) => file)
            .filter((file) => !isRewritten(file) && !isProtected(workspace, file));
          for (const file of derived) disk.remove(join(workspace.dir, file));
          removed.push(...derived.filter((file) => !removed.includes(file)));
          return derived.length > 0;
        };
        const eraseRecords = async (found: readonly Finding[]): Promise<boolean> => {
          const files = found.map(({ file }) => file).filter((file) => recordKind(file) !== undefined);
          if (files.length === 0) return false;
          if (options.live) await options.live.forget(needles);
          else eraseFromRecords(workspace, files, needles, disk);
          return true;
        };
        await eraseRecords(before);
        removeDerived(before);
        for (const file of listFiles(workspace.dir).filter(isSetAside))
          disk.remove(join(workspace.dir, file));

        progress.step({ task: 'searching again', done: 2, total: 3, unit: 'passes' });
        let after = await search();
        // A prediction or report that had read the old lake may be written while this goes on, an event of theirs may come in.
        for (let turn = 0; turn < LATE_WRITERS && after.length > 0; turn++) {
          const changed = events && after.some(({ file }) => isOfJournal(file));
          if (events && changed) await eraseFromJournal(events, needles, signal);
          const isRecorded = await eraseRecords(after);
          if (!removeDerived(after) && !changed && !isRecorded) break;
          after = await search();
        }
        if (after.length > 0) {
          throw new AppError(
            'BAD_DATA',
            `expected nothing of the customer to be left, ${after.length} files still hold something: ${after
              .slice(0, 5)
              .map(({ file }) => file)
              .join(', ')}; delete those model versions or train them again, then erase once more`,
            { after },
          );
        }
        progress.step({ task: 'erased', done: 3, total: 3, unit: 'passes' });
        return { before, after, rewritten: [...holding].filter(isRewritten).sort(), removed, models };
      } finally {
        engine.close();
      }
    });
  });
}

/** Searches beyond the second: each is over files that were written during the one before. */
const LATE_WRITERS = 5;

const isOfJournal = (file: string): boolean => /^journal\/\d+\.journal$/.test(file);
const isRewritten = (file: string): boolean =>
  /^(lake|quarantine)\//.test(file) || isOfJournal(file) || recordKind(file) !== undefined;

/** Files a model's manifest vouches for: removing one would make the whole version unreadable. */
function isProtected(workspace: Workspace, file: string): boolean {
  const match = /^models\/([^/]+)\/([^/]+)\/(.+)$/.exec(file);
  if (!match) return false;
  const manifest = join(workspacePaths.models(workspace), match[1], match[2], 'manifest.json');
  if (match[3] === 'manifest.json') return true;
  if (!existsSync(manifest)) return false;
  const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files?: { name: string }[] };
  return files?.some(({ name }) => name === match[3]) ?? false;
}
