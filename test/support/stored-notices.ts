import type { Notice, NoticeKind, Severity } from '../../src/core/notice.ts';
import { toDurationMs, toEpochMs, toRunNumber } from '../../src/core/units.ts';
import type { Database } from '../../src/store/database.ts';

/** What matters to a test of a notice about a task that fails. */
export interface NoticeWishes {
  readonly chain?: string;
  readonly kind?: Extract<NoticeKind, `incident ${string}` | 'new kind' | 'breaker opened'>;
  readonly task?: string;
  readonly firstRun?: number;
  readonly failures?: number;
  readonly severity?: Severity;
  readonly title?: string;
  readonly text?: string;
  readonly atMs?: number;
}

/** Run 17 of send_mail failed at the start of 24 November 2026. */
export function incidentNotice(wishes: NoticeWishes = {}): Notice {
  const { kind = 'incident opened', task = 'send_mail', firstRun = 17, failures = 1 } = wishes;
  const { severity = 'error', title = '451 try again later', text = 'Error: 451', atMs = 0 } = wishes;
  const openedAt = toEpochMs(Date.UTC(2026, 10, 24));
  const at = toEpochMs(openedAt + atMs);
  const seen = { key: 'a', title, failures, firstAt: openedAt, lastAt: at };
  const run = toRunNumber(firstRun + failures - 1);
  const isHealed = kind === 'incident healed';
  return {
    kind,
    severity,
    at,
    subject: `incident ${firstRun}`,
    incident: {
      task,
      firstRun: toRunNumber(firstRun),
      openedAt,
      lastFailedAt: at,
      failures,
      kinds: [seen],
      otherFailures: 0,
    },
    failure: isHealed
      ? null
      : {
          run,
          kind: 'a',
          title,
          at,
          outcome: { kind: 'exited', exitCode: 3 },
          text,
          durationMs: toDurationMs(1_500),
          codeVersion: 'abc123',
        },
    remindMs: isHealed ? null : toDurationMs(12 * 3_600_000),
    probeMs: kind === 'breaker opened' ? toDurationMs(15 * 60_000) : null,
  };
}

/** Stores a notice as a runner does; gives its id. */
export function storeNotice(
  database: Database,
  notice: Notice,
  { chain = 'mail', isHeld = false }: { readonly chain?: string; readonly isHeld?: boolean } = {},
): number {
  database
    .prepare(
      `INSERT INTO notice (chain, subject, kind, severity, at, is_held, is_sent_out, body)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)`,
    )
    .run(
      chain,
      notice.subject,
      notice.kind,
      notice.severity,
      notice.at,
      isHeld ? 1 : 0,
      JSON.stringify(notice),
    );
  return numbersIn(database, 'SELECT max(id) FROM notice')[0] ?? 0;
}

/** The numbers in the first column of what a query finds. */
export function numbersIn(database: Database, query: string): readonly number[] {
  return rowsIn(database, query).map(([first]) => Number(first));
}

/** What a query finds, row by row. */
export function rowsIn(database: Database, query: string): readonly (readonly unknown[])[] {
  return database
    .prepare(query)
    .all()
    .map((row): readonly unknown[] => (typeof row === 'object' && row !== null ? Object.values(row) : []));
}
