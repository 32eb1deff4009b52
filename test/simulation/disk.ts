import type { SeededRandom } from '../support/seeded-random.ts';

/** What is wrong with the disk of a host. It is the same for whichever runner uses it. */
export class Disk {
  /** Why nothing can be stored; `null` while there is room. */
  full: string | null = null;
  /** So many saves, beginnings of a term and openings of a chain that come next fail. */
  savesToFail = 0;
  termsToFail = 0;
  openingsToFail = 0;
  /** So many calls of the store that come next take so long. */
  slow: { calls: number; byMs: number } = { calls: 0, byMs: 0 };

  /** It is well again. */
  heal(): void {
    this.full = null;
    this.savesToFail = 0;
    this.termsToFail = 0;
    this.openingsToFail = 0;
    this.slow = { calls: 0, byMs: 0 };
  }

  /** Why the save that is asked for now will fail, or `null`. */
  saveTrouble(): string | null {
    if (this.full !== null) return this.full;
    if (this.savesToFail === 0) return null;
    this.savesToFail -= 1;
    return 'the database is locked';
  }

  termTrouble(): string | null {
    if (this.full !== null) return this.full;
    if (this.termsToFail === 0) return null;
    this.termsToFail -= 1;
    return 'the state cannot be read';
  }

  openingTrouble(): string | null {
    if (this.openingsToFail === 0) return null;
    this.openingsToFail -= 1;
    return 'too many open files';
  }

  /** How long the store takes for what it is asked now. */
  delayMs(random: SeededRandom): number {
    if (this.slow.calls > 0) {
      this.slow.calls -= 1;
      return this.slow.byMs;
    }
    return random.happens(0.9) ? 0 : random.between(1, 300);
  }
}
