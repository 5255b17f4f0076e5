// What is printed of a call: the JSON that `harness` prints of the same. JSON of the component's is passed on as text, because numbers
// would not survive being read here.

const object = (members) => `{${Object.entries(members).filter(([, json]) => json !== undefined).map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
const text = (value) => JSON.stringify(value);

const OBEYED = new RegExp(
  '[\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164' +
    '\\ufeff\\uffa0\\ufff9-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e007f}\\u{e0100}-\\u{e01ef}]',
  'gu',
);

/** The same JSON without what a terminal would obey, or what hides or turns text: as escapes. */
export function plain(json) {
  const unit = (at, character) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return json.replace(OBEYED, (character) => Array.from({ length: character.length }, (_, at) => unit(at, character)).join(''));
}

/** The result of each export, as JSON. */
export const RESULTS = {
  describe: (definition) => text(manifest(definition)),
  test: ({ user, organization, endpoint, extensions }) => object({ user: text(user), organization: organization && text(organization), endpoint: text(endpoint), extensions }),
  perform: (data) => object({ data }),
  query: ({ items, next, notice }) => object({ result: text(items), next: text(next ?? null), notice: notice && text(notice) }),
  poll: ({ payload, noChanges, more }) => object({ payload, noChanges: text(noChanges), more: text(more) }),
};

/** An error of the contract, or of the host's own, as JSON. */
export function told({ tag, val }, endedBy) {
  const members = { kind: text(tag), message: text(message(tag, val)) };
  if (tag === 'invalid-input') members.problems = text(val);
  if (tag === 'rate-limited' && val !== undefined) members.retryAfter = text(val);
  if (tag === 'service') Object.assign(members, { status: text(val.status), errors: val.errors, data: val.data });
  if (tag === 'transport') Object.assign(members, { failure: text(val.tag), limitBytes: val.tag === 'too-large' ? String(val.val) : undefined });
  return object({ error: object({ ...members, endedBy: endedBy && text(endedBy) }) });
}

function message(tag, val) {
  if (tag === 'invalid-input') return val.map(({ input, message }) => `${input}: ${message}`).join('; ');
  if (tag === 'rate-limited') return `the service asks for fewer requests: try again ${val === undefined ? 'later' : `in ${val} s`}`;
  if (tag === 'service') return `the service answered with an error (HTTP ${val.status}): ${val.message}`;
  if (tag !== 'transport') return val;
  const failures = {
    denied: `the host did not let the request leave: ${val.val}`,
    timeout: 'no complete answer came in time',
    unreachable: `the service could not be reached: ${val.val}`,
    'too-large': `the answer is larger than the host's limit of ${val.val} bytes`,
  };
  return failures[val.tag] ?? val.val;
}

const JSON_MEMBERS = ['default', 'example', 'inputSchema', 'resultSchema', 'examplePayload', 'extensions'];

/** The manifest as the contract writes it: JSON in place of text that holds JSON, and a case as its name or as `{name: value}`. */
function manifest(value) {
  if (Array.isArray(value)) return value.map(manifest);
  if (typeof value !== 'object') return value;
  const member = ([name, value]) => {
    if (value === undefined) return [name, undefined];
    if (JSON_MEMBERS.includes(name)) return [name, JSON.parse(value)];
    if (name === 'kind') return [name, value.val === undefined ? value.tag : { [value.tag]: value.val }];
    return [name, manifest(value)];
  };
  return Object.fromEntries(Object.entries(value).map(member));
}
