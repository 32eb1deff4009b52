import { resolveChannels } from './channels.ts';
import { chooseChains, type ConfigInForce } from './chosen-chains.ts';
import { codeVersionOf } from './commit.ts';
import type { LoadAnswer, LoadedChain, LoadRequest } from './loaded.ts';
import { inSourceOrder, type Problem } from './problem.ts';
import { resolveChain, type Functions } from './resolved-chain.ts';

/** What a request is answered from. */
export interface RequestSources {
  readonly config: ConfigInForce | null;
  readonly functions: Functions;
  /** What is already known to be wrong. */
  readonly problems: readonly Problem[];
}

/** Answers a request with all its chains, or with all its problems. */
export async function resolveRequest(request: LoadRequest, sources: RequestSources): Promise<LoadAnswer> {
  const problems = [...sources.problems];
  const chosen = chooseChains(request, sources.config);
  problems.push(...chosen.problems);
  const chains: LoadedChain[] = [];
  const { functions } = sources;
  const codeVersion = codeVersionOf(request.directory, request.environment);
  for (const chain of chosen.chosen) {
    const report = (problem: Problem): unknown => problems.push(problem);
    chains.push(await resolveChain(chain, { request, functions, codeVersion, report }));
  }
  const channels = resolveChannels(request, sources.config, (problem) => problems.push(problem));
  if (problems.length > 0) return { kind: 'rejected', problems: inSourceOrder(problems) };
  const { config } = sources;
  return {
    kind: 'loaded',
    configFile: config?.file ?? null,
    chains,
    channels,
    metrics: config?.config.metrics ?? null,
  };
}
