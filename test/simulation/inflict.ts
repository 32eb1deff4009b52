import type { Harm } from './harms.ts';
import type { World } from './world.ts';

/** Does one harm to a world. One that finds nothing to harm does nothing. */
export function inflict(world: World, harm: Harm): void {
  switch (harm.kind) {
    case 'runner killed':
    case 'runner killed at work':
    case 'runner killed while it stores':
    case 'runner stopped':
    case 'runner frozen':
      harmRunner(world, harm);
      break;
    case 'second runner':
      world.runners.startUp();
      break;
    case 'runner in the foreground':
      world.runners.startForeground(harm);
      break;
    case 'upgrade':
      world.runners.upgrade(harm.isRefused);
      break;
    case 'host rebooted':
      world.reboot(harm);
      break;
    case 'clock set':
      world.setClock(harm.byMs);
      break;
    case 'disk full':
    case 'save fails':
    case 'store slow':
    case 'term cannot begin':
    case 'chain cannot be opened':
      harmDisk(world, harm);
      break;
    case 'worker killed':
    case 'worker killed as a run ends':
    case 'worker killed in a run':
    case 'worker cut off':
    case 'worker cannot start':
    case 'tasks cannot be loaded':
    case 'messages late':
      harmWorker(world, harm);
      break;
    case 'log full':
      Object.assign(world.log, { isFull: true });
      break;
    case 'reload':
      world.configure(harm.to, harm.tookMs);
      void world.runners.up?.reload(harm.isDryRun);
      break;
    case 'asked':
      world.ask((by) => ({ ...harm.wish, by }));
      break;
    case 'status looked at':
      world.runners.look();
      break;
  }
}

type RunnerHarm = Extract<Harm, { readonly whose: string }>;

function harmRunner({ runners, schedule, log }: World, harm: RunnerHarm): void {
  const process = runners.one(harm.whose);
  if (process === null) return;
  switch (harm.kind) {
    case 'runner killed':
      process.die('was killed');
      break;
    case 'runner killed at work':
      // It makes this call only for a log that is full.
      if (harm.at === 'output.rotate') log.isFull = true;
      process.lightFuse(harm);
      break;
    case 'runner killed while it stores':
      process.diesStoring = { isCommitted: harm.isCommitted };
      break;
    case 'runner stopped':
      runners.end(process, harm.how);
      break;
    case 'runner frozen':
      process.freeze();
      schedule.after(harm.forMs, () => process.thaw());
      break;
  }
}

type DiskHarm = Extract<
  Harm,
  {
    readonly kind: 'disk full' | 'save fails' | 'store slow' | 'term cannot begin' | 'chain cannot be opened';
  }
>;

function harmDisk({ disk, schedule }: World, harm: DiskHarm): void {
  switch (harm.kind) {
    case 'disk full':
      disk.full = 'the disk is full';
      schedule.after(harm.forMs, () => (disk.full = null));
      break;
    case 'save fails':
      disk.savesToFail = harm.saves;
      break;
    case 'store slow':
      disk.slow = { calls: harm.saves, byMs: harm.byMs };
      break;
    case 'term cannot begin':
      disk.termsToFail = harm.times;
      break;
    case 'chain cannot be opened':
      disk.openingsToFail = harm.times;
      break;
  }
}

type WorkerHarm = Extract<
  Harm,
  {
    readonly kind:
      | 'worker killed'
      | 'worker killed as a run ends'
      | 'worker killed in a run'
      | 'worker cut off'
      | 'worker cannot start'
      | 'tasks cannot be loaded'
      | 'messages late';
  }
>;

function harmWorker({ host, schedule }: World, harm: WorkerHarm): void {
  const { trouble } = host;
  switch (harm.kind) {
    case 'worker killed':
      host.killWorkers();
      break;
    case 'worker killed as a run ends':
      trouble.diesAtEnd = { isRecorded: harm.isRecorded };
      break;
    case 'worker killed in a run':
      schedule.after(harm.afterMs, () => host.killBusyWorkers());
      break;
    case 'worker cut off':
      host.cutWorkersOff();
      break;
    case 'worker cannot start':
      trouble.startsToFail = harm.times;
      break;
    case 'tasks cannot be loaded':
      trouble.loadsToFail = harm.times;
      break;
    case 'messages late':
      trouble.lateMs = harm.byMs;
      schedule.after(harm.forMs, () => (trouble.lateMs = 0));
      break;
  }
}
