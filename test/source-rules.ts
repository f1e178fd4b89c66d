// The house rules as pure functions: files in, complaints out, so that each rule can be seen to fail.
import { posix } from 'node:path';

export interface SourceFile {
  /** From the repository root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface SourceImport {
  readonly from: string;
  /** `import type` and `export type … from`: gone once compiled. */
  readonly typeOnly: boolean;
  readonly reExport: boolean;
}

/**
 * Blanks comments and template literals, and string contents too when asked; every other character keeps its place.
 * A slash opens a regular expression where a value may stand.
 */
export function maskSource(text: string, { strings = false } = {}): string {
  const out = text.split('');
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  let at = 0;
  while (at < text.length) {
    const pair = text.slice(at, at + 2);
    const sign = text[at];
    let end = at + 1;
    if (pair === '//') {
      end = lineEnd(text, at);
      blank(at, end);
    } else if (pair === '/*') {
      const close = text.indexOf('*/', at + 2);
      end = close < 0 ? text.length : close + 2;
      blank(at, end);
    } else if (sign === '`') {
      end = templateEnd(text, at);
      blank(at, end);
    } else if (sign === "'" || sign === '"') {
      end = quotedEnd(text, at, sign);
      if (strings) blank(at + 1, end - 1);
    } else if (
      sign === '/' &&
      /(^|[(,=:[!&|?{};+>\n]|\breturn)\s*$/.test(text.slice(Math.max(0, at - 40), at))
    ) {
      end = quotedEnd(text, at, '/');
      blank(at, end);
    }
    at = end;
  }
  return out.join('');
}

const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
};

/** Behind the closing sign, or at the end of the line when there is none. */
function quotedEnd(text: string, at: number, sign: string): number {
  let inClass = false;
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '\n') return i;
    else if (sign === '/' && text[i] === '[') inClass = true;
    else if (sign === '/' && text[i] === ']') inClass = false;
    else if (text[i] === sign && !inClass) return i + 1;
  }
  return text.length;
}

function templateEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '`') return i + 1;
    else if (text.startsWith('${', i)) i = substitutionEnd(text, i + 2) - 1;
  }
  return text.length;
}

function substitutionEnd(text: string, at: number): number {
  let depth = 1;
  for (let i = at; i < text.length; i++) {
    if (text[i] === '`') i = templateEnd(text, i) - 1;
    else if (text[i] === "'" || text[i] === '"') i = quotedEnd(text, i, text[i]) - 1;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i + 1;
  }
  return text.length;
}

