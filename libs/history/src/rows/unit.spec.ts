import { MemoryRows } from '@app/testing';
import { describeTable } from './table';
import { ask, byKeys, runUnit, together, type Inquiry, type Unit } from './unit';

const STEPS = describeTable('steps', ['name'], { name: 'text', next: 'text?' });

/** Goes from name to name, a round for each, and returns the names on its way. */
function* way(name: string): Inquiry<readonly string[]> {
  const names = [name];
  for (let at: string | null = name; at !== null;) {
    const [[row]]: readonly [readonly ({ readonly next: string | null } | undefined)[]] = yield* ask(
      byKeys(STEPS, [[at]]),
    );
    at = row?.next ?? null;
    if (at !== null) names.push(at);
  }
  return names;
}

describe('inquiries side by side', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
    const next = { a: 'b', b: 'c', c: null, x: 'y', y: null };
    rows.apply([{ kind: 'add', table: STEPS, rows: Object.entries(next).map(([name, to]) => ({ name, next: to })) }]);
  });

  const find = (...names: string[]): readonly (readonly string[])[] => {
    function* unit(): Unit<readonly (readonly string[])[]> {
      return { outcome: yield* together(...names.map(way)), changes: [] };
    }
    return runUnit(rows, unit());
  };

  it('should each be given the answers to what it asked, in as many rounds as the longest takes', () => {
    expect(find('x', 'a', 'c')).toEqual([['x', 'y'], ['a', 'b', 'c'], ['c']]);
    expect(rows.rounds).toBe(3);
  });

  it('should ask nothing where none of them does', () => {
    expect(find()).toEqual([]);
    expect(rows.rounds).toBe(0);
  });
});
