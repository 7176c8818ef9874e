type Work = () => void;

/** How long pieces of work begin in one turn of the event loop before the others wait for the next, in milliseconds. */
const TURN_MS = 10;
/** Most that begin in one turn. */
const MOST_A_TURN = 64;
/** Turns that a piece of long work waits while connections arrive. */
const MOST_TURNS_OF_ARRIVALS = 64;

/**
 * Shares the event loop. Much of what a process does has no pause of its own (SQLite answers at once), and one turn of
 * the loop may bring hundreds of requests: done all in that turn, they would keep timers and other sockets waiting for
 * seconds. So short work (the beginning of a request) begins in a turn only while it has time left, and of long work one
 * piece at most, behind the short.
 */
export class Turns {
  private readonly short: Work[] = [];
  private readonly long: Work[] = [];
  private began = -Infinity;
  /** Whether the end of this turn is waited for. */
  private isMarked = false;
  private isScheduled = false;
  private isLongDone = false;
  /** Whether a connection has arrived in this turn, and for how many turns long work has waited for that. */
  private hasArrival = false;
  private turnsOfArrivals = 0;
  private readonly endTurn = (): void => {
    this.isMarked = false;
    this.began = this.now();
  };

  constructor(
    private readonly turnMs: number = TURN_MS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether short work may begin at once: nothing waits, and this turn has time left. */
  isOpen(): boolean {
    return this.short.length === 0 && this.hasTime();
  }

  /** Begins short work after what is being done now, in its order; urgent work before all other. */
  beginLater(work: Work, isUrgent = false): void {
    if (isUrgent) this.short.unshift(work);
    else this.short.push(work);
    this.schedule();
  }

  /**
   * Tells that a connection was accepted in this turn. Node accepts one a turn: were there a piece of long work in each, a
   * probe would wait for seconds behind a few hundred connections that came before it.
   */
  noteArrival(): void {
    this.hasArrival = true;
  }

  /** Begins a piece of long work when its turn has come. */
  beginLong(work: Work): void {
    this.long.push(work);
    this.schedule();
  }

  /** Whether long work lets this turn pass. */
  private waitsForArrivals(): boolean {
    const waits = this.hasArrival && this.turnsOfArrivals < MOST_TURNS_OF_ARRIVALS;
    this.turnsOfArrivals = waits ? this.turnsOfArrivals + 1 : 0;
    this.hasArrival = false;
    return waits;
  }

  /** Each piece is a task of its own: what it leaves to promises is done, and its time known, before the next one. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.isLongDone = this.waitsForArrivals();
    const pieces = Math.min(this.short.length + 1, MOST_A_TURN);
    for (let piece = 1; piece <= pieces; piece += 1) {
      setImmediate(() => {
        this.doPiece(piece === pieces);
      });
    }
  }

  private doPiece(isLast: boolean): void {
    if (isLast) this.isScheduled = false;
    const hasTurnOfLong = this.long.length > 0 && !this.isLongDone;
    const isShort = this.short.length > 0 && !(isLast && hasTurnOfLong) && this.hasTime();
    if (!isShort && hasTurnOfLong) this.isLongDone = true;
    const work = isShort ? this.short.shift() : hasTurnOfLong ? this.long.shift() : undefined;
    if (isLast && this.short.length + this.long.length > 0) this.schedule();
    work?.();
  }

  /**
   * Node does not tell when a turn begins, and waiting for the end of each would cost more than a small answer does: so
   * it is waited for once some time has passed, in this turn or before it, and counts from then on.
   */
  private hasTime(): boolean {
    const now = this.now();
    if (now - this.began < this.turnMs) return true;
    if (this.isMarked) return false;
    this.began = now;
    this.isMarked = true;
    setImmediate(this.endTurn);
    return true;
  }
}

/** The turns of this process. */
export const turns = new Turns();

/** Lets other work have its turn: resolves when one of the event loop has come in which a long piece may be done. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    turns.beginLong(resolve);
  });
}
