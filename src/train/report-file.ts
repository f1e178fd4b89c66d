// The report as a file to open in a browser.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportDocument } from '../report/document.ts';
import { renderReport } from '../report/render.ts';

/** Writes `report.html` into a folder, made if need be, and gives its path. */
export function writeReport(folder: string, document: ReportDocument): string {
  const path = join(folder, 'report.html');
  mkdirSync(folder, { recursive: true });
  // Beside its place first: a reader, or a full disk, never leaves half a page.
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeFileSync(fresh, renderReport(document));
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
  return path;
}
