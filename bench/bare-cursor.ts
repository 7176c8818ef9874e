import { once } from 'node:events';
import { createServer } from 'node:http';
import Database from 'better-sqlite3';
import type { MinuteCandleColumns } from './long-list.bench';

/**
 * The peer of long lists, as a process of its own: answers every request with the minutes of the symbol named second, of
 * the database named first, on the port named third, straight from a cursor of better-sqlite3, as the CSV that the API
 * makes of them; it checks nothing and is read by one client at a time.
 */
const [path = '', symbol = '', port = ''] = process.argv.slice(2);
const database = new Database(path, { readonly: true });
const minutes = database.prepare<[string], MinuteCandleColumns>(
  'SELECT * FROM candles_1m WHERE symbol = ? ORDER BY open_time',
);

const HEADER =
  'symbol,interval,open_time,close_time,open,high,low,close,volume,quote_volume,trade_count,taker_buy_volume,' +
  'taker_buy_quote_volume,is_closed,source,captured_at,revision,is_final,missing_minutes\r\n';
const PIECE = 65_536;

const millis = (time: number): string => new Date(time / 1_000).toISOString();
const micros = (time: number): string => `${millis(time).slice(0, -1)}${String(time % 1_000).padStart(3, '0')}+00:00`;

createServer((request, response) => {
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  void (async () => {
    let text = HEADER;
    for (const row of minutes.iterate(symbol)) {
      text +=
        `${row.symbol},1m,${millis(row.open_time)},${millis(row.close_time)},${row.open},${row.high},${row.low},` +
        `${row.close},${row.volume},${row.quote_volume},${row.trade_count},${row.taker_buy_volume},` +
        `${row.taker_buy_quote_volume},true,${row.source},${micros(row.captured_at)},${row.revision},true,0\r\n`;
      if (text.length < PIECE) continue;
      if (!response.write(text)) await once(response, 'drain');
      text = '';
    }
    response.end(text);
  })();
}).listen(Number(port), '127.0.0.1');
