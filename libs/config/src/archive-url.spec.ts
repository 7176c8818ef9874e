import { ConfigError } from './config-error';
import { loadConfig } from './load-config';

describe('address of the file archive', () => {
  it.each([
    [{}, 'https://data.binance.vision'],
    [{ BINANCE_REST_URLS: 'https://api.binance.com' }, 'https://data.binance.vision'],
    [{ BINANCE_REST_URLS: 'http://127.0.0.1:9100/' }, 'http://127.0.0.1:9100'],
    [{ BINANCE_REST_URLS: 'https://api.binance.com,https://mirror.example/x' }, 'https://mirror.example/x'],
    [{ BINANCE_REST_URLS: 'https://api.binance.com.example' }, 'https://api.binance.com.example'],
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
});
