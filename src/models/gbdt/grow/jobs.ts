// What the threads of a crew do together; each does its share, and the outcome does not depend on how many there are.
import { binRows } from './fill-bins.ts';
import {
  columnBytes,
  countRows,
  type GrowContext,
  type NodeJob,
  privateAddress,
  type Stretch,
  scanColumn,
  slotAddress,
} from './node-work.ts';

/** One thread among several. */
export interface Member {
  readonly thread: number;
  readonly threads: number;
  /** Waits until all members of the job have come this far. */
  barrier(): void;
}

export type Job =
  | ({ readonly kind: 'count' } & Stretch & NodeJob)
  | ({ readonly kind: 'part'; readonly address: number; readonly stride: number } & Stretch)
  | ({ readonly kind: 'bin' } & Stretch);

/** One that works by itself. */
export const ALONE: Member = { thread: 0, threads: 1, barrier() {} };

/** Rows a thread must have before it pays to count or part beside another. */
const ROWS_WORTH_SHARING = 1024;

export function runJob(context: GrowContext, job: Job, member: Member): void {
  if (job.kind === 'count') countNode(context, job, member);
  else if (job.kind === 'part') partNode(context, job, member);
  else {
    const [from, to] = share(job.count, member.thread, member.threads);
    binRows(context, { start: job.start, from, count: to - from });
  }
}

/** Rows are shared for counting, columns for adding up and scanning. */
function countNode(context: GrowContext, job: Stretch & NodeJob, member: Member): void {
  const { kernels, layout } = context;
  const { thread, threads, barrier } = member;
  const counters = job.count < ROWS_WORTH_SHARING * threads ? 1 : threads;
  const cells = thread === 0 ? slotAddress(layout, job.slot) : privateAddress(layout, thread);
  if (thread < counters) {
    const [from, to] = share(job.count, thread, counters);
    kernels.clear(cells, layout.histogramBytes);
    countRows(context, { ...job, start: job.start + from, count: to - from }, { thread, cells });
  }
  barrier();
  const [first, end] = share(layout.bins.length, thread, threads);
  for (let column = first; column < end; column++) {
    const at = column * columnBytes(layout);
    const own = slotAddress(layout, job.slot) + at;
    for (let other = 1; other < counters; other++)
      kernels.add(own, privateAddress(layout, other) + at, layout.bins[column]);
    scanColumn(context, job, { column, thread });
  }
}

/** Each thread parts its share aside; once all counts are known, everybody copies to where it belongs. */
function partNode(
  context: GrowContext,
  { address, stride, isWhole, start, count }: Extract<Job, { kind: 'part' }>,
  { thread, threads, barrier }: Member,
): void {
  const { kernels, layout, i32 } = context;
  const [from, to] = share(count, thread, threads);
  // One element more for each thread: the kernel writes one beyond its rows.
  const lefts = layout.lefts + (from + thread) * 4;
  const rights = layout.rights + (from + thread) * 4;
  const rows = isWhole ? 0 : layout.order + (start + from) * 4;
  const left = kernels.part(address, stride, layout.flags, rows, from, to - from, lefts, rights);
  i32[layout.leftCounts / 4 + thread] = left;
  barrier();
  let leftBefore = 0;
  let leftInAll = 0;
  for (let other = 0; other < threads; other++) {
    const own = i32[layout.leftCounts / 4 + other];
    if (other < thread) leftBefore += own;
    leftInAll += own;
  }
  const toLeft = start + leftBefore;
  const toRight = start + leftInAll + (from - leftBefore);
  kernels.copy(lefts, left, layout.order + toLeft * 4);
  kernels.copy(rights, to - from - left, layout.order + toRight * 4);
}

/** A thread's share of so many things: [from, to). */
function share(count: number, thread: number, threads: number): [number, number] {
  return [Math.floor((count * thread) / threads), Math.floor((count * (thread + 1)) / threads)];
}
