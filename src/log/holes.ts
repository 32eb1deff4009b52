/** From so many zeros in a row on, they are a hole, and not what a task has written. */
const leastHoleBytes = 4096;
const zeros = Buffer.alloc(leastHoleBytes);

/** Takes holes out of what was read. */
export interface HoleFinder {
  pass(piece: Buffer): Iterable<Buffer>;
  end(): Iterable<Buffer>;
}

/** Gives back what passes, but for long rows of zeros, which become one line that says how many they were. */
export function findHoles(): HoleFinder {
  let held = 0;

  function* release(): Iterable<Buffer> {
    if (held >= leastHoleBytes) yield Buffer.from(`\n... ${held} bytes left out ...\n`);
    else if (held > 0) yield Buffer.alloc(held);
    held = 0;
  }

  return {
    *pass(piece) {
      const leading = countLeadingZeros(piece);
      held += leading;
      if (leading === piece.length) return;
      yield* release();
      const end = piece.length - countTrailingZeros(piece);
      yield* passMiddle(piece.subarray(leading, end));
      held = piece.length - end;
    },
    end: release,
  };
}

// A hole of a small log begins and ends within a piece.
function* passMiddle(piece: Buffer): Iterable<Buffer> {
  const at = piece.indexOf(zeros);
  if (at === -1) {
    yield piece;
    return;
  }
  const rest = piece.subarray(at);
  const length = countLeadingZeros(rest);
  yield piece.subarray(0, at);
  yield Buffer.from(`\n... ${length} bytes left out ...\n`);
  yield* passMiddle(rest.subarray(length));
}

function countLeadingZeros(piece: Buffer): number {
  let count = 0;
  // In large steps, because a hole may be of many gigabytes.
  while (piece.subarray(count, count + leastHoleBytes).equals(zeros)) count += leastHoleBytes;
  while (count < piece.length && piece[count] === 0) count += 1;
  return count;
}

function countTrailingZeros(piece: Buffer): number {
  let end = piece.length;
  while (end > 0 && piece[end - 1] === 0) end -= 1;
  return piece.length - end;
}
