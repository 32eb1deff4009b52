import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingDebianProgram } from '../peers/debian-package.ts';
import type { Contender } from './comparison.ts';
import { answerOf, start, until } from './process-figures.ts';
import { numberIn } from './runner-figures.ts';
import type { Workshop } from './workshop.ts';

/** What npm installs for the peers, into a folder outside of the project's own packages. */
const versions = {
  bree: '9.2.9',
  croner: '11.0.1',
  bullmq: '6.7.0',
  // The one that BullMQ itself is tested with.
  ioredis: '5.11.1',
  // The newest one that runs on Node 20.
  'graphile-worker': '0.16.6',
} as const;
type PackageName = keyof typeof versions;

const peersFolder = fileURLToPath(new URL('../../.peers/', import.meta.url));
const scripts = fileURLToPath(new URL('../../bench/function-peers/', import.meta.url));

/** What else runs a function again and again, each in a Node of its own. */
export function functionPeers(workshop: Workshop): readonly Contender[] {
  const peers: readonly Contender[] = [
    {
      name: `croner ${versions.croner}, in one process`,
      missing: () => missingPackages(['croner']),
      measure: () => runsPerSecond('croner', [500_000, peersFolder]),
    },
    {
      name: `BullMQ ${versions.bullmq}, Redis`,
      missing: () =>
        missingPackages(['bullmq', 'ioredis']) ??
        missingDebianProgram(['redis-server', '--version'], 'redis-server'),
      measure: () => withRedis(workshop, (socket) => runsPerSecond('bullmq', [4_000, peersFolder, socket])),
    },
    {
      name: `graphile-worker ${versions['graphile-worker']}, PostgreSQL`,
      missing: () => missingPostgres() ?? missingPackages(['graphile-worker']),
      measure: () => withPostgres((folder) => runsPerSecond('graphile-worker', [500, peersFolder, folder])),
    },
    {
      name: `Bree ${versions.bree}`,
      missing: () => missingPackages(['bree']),
      measure: () => runsPerSecond('bree', [60, peersFolder]),
    },
  ];
  return peers.map((peer) => ({ ...peer, isPeer: true }));
}

/** Runs per second of a bare loop that awaits a function, without anything around it. */
export function awaitLoop(): Promise<number> {
  return runsPerSecond('await-loop', [5_000_000]);
}

async function runsPerSecond(name: string, words: readonly (string | number)[]): Promise<number> {
  const answer = await answerOf(process.execPath, [`${scripts}${name}.mjs`, ...words.map(String)]);
  return numberIn(answer, 'runsPerSecond');
}

function missingPackages(names: readonly PackageName[]): string | null {
  const lacking = names.filter((name) => installedVersion(name) !== versions[name]);
  if (lacking.length === 0) return null;
  mkdirSync(peersFolder, { recursive: true });
  const wanted = lacking.map((name) => `${name}@${versions[name]}`);
  const options = ['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund'];
  spawnSync('npm', ['install', '--prefix', peersFolder, ...options, ...wanted], { stdio: 'ignore' });
  const isThere = lacking.every((name) => installedVersion(name) === versions[name]);
  return isThere ? null : `npm cannot install ${wanted.join(' and ')}`;
}

function installedVersion(name: PackageName): string | null {
  const file = join(peersFolder, 'node_modules', name, 'package.json');
  if (!existsSync(file)) return null;
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version: unknown = typeof read === 'object' && read !== null ? Reflect.get(read, 'version') : null;
  return typeof version === 'string' ? version : null;
}

/** A Redis of its own, without a TCP port, that keeps what it is told as the documentation of BullMQ recommends. */
async function withRedis(workshop: Workshop, measure: (socket: string) => Promise<number>): Promise<number> {
  const folder = workshop.fresh();
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, 'socket');
  const persistence = [
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
    '--maxmemory-policy',
    'noeviction',
  ];
  const own = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--daemonize', 'no'];
  const redis = start('redis-server', [...own, ...persistence], folder);
  return whileUp(redis, 'SIGTERM', async () => {
    await until(() => existsSync(socket), 'Redis');
    return measure(socket);
  });
}

// It is not installed for this alone: a server of PostgreSQL is much to bring onto a machine for one row.
function missingPostgres(): string | null {
  if (postgresFolder() === null) return 'no PostgreSQL here';
  const isOther = process.getuid?.() === 0;
  return isOther && idOf('-u') === null ? 'no user "postgres", and PostgreSQL refuses to run as root' : null;
}

/** A PostgreSQL of its own, without a TCP port, with its defaults: each commit is on the disk. */
async function withPostgres(measure: (folder: string) => Promise<number>): Promise<number> {
  const bin = postgresFolder() ?? '';
  // Not in the workshop, which is closed to the user that it runs as.
  const folder = mkdtempSync(join(tmpdir(), 'runner-bench-postgres-'));
  try {
    if (process.getuid?.() === 0) chownSync(folder, idOf('-u') ?? 0, idOf('-g') ?? 0);
    const data = join(folder, 'data');
    const [initdb, ...words] = [
      ...asPostgres(),
      `${bin}/initdb`,
      '-A',
      'trust',
      '-U',
      'postgres',
      '-D',
      data,
    ];
    const made = spawnSync(initdb, words, { stdio: 'ignore' });
    if (made.status !== 0) throw new Error(`initdb ended with ${made.status}`);
    const [server, ...options] = [...asPostgres(), `${bin}/postgres`, '-D', data, '-k', folder];
    const postgres = start(
      server,
      [...options, '-c', 'listen_addresses=', '-c', 'log_min_messages=panic'],
      folder,
    );
    return await whileUp(postgres, 'SIGINT', async () => {
      await until(() => isReady(folder), 'PostgreSQL');
      return measure(folder);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is in front of a program of PostgreSQL, which refuses to run as root. */
function asPostgres(): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  return ['setpriv', '--reuid', String(idOf('-u')), '--regid', String(idOf('-g')), '--clear-groups'];
}

async function whileUp(
  server: ReturnType<typeof start>,
  signal: NodeJS.Signals,
  measure: () => Promise<number>,
): Promise<number> {
  const ended = new Promise((resolve) => server.on('exit', resolve));
  try {
    return await measure();
  } finally {
    server.kill(signal);
    await ended;
  }
}

function isReady(folder: string): boolean {
  return spawnSync('pg_isready', ['-q', '-h', folder, '-U', 'postgres'], { stdio: 'ignore' }).status === 0;
}

function postgresFolder(): string | null {
  const all = '/usr/lib/postgresql';
  if (!existsSync(all)) return null;
  const folders = readdirSync(all).map((version) => join(all, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

function idOf(option: '-u' | '-g'): number | null {
  const { status, stdout } = spawnSync('id', [option, 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}
