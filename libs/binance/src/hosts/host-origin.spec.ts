import { httpGet, TransportError, type HttpAnswer } from '../transport/http-get';
import { HostOriginResolver } from './host-origin';
import { ExchangeHost } from './host-pool';

jest.mock('../transport/http-get', () => ({
  ...jest.requireActual<object>('../transport/http-get'),
  httpGet: jest.fn(),
}));

const asked = jest.mocked(httpGet);
const JSON_TYPE = { 'content-type': 'application/json' };

const answer = (status: number, text: string, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  text,
  headers: new Headers(headers),
});

describe('HostOriginResolver', () => {
  const resolve = (url: string): Promise<string> => new HostOriginResolver(1_000).resolve(new ExchangeHost(url));

  beforeEach(() => {
    asked.mockReset();
  });

  it.each([
    ['https://api.binance.com', 'binance'],
    ['https://api.binance.us', 'binance.us'],
    ['https://demo-api.binance.com', 'binance-demo'],
    ['https://testnet.binance.vision', 'binance-testnet'],
  ])('should know the venue of %s without asking: %s', async (url, origin) => {
    await expect(resolve(url)).resolves.toBe(origin);
    expect(asked).not.toHaveBeenCalled();
  });

  it.each([
    ['https://relay.example', 'relay.example'],
    ['http://10.0.0.7:8080/binance', 'binance'],
    ['http://127.0.0.1:9', 'binance'],
  ])('should name the data of %s by its host where it names no origin itself: %s', async (url, origin) => {
    for (const silent of [
      answer(404, ''),
      answer(451, '{}', JSON_TYPE),
      answer(200, '<html>'),
      answer(200, '{}', JSON_TYPE),
      answer(200, 'null', JSON_TYPE),
    ]) {
      asked.mockResolvedValueOnce(silent);
      await expect(resolve(url)).resolves.toBe(origin);
    }
  });

  it.each(['http://127.0.0.1:9100', 'http://exchange-simulator:9100', 'https://simulator.example'])(
    'should believe what %s says itself',
    async (url) => {
      asked.mockResolvedValueOnce(answer(200, '{"origin":"simulator:7"}', JSON_TYPE));
      await expect(resolve(url)).resolves.toBe('simulator:7');
    },
  );

  it('should ask an unknown host once, and one that names itself again after a while', async () => {
    const resolver = new HostOriginResolver(1_000);
    const [relay, simulator] = [new ExchangeHost('https://relay.example'), new ExchangeHost('http://127.0.0.1:9100')];
    asked.mockImplementation((url) =>
      Promise.resolve(url.includes('relay') ? answer(404, '') : answer(200, '{"origin":"simulator:7"}', JSON_TYPE)),
    );
    for (const host of [relay, simulator]) {
      await resolver.resolve(host);
      host.originConfirmedAt -= 3_600_000;
      await resolver.resolve(host);
    }
    expect(asked.mock.calls.map(([url]) => url)).toEqual([
      'https://relay.example/_simulator/origin',
      'http://127.0.0.1:9100/_simulator/origin',
      'http://127.0.0.1:9100/_simulator/origin',
    ]);
  });

  it.each([
    answer(502, ''),
    answer(429, ''),
    answer(418, '{}', JSON_TYPE),
    answer(408, ''),
    answer(200, '{"orig', JSON_TYPE),
    answer(200, '{"origin":7}', JSON_TYPE),
  ])('should not guess when a host fails to say: %j', async (broken) => {
    asked.mockResolvedValueOnce(broken);
    await expect(resolve('http://127.0.0.1:9100')).rejects.toThrow(TransportError);
  });
});
