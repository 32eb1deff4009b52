import { RunnerNotUp, RunnerSilent, type ControlClient } from '../control/client.ts';
import { readRunnerStatus } from './read-status.ts';

const lookMs = 200;

/** Resolves when the runner with this process id answers no more, or another one has taken its place. */
export async function waitForEnd(client: ControlClient, pid: number): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    try {
      const { body } = await client.get('/v1/status');
      if (readRunnerStatus(body).runner.pid !== pid) return;
    } catch (error) {
      if (error instanceof RunnerNotUp) return;
      // It may be held up; and a connection that it had taken ends with it.
      if (!(error instanceof RunnerSilent) && !(error instanceof Error && 'code' in error)) throw error;
    }
  }
}
