/** An incident in brief. Moments are milliseconds since 1970 UTC. */
export interface IncidentSummary {
  /** Its number within this state folder, from 1; it only grows. */
  readonly id: number;
  readonly chain: string;
  readonly task: string;
  /** The first failed run. */
  readonly firstRun: number;
  readonly openedAt: number;
  readonly lastFailedAt: number;
  /** `null` while it is open. */
  readonly healedAt: number | null;
  readonly failures: number;
  /** How many kinds of failure are kept of it. */
  readonly kindCount: number;
  /** What the newest kind says, on one line. */
  readonly title: string;
}
