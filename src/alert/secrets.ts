import { readFileSync } from 'node:fs';
import type { PlacedText, SecretPlace } from '../core/channel.ts';
import { ownValue } from '../core/own-value.ts';

/** A secret cannot be read; `message` says where it should be. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
}

const longestBytes = 64 * 1024;

/** Reads a text from where it is, without the end of its line. @throws SecretMissing */
export function readPlaced(place: PlacedText): string {
  const text = place.kind === 'text' ? place.text : readSecret(place);
  return text.replace(/[\r\n]+$/, '');
}

function readSecret(place: SecretPlace): string {
  const text = place.kind === 'variable' ? ownValue(process.env, place.name) : readSecretFile(place.path);
  if (text !== undefined && text.trim() !== '') return text;
  throw new SecretMissing(
    place.kind === 'variable'
      ? `Cannot read the variable "${place.name}" of the runner's environment: it is not set`
      : `Cannot read "${place.path}": it is empty`,
  );
}

function readSecretFile(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= longestBytes) return bytes.toString('utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SecretMissing(`Cannot read the secret: ${why}`, { cause: error });
  }
  throw new SecretMissing(`Cannot read "${path}": it is larger than a secret can be`);
}
