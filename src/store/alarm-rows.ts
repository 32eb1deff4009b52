import type { ChainName } from '../core/definition.ts';
import type { IncidentChange } from '../core/event.ts';
import type { FailureExample } from '../core/incident.ts';
import type { Notice } from '../core/notice.ts';
import type { Database } from './database.ts';

/** Writes what is told of incidents into their tables. Call it within the transaction that stores the chain's state. */
export interface AlarmRows {
  incident(chain: ChainName, change: IncidentChange): void;
  /** `isHeld`: it is kept for those who look, and given to no channel. */
  notice(chain: ChainName, notice: Notice, isHeld: boolean): void;
}

/** Prepares the statements once. */
export function prepareAlarmRows(database: Database): AlarmRows {
  const putIncident = database.prepare(
    `INSERT INTO incident (chain, first_run, task, opened_at, last_failed_at, healed_at, failures)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (chain, first_run) DO UPDATE SET
       last_failed_at = excluded.last_failed_at, healed_at = excluded.healed_at, failures = excluded.failures`,
  );
  const putKind = database.prepare(
    `INSERT INTO incident_kind (incident, key, title, failures, first_at, last_at, example)
     SELECT id, ?3, ?4, ?5, ?6, ?7, ?8 FROM incident WHERE chain = ?1 AND first_run = ?2
     ON CONFLICT (incident, key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at`,
  );
  const putNotice = database.prepare(
    `INSERT INTO notice (chain, subject, kind, severity, at, is_held, is_sent_out, body)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)`,
  );

  function writeKind(chain: ChainName, { incident }: IncidentChange, failure: FailureExample): void {
    const seen = incident.kinds.find(({ key }) => key === failure.kind);
    // Beyond the kinds that are kept apart there is only their number.
    if (seen === undefined) return;
    const { key, title, failures, firstAt, lastAt } = seen;
    const example = JSON.stringify(failure);
    putKind.run(chain, incident.firstRun, key, title, failures, firstAt, lastAt, example);
  }

  return {
    incident(chain, change) {
      const { incident, healedAt, failure } = change;
      const { firstRun, task, openedAt, lastFailedAt, failures } = incident;
      putIncident.run(chain, firstRun, task, openedAt, lastFailedAt, healedAt, failures);
      if (failure !== null) writeKind(chain, change, failure);
    },
    notice(chain, notice, isHeld) {
      const { subject, kind, severity, at } = notice;
      putNotice.run(chain, subject, kind, severity, at, isHeld ? 1 : 0, JSON.stringify(notice));
    },
  };
}
