import { loadProject } from '../compose/load-project.ts';
import type { Channel } from '../core/channel.ts';
import { loadRequestOf } from './load-request.ts';
import type { RawOptions } from './options.ts';

/** The channels of the configuration; `null` when it has problems, which are printed. */
export async function loadChannels(options: RawOptions): Promise<readonly Channel[] | null> {
  const answer = await loadProject(loadRequestOf([], options, true));
  if (answer.kind === 'loaded') return answer.channels.map(({ channel }) => channel);
  const { explainProblems } = await import('../config/problem.ts');
  process.stderr.write(explainProblems(answer.problems));
  return null;
}
