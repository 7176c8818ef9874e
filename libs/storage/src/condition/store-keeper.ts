import {
  DAY,
  healthReason,
  STORE_READY,
  StoreCondition,
  StoreNotReadyError,
  type Clock,
  type StoreReadiness,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { CaptureOwnership } from '../database/capture-ownership';
import { CaptureOwnerError } from '../database/capture-owner.error';
import { AmbiguousDatabaseError } from '../database/database-name';
import { CHECKED_AT_FACT, StoreFacts } from '../database/store-facts';
import type { StoreParts } from '../store-parts';
import type { DatabaseUser, DatabaseWatch } from './database-watch';
import { ABOUT_TO_BE_OPENED, NOT_OPENED_YET, StoreHostError, unavailable } from './faults';

/** Real time between two attempts to open a store, and between two looks at one that is open. */
const OPEN_AGAIN_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 10_000;
/** Real time between a check that came to no end and the next one. */
const CHECK_AGAIN_AFTER_MS = 60_000;
/** The reason may name paths, and what is said here is public. */
const UNEXPLAINED = unavailable(healthReason`the store cannot be opened; the log says why`);

/** A store that a process writes to. */
export interface WritableStore {
  /** Path of the database without symbolic links. */
  readonly name: string;
  readonly parts: StoreParts;
  /** Undefined while the process does not own the store. */
  readonly ownership: CaptureOwnership | undefined;
  close(): Promise<void>;
  /** Lets go of everything and leaves the files as they are. */
  abandon(reason: Error): Promise<void>;
}

/** What a unit of the store failed with; returns what its caller is told. */
export type Explain = (error: unknown) => unknown;

export interface KeeperParts {
  readonly watch: DatabaseWatch;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps a store open for writing as long as its database is whole. When something happens to the file it lets go of it,
 * and opens the store again once it has been mended; meanwhile whoever asks for the store is told why there is none.
 */
export class StoreKeeper<Store extends WritableStore> implements DatabaseUser {
  private store: Store | undefined;
  private reason = NOT_OPENED_YET;
  private opening: Promise<void> | undefined;
  private looking: Promise<void> | undefined;
  private timers: readonly NodeJS.Timeout[] = [];
  private noCheckBefore = -Infinity;
  private readonly checkedAfterKill = new WeakSet<CaptureOwnership>();

  private constructor(
    private readonly openStore: (explain: Explain) => Promise<Store>,
    private readonly parts: KeeperParts,
  ) {}

  /**
   * Opens the store. What is the matter with the database is a state of the keeper; anything else that is in the way is
   * thrown, this once.
   */
  static async start<Store extends WritableStore>(
    openStore: (explain: Explain) => Promise<Store>,
    parts: KeeperParts,
  ): Promise<StoreKeeper<Store>> {
    parts.watch.willWrite();
    const keeper = new StoreKeeper(openStore, parts);
    await keeper.open();
    keeper.timers = [
      setInterval(() => void keeper.openAgain(), OPEN_AGAIN_EVERY_MS),
      setInterval(() => void keeper.look(), LOOK_EVERY_MS),
    ];
    return keeper;
  }

  /** @throws StoreNotReadyError */
  get current(): Store {
    const { store, fault } = this;
    if (!store || fault) throw fault ?? this.notOpen;
    return store;
  }

  /** Why there is no store; undefined while there is one. */
  get fault(): StoreNotReadyError | undefined {
    return this.store && this.parts.watch.readiness().ready ? undefined : this.notOpen;
  }

  get session(): number | undefined {
    return this.store?.ownership?.session;
  }

  seenSession(): number {
    return this.current.parts.database.pragma('user_version', { simple: true }) as number;
  }

  async save(): Promise<void> {
    await this.store?.parts.queue.checkpoint();
  }

  async abandon(): Promise<void> {
    await this.opening;
    const { store } = this;
    this.store = undefined;
    await store?.abandon(this.notOpen);
  }

  /** What an error of the store says, for whoever asked for it. */
  explain(error: unknown): unknown {
    if (error instanceof CaptureOwnerError) this.stepDown(error);
    const fault = this.parts.watch.met(error);
    if (fault?.isDamage === true) return fault;
    if (!fault || error instanceof StoreNotReadyError) return error;
    return StoreHostError.of(error, fault) ?? error;
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all([this.opening, this.looking]);
    const { store } = this;
    this.store = undefined;
    await store?.close();
    this.parts.watch.left(this);
  }

  private get notOpen(): StoreNotReadyError {
    const readiness = this.parts.watch.readiness();
    return readiness.ready ? this.reason : new StoreNotReadyError(readiness.reason, readiness.state);
  }

  /** @throws what has nothing to do with the state of the database */
  private async open(): Promise<void> {
    if (!this.parts.watch.readiness().ready) return;
    try {
      const store = await this.openStore((error) => this.explain(error));
      await this.enter(store);
      void this.look();
    } catch (error) {
      // A second name is a mistake of the set-up.
      const fault = error instanceof AmbiguousDatabaseError ? undefined : this.parts.watch.met(error);
      if (!fault) throw error;
      this.said(fault, error);
    }
  }

  /** @throws StoreNotReadyError when something has happened to the file in the meantime */
  private async enter(store: Store): Promise<void> {
    try {
      this.parts.watch.entered(this, store.name);
      this.store = store;
    } catch (error) {
      await store.abandon(error as Error);
      throw error;
    }
  }

  private async openAgain(): Promise<void> {
    if (this.store || this.opening) return;
    this.opening = this.openAnew().catch((error: unknown) => {
      const isOwned = error instanceof CaptureOwnerError;
      this.said(this.parts.watch.met(error) ?? (isOwned ? unavailable(error.message) : UNEXPLAINED), error);
    });
    await this.opening;
    this.opening = undefined;
    if (this.isOpen) this.parts.logger.info('the store is open again');
  }

  private async openAnew(): Promise<void> {
    await this.parts.watch.renewReadOnly();
    await this.open();
  }

  /** Logs once, with its cause, what is now the reason. */
  private said(fault: StoreNotReadyError, cause: unknown): void {
    const isKnown = fault.reason === this.reason.reason || fault.isDamage;
    if (!isKnown) {
      const { databasePath, rawDir } = this.parts.watch;
      const details = { err: cause, database: databasePath, raw_dir: rawDir };
      this.parts.logger.error(details, `the store at ${databasePath} cannot be opened: ${fault.reason}`);
    }
    this.reason = fault.isDamage ? ABOUT_TO_BE_OPENED : fault;
  }

  private get isOpen(): boolean {
    return this.store !== undefined;
  }

  /** Another process writes now. */
  private stepDown(error: CaptureOwnerError): void {
    if (!this.store) return;
    this.said(unavailable(error.message), error);
    void this.abandon().then(() => {
      this.parts.watch.left(this);
    });
  }

  private async look(): Promise<void> {
    const { store } = this;
    if (!store || this.looking) return;
    this.looking = this.lookAfter(store).catch((error: unknown) => {
      this.parts.logger.warn({ err: error }, 'the store could not be looked after; it is tried again');
    });
    await this.looking;
    this.looking = undefined;
  }

  private async lookAfter(store: Store): Promise<void> {
    const { ownership } = store;
    if (!ownership) return;
    this.renewLocks(ownership);
    await ownership.settle();
    if (this.isCheckDue(store, ownership)) void this.check(store);
  }

  private renewLocks(ownership: CaptureOwnership): void {
    for (const { setting, isLost } of ownership.renewLocks()) {
      if (isLost) {
        this.stepDown(new CaptureOwnerError());
        return;
      }
      const text = healthReason`the lock file of ${setting} was removed while it was in use; it was made and locked again`;
      this.parts.watch.note(`lock of ${setting}`, text);
      this.parts.logger.warn(text);
    }
  }

  /** After a kill, after the file was not whole, and once a day. */
  private isCheckDue({ parts }: Store, ownership: CaptureOwnership): boolean {
    if (performance.now() < this.noCheckBefore) return false;
    const isAfterKill = ownership.followsKill && !this.checkedAfterKill.has(ownership);
    if (isAfterKill || this.parts.watch.takeWantsCheck()) return true;
    const checkedAt = Number(new StoreFacts(parts.database).get(CHECKED_AT_FACT) ?? 0);
    const age = this.parts.clock.realNow() - checkedAt;
    // A check that was noted by a clock that was ahead proves nothing of today.
    return age < 0 || age >= DAY;
  }

  private async check(store: Store): Promise<void> {
    this.noCheckBefore = performance.now() + CHECK_AGAIN_AFTER_MS;
    const { ownership } = store;
    if ((await this.parts.watch.check()) !== 'whole' || store !== this.store) return;
    if (ownership) this.checkedAfterKill.add(ownership);
    try {
      await store.parts.queue.run((database) => {
        new StoreFacts(database).set(CHECKED_AT_FACT, String(this.parts.clock.realNow()));
      });
    } catch (error) {
      this.parts.logger.warn({ err: error }, 'the check of the database could not be noted; it is made again');
    }
  }
}

/** What can be said of the store that a keeper has. */
export class KeptStoreCondition extends StoreCondition {
  constructor(
    private readonly keeper: StoreKeeper<WritableStore>,
    private readonly watch: DatabaseWatch,
  ) {
    super();
  }

  readiness(): StoreReadiness {
    const { fault } = this.keeper;
    return fault ? { ready: false, state: fault.state, reason: fault.reason } : STORE_READY;
  }

  watchFiles(): void {
    this.watch.watchFiles();
  }

  notes(): readonly string[] {
    return this.watch.notes();
  }
}
