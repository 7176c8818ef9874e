import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** One recorded answer: its headers without those that node:http sets itself, and its body. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The peer of the CSV route, as a process of its own: answers every request with the recorded answer in the file named
 * first, on the port named second, and does nothing else.
 */
const [file = '', port = ''] = process.argv.slice(2);
const { status, headers, body } = JSON.parse(readFileSync(file, 'utf8')) as RecordedAnswer;
const bytes = Buffer.from(body, 'utf8');
createServer((_request, response) => {
  response.writeHead(status, headers);
  response.end(bytes);
}).listen(Number(port), '127.0.0.1');
