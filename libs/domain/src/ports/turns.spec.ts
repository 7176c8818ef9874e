import { Turns } from './turns';

describe('Turns', () => {
  let time: number;
  let turns: Turns;
  let done: string[];

  /** Work that takes so many milliseconds. */
  const work = (name: string, ms: number) => (): void => {
    done.push(name);
    time += ms;
  };
  const begin = (piece: () => void): void => {
    if (turns.isOpen()) piece();
    else turns.beginLater(piece);
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    time = 0;
    turns = new Turns(10, () => time);
    done = [];
  });

  it('should do short work at once while the turn has time left, and the rest in later turns, in its order', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) begin(work(name, 6));
    for (const expected of ['ab', 'abcd', 'abcdef', 'abcdefg']) {
      expect(done.join('')).toBe(expected);
      await turn();
    }
  });

  it('should begin one piece of long work a turn', async () => {
    for (const name of ['a', 'b', 'c']) turns.beginLong(work(name, 0));
    for (const expected of [[], ['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      expect(done).toEqual(expected);
      await turn();
    }
  });

  it('should do short work before long, and a piece of the long in every turn', async () => {
    for (const name of ['L1', 'L2']) turns.beginLong(work(name, 500));
    for (const name of ['a', 'b', 'c', 'd']) turns.beginLater(work(name, 5));
    for (const expected of [['L1'], ['L1', 'a', 'b', 'L2'], ['L1', 'a', 'b', 'L2', 'c', 'd']]) {
      await turn();
      expect(done).toEqual(expected);
    }
  });

  it('should let connections arrive before long work, and short work begin meanwhile', async () => {
    turns.noteArrival();
    turns.beginLong(work('long', 500));
    turns.beginLater(work('short', 1));
    await turn();
    expect(done).toEqual(['short']);
    turns.noteArrival();
    await turn();
    await turn();
    expect(done).toEqual(['short', 'long']);
  });

  it('should not keep long work waiting for as long as connections arrive', async () => {
    for (const name of ['a', 'b']) turns.beginLong(work(name, 500));
    for (let count = 0; count < 200; count += 1) {
      turns.noteArrival();
      await turn();
    }
    expect(done).toEqual(['a', 'b']);
  });

  it('should begin urgent work before what waits', async () => {
    for (const name of ['a', 'b', 'c']) begin(work(name, 20));
    turns.beginLater(work('probe', 0), true);
    await turn();
    await turn();
    expect(done.slice(0, 3)).toEqual(['a', 'probe', 'b']);
  });

  it('should let what a piece leaves to promises be done before it begins the next', async () => {
    const order: string[] = [];
    const piece = (name: string) => (): void => {
      order.push(`${name} begins`);
      void Promise.resolve().then(() => order.push(`${name} ends`));
    };
    turns.beginLater(piece('a'));
    turns.beginLater(piece('b'));
    await turn();
    await turn();
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('should let timers run while work waits without end', async () => {
    let pieces = 0;
    let isDone = false;
    const again = (): void => {
      pieces += 1;
      time += 500;
      if (!isDone) turns.beginLong(again);
    };
    again();
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
    isDone = true;
    await turn();
    await turn();
    const before = pieces;
    await turn();
    expect([before > 1, pieces]).toEqual([true, before]);
  });
});
