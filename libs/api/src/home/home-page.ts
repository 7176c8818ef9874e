interface Link {
  readonly href: string;
  readonly says: string;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #5f6670; --accent: #0b6bcb; }
@media (prefers-color-scheme: dark) { :root { --soft: #a3abb5; --accent: #6cb4ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1rem; margin: 2rem 0 .4rem; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); }
p { margin: .4rem 0; }
dl { display: grid; grid-template-columns: minmax(0, 28rem) 1fr; margin: 0; border-top: 1px solid var(--line); }
dt, dd { margin: 0; padding: .45rem 0; border-bottom: 1px solid var(--line); }
dt { overflow-wrap: anywhere; }
dd { padding-left: 1.5rem; color: var(--soft); }
a { color: var(--accent); text-decoration: none; }
a, code { font-family: ui-monospace, monospace; font-size: .92rem; }
.use { color: var(--soft); font-size: .92rem; }
a:hover, a:focus { text-decoration: underline; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 46rem) { dl { display: block; } dt { border: 0; padding-bottom: 0; } dd { padding: 0 0 .45rem; } }
`.trim();

const TABLES_USE =
  'With <code>symbol</code> or <code>symbols=A,B</code> (all by default), and <code>days</code>, or ' +
  '<code>start</code> and <code>end</code> as dates. Paste an address into a sheet or a BI tool as it is.';

const LISTS_USE =
  'With <code>start</code> (in it) and <code>end</code> (not in it) as ISO 8601, dates or epoch milliseconds, and ' +
  '<code>limit</code> up to 5000; follow <code>next_url</code> until it is null.';

/** Text for HTML, in ASCII: everything else by its code point. */
function escapeHtml(text: string): string {
  return Array.from(text, (character) =>
    /[A-Za-z0-9 .,:;/?=_()+-]/.test(character) ? character : `&#${character.codePointAt(0) ?? 0};`,
  ).join('');
}

/** A list of links under a title; `use` is trusted HTML that says which parameters there are. */
function section(title: string, links: readonly Link[], use = ''): string {
  const rows = links.map(
    ({ href, says }) =>
      `<dt><a href="${escapeHtml(href)}">${escapeHtml(decodeURI(href))}</a></dt><dd>${escapeHtml(says)}</dd>`,
  );
  const hint = use === '' ? '' : `\n<p class="use">${use}</p>`;
  return `<h2>${escapeHtml(title)}</h2>\n<dl>\n${rows.join('\n')}\n</dl>${hint}`;
}

/** The page at `/`: every route with an example that works. No script, no external asset. */
export function homePage(symbols: readonly string[], version: string): string {
  const symbol = encodeURIComponent(symbols[0] ?? 'BTCUSDT');
  const sections = [
    section(
      'Tables for sheets and BI tools',
      [
        { href: `/bi/daily_ohlc.csv?symbol=${symbol}&days=30`, says: 'Open, high, low and close of each UTC day' },
        { href: `/bi/daily_volume.csv?symbol=${symbol}&days=30`, says: 'Volumes and trade counts of each UTC day' },
        { href: `/bi/hourly_ohlcv.csv?symbol=${symbol}&days=7`, says: 'Prices and volumes of each UTC hour' },
        { href: '/bi/latest_prices.csv', says: 'The newest price of every symbol' },
        {
          href: `/bi/daily_metrics.csv?symbol=${symbol}&days=30`,
          says: 'Returns, VWAP, volatilities, drawdown by day',
        },
        { href: `/bi/data_quality.csv?symbol=${symbol}&days=30`, says: 'What became of the minutes of each day' },
        { href: '/bi/symbols.csv', says: 'What is captured, since when, how completely' },
        { href: '/bi/datasets.json', says: 'All tables with columns, types and units (Frictionless data package)' },
      ],
      TABLES_USE,
    ),
    section(
      'Market data as JSON',
      [
        { href: '/symbols', says: 'What is captured, since when, how completely' },
        { href: `/trades/latest?symbol=${symbol}&limit=10`, says: 'Price events, newest first' },
        {
          href: `/trades/range?symbol=${symbol}&start=2020-01-01&end=2040-01-01`,
          says: 'Price events of any span, oldest first',
        },
        { href: `/candles?symbol=${symbol}&interval=1d`, says: 'Exact candles of each interval' },
        { href: `/daily-metrics?symbol=${symbol}`, says: 'Returns, VWAP, volatilities, drawdown by day' },
        { href: `/coverage?symbol=${symbol}`, says: 'What became of every minute' },
      ],
      LISTS_USE,
    ),
    section('Documentation and operations', [
      { href: '/docs', says: 'Every route, to be tried out' },
      { href: '/openapi.json', says: 'The same for machines (OpenAPI)' },
      { href: '/health', says: 'How capture, store and the other processes do' },
      { href: '/livez', says: 'Whether the process lives' },
      { href: '/readyz', says: 'Whether it can serve' },
      { href: '/metrics', says: 'Metrics for Prometheus' },
    ]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Crypto streaming platform</title>
<style>
${STYLE}
</style>
</head>
<body>
<h1>Crypto streaming platform</h1>
<p>A complete and exact history of the crypto market, recorded without pause.</p>
<p>Times are UTC, ranges half-open; prices and volumes are the exchange's own digits.</p>
${sections.join('\n')}
<footer>Version ${escapeHtml(version)} - ${symbols.length} symbol${symbols.length === 1 ? '' : 's'} captured: ${escapeHtml(symbols.slice(0, 20).join(', '))}${symbols.length > 20 ? ', ...' : ''}</footer>
</body>
</html>
`;
}
