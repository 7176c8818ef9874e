import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error';
import { loadConfig } from './load-config';
import { proxyOf } from './proxies';

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
    ['https://example.com/market', 'https://example.com/market'],
    ['https://example.com/market/', 'https://example.com/market'],
    ['https://example.com', 'https://example.com'],
    ['http://localhost:8080/a/b/', 'http://localhost:8080/a/b'],
    ['https://example.com/börse', 'https://example.com/b%C3%B6rse'],
  ])('should take PUBLIC_URL=%s', (url, taken) => {
    expect(loadConfig({ PUBLIC_URL: url }, '/').http.publicUrl).toBe(taken);
  });

  it('should know no public address by default', () => {
    expect(loadConfig({ PUBLIC_URL: '' }, '/').http.publicUrl).toBeNull();
  });

  it.each([
    '/market',
    'example.com/market',
    'ftp://example.com/market',
    'https://',
    'https://example.com//market',
    'https://example.com/market//',
    'https://example.com/../market',
    'https://example.com/a/%2E%2e/b',
    'https://example.com/a\\b',
    'https://example.com/a b',
    'https://example.com/{tenant}',
    'https://example.com/market?x=1',
    'https://example.com/market#x',
    `https://example.com/${'x'.repeat(200)}`,
  ])('should refuse PUBLIC_URL=%s, which no address can begin with', (url) => {
    expect(() => loadConfig({ PUBLIC_URL: url }, '/')).toThrow(
      `PUBLIC_URL=${JSON.stringify(url)} is not allowed; expected the http:// or https:// address that visitors use`,
    );
  });

  it.each([
    'https://user:secret@host',
    'https://:secret@host',
    'https://host/?a=b',
    'https://host/#part',
    'ftp://host',
  ])('should refuse %s as an address', (url) => {
    const shown = url.replace(/\/\/.*@/, '//***@');
    for (const name of ['BINANCE_REST_URLS', 'BINANCE_ARCHIVE_URL', 'PUBLIC_URL', 'INGEST_URL', 'CONSUMER_URL']) {
      expect(() => loadConfig({ [name]: url }, '/')).toThrow(`${name}="${shown}" is not allowed`);
    }
  });
});

