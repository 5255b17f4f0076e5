// What a host keeps from a component: the connection's secrets, and every way out but one. The Node host and the proxy of the page
// share it. Each part is a duty of docs/hosts.md.
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { readFileSync } from 'node:fs';

/** What all hosts in this folder have in common: limits, headers and addresses that are refused. */
export const RULES = JSON.parse(readFileSync(new URL('../rules.json', import.meta.url)));
const REDACTED = '[redacted]';

const NOT_PUBLIC = new net.BlockList();
for (const [address, bits] of RULES.notPublic.map((network) => network.split('/'))) {
  NOT_PUBLIC.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
}
const isPublic = (address) => !NOT_PUBLIC.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');

/** Splits a filled-in connection by the manifest: what the component sees, the secrets, the one origin, and what is wrong. */
export function connect(definition, { key, fields = {} }) {
  const kind = definition.connections.find((kind) => kind.key === key);
  if (!kind) throw new Error(`the connector has no connection ${JSON.stringify(key)}; it has ${definition.connections.map((kind) => kind.key).join(', ')}`);
  const stranger = Object.keys(fields).find((name) => !kind.fields.some(({ input }) => input.key === name));
  if (stranger) throw new Error(`the connection ${key} has no field ${JSON.stringify(stranger)}`);
  const seen = { ...fields };
  const secrets = new Map();
  const problems = [];
  for (const { input, mayBeJwt } of kind.fields.filter((field) => field.secret)) {
    const value = fields[input.key] ?? '';
    // It leaves what the component sees whatever is wrong with it.
    delete seen[input.key];
    const problem = (message) => problems.push({ input: input.key, message });
    if (typeof value !== 'string') problem('must be text');
    else if (!value.trim()) input.required && problem('is missing or blank: fill it in');
    else if (!/^[!-~]([ -~\t]*[!-~])?$/.test(value)) problem('cannot be sent in a header: blanks at its ends, or other than printable ASCII');
    // A header that was pasted whole.
    else secrets.set(input.key, mayBeJwt ? value.replace(/^bearer\s+(?=\S+$)/i, '') : value);
  }
  const endpoint = resolve(kind.fields.filter((field) => field.endpoint), fields, problems);
  const tokens = kind.fields.some((field) => field.mayBeJwt);
  return { visible: { key, endpoint, fields: JSON.stringify(seen) }, secrets, tokens, problems };
}

