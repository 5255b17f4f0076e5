// The simulated service, as whoever changes something in it from outside.
import assert from 'node:assert/strict';

export class Service {
  constructor(url, facts) {
    this.url = url;
    this.facts = facts;
  }

  /** Changes a record, and gives the ids of what was changed. */
  async touch() {
    const { path, body, ids } = this.facts.touch;
    const answer = await this.post(path, body ?? {});
    return ids ?? answer.ids;
  }

  /** Has the next answers take their time, until `fast`. Not every simulated service can. */
  async slow() {
    const { path, body } = this.facts.slow;
    await this.post(path, body);
  }

  async fast() {
    await this.ask('DELETE', this.facts.slow.path);
  }

  /** Its counts: of records, and of requests so far. */
  state() {
    return this.ask('GET', '/control/state');
  }

  post(path, body) {
    return this.ask('POST', path, body);
  }

  async ask(method, path, body) {
    const init = { method, headers: { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) };
    const answer = await fetch(this.url + path, init);
    const text = await answer.text();
    assert.equal(answer.status, 200, `the simulated service says to ${method} ${path}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }
}
