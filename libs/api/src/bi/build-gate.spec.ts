import { BuildGate } from './build-gate';

/** Long enough for all promises that can go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('BuildGate', () => {
  let gate: BuildGate;
  let begun: string[];
  let ends: Map<string, () => void>;

  const ask = (name: string, rows: number): Promise<string> =>
    gate.pass(rows, () => {
      begun.push(name);
      return new Promise((resolve) => {
        ends.set(name, () => {
          resolve(name);
        });
      });
    });

  beforeEach(() => {
    gate = new BuildGate();
    begun = [];
    ends = new Map();
  });

  it('should make large tables one after the other, in the order they were asked for', async () => {
    const answers = [ask('a', 90_000), ask('b', 500_000), ask('c', 20_000)];
    await settled();
    expect(begun).toEqual(['a']);
    ends.get('a')?.();
    await settled();
    expect(begun).toEqual(['a', 'b']);
    ends.get('b')?.();
    await settled();
    expect(begun).toEqual(['a', 'b', 'c']);
    ends.get('c')?.();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  });

  it('should make as many at once as have 100,000 rows together', async () => {
    for (const name of ['a', 'b', 'c', 'd']) void ask(name, 33_000);
    await settled();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('should never hold up a small one', async () => {
    void ask('large', 100_000);
    void ask('next', 100_000);
    void ask('small', 2_500);
    await settled();
    expect([...begun].sort()).toEqual(['large', 'small']);
  });

  it('should go on after one that failed', async () => {
    await expect(gate.pass(100_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    void ask('a', 100_000);
    await settled();
    expect(begun).toEqual(['a']);
  });

  it('should refuse what has not begun when the process stops', async () => {
    const first = ask('a', 100_000);
    const second = ask('b', 100_000);
    gate.onModuleDestroy();
    await expect(second).rejects.toMatchObject({ problem: { status: 503 } });
    ends.get('a')?.();
    expect(await first).toBe('a');
    expect(begun).toEqual(['a']);
  });
});
