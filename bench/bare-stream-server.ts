import { createServer } from 'node:http';

/** What the parent is told, whenever it asks with any message: bytes of resident memory. */
export type ResidentBytes = number;

/**
 * The peer of an idle stream, as a process of its own: answers every request on the port named first with the head of a
 * stream and the text named second, and holds it open.
 */
const [port = '', greeting = ''] = process.argv.slice(2);
createServer((_request, response) => {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.write(greeting);
}).listen(Number(port), '127.0.0.1');

process.on('message', () => {
  process.send?.(process.memoryUsage.rss() satisfies ResidentBytes);
});
