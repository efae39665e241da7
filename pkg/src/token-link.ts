// The way from a page to the one who counts: a worker, a thread of Node, or the page itself where
// neither can be had.
import { PART, type TokenAnswer, type TokenOrder } from './token-messages.js';

/** Without a worker, a text is taken in by pieces of this many code units, one a task. */
const SLICE_UNITS = 16_384;

export interface TokenLink {
  send(order: TokenOrder): void;
  /** Ends it, and gives its memory back. */
  end(): void;
}

export interface LinkEvents {
  answered(answer: TokenAnswer): void;
  /** It counts no more, and it was not told to end. */
  died(message: string): void;
}

interface NodeThread {
  postMessage(order: TokenOrder): void;
  terminate(): Promise<number>;
  on(event: 'message', hear: (answer: TokenAnswer) => void): void;
  on(event: 'error', hear: (error: Error) => void): void;
  on(event: 'exit', hear: (code: number) => void): void;
}

interface NodeProcess {
  getBuiltinModule?(name: 'node:worker_threads'): { Worker: new (script: URL) => NodeThread };
}

/** Starts a worker; nothing where there are none. */
export function startWorker(events: LinkEvents): TokenLink | null {
  const { process } = globalThis as { process?: NodeProcess };
  const threads = process?.getBuiltinModule?.('node:worker_threads');
  if (threads) return startThread(new threads.Worker(workerScript()), events);
  if (typeof Worker === 'undefined') return null;
  try {
    // Written out: this is what bundlers look for.
    const worker = new Worker(new URL('./token-worker.js', import.meta.url), { type: 'module' });
    return startBrowserWorker(worker, events);
  } catch {
    return null;
  }
}

/** Asked for by a function of its own, so that no bundler takes it for a worker of a page. */
function workerScript(): URL {
  const name = './token-worker.js';
  return new URL(name, import.meta.url);
}

function startBrowserWorker(worker: Worker, events: LinkEvents): TokenLink {
  worker.onmessage = ({ data }: MessageEvent<TokenAnswer>) => {
    events.answered(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    events.died(event.message);
  };
  return {
    send: (order) => {
      worker.postMessage(order);
    },
    end: () => {
      worker.terminate();
    },
  };
}

function startThread(thread: NodeThread, events: LinkEvents): TokenLink {
  let isEnded = false;
  const died = (message: string) => {
    if (!isEnded) events.died(message);
    isEnded = true;
  };
  thread.on('message', (answer) => {
    events.answered(answer);
  });
  thread.on('error', (error) => {
    died(error.message);
  });
  thread.on('exit', (code) => {
    died(`the thread ended with ${code}`);
  });
  return {
    send: (order) => {
      thread.postMessage(order);
    },
    end: () => {
      isEnded = true;
      void thread.terminate();
    },
  };
}

/** Counts here, where there is no worker: loaded only then. */
export function startHere(events: LinkEvents): TokenLink {
  let isEnded = false;
  const queue: TokenOrder[] = [];
  let isWorking = false;
  const hosting = import('./token-host.js').then(
    ({ TokenHost }) =>
      new TokenHost(
        (answer) => {
          if (!isEnded) events.answered(answer);
        },
        (error) => {
          events.died(String(error));
        },
      ),
  );
  const work = async () => {
    const host = await hosting;
    for (let order = queue.shift(); order && !isEnded; order = queue.shift()) {
      for (const slice of slices(order)) {
        host.take(slice);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    isWorking = false;
  };
  return {
    send: (order) => {
      queue.push(order);
      if (isWorking) return;
      isWorking = true;
      work().catch((error: unknown) => {
        events.died(String(error));
      });
    },
    end: () => {
      isEnded = true;
      void hosting.then((host) => {
        host.end();
      });
    },
  };
}

/** A long text as several edits that come to the same. */
function* slices(order: TokenOrder): Generator<TokenOrder> {
  if (order.kind === 'open' && order.text.length > SLICE_UNITS) {
    const { draft, revision } = order;
    yield { ...order, revision: PART, text: '' };
    yield* slices({ kind: 'edit', draft, revision, offset: 0, deleted: 0, inserted: order.text });
  } else if (order.kind === 'edit' && order.inserted.length > SLICE_UNITS) {
    const { inserted } = order;
    for (let at = 0; at < inserted.length; at += SLICE_UNITS) {
      const offset = order.offset + at;
      const deleted = at === 0 ? order.deleted : 0;
      const revision = at + SLICE_UNITS < inserted.length ? PART : order.revision;
      const slice = inserted.slice(at, at + SLICE_UNITS);
      yield { ...order, revision, offset, deleted, inserted: slice };
    }
  } else {
    yield order;
  }
}
