import { formatDuration } from '../core/duration.ts';
import { runnersOwn, type ResourceLimits } from '../core/identity.ts';
import { toDurationMs } from '../core/units.ts';
import { refuse, type Judging, type LimitWishes, type Wish } from './identity-wishes.ts';
import type { LoadedValue } from './loaded.ts';
import { showSize } from './size.ts';

/** Below this Node does not start. */
const leastNodeBytes = 128 * 1024 * 1024;
/** Node starts some fifteen threads, and hangs where it may not. */
const leastNodeProcesses = 64;

/** The limits of a chain as they hold. */
interface ResolvedLimits {
  readonly values: ResourceLimits;
  readonly rows: readonly LoadedValue[];
}

/** Takes over what was written, and refuses what this runner cannot give or the chain's worker cannot live with. */
export function resolveLimits(wishes: LimitWishes | null, around: Judging): ResolvedLimits {
  if (wishes === null) return { values: runnersOwn.limits, rows: [] };
  const { files, memory, processes, cpu } = wishes;
  const { limits } = around.rights;
  checkMost(files, { name: 'limits.files', most: limits.openFiles.hard, show: String }, around);
  checkMost(memory, { name: 'limits.memory', most: limits.memoryBytes.hard, show: showSize }, around);
  checkMost(processes, { name: 'limits.processes', most: limits.processes.hard, show: String }, around);
  checkMost(cpu, { name: 'limits.cpu', most: limits.cpuSeconds.hard, show: showSeconds }, around);
  if (around.hasFunctions) checkForNode(wishes, around);
  const row = (name: string, wish: Wish<number> | null, show: (value: number) => string): LoadedValue[] =>
    wish === null ? [] : [{ path: `limits.${name}`, shown: show(wish.value), from: wish.from }];
  return {
    values: {
      openFiles: files?.value ?? null,
      memoryBytes: memory?.value ?? null,
      processes: processes?.value ?? null,
      cpuSeconds: cpu?.value ?? null,
    },
    rows: [
      ...row('files', files, String),
      ...row('memory', memory, showSize),
      ...row('processes', processes, String),
      ...row('cpu', cpu, showSeconds),
    ],
  };
}

interface Most {
  readonly name: string;
  readonly most: number;
  readonly show: (value: number) => string;
}

/** Root may raise any limit. */
function checkMost(wish: Wish<number> | null, { name, most, show }: Most, around: Judging): void {
  if (wish === null || wish.value <= most || around.rights.uid === 0) return;
  refuse(
    around,
    wish,
    `Cannot set "${name}" to ${show(wish.value)}: this runner itself may have ${show(most)}, and only root can raise that; write at most ${show(most)}`,
  );
}

function checkForNode({ memory, processes, cpu }: LimitWishes, around: Judging): void {
  if (memory !== null && memory.value < leastNodeBytes) {
    refuse(
      around,
      memory,
      `Cannot set "limits.memory" to ${showSize(memory.value)} for functions: Node does not start with less than ${showSize(leastNodeBytes)}, write at least that`,
    );
  }
  if (processes !== null && processes.value < leastNodeProcesses) {
    refuse(
      around,
      processes,
      `Cannot set "limits.processes" to ${processes.value} for functions: Node needs some 15 threads, and the other processes of the user count as well; write at least ${leastNodeProcesses}`,
    );
  }
  if (cpu !== null) {
    refuse(
      around,
      cpu,
      'Cannot set "limits.cpu" for functions: one process serves many runs, so it would be killed in the middle of one; leave it out and write a "timeout"',
    );
  }
}

function showSeconds(seconds: number): string {
  return formatDuration(toDurationMs(seconds * 1_000));
}
