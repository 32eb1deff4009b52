import type {
  Asked,
  ControlRequest,
  Reloaded,
  RunnerControl,
  RunnerStatus,
  Upgraded,
} from '../../src/control-port.ts';
import { bareStatus } from '../../src/core/status.ts';
import { toEpochMs } from '../../src/core/units.ts';
import { chain } from './runner-story.ts';

/** A runner that answers what the test says, and keeps what it was asked. */
export class ScriptedControl implements RunnerControl {
  readonly asked: unknown[] = [];
  names: readonly string[] = ['mail'];
  /** What `ask` answers; until it is set, that the thing is done. */
  answer: Asked | null = null;
  reloaded: Reloaded = { kind: 'carried out', plan: [], settings: [] };
  upgraded: Upgraded = { kind: 'taking over', pid: 4_711 };
  handOver: RunnerControl['handOver'] = () => null;
  /** A bug of the runner. */
  failure: Error | null = null;

  status(): RunnerStatus {
    if (this.failure !== null) throw this.failure;
    return {
      runner: {
        pid: 100,
        version: '0.1.0',
        host: 'web-1',
        directory: '/srv/mail',
        since: toEpochMs(0),
        memoryBytes: 1,
        isEnding: false,
        successor: null,
      },
      chains: this.names.map((name) => bareStatus(chain(name), 'waiting')),
    };
  }

  async ask(name: string, request: ControlRequest): Promise<Asked> {
    if (this.failure !== null) throw this.failure;
    this.asked.push([name, request]);
    if (this.answer !== null) return this.answer;
    if (!this.names.includes(name)) return { kind: 'no such chain', known: this.names };
    return { kind: 'done', status: bareStatus(chain(name), 'waiting') };
  }

  async reload(asked: { readonly by: string; readonly isDryRun: boolean }): Promise<Reloaded> {
    this.asked.push(['reload', asked]);
    return this.reloaded;
  }

  async upgrade(by: string): Promise<Upgraded> {
    this.asked.push(['upgrade', by]);
    return this.upgraded;
  }

  end(how: 'drain' | 'stop' | 'stop now', by: string): void {
    this.asked.push([how, by]);
  }
}
