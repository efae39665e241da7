// The worker's own script: a host between this worker and the page that started it.
import { TokenHost } from './token-host.js';
import type { TokenOrder } from './token-messages.js';

interface Port {
  postMessage(message: unknown): void;
  on?(event: 'message', hear: (data: TokenOrder) => void): void;
}

interface NodeProcess {
  getBuiltinModule?(name: 'node:worker_threads'): { parentPort: Port | null };
}

/** Node has a port where a browser has the worker itself. */
const { process } = globalThis as { process?: NodeProcess };
const port = process?.getBuiltinModule?.('node:worker_threads').parentPort ?? null;
if (port) {
  const host = new TokenHost((answer) => {
    port.postMessage(answer);
  });
  port.on?.('message', (order) => {
    host.take(order);
  });
} else {
  const host = new TokenHost((answer) => {
    globalThis.postMessage(answer);
  });
  globalThis.onmessage = ({ data }: MessageEvent<TokenOrder>) => {
    host.take(data);
  };
}
