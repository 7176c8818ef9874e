import { Injectable } from '@nestjs/common';
import { ArchiveError, KlineArchive, type ArchiveFailure, type CandleNumbers, type EpochMicros } from '@app/domain';
import { rollUpMinutes } from '@app/history';

/** The archive itself, not a file of it, cannot be had. */
const AWAY: ReadonlySet<ArchiveFailure> = new Set<ArchiveFailure>(['unreachable', 'rejected']);

/** Days as the files of the exchange's archive have them. */
@Injectable()
export class ArchiveDays {
  constructor(private readonly archive: KlineArchive) {}

  get isEnabled(): boolean {
    return this.archive.isEnabled;
  }

  /**
   * The day that the minutes of a file make whose published hash is right; undefined where there is none.
   * @throws ArchiveError when the archive does not answer
   */
  async numbers(symbol: string, date: EpochMicros, signal: AbortSignal): Promise<CandleNumbers | undefined> {
    try {
      const { candles, file } = await this.archive.day(symbol, date, signal);
      if (file.checksum !== 'verified') return undefined;
      return rollUpMinutes(candles.map((candle) => ({ ...candle, revision: 1 })));
    } catch (error) {
      if (!(error instanceof ArchiveError) || AWAY.has(error.failure)) throw error;
      return undefined;
    }
  }
}
