// Words inside charts: axes, direct labels, sentences for listeners.
import { name } from '../core/name.ts';

export const CHART_TEXTS = {
  'strip.label': name('{name}: {value}, interval {interval}', '{name}：{value}，区间 {interval}'),
} as const;
