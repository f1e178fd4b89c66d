// A thread of a grower's team: does its share of every job until it is told to stop.

import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../../../core/errors.ts';
import { growContext } from './node-work.ts';
import { serveTeam, type TeamStart } from './team.ts';

invariant(parentPort !== null, 'a thread of a team is not started as a script');
const port = parentPort;
const { thread, ...start } = workerData as TeamStart;
serveTeam(growContext(start), thread, () => port.postMessage('ready'));
port.close();
