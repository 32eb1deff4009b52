import type { Loaded, RunnerStatus, Upgraded, WatchPlace } from '../../src/control-port.ts';
import type { Channel } from '../../src/core/channel.ts';
import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainStatus } from '../../src/core/status.ts';
import { toEpochMs } from '../../src/core/units.ts';
import { ProjectRunner, type Predecessor, type RunnerParts } from '../../src/runner/project-runner.ts';
import { chainNamed, chainOf, type TaskWishes } from './chain-definition.ts';
import { MemoryHost } from './memory-host.ts';
import { settled } from './settled.ts';

/** A real runner of many chains, on a host in memory. */
export class RunnerStory {
  readonly host: MemoryHost;
  readonly runner: ProjectRunner;
  readonly notes: string[] = [];
  /** What a load of the configuration says; the test may take its time. */
  /** The channels of each reload that was carried out. */
  readonly channels: (readonly Channel[])[] = [];
  load: () => Promise<Loaded> = async () => ({
    kind: 'loaded',
    definitions: [],
    channels: [],
    metrics: null,
  });
  loads = 0;
  /** Where monitoring looks, and why it cannot look anywhere else. */
  watched: WatchPlace | null = null;
  watchProblem: string | null = null;
  isSeated = true;
  /** Whether another runner has the seat. */
  isSeatLost = false;
  predecessor: Predecessor | null = null;
  successor: () => Promise<Exclude<Upgraded, { kind: 'refused' }>> = async () => ({
    kind: 'taking over',
    pid: 4_711,
  });
  end: 'not yet' | 'finished' | Error = 'not yet';

  constructor(host: MemoryHost = new MemoryHost()) {
    this.host = host;
    this.runner = new ProjectRunner(this.#parts());
    this.runner.finished.then(
      () => (this.end = 'finished'),
      (error: unknown) => (this.end = error instanceof Error ? error : new Error(String(error))),
    );
  }

  status(): RunnerStatus {
    return this.runner.status();
  }

  /** What a chain does. @throws when the runner does not have it */
  chain(name: string): ChainStatus {
    const found = this.status().chains.find(({ chain }) => chain === name);
    if (found === undefined) throw new Error(`There is no chain ${name}`);
    return found;
  }

  /** The chains, each with its state. */
  states(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.status().chains.map(({ chain, state }) => [String(chain), state]));
  }

  async begin(...definitions: ChainDefinition[]): Promise<this> {
    this.runner.begin({ definitions, channels: [], metrics: null });
    await settled();
    return this;
  }

  /** Reloads to these chains. */
  async reload(...definitions: ChainDefinition[]): Promise<unknown> {
    this.load = async () => ({ kind: 'loaded', definitions, channels: [], metrics: null });
    const answer = await this.runner.reload({ by: 'ada', isDryRun: false });
    await settled();
    return answer;
  }

  #parts(): RunnerParts {
    const { host } = this;
    return {
      clock: host.clock,
      open: host.open,
      tell: host.tell,
      note: (text) => void this.notes.push(text),
      figures: () => ({
        pid: 100,
        version: '0.1.0',
        host: 'web-1',
        directory: '/srv/mail',
        since: toEpochMs(0),
        memoryBytes: 1,
      }),
      load: () => {
        this.loads += 1;
        return this.load();
      },
      startSuccessor: () => this.successor(),
      tellBy: (channels) => void this.channels.push(channels),
      predecessor: () => this.predecessor,
      seat: {
        take: async () => {
          this.isSeated = !this.isSeatLost;
          return this.isSeated;
        },
        leave: () => void (this.isSeated = false),
        watchAt: async (place) => {
          if (this.watchProblem === null) this.watched = place;
          return this.watchProblem;
        },
      },
    };
  }
}

/** A chain of one task with this name. */
export function chain(
  name: string,
  task: TaskWishes = {},
  changed: Partial<ChainDefinition> = {},
): ChainDefinition {
  return chainOf([task], { name: chainNamed(name), ...changed });
}
