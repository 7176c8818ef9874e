import { originOfHost, venueOf } from './venue';

const hostOf = (url: string): string => new URL(url).hostname;

describe('origin of a host', () => {
  it.each([
    ['https://api.binance.com', 'binance'],
    ['https://API4.Binance.COM:443', 'binance'],
    ['https://api-gcp.binance.com', 'binance'],
    ['https://data-api.binance.vision', 'binance'],
    ['https://data.binance.vision', 'binance'],
    ['https://binance.com.', 'binance'],
    ['https://api.binance.us', 'binance.us'],
    ['https://binance.us', 'binance.us'],
    ['https://demo-api.binance.com', 'binance-demo'],
    ['https://demo-stream.binance.com:9443', 'binance-demo'],
    ['https://demo.binance.com', 'binance-demo'],
    ['https://testnet.binance.vision', 'binance-testnet'],
    ['https://stream.testnet.binance.vision', 'binance-testnet'],
    ['https://api1.testnet.binance.vision', 'binance-testnet'],
    ['https://testnet.binance.vision.:443', 'binance-testnet'],
    ['https://testnet.binancefuture.com', 'binance-testnet'],
    ['https://stream-testnet.binance.com', 'binance-testnet'],
  ])('should be the venue of %s: %s', (url, venue) => {
    expect(originOfHost(hostOf(url))).toBe(venue);
    expect(venueOf(hostOf(url))).toBe(venue);
  });

  it.each([
    'http://localhost:9100',
    'http://relay.localhost',
    'http://127.0.0.1:9100',
    'http://127.8.8.8',
    'http://2130706433',
    'http://10.1.2.3',
    'http://172.16.0.1',
    'http://172.31.255.255',
    'http://192.168.1.1',
    'http://169.254.1.1',
    'http://100.64.0.1',
    'http://[::1]:9100',
    'http://[fd00::1]',
    'http://[fe80::1]',
    'http://[::ffff:192.168.1.1]',
    'http://binance-relay:8080',
    'http://relay.capture.svc',
    'http://relay.home.arpa',
    'http://host.docker.internal',
  ])('should take %s for a relay of the exchange', (url) => {
    expect(originOfHost(hostOf(url))).toBe('binance');
    expect(venueOf(hostOf(url))).toBeUndefined();
  });

  it.each([
    ['https://api.mexc.com', 'api.mexc.com'],
    ['https://Relay.Example.org', 'relay.example.org'],
    ['https://api.binance.com.example.org', 'api.binance.com.example.org'],
    ['https://notbinance.com', 'notbinance.com'],
    ['https://api.binance.com@evil.example', 'evil.example'],
    ['https://api.binance.us.example', 'api.binance.us.example'],
    ['https://www.binance.tr', 'www.binance.tr'],
    ['http://172.32.0.1', '172.32.0.1'],
    ['http://100.128.0.1', '100.128.0.1'],
    ['http://8.8.8.8', '8.8.8.8'],
    ['http://[2001:db8::1]', '2001:db8::1'],
    ['http://[::ffff:8.8.8.8]', '::ffff:808:808'],
  ])('should be the name of the unknown host %s', (url, name) => {
    expect(originOfHost(hostOf(url))).toBe(name);
    expect(venueOf(hostOf(url))).toBeUndefined();
  });

  it.each(['https://mydemo.binance.com', 'https://contestnet.binance.com', 'https://demographics.binance.com'])(
    'should not take %s for the demo or the testnet',
    (url) => {
      expect(originOfHost(hostOf(url))).toBe('binance');
    },
  );
});
