// Every word of the page that is ours, in both languages; `{hole}`s are filled when spoken.
import type { Name } from '../core/name.ts';
import { CHART_TEXTS } from './texts-charts.ts';
import { GROUP_TEXTS } from './texts-groups.ts';
import { PAGE_TEXTS } from './texts-page.ts';
import { SECTION_TEXTS } from './texts-sections.ts';

export const TEXTS = { ...PAGE_TEXTS, ...SECTION_TEXTS, ...CHART_TEXTS, ...GROUP_TEXTS } satisfies Record<
  string,
  Name
>;

export type TextKey = keyof typeof TEXTS;
