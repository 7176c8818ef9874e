import { keyHash } from '@app/config';
import type { ApiKey } from '@app/domain';
import { KeyRing } from './key-ring';

describe('KeyRing', () => {
  let now: number;
  let ring: KeyRing;

  const stored = (text: string, others: Partial<ApiKey> = {}): ApiKey => ({
    name: text,
    sha256: keyHash(text),
    expiresAt: null,
    requestLimit: null,
    ...others,
  });

  beforeEach(() => {
    now = 1_000;
    ring = new KeyRing([{ name: 'setting', sha256: keyHash('of the environment') }], { realNow: () => now });
  });

  it('should know the keys of the environment and those of the store', () => {
    ring.hold([stored('a', { requestLimit: 7 })]);
    expect(ring.find('of the environment')).toMatchObject({ name: 'setting', requestLimit: null });
    expect(ring.find('a')).toMatchObject({ name: 'a', requestLimit: 7 });
    for (const text of ['', 'b', 'A', keyHash('a'), 'x'.repeat(10_000)]) expect(ring.find(text)).toBeUndefined();
  });

  it('should forget what the store has no more', () => {
    ring.hold([stored('a'), stored('b')]);
    const key = ring.find('a');
    ring.hold([stored('b')]);
    expect(ring.find('a')).toBeUndefined();
    expect(key && ring.holds(key)).toBe(false);
    expect(ring.find('of the environment')).toBeDefined();
  });

  it('should end a key with its time', () => {
    ring.hold([stored('a', { expiresAt: 2_000 })]);
    const key = ring.find('a');
    expect(key && ring.holds(key)).toBe(true);
    now = 2_000;
    expect(ring.find('a')).toBeUndefined();
    expect(key && ring.holds(key)).toBe(false);
  });

  it('should say that the store could not be read, until it is', () => {
    expect(ring.storeFault).toBeUndefined();
    ring.miss(new Error('away'));
    expect(ring.storeFault).toEqual(new Error('away'));
    ring.hold([]);
    expect(ring.storeFault).toBeUndefined();
  });
});
