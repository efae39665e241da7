// A question to the server that takes its time, or changes something.
import { ApiError, problemOf } from './api';

const WAIT_MS_MAX = 20_000;

export async function ask<T>(
  method: string,
  path: string,
  { body, signal }: { body?: object; signal?: AbortSignal } = {},
): Promise<T> {
  const inTime = AbortSignal.timeout(WAIT_MS_MAX);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal ? AbortSignal.any([signal, inTime]) : inTime,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
  } catch {
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Check your connection.');
  }
  if (response.ok) return (await response.json()) as T;
  throw await problemOf(response);
}
