import { randomUUID } from 'node:crypto';
import { BackupLeaseLostError, BackupRunningError } from '@app/backup';
import { BronzeReaders } from '@app/bronze';
import { MINUTE, type Clock, type EpochMicros } from '@app/domain';
import type { SqliteHandle } from '../database/sqlite-connection';
import { BACKUP_LEASE_FACT, StoreFacts } from '../database/store-facts';
import type { WriteQueue } from '../database/write-queue';

/** How long a backup that does not renew it, as one that was killed, keeps raw files from being compressed or removed. */
const LEASE_LASTS: EpochMicros = 2 * MINUTE;
const RENEW_EVERY_MS = 20_000;
/** How far a clock may go back, as it does when it is aligned with the exchange's, without a lease being taken for one of a clock that was ahead. */
const CLOCK_GOES_BACK: EpochMicros = MINUTE;

interface Lease {
  readonly id: string;
  /** Real time. */
  readonly until: EpochMicros;
}

function writtenLease(facts: StoreFacts): Lease | undefined {
  const text = facts.get(BACKUP_LEASE_FACT);
  return text === undefined ? undefined : (JSON.parse(text) as Lease);
}

function heldLease(facts: StoreFacts, now: EpochMicros): Lease | undefined {
  const lease = writtenLease(facts);
  if (lease === undefined || now >= lease.until) return undefined;
  // One that would last longer than any is of a clock that was ahead.
  return lease.until <= now + LEASE_LASTS + CLOCK_GOES_BACK ? lease : undefined;
}

/** Whether a backup is reading the raw files: it begins with a unit of its own, and copies the database after it. */
export class BackupGuard extends BronzeReaders {
  private readonly facts: StoreFacts;

  constructor(
    database: SqliteHandle,
    private readonly clock: Clock,
  ) {
    super();
    this.facts = new StoreFacts(database);
  }

  areAtWork(): boolean {
    return heldLease(this.facts, this.clock.realNow()) !== undefined;
  }
}

/** The right to read raw files undisturbed, for one backup at a time; it expires unless it is renewed. */
export class BackupLease {
  private readonly id = randomUUID();
  private readonly facts: StoreFacts;
  private renewals: NodeJS.Timeout | undefined;
  private isLost = false;

  private constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
    private readonly clock: Clock,
  ) {
    this.facts = new StoreFacts(database);
  }

  /** @throws BackupRunningError while another backup has it */
  static async take(queue: WriteQueue, database: SqliteHandle, clock: Clock): Promise<BackupLease> {
    const lease = new BackupLease(queue, database, clock);
    await queue.run(() => {
      if (heldLease(lease.facts, clock.realNow())) throw new BackupRunningError();
      lease.extend();
    });
    lease.renewals = setInterval(() => void lease.renew().catch(() => undefined), RENEW_EVERY_MS);
    lease.renewals.unref();
    return lease;
  }

  /** @throws BackupLeaseLostError when it has expired at any time since it was taken */
  async renew(): Promise<void> {
    await this.queue.run(() => {
      if (heldLease(this.facts, this.clock.realNow())?.id !== this.id) this.isLost = true;
      if (this.isLost) throw new BackupLeaseLostError();
      this.extend();
    });
  }

  /** Lets others have it at once. */
  async release(): Promise<void> {
    clearInterval(this.renewals);
    await this.queue.run(() => {
      if (writtenLease(this.facts)?.id === this.id) this.facts.set(BACKUP_LEASE_FACT, undefined);
    });
  }

  private extend(): void {
    const lease: Lease = { id: this.id, until: this.clock.realNow() + LEASE_LASTS };
    this.facts.set(BACKUP_LEASE_FACT, JSON.stringify(lease));
  }
}
