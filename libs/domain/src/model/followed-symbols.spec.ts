import { followAnswer, NOTHING_FOLLOWED, type FollowedSymbols } from './followed-symbols';
import { DAY, HOUR, MINUTE } from './time';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

/** An answer in which these trade, and those are listed with another status. */
const answer = (trading: readonly string[], halted: readonly string[] = []) => ({
  trading,
  listed: new Set([...trading, ...halted]),
});

describe('followAnswer', () => {
  const first = followAnswer(NOTHING_FOLLOWED, answer(['A', 'B', 'C'], ['D']), NOON);
  const symbols = ({ found }: FollowedSymbols): string[] => [...found.keys()];

  it('should begin with what trades', () => {
    expect(symbols(first)).toEqual(['A', 'B', 'C']);
  });

  it('should take in what is newly listed, and keep the order', () => {
    expect(symbols(followAnswer(first, answer(['E', 'A', 'B', 'C']), NOON + HOUR))).toEqual(['A', 'B', 'C', 'E']);
  });

  it('should keep all of them while the exchange stops', () => {
    let state = first;
    for (let hour = 1; hour < 24; hour += 1)
      state = followAnswer(state, answer([], ['A', 'B', 'C']), NOON + hour * HOUR);
    expect(symbols(state)).toEqual(['A', 'B', 'C']);
    expect(symbols(followAnswer(state, answer(['A', 'B', 'C']), NOON + DAY))).toEqual(['A', 'B', 'C']);
  });

  it.each([
    ['is not listed', []],
    ['does not trade', ['C']],
  ])('should let go of one that %s for a day, and not before', (_, halted) => {
    const gone = followAnswer(first, answer(['A', 'B'], halted), NOON + HOUR);
    const after = (span: number) => symbols(followAnswer(gone, answer(['A', 'B'], halted), NOON + HOUR + span));
    expect(after(DAY - MINUTE)).toEqual(['A', 'B', 'C']);
    expect(after(DAY)).toEqual(['A', 'B']);
  });

  it('should count the day anew when it has traded in between', () => {
    const gone = followAnswer(first, answer(['A', 'B']), NOON + HOUR);
    const back = followAnswer(gone, answer(['A', 'B', 'C']), NOON + 20 * HOUR);
    const goneAgain = followAnswer(back, answer(['A', 'B']), NOON + 21 * HOUR);
    expect(symbols(followAnswer(goneAgain, answer(['A', 'B']), NOON + 30 * HOUR))).toContain('C');
  });

  it('should change nothing by an answer that lists less than half, until one an hour later says the same', () => {
    const doubted = followAnswer(first, answer(['A', 'X']), NOON + HOUR);
    expect(doubted).toEqual({ found: first.found, doubtedAt: NOON + HOUR });
    const soon = followAnswer(doubted, answer(['A', 'X']), NOON + HOUR + 5 * MINUTE);
    expect(soon).toEqual(doubted);
    const believed = followAnswer(soon, answer(['A', 'X']), NOON + 2 * HOUR);
    expect(symbols(believed)).toEqual(['A', 'B', 'C', 'X']);
    expect(believed.found.get('B')).toBe(NOON + 2 * HOUR);
  });

  it('should forget the doubt when the next answer lists them again', () => {
    const doubted = followAnswer(first, answer([]), NOON + HOUR);
    const whole = followAnswer(doubted, answer(['A', 'B', 'C']), NOON + HOUR + 5 * MINUTE);
    expect(whole).toEqual(first);
    expect(followAnswer(whole, answer([]), NOON + 2 * HOUR + 5 * MINUTE).doubtedAt).toBe(NOON + 2 * HOUR + 5 * MINUTE);
  });
});
