import fc from 'fast-check';
import { compareCodePoints, isSymbol, normaliseSymbol } from './symbol';

const codePoints = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0);

function naiveCompare(a: string, b: string): number {
  const [left, right] = [codePoints(a), codePoints(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

const text = fc.string({ unit: 'binary', maxLength: 6 });

describe('symbols', () => {
  it('should order by code points, also where UTF-16 units say otherwise', () => {
    // U+FF21 is below U+20000, but its UTF-16 unit is above the first surrogate of U+20000.
    expect(['𠀀', 'Ａ'].sort()).toEqual(['𠀀', 'Ａ']);
    expect(compareCodePoints('Ａ', '𠀀')).toBeLessThan(0);
    expect(compareCodePoints('BTC𠀀', 'BTCＡ')).toBeGreaterThan(0);
    expect(compareCodePoints('BTC', 'BTCUSDT')).toBeLessThan(0);
    expect(compareCodePoints('btcusdt', 'BTCUSDT')).toBeGreaterThan(0);
    expect(['币安人生USDT', 'BTCUSDT', '𠀀USDT', 'ＡUSDT', 'ETHUSDT', '1INCHUSDT'].sort(compareCodePoints)).toEqual([
      '1INCHUSDT',
      'BTCUSDT',
      'ETHUSDT',
      '币安人生USDT',
      'ＡUSDT',
      '𠀀USDT',
    ]);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(naiveCompare(a, b));
      }),
    );
  });

  it('should upper-case ASCII letters and no others', () => {
    expect(normaliseSymbol('btcUsdt')).toBe('BTCUSDT');
    expect(normaliseSymbol('币安人生usdt')).toBe('币安人生USDT');
    expect(normaliseSymbol('straßeéı')).toBe('STRAßEéı');
    fc.assert(
      fc.property(text, (symbol) => {
        const naive = Array.from(symbol, (letter) => (/^[a-z]$/.test(letter) ? letter.toUpperCase() : letter)).join('');
        expect(normaliseSymbol(symbol)).toBe(naive);
      }),
    );
  });

  it.each([
    'BTCUSDT',
    '1INCHUSDT',
    '币安人生USDT',
    '𠀀USDT',
    'A',
    'A'.repeat(40),
    '𠀀'.repeat(40),
    'BTC-USDT',
    'A.B_C-D',
    '币-安.USDT_',
  ])('should accept %s', (symbol) => {
    expect(isSymbol(symbol)).toBe(true);
  });

  it.each([
    '',
    'A'.repeat(41),
    '-USDT',
    '_USDT',
    '.USDT',
    '..',
    'BTC/USDT',
    'BTC\\USDT',
    '../app',
    '=CMD',
    '*USDT',
    'BTC USDT',
    'BTC,USDT',
    '<b>',
    'BTC\n',
    'BTC\0',
    '"',
    '\ud840',
  ])('should refuse %j', (symbol) => {
    expect(isSymbol(symbol)).toBe(false);
  });
});
