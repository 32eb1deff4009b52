import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LogLimits } from '../../src/core/definition.ts';
import { openChainLog, type ChainLog } from '../../src/log/chain-log.ts';
import { openLogFolder, type LogFolder } from '../../src/log/log-folder.ts';
import { chainNamed } from './chain-definition.ts';
import { Schedule } from './schedule.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Limits of a log: 1 000 bytes, 3 files, no age, not compressed, no total. */
function limitsOf(changed: Partial<LogLimits> = {}): LogLimits {
  return {
    fileLimitBytes: 1_000,
    filesKept: 3,
    ageLimitMs: null,
    isCompressed: false,
    totalLimitBytes: null,
    ...changed,
  };
}

/** A folder of logs on the real disk, in virtual time. */
export class TestLogs {
  readonly path: string;
  readonly #schedule = new Schedule();
  readonly clock: VirtualClock = new VirtualClock(this.#schedule);
  folder: LogFolder;

  constructor(t: TestContext) {
    const above = mkdtempSync(join(tmpdir(), 'runner-logs-'));
    t.after(() => {
      // Elsewhere nothing is added to it while it is removed.
      renameSync(above, `${above}.over`);
      rmSync(`${above}.over`, { recursive: true, force: true });
    });
    this.path = join(above, 'logs');
    mkdirSync(this.path);
    this.folder = openLogFolder(this.path);
  }

  /** Another runner begins: it knows what is on the disk. */
  restart(): void {
    this.folder = openLogFolder(this.path);
  }

  open(chain: string, changed: Partial<LogLimits> = {}): ChainLog {
    return openChainLog(this.folder, chainNamed(chain), limitsOf(changed));
  }

  /** What a run and the loop do: write, and then look whether the log has to be set aside before the next run. */
  write(log: ChainLog, text: string): boolean {
    appendFileSync(log.path, text);
    return this.mustRotate(log);
  }

  mustRotate(log: ChainLog): boolean {
    return log.mustRotate(log.position(), this.clock.now());
  }

  /** Writes a text, and sets the log aside. */
  fill(log: ChainLog, text: string): void {
    appendFileSync(log.path, text);
    log.position();
    log.rotate(this.clock.now());
  }

  advance(lengthMs: number): Promise<void> {
    return this.#schedule.advance(lengthMs);
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  /** The names of the files, in order. */
  get names(): readonly string[] {
    return readdirSync(this.path).toSorted();
  }

  /** Resolves when a change of the folder makes it true. */
  until(isTrue: () => boolean): Promise<void> {
    return untilFolder(this.path, isTrue);
  }
}

/** How often to look at a folder besides its changes: not all that a test waits for is one. */
const lookAgainMs = 100;

/** Resolves when a change of a folder makes it true. */
export function untilFolder(folder: string, isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, look);
    const again = setInterval(look, lookAgainMs);
    function look(): void {
      if (!isTrue()) return;
      watcher.close();
      clearInterval(again);
      resolve();
    }
    look();
  });
}
