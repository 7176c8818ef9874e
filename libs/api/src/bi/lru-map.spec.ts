import { LruMap } from './lru-map';

describe('LruMap', () => {
  it('should forget what was used longest ago when there are too many', () => {
    const map = new LruMap<number>(2, 100);
    map.set('a', 1, 1);
    map.set('b', 2, 1);
    map.get('a');
    map.set('c', 3, 1);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  it('should forget as many as it takes when they weigh too much', () => {
    const map = new LruMap<number>(10, 10);
    for (const key of ['a', 'b', 'c']) map.set(key, 1, 3);
    map.set('d', 1, 7);
    expect([map.size, map.get('c'), map.get('d')]).toEqual([2, 1, 1]);
  });

  it('should hold the newest however much it weighs', () => {
    const map = new LruMap<number>(10, 10);
    map.set('a', 1, 1);
    map.set('b', 2, 50);
    expect([map.size, map.get('b')]).toEqual([1, 2]);
  });

  it('should count the weight of what was replaced or deleted no more', () => {
    const map = new LruMap<number>(10, 10);
    map.set('a', 1, 9);
    map.set('a', 2, 1);
    map.set('b', 3, 9);
    map.delete('b');
    map.set('c', 4, 9);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([2, undefined, 4]);
  });

  it('should keep the order of use through reads of the newest and deletions of it', () => {
    const map = new LruMap<number>(2, 100);
    map.set('a', 1, 1);
    map.set('b', 2, 1);
    map.get('b');
    map.get('b');
    map.delete('b');
    map.set('c', 3, 1);
    map.get('a');
    map.set('d', 4, 1);
    expect([map.get('a'), map.get('c'), map.get('d')]).toEqual([1, undefined, 4]);
  });
});
