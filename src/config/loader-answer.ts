import type {
  AlertPolicy,
  ChainDefinition,
  ChainName,
  FailureCooldown,
  Heartbeat,
  HistoryLimits,
  Isolation,
  LeftoversPolicy,
  OnFailure,
  TaskDefinition,
  Work,
} from '../core/definition.ts';
import type { Identity, IoPriority, RunUser } from '../core/identity.ts';
import { asCount, asText, Fields, NotAMessage } from './answer-fields.ts';
import { isChainName } from './chain-name.ts';
import { readChannel } from './channel-answer.ts';
import type { LoadAnswer, LoadedChain, LoadedValue } from './loaded.ts';
import type { LoaderMessage } from './loader-message.ts';
import type { CheckedMetrics } from './metrics-options.ts';
import type { Problem } from './problem.ts';

/**
 * Reads a line that came from the config loader. The modules of the user run in the same process and could
 * have written it, so nothing is taken on trust: `null` for what is not a message.
 */
export function readLoaderMessage(line: string): LoaderMessage | null {
  try {
    const message = new Fields(JSON.parse(line));
    if (message.text('kind') === 'importing') return { kind: 'importing', module: message.text('module') };
    return { kind: 'answer', answer: readAnswer(message.fields('answer')) };
  } catch (error) {
    if (error instanceof NotAMessage || error instanceof SyntaxError || error instanceof RangeError)
      return null;
    throw error;
  }
}

function readAnswer(answer: Fields): LoadAnswer {
  const kind = answer.choice('kind', ['loaded', 'rejected']);
  if (kind === 'rejected') return { kind, problems: answer.list('problems', readProblem) };
  return {
    kind,
    configFile: answer.textOrNull('configFile'),
    chains: answer.list('chains', readChain),
    channels: answer.list('channels', (value) => {
      const channel = new Fields(value);
      return { channel: readChannel(channel.fields('channel')), values: channel.list('values', readValue) };
    }),
    metrics: answer.value('metrics') === null ? null : readMetrics(answer.fields('metrics')),
  };
}

function readMetrics(metrics: Fields): CheckedMetrics {
  const listen = metrics.fields('listen');
  return {
    listen: { host: listen.text('host'), port: asCount(listen.value('port')) },
    names: metrics.value('names') === undefined ? [] : metrics.list('names', asText),
  };
}

function readProblem(value: unknown): Problem {
  const problem = new Fields(value);
  return { at: problem.text('at'), path: problem.textOrNull('path'), message: problem.text('message') };
}

function readChain(value: unknown): LoadedChain {
  const chain = new Fields(value);
  return {
    definition: readDefinition(chain.fields('definition')),
    values: chain.list('values', readValue),
    needsRoot: chain.list('needsRoot', asText),
  };
}

function readHeartbeat(heartbeat: Fields): Heartbeat {
  return { successUrl: heartbeat.textOrNull('successUrl'), failureUrl: heartbeat.textOrNull('failureUrl') };
}

function readHistory(history: Fields): HistoryLimits {
  return {
    runsKept: history.number('runsKept'),
    failedRunsKept: history.number('failedRunsKept'),
    ageMs: history.durationOrNull('ageMs'),
  };
}

function readAlerts(alerts: Fields): AlertPolicy {
  const breaker = alerts.value('breaker') === null ? null : alerts.fields('breaker');
  return {
    afterFailures: alerts.number('afterFailures'),
    remindMs: alerts.duration('remindMs'),
    freshnessMs: alerts.durationOrNull('freshnessMs'),
    blockedMs: alerts.durationOrNull('blockedMs'),
    lateFactor: alerts.numberOrNull('lateFactor'),
    breaker:
      breaker === null
        ? null
        : { failures: breaker.number('failures'), probeMs: breaker.duration('probeMs') },
  };
}

function readValue(value: unknown): LoadedValue {
  const row = new Fields(value);
  return { path: row.text('path'), shown: row.text('shown'), from: row.text('from') };
}

