import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error';
import { loadConfig } from './load-config';

describe('file of variables', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'csp-config-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['line breaks of Windows', 'PORT=8100\r\nSYMBOLS=btcusdt , ethusdt\r\n'],
    ['a byte order mark', '\uFEFFPORT=8100\nSYMBOLS=BTCUSDT,ETHUSDT\n'],
    ['quotes, spaces and comments', '# all of it\nPORT = 8100 # the API\nSYMBOLS="BTCUSDT, ETHUSDT" # two\n'],
  ])('should be read with %s', (_what, text) => {
    writeFileSync(join(folder, '.env'), text);
    const { http, symbols } = loadConfig({}, folder);
    expect([http.apiPort, symbols]).toEqual([8100, ['BTCUSDT', 'ETHUSDT']]);
  });

  it('should be overruled by variables that are set, not by empty ones', () => {
    writeFileSync(join(folder, '.env'), 'PORT=8100\nINGEST_PORT=8101\nCONSUMER_PORT=\n');
    const { http } = loadConfig({ PORT: '8200', INGEST_PORT: '' }, folder);
    expect([http.apiPort, http.ingestPort, http.consumerPort]).toEqual([8200, 8101, 8002]);
  });

  it('should stop the start when it is not text', () => {
    writeFileSync(join(folder, '.env'), Buffer.from('\uFEFFPORT=8100\n', 'utf16le'));
    expect(() => loadConfig({}, folder)).toThrow(/\.env is not UTF-8 text; expected NAME=value lines/);
  });

  it('should stop the start when it cannot be read', () => {
    mkdirSync(join(folder, '.env'));
    expect(() => loadConfig({}, folder)).toThrow(ConfigError);
    expect(() => loadConfig({}, folder)).toThrow(/\.env cannot be read: EISDIR/);
  });
});

describe('variables', () => {
  it.each(['*', 'https://example.com', 'http://localhost:3000', 'https://a.example, https://b.example:8443'])(
    'should take CORS_ORIGINS=%s',
    (origins) => {
      expect(loadConfig({ CORS_ORIGINS: origins }, '/').http.corsOrigins).toEqual(origins.split(', '));
    },
  );

  it.each(['example.com', 'https://example.com/', 'https://example.com/app', 'https://*.example.com, x'])(
    'should refuse CORS_ORIGINS=%s, which no browser sends',
    (origins) => {
      expect(() => loadConfig({ CORS_ORIGINS: origins }, '/')).toThrow(
        `CORS_ORIGINS=${JSON.stringify(origins)} is not allowed; expected *, or origins such as https://example.com`,
      );
    },
  );

  it.each([
    'https://user:secret@host',
    'https://:secret@host',
    'https://host/?a=b',
    'https://host/#part',
    'ftp://host',
  ])('should refuse %s as an address', (url) => {
    for (const name of ['BINANCE_REST_URLS', 'BINANCE_ARCHIVE_URL', 'INGEST_URL', 'CONSUMER_URL']) {
      expect(() => loadConfig({ [name]: url }, '/')).toThrow(`${name}="${url}" is not allowed`);
    }
  });
});
