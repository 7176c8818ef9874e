import { ConfigError } from './config-error';
import { loadConfig } from './load-config';

describe('address of the file archive', () => {
  it.each([
    [{}, 'https://data.binance.vision'],
    [{ BINANCE_REST_URLS: 'https://api.binance.com' }, 'https://data.binance.vision'],
    [{ BINANCE_REST_URLS: 'http://127.0.0.1:9100/' }, 'http://127.0.0.1:9100'],
    [{ BINANCE_REST_URLS: 'https://api.binance.com,https://mirror.example/x' }, 'https://mirror.example/x'],
    [{ BINANCE_REST_URLS: 'https://api.binance.com.example' }, 'https://api.binance.com.example'],
    [{ BINANCE_REST_URLS: 'https://testnet.binance.vision' }, null],
    [{ BINANCE_REST_URLS: 'https://demo-api.binance.com' }, null],
    [{ BINANCE_REST_URLS: 'https://api.binance.us' }, null],
    [{ BINANCE_REST_URLS: 'https://api.binance.us', BINANCE_ARCHIVE_URL: 'https://us.example' }, 'https://us.example'],
    [{ BINANCE_ARCHIVE_URL: 'http://127.0.0.1:9200/' }, 'http://127.0.0.1:9200'],
    [{ BINANCE_ARCHIVE_URL: '' }, 'https://data.binance.vision'],
    [{ BINANCE_ARCHIVE_URL: 'off' }, null],
  ])('should follow from %j', (variables, url) => {
    expect(loadConfig(variables, '/').exchange.archiveUrl).toBe(url);
  });

  it('should be an address or off', () => {
    expect(() => loadConfig({ BINANCE_ARCHIVE_URL: 'ftp://x' }, '/')).toThrow(ConfigError);
    expect(() => loadConfig({ BINANCE_ARCHIVE_URL: 'none' }, '/')).toThrow(
      'BINANCE_ARCHIVE_URL="none" is not allowed; expected an http:// or https:// address, or off',
    );
  });

  it.each([
    [
      { BINANCE_REST_URLS: 'https://api.binance.com,https://api.binance.us' },
      'BINANCE_REST_URLS: api.binance.com is of',
    ],
    [{ BINANCE_REST_URLS: 'https://data-api.binance.vision,https://testnet.binance.vision' }, 'of binance-testnet'],
    [{ BINANCE_REST_URLS: 'https://10.0.0.1,https://api.binance.com,https://demo-api.binance.com' }, 'of binance-demo'],
    [
      { BINANCE_REST_URLS: 'https://testnet.binance.vision', BINANCE_ARCHIVE_URL: 'https://data.binance.vision' },
      'BINANCE_ARCHIVE_URL: testnet.binance.vision is of binance-testnet, data.binance.vision of binance; expected',
    ],
  ])('should refuse two venues for one store: %j', (variables, message) => {
    expect(() => loadConfig(variables, '/')).toThrow(message);
  });

  it.each([
    { BINANCE_REST_URLS: 'https://api.binance.com,https://api1.binance.com,http://10.0.0.1' },
    { BINANCE_REST_URLS: 'https://api.binance.us', BINANCE_ARCHIVE_URL: 'off' },
    { BINANCE_REST_URLS: 'http://127.0.0.1:9100,https://relay.example' },
  ])('should take addresses that may be of one venue: %j', (variables) => {
    expect(() => loadConfig(variables, '/')).not.toThrow();
  });
});
