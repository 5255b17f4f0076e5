// What was checked: one line of JSON a check on standard output, so that whoever runs this program can show them and count them.

/** No check takes longer by itself; a server that never answers must not hold the run up. */
const PATIENCE = 60_000;

export class Report {
  checks = 0;
  failed = 0;

  /** Makes one check. One that fails is noted, and the next is made all the same: one run is to show all that is wrong. */
  async check(name, work) {
    const started = performance.now();
    let error = null;
    try {
      await within(PATIENCE, work());
    } catch (thrown) {
      error = said(thrown);
      this.failed += 1;
    }
    this.checks += 1;
    console.log(JSON.stringify({ check: name, milliseconds: Math.round(performance.now() - started), error }));
    return error === null;
  }

  /** Makes the checks of one part. What fails outside of them is a failed check itself, and not the end of the program. */
  async part(name, checks) {
    try {
      await checks();
    } catch (thrown) {
      await this.check(`${name}: the rest of its checks`, () => Promise.reject(thrown));
    }
  }

  /** The last line, by which it is known that the program came to its end. */
  end() {
    console.log(JSON.stringify({ checks: this.checks, failed: this.failed }));
    return this.failed === 0;
  }
}

/** The promise, or an error once that many milliseconds have passed. */
export function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of it in ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function pause(milliseconds) {
  return new Promise((done) => {
    setTimeout(done, milliseconds);
  });
}

/** An error with where it was thrown, in as many words as a line bears. */
function said(error) {
  const where = String(error?.stack ?? '').split('\n').find((line) => line.includes('file:') && !line.includes('node_modules'));
  const place = where?.match(/([\w-]+\.mjs:\d+)/)?.[1] ?? 'somewhere';
  return `${String(error?.message ?? error).slice(0, 2_000)} (${place})`;
}
