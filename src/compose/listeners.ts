import type { Origin } from '../alert/message.ts';
import { createHeartbeats } from '../heartbeat/heartbeats.ts';
import { ping } from '../heartbeat/ping.ts';
import { createMetrics, type RunnerMetrics } from '../metrics/runner-metrics.ts';
import type { Tell } from '../ports.ts';
import type { ProjectRunner } from '../runner/project-runner.ts';
import { readOpenTasks, readWaiting } from '../store/incidents.ts';
import { openAlerts, type Alerts } from './alerts.ts';
import type { Host } from './host.ts';

/** Those who are told what happens to the chains of a runner: the terminal, people far away, monitoring. */
export interface Listeners {
  readonly tell: Tell;
  readonly metrics: RunnerMetrics;
  /** Tells people by these channels from now on. */
  readonly tellBy: Alerts['tellBy'];
  close(): Promise<void>;
}

interface ListenerOptions {
  readonly tell: Tell;
  readonly note: (text: string) => void;
  readonly origin: Origin;
}

/** All listeners of `runner up`. @param runner is asked only when something is told */
export function openListeners(
  host: Host,
  { tell, note, origin }: ListenerOptions,
  runner: () => ProjectRunner,
): Listeners {
  const { database, clock } = host;
  const metrics = createMetrics({
    status: () => runner().status(),
    open: () => readOpenTasks(database),
    waiting: () => readWaiting(database),
  });
  const heartbeats = createHeartbeats({ clock, ping, note });
  const alerts = openAlerts(host, { origin, keepsRight: true, tell, note, attempted: metrics.delivered });
  return {
    metrics,
    tellBy: alerts.tellBy,
    tell(told) {
      alerts.tell(told);
      metrics.tell(told);
      heartbeats.tell(told, runner().definitionOf(told.chain)?.heartbeat ?? null);
    },
    async close() {
      heartbeats.close();
      metrics.close();
      await alerts.close();
    },
  };
}
