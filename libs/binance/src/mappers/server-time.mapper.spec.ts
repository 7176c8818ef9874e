import { mapServerTime } from './server-time.mapper';

describe('mapServerTime', () => {
  it('should read milliseconds and microseconds', () => {
    expect(mapServerTime({ serverTime: 1_499_827_319_559 })).toBe(1_499_827_319_559_000);
    expect(mapServerTime({ serverTime: 1_499_827_319_559_123, extra: 1 })).toBe(1_499_827_319_559_123);
  });

  it.each([[null], [{}], [{ serverTime: '1499827319559' }], [{ serverTime: -1 }], [{ serverTime: 1.5 }]])(
    'should refuse %j',
    (body) => {
      expect(() => mapServerTime(body)).toThrow('serverTime');
    },
  );
});
