import { Inject, Injectable } from '@nestjs/common';
import {
  HistoryStore,
  minutesIn,
  type ArchiveDay,
  type DaySieve,
  type ImportCounts,
  type LeftOutMinutes,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CaptureMetrics } from '../status/capture-metrics';
import { leaveOutFewerTrades } from './import-rules';

/** Brings days of the archive into the store. */
@Injectable()
export class ArchiveDayKeeper {
  constructor(
    private readonly history: HistoryStore,
    private readonly metrics: CaptureMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Files have lost trades that REST still had: what came over REST or live with more of them stays. */
  sieve(symbol: string): DaySieve {
    return async (day) => leaveOutFewerTrades(day, await this.history.minutes(symbol, day.range));
  }

  /** Stores a day; what is stored already stays. @throws OriginMismatchError */
  async keep(symbol: string, day: ArchiveDay): Promise<ImportCounts> {
    const { file, rowsSha256, duplicates, origin, range, candles, leftOut, fetchedAt } = day;
    const end = { rows: candles.length, duplicates, leftOut, range, rowsSha256 };
    const counts = await this.history.saveDay({
      origin,
      symbol,
      range,
      candles,
      leftOut,
      fetchedAt,
      file: { kind: 'archive', facts: file, end },
    });
    this.metrics.fetched('archive', candles.length);
    this.tellLeftOut(symbol, day);
    return counts;
  }

  private tellLeftOut(symbol: string, { file, leftOut }: ArchiveDay): void {
    const isStored = ({ reason }: LeftOutMinutes): boolean => reason === 'fewer_trades';
    const groups = [
      { minutes: leftOut.filter((one) => !isStored(one)), then: 'their minutes are asked for over REST' },
      { minutes: leftOut.filter(isStored), then: 'the stored minutes stay' },
    ];
    for (const { minutes, then } of groups) {
      const [first] = minutes;
      if (first === undefined) continue;
      const rows = minutes.reduce((sum, range) => sum + Math.max(1, minutesIn(range)), 0);
      this.logger.warn(
        { symbol, file: file.name, rows },
        `archive: ${rows} rows of ${file.name} are left out (${first.detail}); ${then}`,
      );
    }
  }
}
