import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import type { Channel, ChannelTarget, PlacedText, SecretPlace, SmtpServer } from '../core/channel.ts';
import { formatDuration } from '../core/duration.ts';
import { ownValue } from '../core/own-value.ts';
import { quoted } from '../core/quoted.ts';
import { toDurationMs } from '../core/units.ts';
import { explainBadName, isChainName } from './chain-name.ts';
import type { CheckedChannel, CheckedEmail, CheckedSmtp } from './checked-config.ts';
import type { ConfigInForce } from './chosen-chains.ts';
import { describeFound } from './describe-found.ts';
import { buildEnvironment, problemWithText } from './environment.ts';
import type { LoadedChannel, LoadedValue, LoadRequest } from './loaded.ts';
import { findProgram } from './program.ts';
import { showPath, type KeyPath, type Problem } from './problem.ts';
import type { ConfigSecret, ConfigUrl } from './runner-config.ts';
import { explainFileError } from './system-error.ts';
import { readTaskText } from './task-text.ts';

/** Looks up what the channels of a configuration name; what is wrong is reported, and left out. */
export function resolveChannels(
  request: LoadRequest,
  config: ConfigInForce | null,
  report: (problem: Problem) => void,
): readonly LoadedChannel[] {
  if (config === null) return [];
  const channels = Object.entries(config.config.alerts?.channels ?? {});
  return channels.flatMap(([name, channel]) => {
    const above = ['alerts', 'channels', name];
    const placeOf = (path: KeyPath): string => config.placeOf([...above, ...path]);
    const tell = (path: KeyPath, message: string): void =>
      report({ at: placeOf(path), path: showPath([...above, ...path]), message });
    if (!isChainName(name)) tell([], `Cannot name the channel: ${explainBadName(name)}`);
    const target = targetOf(channel, { request, tell });
    return target === null ? [] : [loadedChannel(name, { channel, target, placeOf })];
  });
}

interface Named {
  readonly channel: CheckedChannel;
  readonly target: ChannelTarget;
  readonly placeOf: (path: KeyPath) => string;
}

function loadedChannel(name: string, { channel: written, target, placeOf }: Named): LoadedChannel {
  const { chains, severity, rate, expire } = written;
  const channel: Channel = {
    name,
    chains: chains ?? ['*'],
    severity: severity ?? 'warning',
    rate: { count: rate?.count ?? 20, perMs: rate?.per ?? toDurationMs(3_600_000) },
    expireMs: expire ?? toDurationMs(48 * 3_600_000),
    target,
  };
  const from = (key: string, value: unknown): string => (value === undefined ? 'default' : placeOf([key]));
  return {
    channel,
    values: [
      ...targetRows(target).map((row) => ({ ...row, from: placeOf([target.kind]) })),
      { path: 'chains', shown: channel.chains.join(', '), from: from('chains', chains) },
      { path: 'severity', shown: channel.severity, from: from('severity', severity) },
      {
        path: 'rate',
        shown: `${channel.rate.count} in ${formatDuration(channel.rate.perMs)}`,
        from: from('rate', rate),
      },
      { path: 'expire', shown: formatDuration(channel.expireMs), from: from('expire', expire) },
    ],
  };
}

interface Resolving {
  readonly request: LoadRequest;
  readonly tell: (path: KeyPath, message: string) => void;
}

function targetOf(channel: CheckedChannel, resolving: Resolving): ChannelTarget | null {
  const { email, webhook, slack, command } = channel;
  if (email !== undefined) return emailOf(email, resolving);
  if (slack !== undefined) return { kind: 'slack', url: placedText(slack.url, ['slack', 'url'], resolving) };
  if (webhook !== undefined) {
    const { url, secret } = webhook;
    return {
      kind: 'webhook',
      url: placedText(url, ['webhook', 'url'], resolving),
      secret: secret === undefined ? null : secretPlace(secret, ['webhook', 'secret'], resolving),
    };
  }
  return command === undefined ? null : commandOf(command, resolving);
}

function emailOf({ to, from, smtp }: CheckedEmail, resolving: Resolving): ChannelTarget {
  const { host, user, ca } = smtp;
  const above = ['email', 'smtp'];
  const password =
    smtp.password === undefined ? null : secretPlace(smtp.password, [...above, 'password'], resolving);
  const isLocal = ['localhost', '127.0.0.1', '::1'].includes(host);
  const tls = smtp.tls ?? usualTls(smtp, isLocal);
  if (user !== undefined && password === null) {
    resolving.tell(
      [...above, 'user'],
      'Cannot log in without a password: write "password" beside the user, such as { env: "SMTP_PASSWORD" }',
    );
  }
  if (password !== null && user === undefined) {
    resolving.tell(above, 'Cannot log in without a name: write "user" beside the password');
  }
  if (password !== null && !isLocal && (tls === 'none' || tls === 'optional')) {
    resolving.tell(
      [...above, 'tls'],
      `Cannot send a password over the network with the TLS "${tls}": write "starttls" or "implicit"`,
    );
  }
  return {
    kind: 'email',
    to,
    from,
    smtp: {
      host,
      port: smtp.port ?? usualPort(tls, isLocal),
      tls,
      caFile: ca === undefined ? null : readableFile(ca, [...above, 'ca'], resolving),
      login: user === undefined || password === null ? null : { user, password },
    },
  };
}

