import { sameCandleNumbers, type CandleNumbers, type EpochMicros, type MinuteCandle } from '@app/domain';

/** The numbers last published of the youngest minutes, so that a minute read again travels only when it changed. */
export class RecentMinutes {
  private readonly bySymbol = new Map<string, Map<EpochMicros, CandleNumbers>>();

  /** Those of the minutes that were not published with these numbers. */
  changed(candles: readonly MinuteCandle[]): MinuteCandle[] {
    return candles.filter((candle) => {
      const known = this.bySymbol.get(candle.symbol)?.get(candle.openTime);
      return !known || !sameCandleNumbers(known, candle);
    });
  }

  /** Remembers published minutes that open at `from` or later and forgets older ones. */
  published(symbol: string, candles: readonly MinuteCandle[], from: EpochMicros): void {
    const minutes = this.bySymbol.get(symbol) ?? new Map<EpochMicros, CandleNumbers>();
    for (const candle of candles) minutes.set(candle.openTime, candle);
    for (const openTime of minutes.keys()) if (openTime < from) minutes.delete(openTime);
    this.bySymbol.set(symbol, minutes);
  }
}