function readDefinition(definition: Fields): ChainDefinition {
  const log = definition.fields('log');
  const recycle = definition.fields('recycle');
  return {
    name: readName(definition.text('name')),
    tasks: definition.list('tasks', readTask),
    directory: definition.text('directory'),
    environment: definition.texts('environment'),
    identity: readIdentity(definition.fields('identity')),
    stopGraceMs: definition.duration('stopGraceMs'),
    killGraceMs: definition.duration('killGraceMs'),
    leftovers: definition.choice<LeftoversPolicy>('leftovers', ['wait', 'kill', 'allow']),
    log: {
      fileLimitBytes: log.number('fileLimitBytes'),
      filesKept: log.number('filesKept'),
      ageLimitMs: log.value('ageLimitMs') === null ? null : log.duration('ageLimitMs'),
      isCompressed: log.flag('isCompressed'),
      totalLimitBytes: log.value('totalLimitBytes') === null ? null : log.number('totalLimitBytes'),
    },
    history: readHistory(definition.fields('history')),
    alerts: readAlerts(definition.fields('alerts')),
    heartbeat: definition.value('heartbeat') === null ? null : readHeartbeat(definition.fields('heartbeat')),
    codeVersion: definition.textOrNull('codeVersion'),
    isolation: definition.choice<Isolation>('isolation', ['chain', 'run', 'shared']),
    recycle: {
      runs: recycle.numberOrNull('runs'),
      memoryKib: recycle.numberOrNull('memoryKib'),
      ageMs: recycle.value('ageMs') === null ? null : recycle.duration('ageMs'),
    },
    code: definition.textOrNull('code'),
  };
}

function readIdentity(identity: Fields): Identity {
  const isNull = (key: string): boolean => identity.value(key) === null;
  const limits = identity.fields('limits');
  return {
    user: isNull('user') ? null : readUser(identity.fields('user')),
    noNewPrivileges: identity.flag('noNewPrivileges'),
    nice: isNull('nice') ? null : identity.number('nice'),
    ionice: isNull('ionice') ? null : readIonice(identity.fields('ionice')),
    cpus: identity.textOrNull('cpus'),
    umask: identity.countOrNull('umask'),
    limits: {
      openFiles: limits.countOrNull('openFiles'),
      memoryBytes: limits.countOrNull('memoryBytes'),
      processes: limits.countOrNull('processes'),
      cpuSeconds: limits.countOrNull('cpuSeconds'),
    },
  };
}

function readUser(user: Fields): RunUser {
  return {
    name: user.text('name'),
    uid: asCount(user.value('uid')),
    gid: asCount(user.value('gid')),
    groups: user.list('groups', asCount),
    home: user.text('home'),
    shell: user.text('shell'),
  };
}

function readIonice(ionice: Fields): IoPriority {
  const name = ionice.choice('class', ['realtime', 'best-effort', 'idle']);
  return { class: name, level: ionice.countOrNull('level') };
}

function readName(name: string): ChainName {
  if (!isChainName(name)) throw new NotAMessage('not the name of a chain');
  return name;
}

function readTask(value: unknown): TaskDefinition {
  const task = new Fields(value);
  const cooldown = task.fields('cooldown');
  return {
    name: task.text('name'),
    work: readWork(task.fields('work')),
    cooldown: {
      successMs: cooldown.duration('successMs'),
      failure: readFailure(cooldown.fields('failure')),
    },
    timeoutMs: task.value('timeoutMs') === null ? null : task.duration('timeoutMs'),
    onFailure: task.choice<OnFailure>('onFailure', ['continue', 'retry', 'restart', 'pause']),
  };
}

function readWork(work: Fields): Work {
  const kind = work.choice('kind', ['command', 'function']);
  if (kind === 'command') return { kind, argv: work.list('argv', asText) };
  return { kind, file: work.text('file'), exportName: work.text('exportName') };
}

function readFailure(failure: Fields): FailureCooldown {
  const kind = failure.choice('kind', ['fixed', 'back-off']);
  if (kind === 'fixed') return { kind, lengthMs: failure.duration('lengthMs') };
  return {
    kind,
    firstMs: failure.duration('firstMs'),
    factor: failure.number('factor'),
    capMs: failure.duration('capMs'),
    jitter: failure.number('jitter'),
  };
}
