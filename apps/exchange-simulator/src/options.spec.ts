import { UsageError, parseOptions } from './options';

const NOW = Date.parse('2026-01-15T12:00:00Z');

describe('parseOptions', () => {
  it('should have safe defaults', () => {
    expect(parseOptions([], NOW)).toEqual({
      host: '127.0.0.1',
      port: 9100,
      seed: '1',
      recordings: undefined,
      place: 'live',
      clockOrigin: { market: NOW, real: NOW },
      clockFactor: 1,
      weightLimit: 6000,
      rawRequestLimit: 300_000,
      overLimit: 'clamp',
      archiveDelay: 10_800,
      only: undefined,
      faults: [],
    });
    expect(parseOptions(['--help'])).toBe('help');
  });

  it('should read a clock origin of one instant or two', () => {
    expect(parseOptions(['--clock-origin', '2026-01-10T00:00:00Z'], NOW)).toMatchObject({
      clockOrigin: { market: Date.parse('2026-01-10'), real: Date.parse('2026-01-10') },
    });
    expect(
      parseOptions(['--clock-origin=2024-02-29T00:00:00Z@2026-01-10T01:00:00.5+01:00', '--clock-factor=0.5'], NOW),
    ).toMatchObject({
      clockOrigin: { market: Date.parse('2024-02-29'), real: Date.parse('2026-01-10T00:00:00.500Z') },
      clockFactor: 0.5,
    });
  });

  it('should read faults that are on from the start, times as epoch milliseconds', () => {
    const stop = {
      kind: 'stop',
      symbol: 'ADAUSDT',
      start: '2026-01-10T02:00:00Z',
      end: '2026-01-10T05:00:00Z',
      days: 7,
    };
    const start = Date.parse(stop.start);
    expect(parseOptions(['--faults', JSON.stringify([stop])], NOW)).toMatchObject({
      faults: [{ ...stop, start, end: start + 3 * 3_600_000 }],
    });
  });

  it.each([
    [['--port', '70000'], '--port 70000'],
    [['--port', 'x'], '--port x'],
    [['--clock-factor', '0'], '--clock-factor 0'],
    [['--clock-origin', 'yesterday'], '--clock-origin yesterday'],
    [['--clock-origin', '2026-13-01T00:00:00Z'], '--clock-origin 2026-13-01'],
    [['--place', 'future', '--recordings', '/r'], '--place future'],
    [['--place', 'past'], '--recordings'],
    [['--archive-delay', '-1'], '--archive-delay'],
    [['--only', 'klines'], '--only klines'],
    [['--faults', '{'], '--faults {: a JSON array'],
    [['--faults', '[{"kind":"stop","start":0,"end":60000,"days":0}]'], 'days'],
    [['--nonsense'], '--nonsense'],
    [['--seed', 'a b'], '--seed a b'],
    [['--symbols', '0'], '--symbols 0'],
    [['--symbols', '10', '--recordings', '/r'], '--symbols'],
  ])('should refuse %j with a message that names it', (args, named) => {
    expect(() => parseOptions(args, NOW)).toThrow(UsageError);
    expect(() => parseOptions(args, NOW)).toThrow(named);
  });
});
