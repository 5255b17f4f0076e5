// The component's own worker: it is ended when a call takes too long. What the component sends goes to the page's own origin, where the key is.
import { perform } from './component.mjs';
import { framed, unframed } from './frames.mjs';

onmessage = async ({ data: { engine, call } }) => {
  const { instantiate } = await import(`./${engine}/component.js`);
  const module = (name) => WebAssembly.compileStreaming(fetch(`./${engine}/${name}`));
  const taken = (whole) => {
    const { head, bytes } = unframed(new Uint8Array(whole));
    if (head.err?.tag === 'too-large') head.err.val = BigInt(head.err.val);
    if (head.err) throw head.err;
    return { ...head.ok, body: bytes };
  };
  const send = {
    // The stack of the component waits, and the worker does not.
    jspi: async ({ body, ...head }) => taken(await (await fetch('./send', { method: 'POST', body: framed(head, body) })).arrayBuffer()),
    // In a worker, and nowhere else, a browser lets a request be waited for.
    blocking: ({ body, ...head }) => {
      const request = new XMLHttpRequest();
      request.open('POST', './send', false);
      request.responseType = 'arraybuffer';
      request.send(framed(head, body));
      return taken(request.response);
    },
  };
  const log = (...line) => postMessage({ line });
  const outcome = await perform({ instantiate, module, send: send[engine], log }, call);
  postMessage({ outcome });
};
