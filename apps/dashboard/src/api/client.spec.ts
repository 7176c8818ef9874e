import { Client, KeyNeededError } from './client';

const PAGE = 'https://market.example/page/';
const KEY = 'key-that-holds';

/** A service that takes one key, and what it was asked with. */
class Service {
  readonly asked: [path: string, key: string | null][] = [];
  stored = new Map<string, string>();
  /** What an answer waits for. */
  gate: Promise<void> = Promise.resolve();

  constructor(readonly key: string) {
    Object.assign(globalThis, {
      document: { baseURI: PAGE },
      sessionStorage: {
        getItem: (name: string) => this.stored.get(name) ?? null,
        setItem: (name: string, value: string) => this.stored.set(name, value),
        removeItem: (name: string) => this.stored.delete(name),
      },
      fetch: async (url: string, { headers }: { headers: Record<string, string> }) => {
        const key = headers['X-API-Key'] ?? null;
        this.asked.push([url.slice(PAGE.length), key]);
        await this.gate;
        return new Response('{}', { status: key === this.key ? 200 : 401 });
      },
    });
  }
}

describe('Client', () => {
  const { fetch } = globalThis;
  afterEach(() => {
    Object.assign(globalThis, { fetch, document: undefined, sessionStorage: undefined });
  });

  const outcomeOf = (client: Client): Promise<unknown> =>
    client.json('symbols').then(
      () => 'answered',
      (error: unknown) => (error instanceof KeyNeededError ? (error.wasGiven ? 'refused' : 'wanted') : error),
    );

  it('should ask once without a key, and not again before it has one', async () => {
    const service = new Service(KEY);
    const client = new Client();
    expect([await outcomeOf(client), await outcomeOf(client)]).toEqual(['wanted', 'wanted']);
    expect(service.asked).toEqual([['symbols', null]]);
    client.useKey(KEY);
    expect(await outcomeOf(client)).toBe('answered');
    expect(service.asked.slice(1)).toEqual([['symbols', KEY]]);
    expect(client.address('candles?last=5')).toBe(`${PAGE}candles?last=5`);
  });

  it('should tell that a key does not hold, and forget it', async () => {
    const service = new Service(KEY);
    const client = new Client();
    client.useKey('another');
    expect([await outcomeOf(client), await outcomeOf(client)]).toEqual(['refused', 'refused']);
    expect([service.asked, service.stored.size]).toEqual([[['symbols', 'another']], 0]);
    client.useKey(KEY);
    expect([await outcomeOf(client), [...service.stored.values()]]).toEqual(['answered', [KEY]]);
    expect(await outcomeOf(new Client())).toBe('answered');
  });

  it.each(['with space', 'two,keys', 'schlüssel', 'ключ', 'k'.repeat(201)])(
    'should not send what no key is: %s',
    async (key) => {
      const service = new Service(KEY);
      const client = new Client();
      client.useKey(key);
      expect([await outcomeOf(client), service.asked, service.stored.size]).toEqual(['refused', [], 0]);
    },
  );

  it('should ask again with the key that was given while it was refused without one', async () => {
    const service = new Service(KEY);
    const client = new Client();
    let open = (): void => undefined;
    service.gate = new Promise((resolve) => {
      open = resolve;
    });
    const outcome = outcomeOf(client);
    client.useKey(KEY);
    open();
    expect(await outcome).toBe('answered');
    expect(service.asked).toEqual([
      ['symbols', null],
      ['symbols', KEY],
    ]);
  });

  it('should give the answer of a request that was begun to whoever asks for that path next, and ask anew after that', async () => {
    const service = new Service(KEY);
    const client = new Client();
    client.useKey(KEY);
    client.begin('candles');
    expect(service.asked).toEqual([['candles', KEY]]);
    expect(await client.json('candles')).toEqual({});
    expect(service.asked).toHaveLength(1);
    await client.json('candles');
    expect(service.asked).toHaveLength(2);
  });
});
