import { ProblemError, readerGone } from '../problem.error';
import type { AdmissionLimits } from './admission-limits';
import { AnswerScope, ClientScope, type CountedAnswer } from './answer-scope';

/** Seconds after which a refused client may ask again. */
const RETRY_SECONDS = 30;

/** A 503 for a large answer for which there is no room. */
function noRoom(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'SERVER.BUSY',
    title: 'Too many large answers are under way',
    detail: 'There is no room for a large answer now; ask again, for a shorter range if it will do.',
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  });
}

/** One large answer that counts, or waits to. */
export interface Admission {
  /** Resolves when the answer counts. Rejects with a 503 when there is no room in time, and when it is released before. */
  readonly admitted: Promise<void>;
  /** Takes it out of the count, or out of the queue; a second call does nothing. */
  readonly release: () => void;
}

function refused(): Admission {
  return { admitted: Promise.reject(noRoom()), release: () => undefined };
}

interface Waiting {
  readonly answer: CountedAnswer;
  readonly scopes: readonly AnswerScope[];
  readonly admit: () => void;
  readonly refuse: (error: ProblemError) => void;
}

/**
 * Bounds the memory that answers under way take: their bytes are let go of when their readers have taken the last of
 * them, so a few slow readers of large answers would take more than a small host has. Large answers wait for room in the
 * order they were asked for; one for which only its client or its connection has no room lets others past.
 */
export class AnswerAdmission {
  readonly process: AnswerScope;
  /** What is being made. */
  readonly making: AnswerScope;
  /** What is written to a file before it is sent, until it is taken; and what of that is being written. */
  readonly files: AnswerScope;
  readonly writing: AnswerScope;
  private readonly clients = new Map<string, ClientScope>();
  private readonly waiting = new Set<Waiting>();
  /** Scopes for want of whose room somebody waits. */
  private wanted: ReadonlySet<AnswerScope> = new Set();
  /** Scopes that do not belong to a client. */
  private readonly shared: ReadonlySet<AnswerScope>;
  /** What is made and waits. */
  private readonly made: AnswerScope;
  private isLookedAtSoon = false;
  private isClosed = false;

  constructor(private readonly limits: AdmissionLimits) {
    this.process = new AnswerScope(limits.processBytes);
    this.making = new AnswerScope(limits.makingBytes);
    this.files = new AnswerScope(limits.files);
    this.writing = new AnswerScope(limits.filesWritten);
    this.shared = new Set([this.process, this.making, this.files, this.writing]);
    this.made = new AnswerScope(limits.waitingBytes);
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** The scope of a client, by the name that the budget counts it under. It must be left as often as it is entered. */
  enter(client: string): ClientScope {
    let scope = this.clients.get(client);
    if (!scope) {
      scope = new ClientScope(client, { bytes: this.limits.clientBytes, files: this.limits.clientFiles });
      this.clients.set(client, scope);
    }
    scope.connections += 1;
    return scope;
  }

  exit(scope: ClientScope): void {
    scope.connections -= 1;
    if (scope.connections === 0) this.clients.delete(scope.client);
  }

  /** Whether a large answer waits because this scope is full. */
  isWanted(scope: AnswerScope): boolean {
    return this.wanted.has(scope);
  }

  /** Nobody is admitted any more: the process stops. */
  close(): void {
    this.isClosed = true;
    for (const { refuse } of this.waiting) refuse(noRoom());
  }

  /** Whether a large answer could be handed over now. */
  hasRoomFor(answer: CountedAnswer, scopes: readonly AnswerScope[]): boolean {
    // Who waits for the same room goes first, unless only a client or two have none.
    return !this.isClosed && scopes.every((scope) => !this.keepsPlace(scope, this.wanted) && scope.hasRoomFor(answer));
  }

  /** Counts a large answer in its scopes, the process last, as soon as all have room; refuses it after `waitMs`. */
  admit(answer: CountedAnswer, scopes: readonly AnswerScope[], waitMs: number): Admission {
    if (this.hasRoomFor(answer, scopes)) return this.count(answer, scopes);
    if (this.isClosed || this.waiting.size >= this.limits.waitingRequests) return refused();
    return this.wait(answer, scopes, waitMs);
  }

  /** The same for an answer that takes memory while it waits: of those, a few may. */
  admitMade(answer: CountedAnswer, scopes: readonly AnswerScope[], waitMs: number): Admission {
    if (this.hasRoomFor(answer, scopes)) return this.count(answer, scopes);
    if (!this.made.hasRoomFor(answer)) return refused();
    this.made.add(answer);
    const admission = this.admit(answer, scopes, waitMs);
    const end = (): void => {
      this.made.remove(answer);
    };
    admission.admitted.then(end, end);
    return admission;
  }

  /** Counts an answer whatever room there is: it takes the place of one that was admitted, and is no larger. */
  count(answer: CountedAnswer, scopes: readonly AnswerScope[]): Admission {
    for (const scope of scopes) scope.add(answer);
    let isCounted = true;
    const release = (): void => {
      if (!isCounted) return;
      isCounted = false;
      for (const scope of scopes) scope.remove(answer);
      this.released();
    };
    return { admitted: Promise.resolve(), release };
  }

  /** Looks at those who wait, once for all that was released in this turn. */
  released(): void {
    if (this.isLookedAtSoon || this.wanted.size === 0) return;
    this.isLookedAtSoon = true;
    setImmediate(() => {
      this.isLookedAtSoon = false;
      this.letIn();
    });
  }

  private wait(answer: CountedAnswer, scopes: readonly AnswerScope[], waitMs: number): Admission {
    let counted: Admission | undefined;
    let refuse: Waiting['refuse'] = () => undefined;
    const admitted = new Promise<void>((resolve, reject) => {
      const end = (): boolean => {
        clearTimeout(timer);
        return this.waiting.delete(waiting);
      };
      const waiting: Waiting = {
        answer,
        scopes,
        admit: () => {
          end();
          counted = this.count(answer, scopes);
          resolve();
        },
        refuse: (error) => {
          if (end()) reject(error);
          this.released();
        },
      };
      refuse = waiting.refuse;
      const timer = setTimeout(() => {
        refuse(noRoom());
      }, waitMs);
      this.waiting.add(waiting);
      this.letIn();
    });
    const release = (): void => {
      if (counted) counted.release();
      else refuse(readerGone());
    };
    return { admitted, release };
  }

  private letIn(): void {
    const wanted = new Set<AnswerScope>();
    for (const { answer, scopes, admit } of this.waiting) {
      const full = scopes.find((scope) => this.keepsPlace(scope, wanted) || !scope.hasRoomFor(answer));
      if (full) wanted.add(full);
      else admit();
    }
    this.wanted = wanted;
  }

  /** What waits for room that all share keeps its place: smaller ones must not go past it for ever. */
  private keepsPlace(scope: AnswerScope, wanted: ReadonlySet<AnswerScope>): boolean {
    return this.shared.has(scope) && wanted.has(scope);
  }
}
