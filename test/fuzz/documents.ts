import fc from 'fast-check';

const oneTask = { tasks: ['/bin/true'] };
const smtp = { host: 'localhost', port: 25, tls: 'none' };

function withChain(options: object): object {
  return { chains: { mail: { ...oneTask, ...options } } };
}

function withChannel(channel: object): object {
  return { ...withChain({}), alerts: { channels: { ops: channel } } };
}

/** Small configurations in which each option stands once; of users and groups programs are asked, so they are left out. */
const documents: readonly object[] = [
  { $schema: './schema.json', 'x-note': { anything: true }, ...withChain({}) },
  withChain({
    tasks: [
      'sh: echo a',
      { run: ['/bin/echo', 'b'], name: 'second', cooldown: '5m', timeout: '10m', onFailure: 'retry' },
    ],
  }),
  withChain({ cooldown: { success: '1s', failure: { first: '1s', factor: 2, max: '5m', jitter: 0.2 } } }),
  withChain({ timeout: '1h', onFailure: 'continue', stopGrace: '30s', killGrace: '10s', leftovers: 'wait' }),
  withChain({ env: { TZ: 'UTC' }, cwd: '.', envFile: './mail.env', inheritEnv: ['AWS_*'] }),
  withChain({ nice: 5, ionice: 'best-effort:4', cpus: '0', noNewPrivileges: true, umask: '027' }),
  withChain({ limits: { files: 1024, memory: '512MB', processes: 100, cpu: '60s' } }),
  withChain({ log: { size: '10MB', age: '1d', keep: 5, compress: true } }),
  withChain({ history: { runs: 100, failedRuns: 500, age: '90d' }, isolation: 'chain' }),
  withChain({ heartbeat: { success: 'https://example.org/a', failure: { env: 'PING' } } }),
  withChain({ recycle: { runs: 100, memory: '512MB', age: '24h' }, isolation: 'run' }),
  withChain({
    alertAfterFailures: 2,
    alertAfter: '12h',
    freshness: '1h',
    blockedAfter: '30m',
    lateFactor: 10,
  }),
  withChain({ breaker: { failures: 10, probe: '15m' } }),
  { ...withChain({}), hosts: { 'web-*': { chains: { mail: { cooldown: '10m', nice: 10 } } } } },
  { ...withChain({}), metrics: { listen: '127.0.0.1:9464', names: ['web-1'] }, logs: { total: '1GB' } },
  withChannel({ email: { to: ['ops@example.org'], from: 'Runner <runner@example.org>', smtp } }),
  withChannel({
    webhook: { url: 'https://example.org/hook', secret: { env: 'PING' } },
    rate: { count: 20, per: '1h' },
  }),
  withChannel({ slack: { url: { env: 'PING' } }, chains: ['mail'], severity: 'warning', expire: '48h' }),
  withChannel({ command: ['/bin/true', 'x'] }),
];

/** One of them. */
export const someDocument: fc.Arbitrary<object> = fc.constantFrom(...documents);
