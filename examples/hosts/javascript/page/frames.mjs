// A request or an answer on its way between page and proxy: a line of JSON, and the body's bytes behind it.

/** Both in one. */
export function framed(head, bytes = new Uint8Array()) {
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const whole = new Uint8Array(line.length + bytes.length);
  whole.set(line);
  whole.set(bytes, line.length);
  return whole;
}

/** Each alone. */
export function unframed(whole) {
  const end = whole.indexOf(10);
  return { head: JSON.parse(new TextDecoder().decode(whole.subarray(0, end))), bytes: whole.subarray(end + 1) };
}
