import type { Configuration, Loaded, RunnerFigures, Upgraded } from '../control-port.ts';
import { createApi, type ApiSources } from '../control/api.ts';
import { createWatchSite } from '../control/watch-api.ts';
import { checkSocketPath } from '../control/serve.ts';
import { askForChains, type TakeOver } from '../control/take-over.ts';
import { add, toDurationMs } from '../core/units.ts';
import { readTail } from '../log/read-log.ts';
import { limitRunnerLog } from '../log/runner-log.ts';
import type { RunnerMetrics } from '../metrics/runner-metrics.ts';
import type { RunnerHolder, Tell } from '../ports.ts';
import { signalProcess } from '../processes/process-table.ts';
import { ProjectRunner, type Predecessor } from '../runner/project-runner.ts';
import { readHistory } from '../store/history.ts';
import { readIncident, readIncidents } from '../store/incidents.ts';
import { isContainersMain } from '../system/container.ts';
import { ownProcess } from '../system/own-process.ts';
import { startAgain } from '../system/start-again.ts';
import { stateFolderAt } from '../system/state-folder.ts';
import { openHost, type Host } from './host.ts';
import { openListeners, type Listeners } from './listeners.ts';
import { createSeat, type ProjectSeat } from './project-seat.ts';

/** What `runner up` is started with. */
export interface UpOptions {
  /** In force until a reload. */
  readonly configuration: Configuration;
  readonly stateDirectory: string;
  /** The program path in which perl is looked for beside the usual folders. */
  readonly path: string;
  /** Loads the configuration anew, for a reload. */
  readonly load: () => Promise<Loaded>;
  /** The words that start this program in the same way again. */
  readonly args: readonly string[];
  readonly figures: Pick<RunnerFigures, 'version' | 'host' | 'directory'>;
  readonly tell: Tell;
  /** Told in words for people, of what is not of one chain. */
  readonly note: (text: string) => void;
  /** Whether to take the chains over from a runner that is up, and to kill it if it does not answer. */
  readonly takeover: 'no' | 'ask' | 'force';
}

/** What came of the wish to be the runner of a project. */
export type UpAnswer =
  | {
      readonly kind: 'up';
      readonly runner: ProjectRunner;
      /** The runner from which the chains come, or `null`. */
      readonly tookOverFrom: number | null;
      /** Lets go of everything. What can be told to people at once still is, for a few seconds at most. */
      close(): Promise<void>;
    }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder; readonly why: string | null };

/** How long a killed runner may take to be gone: longer, and the kernel is in trouble. */
const goneWithinMs = toDurationMs(5_000);
/** How often the size of the runner's own log is looked at. */
const limitEvery = toDurationMs(60_000);
const lookAgainMs = toDurationMs(20);

/**
 * Becomes the one runner of a project, and begins to keep its chains. Where a runner is up already it gives them one
 * by one, each after its run, if `takeover` says so.
 * @throws StateFolderError, StoreError, PerlMissing or ControlSocketError, each with a message that says what to do.
 */
export async function startRunner(options: UpOptions): Promise<UpAnswer> {
  checkSocketPath(stateFolderAt(options.stateDirectory).socket);
  const host = await openHost(options.stateDirectory, options.path);
  const { runner, seat, listeners, follow } = assemble(host, options);
  const taken = await takeSeat({ host, seat, runner, follow }, options.takeover);
  if (taken.kind === 'held elsewhere') {
    await listeners.close();
    host.close();
    return taken;
  }
  listeners.tellBy(options.configuration.channels);
  runner.begin(options.configuration);
  const stopLimiting = keepLogSmall(host);
  return {
    kind: 'up',
    runner,
    tookOverFrom: taken.from,
    async close() {
      stopLimiting();
      seat.leave();
      await listeners.close();
      host.close();
    },
  };
}

interface Assembled extends Pick<Candidate, 'seat' | 'runner' | 'follow'> {
  readonly listeners: Listeners;
}

function assemble(host: Host, options: UpOptions): Assembled {
  const { configuration, figures, note, tell, load } = options;
  const { pid, memoryBytes } = ownProcess;
  const since = host.clock.now().wall;
  const bug = (error: Error): void =>
    note(`a request failed, which is a bug of runner: ${error.stack ?? error.message}`);
  const listeners = openListeners(host, { tell, note, origin: figures }, () => runner);
  const { metrics } = listeners;
  const seat = createSeat(
    host,
    { metrics: configuration.metrics, note },
    {
      api: () => createApi(runner, sourcesOf(host, { metrics, bug, version: figures.version })),
      site: () => createWatchSite(runner, { metrics: () => metrics.text(), bug }),
    },
  );
  let predecessor: Predecessor | null = null;
  const runner = new ProjectRunner({
    clock: host.clock,
    open: host.open,
    seat: { ...seat, take: () => seat.takeBack() },
    tell: listeners.tell,
    tellBy: listeners.tellBy,
    note,
    load,
    figures: () => ({ ...figures, pid, since, memoryBytes: memoryBytes() }),
    predecessor: () => predecessor,
    startSuccessor: () => startSuccessor(options.args),
  });
  function follow(holder: RunnerHolder, ended: Promise<void>): void {
    predecessor = predecessorOf(host, holder, ended);
    void ended.then(() => {
      predecessor = null;
      runner.tryNow(null);
    });
  }
  return { runner, seat, listeners, follow };
}

