import type { Channel, ChannelTarget, PlacedText, SecretPlace, SmtpServer } from '../core/channel.ts';
import type { Severity } from '../core/notice.ts';
import { asText, type Fields } from './answer-fields.ts';

/** Reads a channel that the loader has checked. @throws NotAMessage */
export function readChannel(channel: Fields): Channel {
  const rate = channel.fields('rate');
  return {
    name: channel.text('name'),
    chains: channel.list('chains', asText),
    severity: channel.choice<Severity>('severity', ['warning', 'error', 'critical']),
    rate: { count: rate.number('count'), perMs: rate.duration('perMs') },
    expireMs: channel.duration('expireMs'),
    target: readTarget(channel.fields('target')),
  };
}

function readTarget(target: Fields): ChannelTarget {
  const kind = target.choice('kind', ['email', 'webhook', 'slack', 'command']);
  switch (kind) {
    case 'email':
      return {
        kind,
        to: target.list('to', asText),
        from: target.text('from'),
        smtp: readSmtp(target.fields('smtp')),
      };
    case 'webhook':
      return {
        kind,
        url: readPlace(target.fields('url')),
        secret: target.value('secret') === null ? null : readSecret(target.fields('secret')),
      };
    case 'slack':
      return { kind, url: readPlace(target.fields('url')) };
    case 'command':
      return {
        kind,
        argv: target.list('argv', asText),
        directory: target.text('directory'),
        environment: target.texts('environment'),
      };
  }
}

function readSmtp(smtp: Fields): SmtpServer {
  const login = smtp.value('login') === null ? null : smtp.fields('login');
  return {
    host: smtp.text('host'),
    port: smtp.number('port'),
    tls: smtp.choice<SmtpServer['tls']>('tls', ['implicit', 'starttls', 'optional', 'none']),
    caFile: smtp.textOrNull('caFile'),
    login: login && { user: login.text('user'), password: readSecret(login.fields('password')) },
  };
}

function readPlace(place: Fields): PlacedText {
  return place.value('kind') === 'text' ? { kind: 'text', text: place.text('text') } : readSecret(place);
}

function readSecret(place: Fields): SecretPlace {
  const kind = place.choice('kind', ['variable', 'file']);
  return kind === 'variable' ? { kind, name: place.text('name') } : { kind, path: place.text('path') };
}