function usualTls({ port }: CheckedSmtp, isLocal: boolean): SmtpServer['tls'] {
  if (port === 465) return 'implicit';
  return isLocal ? 'none' : 'starttls';
}

function usualPort(tls: SmtpServer['tls'], isLocal: boolean): number {
  if (tls === 'implicit') return 465;
  return isLocal ? 25 : 587;
}

function placedText(written: ConfigUrl, path: KeyPath, resolving: Resolving): PlacedText {
  return typeof written === 'string'
    ? { kind: 'text', text: written }
    : secretPlace(written, path, resolving);
}

function secretPlace(written: ConfigSecret, path: KeyPath, resolving: Resolving): SecretPlace {
  if ('file' in written) {
    return { kind: 'file', path: readableFile(written.file, [...path, 'file'], resolving) };
  }
  const { request, tell } = resolving;
  if ((ownValue(request.environment, written.env) ?? '') === '') {
    tell(
      [...path, 'env'],
      `Cannot read the variable "${written.env}": it is not set in the environment of runner; set it, or write { file: "path" }`,
    );
  }
  return { kind: 'variable', name: written.env };
}

function readableFile(file: string, path: KeyPath, { request, tell }: Resolving): string {
  const absolute = resolve(request.directory, file);
  try {
    accessSync(absolute, constants.R_OK);
  } catch (error) {
    const why = explainFileError(error);
    if (why === null) throw error;
    tell(path, `Cannot read ${quoted(file)}: ${why}, write the path of a file that this user can read`);
  }
  return absolute;
}

function commandOf(written: string | readonly string[], { request, tell }: Resolving): ChannelTarget | null {
  const path = ['command'];
  const argv = typeof written === 'string' ? argvOf(written) : written;
  if (argv === null) {
    tell(
      path,
      `Cannot run the command: found ${describeFound(written)}, write one such as "./notify.sh" or "sh: notify"`,
    );
    return null;
  }
  for (const word of argv) {
    const problem = problemWithText(word);
    if (problem !== null) tell(path, `Cannot run the command: found ${problem}`);
  }
  const { environment } = buildEnvironment({
    own: request.environment,
    user: null,
    inherit: [],
    added: [],
    directory: request.directory,
  });
  const [program = '', ...words] = argv;
  const found = findProgram(program, { directory: request.directory, path: environment['PATH'] ?? '' });
  if (found.kind !== 'found') tell(path, found.problem);
  return {
    kind: 'command',
    argv: [found.kind === 'found' ? found.program : program, ...words],
    directory: request.directory,
    environment,
  };
}

function argvOf(written: string): readonly string[] | null {
  const text = readTaskText(written);
  return text.kind === 'command' ? text.argv : null;
}

function targetRows(target: ChannelTarget): readonly Omit<LoadedValue, 'from'>[] {
  switch (target.kind) {
    case 'email':
      return [
        { path: 'email.to', shown: target.to.join(', ') },
        { path: 'email.from', shown: target.from },
        ...smtpRows(target.smtp),
      ];
    case 'webhook':
      return [
        { path: 'webhook.url', shown: showPlaced(target.url) },
        { path: 'webhook.secret', shown: target.secret === null ? 'none' : showPlaced(target.secret) },
      ];
    case 'slack':
      return [{ path: 'slack.url', shown: showPlaced(target.url) }];
    case 'command':
      return [{ path: 'command', shown: target.argv.join(' ') }];
  }
}

function smtpRows({ host, port, tls, login, caFile }: SmtpServer): readonly Omit<LoadedValue, 'from'>[] {
  return [
    { path: 'email.smtp', shown: `${host}:${port}` },
    { path: 'email.smtp.tls', shown: tls },
    ...(caFile === null ? [] : [{ path: 'email.smtp.ca', shown: caFile }]),
    { path: 'email.smtp.user', shown: login === null ? 'none' : login.user },
    ...(login === null ? [] : [{ path: 'email.smtp.password', shown: showPlaced(login.password) }]),
  ];
}

/** Where a secret is; of an address its host alone, since the rest may be one. */
function showPlaced(place: PlacedText): string {
  switch (place.kind) {
    case 'text':
      return `${new URL(place.text).origin}/…`;
    case 'variable':
      return `(in the variable ${place.name})`;
    case 'file':
      return `(in ${place.path})`;
  }
}
