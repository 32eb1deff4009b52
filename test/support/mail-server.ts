import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { parseMail, type ParsedMail } from './parsed-mail.ts';

/** A mail server of a test, on this host only. */
export interface MailServer {
  readonly port: number;
  /** What it has taken. */
  readonly mails: ParsedMail[];
  /** The certificate of a server with TLS, which nobody trusts by himself; a file. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** How a test's server differs from one that takes every mail without TLS and login. */
export interface MailServerWishes extends SMTPServerOptions {
  /** Whether it offers STARTTLS, or has TLS from the start. */
  readonly hasTls?: 'starttls' | 'implicit';
}

/** Starts a server at a port that the system chooses. */
export async function startMailServer({ hasTls, ...wishes }: MailServerWishes = {}): Promise<MailServer> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-mail-'));
  const mails: ParsedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    secure: hasTls === 'implicit',
    disabledCommands: hasTls === 'starttls' ? [] : ['STARTTLS'],
    ...(hasTls === undefined ? {} : makeCertificate(folder)),
    onData(stream, _session, answer) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(parseMail(Buffer.concat(chunks)));
        answer(null, 'Taken');
      });
    },
    ...wishes,
  });
  // A client that does not trust the certificate hangs up, which is no error of a test.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails,
    certificate: join(folder, 'certificate.pem'),
    async close() {
      for (const connection of server.connections) connection.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true });
    },
  };
}

/** A refusal in the words of a server. */
export function smtpRefusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function makeCertificate(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost'.split(' ');
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  const { status, stderr } = spawnSync('openssl', [...words, ...names, '-keyout', key, '-out', cert]);
  if (status !== 0) throw new Error(`openssl cannot make a certificate: ${String(stderr)}`);
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
