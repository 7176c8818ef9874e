import { describeTable } from '../rows/table';

/** The part of `symbols` that any stored event needs: that the symbol exists. */
export const KNOWN_SYMBOLS = describeTable('symbols', ['symbol'], { symbol: 'text' });