/** What the message of a refused configuration says. */
function refusalOf(variables: NodeJS.ProcessEnv, folder = '/'): string {
  try {
    loadConfig(variables, folder);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('text of values, whatever they mean', () => {
  it('should take blanks around a value for nothing', () => {
    const { storage, symbols, http, brokerMode } = loadConfig(
      {
        STORAGE_PATH: '  /data/app.db\t',
        SYMBOLS: '\u00a0BTCUSDT ',
        PORT: ' 8100 ',
        BROKER_MODE: '   ',
        HOST: '\ufeff::1',
      },
      '/',
    );
    expect([storage.databasePath, symbols, http.apiPort, brokerMode, http.host]).toEqual([
      '/data/app.db',
      ['BTCUSDT'],
      8100,
      'direct',
      '::1',
    ]);
  });

  it.each([
    ['STORAGE_PATH', '"/data/app.db"'],
    ['RAW_DIR', "'/data/raw'"],
    ['INGEST_STATE_DIR', '`/data/ingest`'],
    ['STORAGE_PATH', '“/data/app.db”'],
    ['RAW_DIR', '"/data/raw'],
    ['SYMBOLS', '"BTCUSDT,ETHUSDT"'],
    ['TOPIC_NAME', "'crypto_prices'"],
    ['HOST', '"0.0.0.0"'],
    ['POLL_INTERVAL_SECONDS', '"60"'],
    ['BINANCE_REST_URLS', '"https://api.binance.com"'],
    ['NO_PROXY', '"localhost"'],
  ])('should refuse the quotes that docker run --env-file leaves around %s=%s', (name, value) => {
    expect(refusalOf({ [name]: value })).toContain(
      `${name}=${JSON.stringify(value)} is not allowed; expected a value without quotes around it`,
    );
  });

  it.each([
    ['BTCUSDT, btc/usdt,ETHUSDT', 'SYMBOLS: "btc/usdt" is not allowed; expected symbols of 1 to 40 letters and digits'],
    ['btc/usdt', 'SYMBOLS="btc/usdt" is not allowed; expected symbols of 1 to 40 letters and digits'],
    ['BTCUSDT,=A1,-B,ETHUSDT', 'SYMBOLS: "=A1", "-B" are not allowed; expected symbols of'],
    ['a b,c d,e f,g h,i j,k l,m n', 'SYMBOLS: "a b", "c d", "e f", "g h", "i j" and 2 more are not allowed'],
    ['BTCUSDT,ETH\u200bUSDT', 'SYMBOLS: "ETH\u200bUSDT" is not allowed; expected a value without control or invisible'],
    [',', 'SYMBOLS="," is not allowed; expected at least one symbol or pattern'],
  ])('should name the wrong entries of SYMBOLS=%j, and no others', (value, message) => {
    expect(refusalOf({ SYMBOLS: value })).toContain(message);
    expect(refusalOf({ SYMBOLS: value })).not.toMatch(/BTCUSDT|ETHUSDT/);
  });

  it('should name those of SYMBOLS that are too many', () => {
    const symbols = Array.from({ length: 5_001 }, (_, index) => `S${index}USDT`).join(',');
    expect(refusalOf({ SYMBOLS: symbols })).toContain(
      '  SYMBOLS: "S5000USDT" is not allowed; expected at most 5000 symbols',
    );
  });

  it('should take symbols of any script, with _ - .', () => {
    expect(loadConfig({ SYMBOLS: 'btcusdt,币安人生usdt,A.B_C-D,BTCUSDT' }, '/').symbols).toEqual([
      'BTCUSDT',
      '币安人生USDT',
      'A.B_C-D',
    ]);
  });

  it.each([
    ['STORAGE_PATH', '/data/app.db\r', 'U+000D; the file that it comes from has the line ends of Windows'],
    ['RAW_DIR', '/data/\u0007raw', 'U+0007'],
    ['INGEST_STATE_DIR', '/data/in\u200bgest', 'U+200B'],
    ['STORAGE_PATH', '/data/a\nb.db', 'U+000A'],
    ['HOST', '127.0.0.1\r', 'U+000D'],
    ['PORT', '8000\r', 'U+000D'],
    ['CONSUMER_GROUP_ID', 'group\u007f', 'U+007F'],
  ])('should refuse a control or invisible character in %s=%j', (name, value, code) => {
    expect(refusalOf({ [name]: value })).toContain(`${name}=${JSON.stringify(value)} is not allowed; expected a value`);
    expect(refusalOf({ [name]: value })).toContain(`(it has ${code}`);
  });

  it('should name all that is wrong in one message, in the order of the documentation', () => {
    const lines = refusalOf({ PORT: 'x', RAW_DIR: '"raw"', STORAGE_PATH: 'app.db\r', CLOCK: 'mine' }).split('\n');
    expect(lines.map((line) => line.trim().split('=')[0])).toEqual([
      'The configuration is wrong:',
      'STORAGE_PATH',
      'RAW_DIR',
      'PORT',
      'CLOCK',
    ]);
  });

  it('should keep quotes and blanks inside a path, where they are part of its name', () => {
    const { storage } = loadConfig({ STORAGE_PATH: `/data/the "new" one/it's.db` }, '/');
    expect(storage.databasePath).toBe(`/data/the "new" one/it's.db`);
  });

  it.each([
    'https://user:pa,ss@host',
    'user:secret@host/x',
    '"https://user:secret@host"',
    'https://u:s@a,https://v:t@b/?q',
  ])('should never show the password in %s', (url) => {
    for (const name of ['BINANCE_REST_URLS', 'BINANCE_ARCHIVE_URL', 'KAFKA_BOOTSTRAP_SERVERS', 'HTTP_PROXY']) {
      const said = refusalOf({ [name]: name === 'HTTP_PROXY' ? `${url}/?x` : url }).replaceAll(
        'with user:password',
        '',
      );
      expect(said).toContain(`${name}="`);
      expect(said).toContain('***@');
      expect(said).not.toMatch(/secret|pa,ss|user|u:s|v:t/);
    }
  });
});

describe('proxies', () => {
  const proxies = (variables: NodeJS.ProcessEnv, folder = '/') => loadConfig(variables, folder).exchange.proxies;

  it('should be none by default', () => {
    expect(proxies({})).toEqual({ http: undefined, https: undefined, bypass: [] });
  });

  it.each([
    ['http://proxy:3128', 'http://proxy:3128'],
    ['proxy.example:3128', 'http://proxy.example:3128'],
    ['HTTPS://user:p%40ss@[::1]:8080/', 'HTTPS://user:p%40ss@[::1]:8080/'],
    ['10.0.0.1', 'http://10.0.0.1'],
  ])('should take %s', (text, url) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy']) expect(proxies({ [name]: text }).https).toBe(url);
    for (const name of ['HTTP_PROXY', 'http_proxy']) expect(proxies({ [name]: text }).http).toBe(url);
  });

  it.each([
    'socks5://proxy:1080',
    'http://',
    'http://proxy/path',
    'http://proxy:99999',
    'http://proxy:3128/?a=b',
    'http://a%:b%zz@proxy',
  ])('should refuse %s, and name the variable as it was set', (text) => {
    const shown = JSON.stringify(text.replace(/a%.*@/, '***@'));
    expect(refusalOf({ https_proxy: text })).toContain(`https_proxy=${shown} is not allowed; expected`);
    expect(refusalOf({ HTTP_PROXY: text })).toContain(`HTTP_PROXY=${shown} is not allowed; expected`);
  });

  it('should let the lower-case name win, and what is set win over the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'csp-config-'));
    try {
      writeFileSync(join(folder, '.env'), 'https_proxy=http://file:1\nHTTP_PROXY=http://file:2\n');
      expect(proxies({ HTTPS_PROXY: 'http://set:1', HTTP_PROXY: '' }, folder)).toMatchObject({
        https: 'http://set:1',
        http: 'http://file:2',
      });
      expect(proxies({ HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' }, folder).https).toBe(
        'http://lower:1',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('should take hosts, domains, addresses and networks that are asked without one', () => {
    const settings = proxies({ HTTP_PROXY: 'proxy:1', NO_PROXY: 'host, .example.com 10.0.0.0/8,[fd00::1]:80' });
    const direct = ['http://host', 'http://a.example.com', 'http://10.1.2.3', 'http://[fd00::1]'];
    expect(direct.map((url) => proxyOf(url, settings))).toEqual(direct.map(() => undefined));
    expect(proxyOf('http://[fd00::1]:81', settings)).toBe('http://proxy:1');
    expect(proxies({ no_proxy: 'a', NO_PROXY: 'b' }).bypass).toEqual([{ hosts: 'a', port: undefined }]);
  });

  it.each(['http://host', 'host/path', 'host:port', 'a,:80'])('should refuse NO_PROXY=%s', (text) => {
    expect(refusalOf({ NO_PROXY: text })).toContain(`NO_PROXY=${JSON.stringify(text)} is not allowed; expected hosts`);
  });
});

describe('daily builds', () => {
  it('should be off by default', () => {
    expect(loadConfig({}, '/').builds).toEqual({ folder: '/bi/build', dailyAt: null, kept: 7, maxSeconds: 7_200 });
    expect(loadConfig({ BI_BUILD_AT: '' }, '/').builds.dailyAt).toBeNull();
  });

  it.each([
    ['00:00', 0],
    ['00:30', 1_800],
    ['23:59', 86_340],
  ])('should be made at %s', (time, seconds) => {
    expect(loadConfig({ BI_BUILD_AT: time }, '/').builds.dailyAt).toBe(seconds * 1_000_000);
  });

  it.each(['24:00', '0:30', '00:60', '00:30:00', '00:30Z', '0030', 'midnight'])('should not be made at %s', (time) => {
    expect(() => loadConfig({ BI_BUILD_AT: time }, '/')).toThrow(
      `BI_BUILD_AT=${JSON.stringify(time)} is not allowed; expected a UTC time of day from 00:00 to 23:59`,
    );
  });

  it('should not keep fewer builds than the newest and the one before', () => {
    expect(() => loadConfig({ BI_BUILDS_KEPT: '1' }, '/')).toThrow('a whole number from 2 to 10000');
  });

  it('should have as long as the configuration says, a day at most', () => {
    expect(loadConfig({ BI_BUILD_MAX_SECONDS: '600' }, '/').builds.maxSeconds).toBe(600);
    expect(() => loadConfig({ BI_BUILD_MAX_SECONDS: '86401' }, '/')).toThrow(
      'BI_BUILD_MAX_SECONDS="86401" is not allowed; expected a whole number from 10 to 86400',
    );
  });
});

describe('daily backups', () => {
  it('should be off by default', () => {
    expect(loadConfig({}, '/').backups).toEqual({ folder: '/data/backups', dailyAt: null, kept: 7 });
  });

  it('should be made when and where the configuration says', () => {
    const variables = { BACKUP_AT: '02:30', BACKUP_DIR: '/mnt/backups', BACKUPS_KEPT: '1' };
    expect(loadConfig(variables, '/').backups).toEqual({ folder: '/mnt/backups', dailyAt: 9_000_000_000, kept: 1 });
  });

  it.each([
    ['BACKUP_AT', '2:30', 'a UTC time of day from 00:00 to 23:59'],
    ['BACKUPS_KEPT', '0', 'a whole number from 1 to 10000'],
  ])('should not be made with %s=%s', (name, value, expected) => {
    expect(() => loadConfig({ [name]: value }, '/')).toThrow(
      `${name}=${JSON.stringify(value)} is not allowed; expected ${expected}`,
    );
  });
});
