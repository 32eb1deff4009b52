import type { Contender } from './comparison.ts';
import {
  missingPm2,
  missingSupervisord,
  startPm2,
  startSupervisord,
  type Peer,
  type Programs,
} from './peers.ts';

/** A supervisor that is measured beside the runner. */
interface Supervisor {
  readonly name: string;
  readonly missing: () => string | null;
  readonly start: (programs: Programs) => Promise<Peer>;
}

/** To compare with one more supervisor, give it a line here. */
const supervisors: readonly Supervisor[] = [
  { name: 'PM2 7.0.4', missing: missingPm2, start: startPm2 },
  { name: 'supervisord', missing: missingSupervisord, start: startSupervisord },
];

/** One contender for each supervisor; each is measured by what `measure` does with the way to start it. */
export function supervisorContenders(
  measure: (start: (programs: Programs) => Promise<Peer>) => Promise<number>,
): readonly Contender[] {
  return supervisors.map(({ name, missing, start }) => ({ name, missing, measure: () => measure(start) }));
}