const STATEMENT =
  /(?<![\w$.])(import|export)(\s+type(?=\s*[{*\w]))?(?:(?:\s|\*|\{)[^'";=()]*?)?\bfrom\s*(?:'([^']*)'|"([^"]*)")/dg;
const BARE = /(?<![\w$.])import\s*\(?\s*(?:'([^']*)'|"([^"]*)")/dg;

/** Every module a file names, in any form of import. Found where strings are blanked, so that a string holds none. */
export function importsOf(text: string): readonly SourceImport[] {
  const code = maskSource(text, { strings: true });
  const named = (match: RegExpExecArray, ...groups: readonly number[]): string => {
    const span = groups.map((group) => match.indices?.[group]).find((found) => found !== undefined);
    return span ? text.slice(...span) : '';
  };
  return [
    ...Array.from(code.matchAll(STATEMENT), (match) => ({
      from: named(match, 3, 4),
      typeOnly: match[2] !== undefined,
      reExport: match[1] === 'export',
    })),
    ...Array.from(code.matchAll(BARE), (match) => ({
      from: named(match, 1, 2),
      typeOnly: false,
      reExport: false,
    })),
  ];
}

/** The file a relative import names, from the root; `undefined` for a package. */
export const resolveImport = (path: string, from: string): string | undefined =>
  from.startsWith('.') ? posix.join(posix.dirname(path), from) : undefined;

/** `models` of `src/models/linear/fit.ts`; empty for `src/index.ts` and for what is not in src. */
export const roomOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? '';

export const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** Rooms a room may import besides itself and `core`; of `declarations` only types and plain files. */
export interface Room {
  readonly may: readonly string[] | 'everything';
  readonly declarations?: readonly string[];
}

/** What crosses the table. A test may also read from `bench/` and `test/`. */
export function importComplaints(
  files: readonly SourceFile[],
  table: Readonly<Record<string, Room>>,
): readonly string[] {
  const plain = plainFiles(files);
  const complaints: string[] = [];
  for (const { path, text } of files) {
    const room = roomOf(path);
    if (room === '') continue;
    const rule = table[room];
    if (!rule) {
      complaints.push(`${path}: the folder "${room}" is not in the table`);
      continue;
    }
    for (const { from, typeOnly } of importsOf(text)) {
      const target = resolveImport(path, from);
      if (target === undefined) continue;
      if (!target.endsWith('.ts')) complaints.push(`${path}: "${from}" lacks its .ts`);
      const other = roomOf(target);
      if (isTest(path) && /^(bench|test)\//.test(target)) continue;
      if (other === room || other === 'core' || rule.may === 'everything') continue;
      if (!rule.may.includes(other)) complaints.push(`${path}: ${room} may not import ${target}`);
      else if (rule.declarations?.includes(other) && !typeOnly && !plain.has(target)) {
        complaints.push(
          `${path}: ${room} may import ${other} by type or from plain files, ${target} is neither`,
        );
      }
    }
  }
  return complaints;
}

/** Files that are plain data or arithmetic: at run time they reach nothing but `core` and plain files of their own room. */
export function plainFiles(files: readonly SourceFile[]): ReadonlySet<string> {
  const reach = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ from }) => resolveImport(path, from) ?? `package ${from}`),
    ]),
  );
  const plain = new Set(reach.keys());
  for (let before = -1; before !== plain.size; ) {
    before = plain.size;
    for (const path of [...plain]) {
      const stays = (target: string) =>
        roomOf(target) === 'core' || (roomOf(target) === roomOf(path) && plain.has(target));
      if (!reach.get(path)?.every(stays)) plain.delete(path);
    }
  }
  return plain;
}

/** Circles of files that import each other, by type or not, each told once. */
export function cycleComplaints(files: readonly SourceFile[]): readonly string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'done'>();
  const complaints: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const file = known.get(path);
    if (!file || state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      complaints.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const { from } of importsOf(file.text)) {
      const target = resolveImport(path, from);
      if (target) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const path of [...known.keys()].sort()) visit(path, []);
  return complaints;
}

/** The public surfaces: what package.json's `exports` names. */
const SURFACES = ['src/index.ts', 'src/tensor.ts', 'src/nn.ts', 'src/node.ts'];

/** Names are re-exported by the public surfaces and nowhere else. */
export function barrelComplaints(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    if (SURFACES.includes(path)) return [];
    const complaints = importsOf(text)
      .filter(({ reExport }) => reExport)
      .map(({ from }) => `${path}: re-exports "${from}"`);
    return /\/index\.[a-z]+$/.test(path) ? [...complaints, `${path}: index stands only at src/`] : complaints;
  });
}

/** Packages with one home. */
export function packageComplaints(
  files: readonly SourceFile[],
  homes: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return files.flatMap(({ path, text }) =>
    importsOf(text).flatMap(({ from }) => {
      if (resolveImport(path, from) !== undefined || isTest(path)) return [];
      if (roomOf(path) === 'core') return [`${path}: core imports nothing, got "${from}"`];
      const home = homes[from];
      return home && !home.includes(roomOf(path)) ? [`${path}: "${from}" belongs to ${home.join(', ')}`] : [];
    }),
  );
}

export function lengthComplaints(
  files: readonly SourceFile[],
  exempt: readonly string[] = [],
): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    return lines > 500 && !exempt.includes(path) ? [`${path}: ${lines} lines, 500 is the wall`] : [];
  });
}

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const EMPTY_WORDS = /(^|-)(utils?|helpers?|common|managers?|misc|impl)(-|$)/;

