import { spawn } from 'node:child_process';

/** Talks to systemd where it started this process, by `systemd-notify`; does nothing elsewhere. */
export interface ServiceManager {
  /** This process is up, and is the main one of its service from now on. */
  ready(): void;
  close(): void;
}

/**
 * Tells systemd what becomes of the service, and that this process is alive, twice in each `WATCHDOG_USEC`. The unit
 * needs `NotifyAccess=all`, since a helper process does the telling; see sd_notify(3).
 */
export function createServiceManager(): ServiceManager {
  const isManaged = process.env['NOTIFY_SOCKET'] !== undefined;
  const watchdogMs = Number(process.env['WATCHDOG_USEC'] ?? 0) / 1_000;
  // A process that is held up for long does not tell, and is then started anew.
  const timer =
    isManaged && watchdogMs > 0 ? setInterval(() => notify(['WATCHDOG=1']), watchdogMs / 2) : null;
  timer?.unref();
  return {
    ready() {
      if (isManaged) notify(['--ready', `--pid=${process.pid}`, 'STATUS=up']);
    },
    close() {
      if (timer !== null) clearInterval(timer);
    },
  };
}

// Without the program there is nobody to tell it to but the reader of the log.
function notify(words: readonly string[]): void {
  spawn('systemd-notify', words, { stdio: 'ignore' }).on('error', () => undefined);
}
