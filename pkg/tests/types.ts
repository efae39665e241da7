// Uses the package as a person would; `tsc` is the test.
import {
  type CreditsError,
  type DenialError,
  type Eligibility,
  type Estimate,
  type PriceBookHandle,
  type Request,
  type Standing,
  eligibility,
  estimate,
  format,
  init,
  loadPriceBook,
} from '@kumari/credits';
import { CreditsClient, type CreditsState, type SendResult } from '@kumari/credits/client';
import { type ReadDocument, asSent, harmlessName, readDocument } from '@kumari/credits/documents';
import { type TokenCount, TokenCounter, type TokenCounts } from '@kumari/credits/tokens';
import { TokenDocument, Vocabulary } from '@kumari/credits/tokens/direct';

export async function rules(json: string, standing: Standing): Promise<string> {
  await init();
  const book: PriceBookHandle = loadPriceBook(json, '{"schema":1,"rows":[]}');
  const request: Request = {
    task: 'compare',
    models: ['a', 'b'],
    input_tokens: { o200k_base: 1234 },
    output_tokens_max: 500,
  };
  const price: Estimate = estimate(book, request, { output_tokens: 200 });
  const verdict: Eligibility = eligibility(book, standing, request);
  // @ts-expect-error a task that there is not
  estimate(book, { task: 'fly' });
  // @ts-expect-error an amount is a string
  eligibility(book, { ...standing, available: 5 }, request);
  if (verdict.verdict === 'denied') {
    const codes: string[] = verdict.remedies.map((remedy) =>
      remedy.kind === 'buy_pack' ? `from ${remedy.usd_min}` : remedy.kind,
    );
    return codes.join();
  }
  const level: string =
    price.level.kind === 'units'
      ? price.level.units.map((unit) => `${unit.level} x ${unit.count}`).join()
      : `${price.level.low} to ${price.level.high}`;
  const likely: string = price.likely ? format(price.likely.high) : '';
  return `${format(verdict.hold)} ${level} ${likely}`;
}

export function isDenial(error: unknown): error is DenialError {
  return error instanceof Error && 'remedies' in error;
}

export function pathOf(error: CreditsError): string {
  return `${error.code} ${error.path}`;
}

export async function client(render: (state: CreditsState) => void): Promise<string> {
  await init();
  const client = new CreditsClient({ baseUrl: 'https://example.com', storageKey: 'mine' });
  const unsubscribe = client.subscribe(render);
  await client.start();
  client.setRequest({ task: 'direct', models: ['a'], input_tokens: { o200k_base: 9 } });
  client.setRequest({ task: 'direct', models: ['a'] }, ['a-file']);
  const { balance, draft, pending } = client.state();
  const available: string | undefined = balance?.standing.available;
  const high: string | undefined = draft?.estimate?.high;
  const ids: string[] = pending.map((one) => one.action_id);
  const result: SendResult = await client.send({
    conversation_id: client.newId(),
    task: 'direct',
    models: ['a'],
    text: 'hello',
  });
  // @ts-expect-error a message has a text
  await client.send({ conversation_id: '1', task: 'direct' });
  unsubscribe();
  client.close();
  switch (result.kind) {
    case 'admitted':
      return `${result.action.action_id} ${available ?? ''} ${high ?? ''} ${ids.join()}`;
    case 'denied':
      return result.denial.code;
    case 'failed':
      return `${result.error.code} ${result.action_id ?? ''}`;
  }
}

export function tokens(file: Uint8Array): number {
  const vocabulary = new Vocabulary(file);
  const draft = new TokenDocument(vocabulary);
  draft.edit(0, 0, 'hello');
  return draft.count() + vocabulary.countText('hello') + draft.length;
}

export async function typed(read: () => string): Promise<TokenCounts> {
  const counter = new TokenCounter({ vocabularies: { o200k_base: '/o200k_base.bin' } });
  // @ts-expect-error an encoding that there is not
  counter.open(['p50k_base'], read);
  const draft = counter.open(['o200k_base'], read);
  const unsubscribe = draft.subscribe(({ tokens, isExact }: TokenCount) => {
    document.title = `${isExact ? '' : '~'}${tokens.o200k_base ?? 0}`;
  });
  draft.edit(0, 5, 'Hello');
  const { tokens } = await draft.exact();
  unsubscribe();
  draft.close();
  counter.close();
  return tokens;
}

export function attached(bytes: Uint8Array): number {
  const document: ReadDocument = readDocument(bytes, {
    name: 'a.pdf',
    mediaType: 'application/pdf',
  });
  // @ts-expect-error bytes, not text
  readDocument('a,b');
  const sent: string = asSent(harmlessName('a.pdf'), document.text);
  if (sent === '') return 0;
  return document.warnings.includes('no_text') ? 0 : document.pages;
}