export function nameComplaints(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const parts = path.replace(/(\.(test|bench|config|d))?\.[a-z]+$/, '').split('/');
    if (!parts.every((part) => KEBAB.test(part))) return [`${path}: not kebab-case`];
    return parts.some((part) => EMPTY_WORDS.test(part)) ? [`${path}: a name that says nothing`] : [];
  });
}

/** Files that do not open with one comment line saying what they are for. */
export function openingComplaints(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path, text }) => !isTest(path) && !/^(#!.*\n)?\/\/ \S.{14,}\n/.test(text))
    .map(({ path }) => `${path}: does not open with a line that says what it is for`);
}

/** Where a type stands; a variable may be called `any`. */
const ANY_TYPE = /(?:[:<]|(?<![|&])[|&]|\bas|=>)\s*any\b(?!\s*[:(.\w$?])|(?<![.\w$])any\s*(?:\[\]|>)/;

/** `any` as a type, and comments that silence the compiler. */
export function looseTypeComplaints(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const complaints: string[] = [];
    if (ANY_TYPE.test(maskSource(text, { strings: true }))) complaints.push(`${path}: any`);
    if (/@ts-(ignore|nocheck)/.test(text)) complaints.push(`${path}: silences the compiler`);
    if (/@ts-expect-error/.test(text) && !isTest(path)) complaints.push(`${path}: silences the compiler`);
    return complaints;
  });
}

const MACHINE_PATH = /(?<![\w.$})/-])\/(work|tmp|root|home\/[\w.-]+|Users\/[\w.-]+)\/|[A-Z]:\\Users\\/;
const REGISTRY_HOST =
  /registry\.(npmjs|yarnpkg|npmmirror)\.|\/\/[\w.-]*(registry|artifactory|nexus|verdaccio)[\w.-]*[:/]|"resolved"\s*:/i;

export function machineComplaints(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const what = MACHINE_PATH.test(line)
        ? 'a machine path'
        : REGISTRY_HOST.test(line)
          ? 'a registry host'
          : '';
      return what ? [`${path}:${index + 1}: ${what}`] : [];
    }),
  );
}

/** What the fenced block of a README that starts with `src/` names, as paths; undefined when there is no such block. */
export function treePaths(readme: string): readonly string[] | undefined {
  const block = /^```\w*\n(src\/[\s\S]*?)^```/m.exec(readme)?.[1];
  if (block === undefined) return undefined;
  const trail: { indent: number; path: string }[] = [];
  const paths: string[] = [];
  for (const line of block.split('\n')) {
    const body = line.replace(/[│├└─]/g, ' ');
    const indent = body.search(/\S/);
    if (indent < 0) continue;
    while (trail.length > 0 && trail[trail.length - 1].indent >= indent) trail.pop();
    const parent = trail.at(-1)?.path ?? '';
    for (const word of body.trim().split(/\s+/)) {
      if (!/^[\w.-]+(\/[\w.-]*)*$/.test(word) || !/[./]/.test(word.slice(1))) break;
      paths.push(parent + word);
      if (word.endsWith('/')) trail.push({ indent, path: parent + word });
    }
  }
  return paths;
}

/** @param folders the folders of src that hold something, such as `src/core/` */
export function treeComplaints(
  readme: string,
  folders: readonly string[],
  exists: (path: string) => boolean,
): readonly string[] {
  const paths = treePaths(readme);
  if (!paths) return ['no fenced block that starts with src/'];
  return [
    ...paths.filter((path) => !exists(path)).map((path) => `${path} is in the tree, not on the disk`),
    ...folders
      .filter((folder) => !paths.includes(folder))
      .map((folder) => `${folder} is on the disk, not in the tree`),
  ];
}

/** @param dependencies runtime package names @param decisions all text of docs/decisions, empty when there is none */
export function dependencyComplaints(dependencies: readonly string[], decisions: string): readonly string[] {
  const unwritten = decisions === '' ? [] : dependencies.filter((name) => !decisions.includes(name));
  return [
    ...unwritten.map((name) => `${name}: no line in docs/decisions`),
    ...(dependencies.length > 15 ? [`${dependencies.length} direct runtime dependencies, 15 at most`] : []),
  ];
}
