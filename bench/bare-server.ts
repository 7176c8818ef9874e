import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';

/**
 * The peer of the CSV route, as a process of its own: answers every request with the bytes of the file named first, on
 * the port named second, and does nothing else.
 */
const [file = '', port = ''] = process.argv.slice(2);
const bytes = readFileSync(file);
createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8', 'content-length': bytes.length });
  response.end(bytes);
}).listen(Number(port), '127.0.0.1');
