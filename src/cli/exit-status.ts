/** Exit statuses of the command, in the meaning of sysexits.h. */
export const exitStatus = {
  success: 0,
  /** The last pass had a failed run. */
  passFailed: 1,
  /** The runner does not do what was asked of it, and says why. */
  refused: 2,
  usage: 64,
  /** Something that this program needs is not on this machine. */
  unavailable: 69,
  /** A bug of this program. */
  software: 70,
  /** The state folder cannot be made. */
  cannotCreate: 73,
  /** The state cannot be read or written. */
  ioError: 74,
  /** Another runner has the chain. */
  heldElsewhere: 75,
  /** The configuration has problems. */
  config: 78,
} as const;

/** One of the statuses. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];
