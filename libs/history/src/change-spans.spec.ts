import fc from 'fast-check';
import { spans } from './change-spans';

const SYMBOLS = ['B', 'A', 'C'];

describe('spans', () => {
  it('should reach over all items of each symbol and count them, symbols in the order in which they are met', () => {
    const item = fc.record({ symbol: fc.constantFrom(...SYMBOLS), at: fc.nat({ max: 50 }) });
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const found = spans(items, ({ at }) => ({ start: at, end: at + 2 }));
        expect(found).toEqual(
          [...new Set(items.map(({ symbol }) => symbol))].map((symbol) => {
            const times = items.filter((one) => one.symbol === symbol).map(({ at }) => at);
            return { symbol, start: Math.min(...times), end: Math.max(...times) + 2, count: times.length };
          }),
        );
      }),
    );
  });
});
