// One call of a component, in a worker of its own: a fresh instance, and what runs wild in here ends with the worker. It knows no secret.

/** Gives `{ok}`, `{err}` with the connector's own error, or `{trap}` where it crashed. */
export async function perform({ instantiate, module, send, log }, { path: [face, name], args }) {
  let lastWords;
  const heard = {
    enabled: (level) => level === 'warn' || level === 'error',
    log: (level, message) => {
      // The last words of a panic arrive here.
      if (level === 'error') lastWords = message;
      log(level, message);
    },
  };
  try {
    const exports = await instantiate(module, { 'integration:connector/http': { send }, 'integration:connector/log': heard });
    return { ok: await exports[face][name](...args) };
  } catch (error) {
    return error instanceof Error ? { trap: `${error.name}: ${error.message}`, lastWords } : { err: error };
  }
}
