/** A supervisor that is measured or tortured beside the runner, with programs under it. */
export interface Peer {
  /** The supervising process. */
  readonly pid: number;
  /** Ends it and its programs. */
  stop(): Promise<void>;
}

/** A supervisor to which things can be done that happen in the life of one. */
export interface SupervisingPeer extends Peer {
  /** The process that starts the first program, and starts it again when it has ended: the one to kill. */
  supervisorPid(): number;
  /** Brings back what `kill -9` has ended, as its users do it; resolves when that has been asked for. */
  startAgain(): Promise<void>;
  /** Starts all of it once more, beside what is there, as by mistake. */
  startSecond(): Promise<void>;
  /** Asks it to end the first program and to start it again. */
  restartProgram(): Promise<void>;
  /** Gives the first program another command, and makes that known by what its documentation says. */
  edit(command: readonly string[]): Promise<void>;
  /** Replaces the supervisor by a newer one as an update does it; `null` where an update leaves it alone. */
  readonly upgrade: (() => Promise<void>) | null;
}

/** A supervisor that could be here. */
export interface PeerProgram {
  readonly name: string;
  /** Why it cannot be used here; `null` when it can. Installs it where that is allowed. */
  missing(): string | null;
  /** Starts it with these programs. */
  start(programs: Programs): Promise<SupervisingPeer>;
}

/** Programs that a supervisor keeps running: started again at once when they end. */
export interface Programs {
  /** A folder of its own. */
  readonly folder: string;
  readonly count: number;
  /** The program and its arguments for the one with this number. */
  readonly command: (index: number) => readonly string[];
  /** Whether their output goes to logs as the supervisor keeps them by default, or is thrown away. */
  readonly output: 'kept' | 'thrown away';
  /** The supervisor's environment; by default that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}
