// A workspace: one shop, one folder. Creating it, opening it, and where everything inside it lies.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { AppError } from '../core/errors.ts';
import { UTC, zoneOffsets } from '../core/time.ts';
import { realDisk, replaceFile } from './disk.ts';
import { createPseudonymKey } from './pseudonym.ts';

/** The layout this code reads and writes. A newer one is refused, an older one migrated. */
export const WORKSPACE_FORMAT = 1;

export const PARTITION_RULES = ['auto', 'day', 'month'] as const;

export interface WorkspaceSettings {
  /** IANA zone of the shop's own calendar; times without an offset are read in it unless a mapping says otherwise. */
  readonly zone: string;
  /** The one currency of the lake, ISO 4217; empty until the first import with money decides. */
  readonly currency: string;
  /** Ids are replaced by a keyed HMAC at the door. Cannot be changed once there are data. */
  readonly pseudonyms: boolean;
  /** `auto` keeps a file a month where a month has fewer than a million events, else a file a day. */
  readonly partition: (typeof PARTITION_RULES)[number];
}

export interface Workspace {
  /** Absolute path of the folder. */
  readonly dir: string;
  readonly format: number;
  readonly settings: WorkspaceSettings;
}

const DEFAULTS: WorkspaceSettings = { zone: 'UTC', currency: '', pseudonyms: false, partition: 'auto' };

/** Where things lie inside a workspace, one function a thing. */
export const workspacePaths = {
  settings: (workspace: Workspace) => join(workspace.dir, 'foresell.yaml'),
  lake: (workspace: Workspace) => join(workspace.dir, 'lake'),
  snapshot: (workspace: Workspace) => join(workspace.dir, 'lake', 'snapshot.json'),
  quarantine: (workspace: Workspace) => join(workspace.dir, 'quarantine'),
  scratch: (workspace: Workspace) => join(workspace.dir, 'scratch'),
  models: (workspace: Workspace) => join(workspace.dir, 'models'),
  /** Events on their way into the lake. */
  journal: (workspace: Workspace) => join(workspace.dir, 'journal'),
  /** Held by whoever changes the lake or the quarantine. */
  lakeLock: (workspace: Workspace) => join(workspace.dir, 'locks', 'lake.lock'),
  /** Held by the one process that has the journal open. */
  journalLock: (workspace: Workspace) => join(workspace.dir, 'locks', 'journal.lock'),
  /** Held by a training run of one task. */
  taskLock: (workspace: Workspace, task: string) => join(workspace.dir, 'locks', `models-${task}.lock`),
  /** Held for the moment in which a trial of a task's version begins or ends. */
  rolloutLock: (workspace: Workspace, task: string) => join(workspace.dir, 'locks', `rollout-${task}.lock`),
} as const;

/**
 * Makes a new workspace in an empty or absent folder.
 *
 * @throws AppError USAGE when the folder already holds something, or a setting is not valid
 */
export function createWorkspace(dir: string, settings: Partial<WorkspaceSettings> = {}): Workspace {
  const root = resolve(dir);
  if (existsSync(join(root, 'foresell.yaml'))) {
    throw new AppError('USAGE', `expected no workspace yet in "${dir}", there is one: open it instead`);
  }
  if (existsSync(root) && !statSync(root).isDirectory()) {
    throw new AppError('USAGE', `expected a folder for a new workspace, "${dir}" is a file; name another`);
  }
  if (existsSync(root) && readdirSync(root).some((name) => !name.startsWith('.'))) {
    throw new AppError(
      'USAGE',
      `expected an empty folder for a new workspace, "${dir}" holds other files; name another`,
    );
  }
  const workspace: Workspace = {
    dir: root,
    format: WORKSPACE_FORMAT,
    settings: checkSettings({ ...DEFAULTS, ...settings }),
  };
  mkdirSync(root, { recursive: true });
  if (workspace.settings.pseudonyms) createPseudonymKey(root);
  // Last, so that a folder with this file is always a whole workspace.
  saveSettings(workspace);
  return workspace;
}

/**
 * Opens a workspace.
 *
 * @throws AppError NOT_FOUND when the folder is none, VERSION when it was written by a newer version, BAD_FILE
 */
export function openWorkspace(dir: string): Workspace {
  const root = resolve(dir);
  const path = join(root, 'foresell.yaml');
  if (!existsSync(path)) {
    throw new AppError(
      'NOT_FOUND',
      `expected a workspace in "${dir}", found no foresell.yaml there; import a file first or name another folder`,
    );
  }
  let raw: unknown;
  try {
    raw = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new AppError('BAD_FILE', 'expected YAML in foresell.yaml: mend it or restore it', {}, cause);
  }
  const { format, ...settings } = (raw ?? {}) as { format?: unknown } & Record<string, unknown>;
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) {
    throw new AppError('BAD_FILE', 'expected "format: 1" in foresell.yaml, found none: restore the file');
  }
  if (format > WORKSPACE_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected a workspace of format ${WORKSPACE_FORMAT} or older, this one has format ${format}: update foresell`,
    );
  }
  return {
    dir: root,
    format,
    settings: checkSettings({ ...DEFAULTS, ...(settings as Partial<WorkspaceSettings>) }),
  };
}

/** Opens the workspace when there is one, else makes it. */
export function openOrCreateWorkspace(dir: string, settings: Partial<WorkspaceSettings> = {}): Workspace {
  return existsSync(join(resolve(dir), 'foresell.yaml'))
    ? openWorkspace(dir)
    : createWorkspace(dir, settings);
}

/** The same workspace with some settings changed, written down. Call it under the lake's lock. */
export function changeSettings(workspace: Workspace, change: Partial<WorkspaceSettings>): Workspace {
  const changed = { ...workspace, settings: checkSettings({ ...workspace.settings, ...change }) };
  saveSettings(changed);
  return changed;
}

function saveSettings({ dir, format, settings }: Workspace): void {
  const header = '# A Foresell workspace: one shop. See docs for what each setting means.\n';
  replaceFile(realDisk, join(dir, 'foresell.yaml'), header + stringify({ format, ...settings }));
}

function checkSettings(settings: WorkspaceSettings): WorkspaceSettings {
  const fault = (message: string) => new AppError('USAGE', `foresell.yaml: ${message}`);
  const known = Object.keys(DEFAULTS);
  const unknown = Object.keys(settings).find((key) => !known.includes(key));
  if (unknown) throw fault(`expected the settings ${known.join(', ')}, got "${unknown}"`);
  if (settings.zone !== 'UTC') zoneOffsets(settings.zone, 0, 0);
  if (settings.currency !== '' && !/^[A-Z]{3}$/.test(settings.currency)) {
    throw fault('expected currency to be three capital letters such as EUR');
  }
  if (typeof settings.pseudonyms !== 'boolean') throw fault('expected pseudonyms to be true or false');
  if (!PARTITION_RULES.includes(settings.partition)) {
    throw fault(`expected partition to be one of ${PARTITION_RULES.join(', ')}`);
  }
  return settings;
}

/** The offsets of the shop's own calendar. */
export const workspaceZone = (workspace: Workspace) =>
  workspace.settings.zone === 'UTC' ? UTC : zoneOffsets(workspace.settings.zone);
