// Where a served shop keeps what it records of its own work.
import { join } from 'node:path';
import type { Workspace } from '../../data/workspace.ts';

/** Answers, by day. */
export const answerLogFolder = ({ dir }: Workspace): string => join(dir, 'predictions', 'live');

/** Refused events, by day. */
export const rejectedFolder = ({ dir }: Workspace): string => join(dir, 'rejected');

/** Who did what. */
export const auditFolder = ({ dir }: Workspace): string => join(dir, 'audit');