function sourcesOf(
  { database, folder }: Host,
  parts: {
    readonly metrics: RunnerMetrics;
    readonly bug: (error: Error) => void;
    readonly version: string;
  },
): ApiSources {
  return {
    version: parts.version,
    bug: parts.bug,
    metrics: () => parts.metrics.text(),
    history: (query) => readHistory(database, query),
    incidents: (query) => readIncidents(database, query),
    incident: (id) => readIncident(database, id),
    logTail: (chain, lines) => readTail(folder.logs, chain, lines),
  };
}

function predecessorOf({ clock }: Host, { pid, identity }: RunnerHolder, ended: Promise<void>): Predecessor {
  let isStopping = false;
  return {
    pid,
    ended,
    stop(isNow) {
      // A second signal means now; one of the same kind could fall together with the first.
      const signals: readonly NodeJS.Signals[] = isNow ? ['SIGTERM', 'SIGINT'] : ['SIGTERM'];
      if (identity === null) return;
      for (const signal of isStopping ? signals.slice(1) : signals)
        signalProcess(identity, clock.boot, signal);
      isStopping = true;
    },
  };
}

interface Candidate {
  readonly host: Host;
  readonly seat: ProjectSeat;
  readonly runner: ProjectRunner;
  /** The runner before gives its chains until `ended` resolves. */
  readonly follow: (holder: RunnerHolder, ended: Promise<void>) => void;
}

type SeatTaken =
  | { readonly kind: 'taken'; readonly from: number | null }
  | Extract<UpAnswer, { kind: 'held elsewhere' }>;

async function takeSeat(candidate: Candidate, takeover: UpOptions['takeover']): Promise<SeatTaken> {
  const { host, seat, runner } = candidate;
  const taken = await seat.tryTake();
  if (taken.kind === 'taken') return { kind: 'taken', from: null };
  const { holder } = taken;
  if (takeover === 'no') return { kind: 'held elsewhere', holder, why: null };
  const answer = await askForChains(host.folder.socket, ownProcess.pid, (chain) => runner.tryNow(chain));
  if (answer.kind === 'accepted') candidate.follow(holder, answer.ended);
  const refusal = refusalOf(answer, takeover);
  if (refusal !== null) return { kind: 'held elsewhere', holder, why: refusal };
  if (answer.kind === 'silent' && holder.identity !== null) {
    signalProcess(holder.identity, host.clock.boot, 'SIGKILL');
  }
  return (await takeSoon(candidate))
    ? { kind: 'taken', from: holder.pid }
    : { kind: 'held elsewhere', holder, why: 'it is still there' };
}

function refusalOf(answer: TakeOver, takeover: 'ask' | 'force'): string | null {
  switch (answer.kind) {
    case 'accepted':
      return null;
    case 'refused':
      return answer.reason;
    case 'silent':
      return takeover === 'force' ? null : 'it does not answer';
  }
}

async function takeSoon({ host: { clock }, seat }: Candidate): Promise<boolean> {
  const deadline = add(clock.now().monotonic, goneWithinMs);
  while (!(await seat.take())) {
    if (clock.now().monotonic >= deadline) return false;
    await new Promise<void>((resolve) => clock.wakeAt(add(clock.now().monotonic, lookAgainMs), resolve));
  }
  return true;
}

function keepLogSmall({ clock, folder }: Host): () => void {
  let forget = (): void => undefined;
  function again(): void {
    limitRunnerLog(folder.path);
    forget = clock.wakeAt(add(clock.now().monotonic, limitEvery), again);
  }
  again();
  return () => forget();
}

async function startSuccessor(args: readonly string[]): Promise<Upgraded> {
  if (isContainersMain()) {
    const reason =
      'This runner is the main process of its container, which ends with it: start a container of the new version, and then stop this one';
    return { kind: 'refused', reason };
  }
  const news = await startAgain({ args: [...args, '--takeover'], output: [1, 2] });
  return news.kind === 'up' ? { kind: 'taking over', pid: news.pid } : news;
}
