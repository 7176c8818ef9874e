import { get, type Agent } from 'node:http';

/** The body of what is answered over the connections of an agent, whatever its status. */
export async function askOver(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        resolve(text);
      });
    });
    request.on('error', reject);
  });
}
