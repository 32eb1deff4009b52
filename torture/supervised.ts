/** A program under a supervisor, and what can be done to that. */
export interface Supervised {
  /** What it waits by itself between two runs. */
  readonly cooldownMs: number;
  supervisorPid(): number;
  /** `kill -9` of the supervising process, and of each further one; resolves when they are gone. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  startSecond(): Promise<void>;
  restartProgram(): Promise<void>;
  /** Has the next runs be of another program. */
  edit(script: string): Promise<void>;
  upgrade(): Promise<void>;
  /** Ends it as one should. */
  stop(): Promise<void>;
  /** What it says of each run; `null` when it keeps none. */
  history(): readonly Told[] | null;
}

/** What a supervisor says of a run. */
export interface Told {
  readonly run: number;
  /** Its kind of outcome; `null` for one that has not ended. */
  readonly outcome: string | null;
  readonly exitCode: number | undefined;
}

/** What a case asks of a supervisor before it starts. */
export interface Setting {
  /** A folder of its own, which is removed afterwards. */
  readonly folder: string;
  /** The program: a script. */
  readonly script: string;
  /** Of the runner only: more keys of its chain. */
  readonly chain: Readonly<Record<string, unknown>>;
  /** Where the supervisor keeps what it keeps. */
  readonly stateFolder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Who can be tortured. */
export interface Contender {
  /** As on the command line. */
  readonly key: string;
  readonly name: string;
  /** Seconds in which it is back after it was killed. */
  readonly longSeconds: number;
  /** Why it cannot be here; `null` when it can. */
  missing(): string | null;
  begin(setting: Setting): Promise<Supervised>;
}
