// What a thread of Bree runs: it counts, and ends.
import { workerData } from 'node:worker_threads';

Atomics.add(workerData.counter, 0, 1);
