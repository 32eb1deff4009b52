import type { Message } from '../../src/alert/message.ts';
import { toEpochMs } from '../../src/core/units.ts';

/** A message with nothing in it but a title, for those that put something hostile into it. */
export function plainMessage(title: string): Message {
  return {
    id: '1',
    thread: '1',
    kind: 'notice',
    severity: 'error',
    title,
    at: toEpochMs(0),
    host: 'web-1',
    directory: '/srv',
    chain: 'mail',
    facts: [],
    example: null,
    commands: [],
    remarks: [],
    data: { kind: 'test' },
  };
}
