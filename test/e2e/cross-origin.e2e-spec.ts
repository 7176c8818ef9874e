import { rawRequest } from '../support/raw-request';
import { Stack } from '../support/stack';

/** Which pages may read, where CORS_ORIGINS names some. */
describe('reading from other pages', () => {
  const stack = new Stack({ CORS_ORIGINS: 'https://a.example,http://localhost:3000' });
  let url: string;

  beforeAll(async () => {
    await stack.start('api-app');
    url = await stack.urlOf('api-app');
  });

  afterAll(async () => {
    await stack.close();
  });

  it.each(['/bi/datasets.json', '/symbols', '/livez', '/nothing'])(
    'should let the named ones read %s, and tell caches that the answer depends on the page',
    async (path) => {
      for (const origin of ['https://a.example', 'http://localhost:3000']) {
        const { headers } = await rawRequest(url, { path, headers: { origin } });
        expect(headers['access-control-allow-origin']).toBe(origin);
        expect(headers.vary).toMatch(/\bOrigin$/);
      }
      for (const origin of ['https://b.example', 'null', 'https://a.example.evil']) {
        const { headers } = await rawRequest(url, { path, headers: { origin } });
        expect(headers['access-control-allow-origin']).toBeUndefined();
        expect(headers.vary).toMatch(/\bOrigin$/);
      }
    },
  );

  it('should keep what else the answer depends on', async () => {
    const { headers } = await rawRequest(url, { path: '/bi/datasets.json' });
    expect(headers.vary).toBe('Accept-Encoding, Origin');
  });
});
