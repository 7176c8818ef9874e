import { isChoiceEntry, SymbolChoice } from './symbol-choice';

describe('SymbolChoice', () => {
  const LISTED = ['BTCUSDT', 'ETHUSDT', 'ETHBTC', 'BTCEUR', '币安人生USDT', 'A.B_C-USDT', 'AXB_C-USDT', 'USDT'];
  const fitting = (...entries: string[]): string[] => {
    const choice = new SymbolChoice(entries);
    return LISTED.filter((symbol) => choice.fits(symbol));
  };

  it('should fit what patterns say', () => {
    expect(fitting('*')).toEqual(LISTED);
    expect(fitting('*USDT')).toEqual(LISTED.filter((symbol) => symbol.endsWith('USDT')));
    expect(fitting('btc*')).toEqual(['BTCUSDT', 'BTCEUR']);
    expect(fitting('E*B*C')).toEqual(['ETHBTC']);
    expect(fitting('币*')).toEqual(['币安人生USDT']);
    expect(fitting('**USDT**', 'ETH*')).toContain('ETHBTC');
  });

  it('should take signs for what they are', () => {
    expect(fitting('A.B_*')).toEqual(['A.B_C-USDT']);
    expect(fitting('*-USDT')).toEqual(['A.B_C-USDT', 'AXB_C-USDT']);
  });

  it('should leave out names and patterns behind !, wherever they stand', () => {
    expect(fitting('!BTC*', '*', '!ETHBTC', '!*-USDT')).toEqual(['ETHUSDT', '币安人生USDT', 'USDT']);
    expect(new SymbolChoice(['BTCUSDT', 'ETHUSDT', '!btc*']).names).toEqual(['ETHUSDT']);
  });

  it('should keep names in their order, once, and need no exchange for them', () => {
    const choice = new SymbolChoice(['ethusdt', 'BTCUSDT', 'ETHUSDT', '!XRPUSDT']);
    expect(choice.names).toEqual(['ETHUSDT', 'BTCUSDT']);
    expect(choice.hasPatterns).toBe(false);
    expect(LISTED.filter((symbol) => choice.fits(symbol))).toEqual([]);
    expect(new SymbolChoice(['BTCUSDT', '*EUR'])).toMatchObject({ names: ['BTCUSDT'], hasPatterns: true });
  });

  it('should not fit what is no symbol', () => {
    expect(['', '-X', 'A B', '<B>', 'A'.repeat(41)].filter((text) => new SymbolChoice(['*']).fits(text))).toEqual([]);
  });

  it.each(['BTCUSDT', '*', '*USDT', 'BTC*', 'A*B*C', '!BTCUSDT', '!*USDT', '币*', '*-X', 'A.B_C-D'])(
    'should take the entry %s',
    (entry) => {
      expect(isChoiceEntry(entry)).toBe(true);
    },
  );

  it.each(['', '!', '!!A', 'A!', '-A*', '/*', 'A?', '^A', 'A B', '!A,B', `*${'A'.repeat(40)}`])(
    'should refuse the entry %j',
    (entry) => {
      expect(isChoiceEntry(entry)).toBe(false);
    },
  );
});
