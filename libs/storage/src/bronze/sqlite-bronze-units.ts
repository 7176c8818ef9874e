import { BronzeUnits, type BronzeArchive, type BronzeUnit, type BronzeUnitOptions } from '@app/bronze';
import type { WriteQueue } from '../database/write-queue';

/** Units of the write queue that may append to bronze. */
export class SqliteBronzeUnits extends BronzeUnits {
  /** The unit that came before, with the lines that it could not take back when it failed, if any. */
  private before: BronzeUnit | undefined;

  constructor(
    private readonly queue: WriteQueue,
    private readonly archive: BronzeArchive,
  ) {
    super();
  }

  run<T>(unit: () => T): Promise<T> {
    return this.queue.run(unit);
  }

  append<T>(unit: (bronze: BronzeUnit) => T, options: BronzeUnitOptions = {}): Promise<T> {
    const bronze = this.archive.unit();
    return this.queue.run(
      () => {
        this.before?.cutToStored();
        this.before = bronze;
        return unit(bronze);
      },
      {
        ...options,
        undo: () => {
          bronze.cutBack();
        },
        // At once: a process that ends would leave lines behind the stored length, and the next one would take them for events.
        undoLate: () => {
          bronze.cutToStored();
        },
      },
    );
  }
}
