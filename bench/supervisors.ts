import type { Peer, PeerProgram, Programs } from '../peers/peer.ts';
import { pm2 } from '../peers/pm2.ts';
import { runit } from '../peers/runit.ts';
import { s6 } from '../peers/s6.ts';
import { supervisord } from '../peers/supervisord.ts';
import type { Contender } from './comparison.ts';
import type { Workshop } from './workshop.ts';

/** To compare with one more supervisor, add it here. */
const supervisors: readonly PeerProgram[] = [pm2, supervisord, runit, s6];

/** Starts a supervisor with so many programs of the same command. */
type Start = (count: number, command: readonly string[]) => Promise<Peer>;

/** One contender for each supervisor, measured by what `measure` does with the way to start it. */
export function supervisorContenders(
  workshop: Workshop,
  measure: (start: Start) => Promise<number>,
): readonly Contender[] {
  return supervisors.map((supervisor) => ({
    name: supervisor.name,
    missing: () => supervisor.missing(),
    isPeer: true,
    rounds: 2,
    measure: () => measure((count, command) => supervisor.start(programs(workshop, count, command))),
  }));
}

function programs(workshop: Workshop, count: number, command: readonly string[]): Programs {
  return { folder: workshop.fresh(), count, command: () => command, output: 'thrown away' };
}
