import { MINUTE, type SymbolCoverage } from '@app/domain';
import { explain } from './gap-reasons';

const gap = (start: number, end: number): SymbolCoverage => ({
  symbol: 'BTCUSDT',
  start: start * MINUTE,
  end: end * MINUTE,
  state: 'missing',
  repaired: false,
});
const note = (start: number, end: number, reason: string) => ({
  start: start * MINUTE,
  end: end * MINUTE,
  reason,
  askedAt: 0,
});
const told = (...parameters: Parameters<typeof explain>): [number, number, string][] =>
  explain(...parameters).map(({ start, end, reason }) => [start / MINUTE, end / MINUTE, reason]);

describe('explain', () => {
  it('should say of a gap without a note that nobody has asked', () => {
    expect(told(gap(10, 20), [])).toEqual([[10, 20, 'not asked for yet']]);
  });

  it('should cut a gap where the reasons change, and notes at the ends of the gap', () => {
    expect(told(gap(10, 20), [note(0, 12, 'unreachable'), note(15, 30, 'no row')])).toEqual([
      [10, 12, 'unreachable'],
      [12, 15, 'not asked for yet'],
      [15, 20, 'no row'],
    ]);
  });

  it('should leave out notes about minutes that are there by now', () => {
    expect(told(gap(10, 20), [note(0, 10, 'unreachable'), note(20, 30, 'no row')])).toEqual([
      [10, 20, 'not asked for yet'],
    ]);
  });
});
