// Labelled reviews of the public sets, and their splits: texts that are the same, or of one item, stay on one side.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { name } from '../../src/core/name.ts';
import { hash32 } from '../../src/core/random.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { takeSample } from '../../src/models/sample.ts';
import { readRows } from '../tables/table-set.ts';

export interface Reviews {
  readonly id: string;
  readonly sample: Sample;
}

interface Source {
  readonly file: string;
  /** Columns of the text, the label (0 or 1) and the group. */
  readonly text: string;
  readonly label: string;
  readonly group: string;
}

const SOURCES: Readonly<Record<string, Source>> = {
  hotel: { file: 'reviews_zh/ChnSentiCorp_htl_all.csv.gz', text: 'review', label: 'label', group: 'review' },
  takeaway: { file: 'reviews_zh/waimai_10k.csv.gz', text: 'review', label: 'label', group: 'review' },
  clothing: {
    file: 'reviews_en/womens_clothing_ecommerce_reviews.csv.gz',
    text: 'Review Text',
    label: 'Recommended IND',
    group: 'Clothing ID',
  },
};

export type ReviewSet = 'hotel' | 'takeaway' | 'clothing';

/** Reviews with a text; undefined, with a line in the log, where the data are absent. */
export async function readReviews(id: ReviewSet, log: (line: string) => void): Promise<Reviews | undefined> {
  const { file, text, label, group } = SOURCES[id];
  const path = fileURLToPath(new URL(`../../../shared/data/${file}`, import.meta.url));
  if (!existsSync(path)) {
    log(`skipped ${id}: ../shared/data/${file} is absent`);
    return undefined;
  }
  const rows = (await readRows(file)).filter((row) => (row[text] ?? '').trim() !== '');
  return {
    id,
    sample: sampleOf(
      rows.map((row) => String(row[text])),
      rows.map((row) => Number(row[label])),
      rows.map((row) => String(row[group])),
    ),
  };
}

function sampleOf(texts: readonly string[], labels: readonly number[], groups: readonly string[]): Sample {
  const label = name('text', '文本');
  return {
    question: { kind: 'binary', outcome: 'other', horizonDays: 0, discountPerYear: 0 },
    frame: {
      rows: texts.length,
      currency: '',
      columns: [{ kind: 'text', name: 'text', label, unit: 'none', group: 'text', values: texts }],
    },
    entities: groups,
    asOf: new Float64Array(texts.length),
    target: Float64Array.from(labels),
  };
}

export const textsIn = (sample: Sample): readonly string[] => {
  const [column] = sample.frame.columns;
  return column.kind === 'text' ? column.values : [];
};

/** A fifth of the groups, drawn by seed, is tested. */
export function splitReviews(
  { sample }: Reviews,
  seed: number,
): { readonly train: Sample; readonly test: Sample } {
  const isTest = (row: number): boolean => hash32(sample.entities[row], hash32(`split ${seed}`)) % 5 === 0;
  const rows = Array.from(sample.entities.keys());
  return {
    train: takeSample(
      sample,
      rows.filter((row) => !isTest(row)),
    ),
    test: takeSample(sample, rows.filter(isTest)),
  };
}

/** So many rows of the sample, drawn by name. */
export function drawRows(sample: Sample, count: number, draw: string): Sample {
  const salt = hash32(draw);
  const rows = Array.from(sample.entities.keys()).sort(
    (a, b) => hash32(String(a), salt) - hash32(String(b), salt) || a - b,
  );
  return takeSample(
    sample,
    rows.slice(0, count).sort((a, b) => a - b),
  );
}