/** The URL of the filled-in endpoint field of highest precedence; of the defaults only where none is filled in. */
function resolve(candidates, fields, problems) {
  if (!candidates.length) return '';
  const isFilledIn = (value) => value != null && !(typeof value === 'string' && !value.trim());
  const filledIn = candidates.map((field) => [field, fields[field.input.key]]).filter(([, value]) => isFilledIn(value));
  const preset = candidates.filter(({ input }) => input.default).map((field) => [field, JSON.parse(field.input.default)]);
  const ranked = (filledIn.length ? filledIn : preset).sort(([one], [other]) => other.endpoint.precedence - one.endpoint.precedence);
  const [field, value] = ranked[0] ?? [candidates.find(({ input }) => input.required) ?? candidates[0]];
  const problem = (message) => (problems.push({ input: field.input.key, message }), '');
  if (value === undefined) {
    return problem(`says where the service is, and is missing or blank: fill in ${candidates.map(({ input }) => input.key).join(' or ')}`);
  }
  if (typeof value !== 'string') return problem('expected text');
  const { environments } = field.endpoint;
  const text = environments.length ? environments.find((known) => known.value === value.trim())?.url : value.trim();
  if (text === undefined) return problem(`expected one of ${environments.map((known) => known.value).join(', ')}`);
  // What the URL standard would leave out silently, or read as something else, is refused.
  const isPlain = /^https?:\/\/[^\s\p{Cc}\\@#/?:][^\s\p{Cc}\\@#]*$/iu.test(text) || /^https?:\/\/\[/i.test(text);
  return isPlain && URL.canParse(text) ? new URL(text).href : problem('expected an absolute URL that begins with https:// or http://');
}

/**
 * The way out of one call. `send` gives the answer, or throws the contract's `failure`; `blame` says whether a rule of the host's made the component
 * fail: `limit` or `refusal`; `scrub` takes the secrets out of a text.
 */
export function wayOut({ visible, secrets, tokens }, { allowHttp, allowPrivateNetwork }, limits) {
  const used = { requests: 0, sent: 0, received: 0 };
  const met = new Set();
  const way = { send, blame, scrub: (text) => scrubbed(Buffer.from(text)).toString(), close: () => agents.forEach((agent) => agent.destroy()) };
  // Sockets of this call alone: another call may have another connection, or other grants.
  const agents = [new http.Agent({ keepAlive: true }), new https.Agent({ keepAlive: true })];
  const origin = visible.endpoint && originOf(new URL(visible.endpoint));
  const forms = [...secrets.values()].filter((secret) => secret.length >= 4).flatMap(formsOf).sort((a, b) => b.length - a.length);
  const pattern = forms.length && new RegExp(forms.map((form) => form.replace(/[^\w]/g, '\\$&')).join('|'), 'gi');

  function refuse(endedBy, what) {
    met.add(endedBy);
    throw { tag: 'denied', val: what };
  }

  function blame({ tag, val }) {
    if (met.has('limit')) return 'limit';
    return tag === 'transport' && val.tag === 'denied' && met.has('refusal') ? 'refusal' : undefined;
  }

  function scrubbed(bytes) {
    let text = bytes.toString('latin1');
    if (pattern) text = text.replace(pattern, REDACTED);
    // The service may hand out another key to whoever asks.
    if (tokens) text = text.replace(/eyJ[\w-]*\.eyJ[\w-]*\.[\w-]*/g, REDACTED);
    return Buffer.from(text, 'latin1');
  }

  function checked(request) {
    if (++used.requests > limits.requests) refuse('limit', `the call has sent its ${limits.requests} requests`);
    const length = request.headers.reduce((sum, [name, { val }]) => sum + name.length + val.length, request.url.length + (request.body?.length ?? 0));
    if (length > limits.requestBytes) refuse('limit', `the request has more than ${limits.requestBytes} bytes`);
    if ((used.sent += length) > limits.sentBytes) refuse('limit', `the call has sent its ${limits.sentBytes} bytes`);
    if (!RULES.methods.includes(request.method)) refuse('refusal', `the method is none of ${RULES.methods.join(', ')}`);
    if (!URL.canParse(request.url)) refuse('refusal', "the request's URL is not an absolute URL");
    const url = new URL(request.url);
    if (url.username || url.password) refuse('refusal', 'a URL must not hold a user name or a password');
    if (originOf(url) !== origin) {
      refuse('refusal', `${originOf(url)} is not the origin that the connection's endpoint fields name, ${origin || 'which name none'}`);
    }
    if (url.protocol === 'http:' && !allowHttp) refuse('refusal', `${origin} is plain http; --allow-http would allow it`);
    const address = url.hostname.replace(/^\[|\]$/g, '');
    if (net.isIP(address) && !allowPrivateNetwork && !isPublic(address)) refuse('refusal', notPublic(address));
    return { url, headers: request.headers.flatMap(header) };
  }

  function header([name, { tag, val }]) {
    const folded = name.toLowerCase().replaceAll('_', '-');
    if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name)) refuse('refusal', "a header's name is not a valid one");
    if (RULES.hostsOwnHeaders.includes(folded) || folded.startsWith('proxy-')) refuse('refusal', `the header ${name} is the host's own`);
    // Only what the host can read can be scrubbed, so no encoding is asked for.
    if (folded === 'accept-encoding') return [];
    if (tag === 'secret' && !secrets.has(val)) refuse('refusal', `${JSON.stringify(val.slice(0, 60))} is no secret field with a value`);
    const value = tag === 'secret' ? secrets.get(val) : val;
    if (!/^[\t -~]*$/.test(value)) refuse('refusal', `the value of the header ${name} holds a character that no header can carry`);
    return [name, value];
  }

  // The addresses that were checked are the ones that are connected to.
  function lookup(host, options, done) {
    dns.lookup(host, { ...options, all: true }, (error, found) => {
      const refused = !error && !allowPrivateNetwork && found.find(({ address }) => !isPublic(address));
      if (refused) return done(Object.assign(new Error(notPublic(refused.address)), { isRefusal: true }));
      return error || options.all ? done(error, found) : done(null, found[0].address, found[0].family);
    });
  }

  function send(request) {
    const { url, headers } = checked(request);
    const body = request.body?.length ? Buffer.from(request.body) : undefined;
    return new Promise((resolve, reject) => {
      const unreachable = (error) => {
        if (error.isRefusal) met.add('refusal');
        reject({ tag: error.isRefusal ? 'denied' : 'unreachable', val: way.scrub(`${url.host}: ${error.message || error.code}`) });
      };
      const isHttps = url.protocol === 'https:';
      const framing = body ? ['content-length', String(body.length)] : request.method === 'GET' || request.method === 'HEAD' ? [] : ['content-length', '0'];
      const all = ['host', url.host, 'user-agent', 'node-host', 'accept-encoding', 'identity', ...framing, ...headers];
      const options = { method: request.method, headers: all, agent: agents[Number(isHttps)], lookup, maxHeaderSize: 64 * 1024 };
      // Neither follows a redirect: it could lead anywhere.
      const sent = (isHttps ? https : http).request(url, options, (answer) => {
        const chunks = [];
        let length = 0;
        answer.on('data', (chunk) => {
          length += chunk.length;
          used.received += chunk.length;
          if (length <= limits.responseBytes && used.received <= limits.receivedBytes) return chunks.push(chunk);
          met.add('limit');
          reject(length > limits.responseBytes ? { tag: 'too-large', val: BigInt(limits.responseBytes) } : { tag: 'denied', val: 'the call has received its bytes' });
          return answer.destroy();
        });
        answer.on('error', unreachable);
        answer.on('end', () => {
          if (answer.statusCode < 200 || answer.statusCode > 599) return unreachable(new Error(`status ${answer.statusCode}`));
          if (/[^,\s]/.test((answer.headers['content-encoding'] ?? '').replace(/identity/gi, ''))) return unreachable(new Error('an encoding that was not asked for'));
          return resolve({ status: answer.statusCode, headers: received(answer.rawHeaders), body: scrubbed(Buffer.concat(chunks)) });
        });
      });
      sent.on('error', unreachable);
      sent.end(body);
    });
  }

  // In order, `Date` among them: without it a poll cannot tell which records are stamped ahead of the service's clock.
  function received(raw) {
    const headers = [];
    for (let at = 0; at < raw.length; at += 2) {
      const value = scrubbed(Buffer.from(raw[at + 1], 'latin1'));
      if (!value.toString().includes('\ufffd')) headers.push([raw[at].toLowerCase(), value.toString()]);
    }
    return headers;
  }

  return way;
}

const notPublic = (address) => `${address} is not an address of the public internet; --allow-private-network would allow it`;

// A trailing dot names the same machine.
const originOf = (url) => `${url.protocol}//${url.host.replace(/\.(?=$|:)/, '')}`;

/** How an honest service may repeat a secret: as it is, in JSON, in a URL, in base64 at any place of a longer text, in hexadecimal. */
function formsOf(secret) {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, escaped, escaped.replaceAll('/', '\\/'), encodeURIComponent(secret), encodeURIComponent(secret).replaceAll('%20', '+')];
  forms.push(Buffer.from(secret).toString('hex'));
  for (const offset of [0, 1, 2]) {
    // Characters at both ends also carry bits of what stands beside the secret.
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const core = bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
    if (core.length >= 10) forms.push(core, core.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...new Set(forms)];
}
