import { TradingCalendar } from './trading-calendar';

const minute = (text: string): number => Date.parse(text) / 60_000;

describe('TradingCalendar', () => {
  const calendar = new TradingCalendar('1');

  it('should count the minutes one by one', () => {
    const start = minute('2024-01-01T00:00Z');
    let count = calendar.tradingMinutesBefore(start);
    for (let at = start; at < start + 70 * 1_440; at += 1) {
      const stopped = calendar.stopsAround(at).some((stop) => stop.start <= at && at < stop.end);
      count += stopped ? 0 : 1;
      if (calendar.isTrading(at) === stopped || calendar.tradingMinutesBefore(at + 1) !== count) {
        throw new Error(`wrong count at ${new Date(at * 60_000).toISOString()}`);
      }
    }
  });

  it('should have a stop of several hours in every thirty days', () => {
    for (let block = 0; block < 100; block += 1) {
      const [long, short] = calendar.stopsAround(minute('2018-01-01T00:00Z') + block * 43_200);
      expect(long.end - long.start).toBe(255);
      expect(short.start).toBeGreaterThan(long.end);
    }
  });

  it('should lay more stops on top, wherever they overlap', () => {
    const [own] = calendar.stopsAround(minute('2024-01-10T00:00Z'));
    const stops = [
      { start: own.start - 30, end: own.start - 20 },
      { start: own.start - 10, end: own.end + 20 },
    ];
    const more = new TradingCalendar('1', stops);
    let trading = 0;
    for (let at = own.start - 30; at < own.end + 40; at += 1) {
      trading += more.isTrading(at) ? 1 : 0;
    }
    expect(trading).toBe(10 + 20);
    const lost = calendar.tradingMinutesBefore(own.end + 40) - more.tradingMinutesBefore(own.end + 40);
    expect(lost).toBe(10 + 30);
  });

  it('should count the minutes one by one with a stop on each day', () => {
    const start = minute('2024-01-01T00:00Z');
    const stops = Array.from({ length: 60 }, (_, day) => ({
      start: start + day * 1_440 + 120,
      end: start + day * 1_440 + 300,
    }));
    const more = new TradingCalendar('1', stops);
    let count = more.tradingMinutesBefore(start);
    expect(count).toBe(calendar.tradingMinutesBefore(start));
    for (let at = start; at < start + 61 * 1_440; at += 1) {
      const stopped = stops.some((stop) => stop.start <= at && at < stop.end);
      count += calendar.isTrading(at) && !stopped ? 1 : 0;
      if (more.tradingMinutesBefore(at + 1) !== count) {
        throw new Error(`wrong count at ${new Date(at * 60_000).toISOString()}`);
      }
    }
  });
});
