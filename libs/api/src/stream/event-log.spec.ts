import { EventLog } from './event-log';

const event = (number: number) => ({ symbol: 'BTCUSDT', id: `p${number}`, text: `${number}`.padStart(10, '0') });

describe('EventLog', () => {
  it('should number its events on, and let the oldest go when they are too many', () => {
    const log = new EventLog(30);
    log.append([event(0), event(1)]);
    expect([log.start, log.end]).toEqual([0, 2]);
    log.append([event(2), event(3), event(4)]);
    expect([log.start, log.end]).toEqual([2, 5]);
    expect(log.at(1)).toBeUndefined();
    expect(log.at(2)).toEqual(event(2));
    expect(log.at(5)).toBeUndefined();
    expect(log.bytes(3, 5, '').toString()).toBe('00000000030000000004');
    log.clear();
    expect([log.start, log.end]).toEqual([5, 5]);
  });

  it('should find what comes behind an event that is still here', () => {
    const log = new EventLog(30);
    log.append([event(0), event(1), event(2), event(3)]);
    expect([log.behind('p0'), log.behind('p1'), log.behind('p3'), log.behind('p4')]).toEqual([
      undefined,
      2,
      log.end,
      undefined,
    ]);
    log.clear();
    expect(log.behind('p3')).toBeUndefined();
  });

  it('should make the bytes of the same events once', () => {
    const log = new EventLog(1_000);
    log.append([event(0), event(1)]);
    expect(log.bytes(0, 2, '')).toBe(log.bytes(0, 2, ''));
    log.append([event(2)]);
    expect(log.bytes(0, 3, '').toString()).toBe('000000000000000000010000000002');
  });

  it('should put the path that each reader comes by in front of addresses, and nowhere else', () => {
    const log = new EventLog(1_000);
    log.append([event(0), { symbol: 'BTCUSDT', id: 'p1', text: 'data: {"next_url":"/candles"}', addressAt: 19 }]);
    expect(log.bytes(0, 2, '/market').toString()).toBe('0000000000data: {"next_url":"/market/candles"}');
    expect(log.bytes(0, 2, '').toString()).toBe('0000000000data: {"next_url":"/candles"}');
    expect(log.bytes(0, 2, '/other').toString()).toContain('"/other/candles"');
    expect(log.bytes(0, 1, '/market')).toBe(log.bytes(0, 1, '/other'));
  });
});
