// A way to a server for clients that can send no token: `node with_token.mjs URL FILE` prints the address at which it adds the token of
// the file to each request. It ends with its standard input.
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';

const target = new URL(process.argv[2]);
const token = readFileSync(process.argv[3], 'utf8').trim();

const server = createServer((asked, answer) => {
  const own = `127.0.0.1:${server.address().port}`;
  const headers = [];
  // Names as they were written, and in their order: how a server reads them is part of what is tested. This address becomes the
  // server's; a foreign one stays, for the server to refuse.
  for (let index = 0; index < asked.rawHeaders.length; index += 2) {
    headers.push(asked.rawHeaders[index], asked.rawHeaders[index + 1].replace(own, target.host));
  }
  headers.push('authorization', `Bearer ${token}`);
  const options = { host: target.hostname, port: target.port, method: asked.method, path: target.pathname, headers };
  const passed = request(options, (found) => {
    answer.writeHead(found.statusCode, found.rawHeaders);
    answer.flushHeaders();
    found.pipe(answer);
    found.on('error', () => answer.destroy());
  });
  passed.on('error', () => answer.destroy());
  // Whoever closes its stream has cancelled: the server is to see that.
  answer.on('close', () => passed.destroy());
  asked.pipe(passed);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
process.stdin.resume();
process.stdin.on('end', () => process.exit());
