import { describeTable } from '../rows/table';

/** Of symbols, what everything that is stored of one asks for: that it is known. */
export const KNOWN_SYMBOLS = describeTable('symbols', ['symbol'], { symbol: 'text' });
