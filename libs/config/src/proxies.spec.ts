import { parseBypassRule, proxyOf, type BypassRule } from './proxies';

const PROXIES = { http: 'http://plain:3128', https: 'http://secure:3128' };

function rules(...entries: string[]): BypassRule[] {
  return entries.map((entry) => {
    const rule = parseBypassRule(entry);
    if (!rule) throw new Error(`${entry} is no rule`);
    return rule;
  });
}

describe('proxyOf', () => {
  it('should go by the scheme of the address that is asked', () => {
    expect(proxyOf('http://data.example/x', { ...PROXIES, bypass: [] })).toBe(PROXIES.http);
    expect(proxyOf('https://data.example/x', { ...PROXIES, bypass: [] })).toBe(PROXIES.https);
    expect(proxyOf('https://data.example/x', { ...PROXIES, https: undefined, bypass: [] })).toBeUndefined();
  });

  it.each([
    'http://127.0.0.1:9100',
    'http://127.9.9.9',
    'http://localhost:9100',
    'http://LOCALHOST./x',
    'http://simulator.localhost',
    'http://[::1]:9100',
    'http://[::ffff:127.0.0.1]',
    'http://2130706433',
  ])('should never send %s, this machine, through a proxy', (url) => {
    expect(proxyOf(url, { ...PROXIES, bypass: [] })).toBeUndefined();
  });

  it.each([
    ['*', 'https://api.binance.com'],
    ['api.binance.com', 'https://api.binance.com/api/v3/time'],
    ['API.Binance.com.', 'https://api.binance.com'],
    ['binance.com', 'https://api.binance.com'],
    ['.binance.com', 'https://api.binance.com'],
    ['.binance.com', 'https://binance.com'],
    ['*.binance.com', 'https://api1.binance.com'],
    ['relay:8443', 'https://relay:8443'],
    ['relay:443', 'https://relay'],
    ['relay:80', 'http://relay/x'],
    ['10.1.2.3', 'http://10.1.2.3:9100'],
    ['10.0.0.0/8', 'http://10.1.2.3:9100'],
    ['fd00::1', 'http://[fd00:0:0::1]:9100'],
    ['[fd00::1]:9100', 'http://[fd00::1]:9100'],
    ['fd00::/8', 'http://[fd12::7]'],
    ['bücher.example', 'https://xn--bcher-kva.example'],
  ])('should go past the proxy by NO_PROXY=%s for %s', (entry, url) => {
    expect(proxyOf(url, { ...PROXIES, bypass: rules('other.example', entry) })).toBeUndefined();
  });

  it.each([
    ['api.binance.com', 'https://api1.binance.com'],
    ['binance.com', 'https://notbinance.com'],
    ['binance.com', 'https://binance.com.example'],
    ['relay:8443', 'https://relay'],
    ['relay:443', 'http://relay'],
    ['10.0.0.0/8', 'http://11.1.2.3'],
    ['0.0.0.0/0', 'http://relay'],
    ['2.3', 'http://10.1.2.3'],
    ['fd00::1', 'http://[fd00::2]'],
    ['[fd00::1]:9100', 'http://[fd00::1]:9200'],
  ])('should not go past the proxy by NO_PROXY=%s for %s', (entry, url) => {
    expect(proxyOf(url, { ...PROXIES, bypass: rules(entry) })).toMatch(/3128$/);
  });
});

describe('parseBypassRule', () => {
  it.each([
    '',
    'http://host',
    'host/path',
    'host:port',
    'host:0',
    'host:65536',
    ':80',
    '[::1',
    '[host]:80',
    '10.0.0.0/33',
    'a b',
  ])('should refuse %j', (text) => {
    expect(parseBypassRule(text)).toBeUndefined();
  });
});
