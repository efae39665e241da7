import { Popover, PopoverDisclosure, PopoverHeading, PopoverProvider } from '@ariakit/react';
import type { CandidateEstimate, Caps, Estimate, LikelyRange } from '@kumari/credits';
import { ChevronUp } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { type Prices, useSubscribe } from '../credits/client';
import { capsWords, levelWords, sumWords } from '../credits/words';
import { announce } from '../ui/announce';
import { LevelBadge } from '../ui/level-badge';
import { PriceLines } from '../ui/price-lines';
import { sizeWords } from '../files/content';
import type { DraftFile } from './draft-files';
import { type DraftPrice, type DraftPricing, usePrice } from './pricing';

/** Long enough that a person who types is not read every price between. */
const ANNOUNCE_MS = 1_200;

/** The live estimate beside Send. Its place is kept when there is nothing to show. */
export function EstimateView({
  pricing,
  files,
  isEmpty,
  isNew,
  prices,
}: {
  pricing: DraftPricing;
  files: readonly DraftFile[];
  /** There is nothing to send yet. */
  isEmpty: boolean;
  /** The price changed since the person last looked. */
  isNew: boolean;
  prices: Prices | null;
}) {
  const isThere = usePrice(pricing, ({ estimate }) => estimate !== null);
  useAnnouncement(pricing, isEmpty ? null : prices);
  if (!isThere || isEmpty || !prices) {
    return (
      <div className="estimate" data-empty>
        {isEmpty && <span className="estimate-hint">The price appears as you type</span>}
      </div>
    );
  }
  return (
    <PopoverProvider placement="top-end">
      <PopoverDisclosure className="estimate" data-new={isNew || undefined} data-testid="estimate">
        <span className="estimate-place">
          <span className="estimate-figures">
            <Figures pricing={pricing} prices={prices} />
            <span className="visually-hidden">Show how this price comes about</span>
            <ChevronUp aria-hidden size={14} className="estimate-chevron" />
          </span>
        </span>
      </PopoverDisclosure>
      <Popover className="popover estimate-popover" gutter={8} unmountOnHide>
        <PopoverHeading className="popover-title">What this message may cost</PopoverHeading>
        <EstimateDetails pricing={pricing} files={files} prices={prices} />
      </Popover>
    </PopoverProvider>
  );
}

/** All that changes with a letter. */
function Figures({ pricing, prices }: { pricing: DraftPricing; prices: Prices }) {
  const { estimate, isExact } = usePrice(pricing, (price) => price);
  if (!estimate) return null;
  const { format } = prices;
  const { low, expected, high, likely } = estimate;
  const isRange = low !== high;
  const about = isExact ? '' : '~';
  return (
    <>
      <span className="estimate-price" data-low={low} data-expected={expected} data-high={high}>
        {isRange && (
          <>
            <span className="estimate-range">
              {likely ? `up to ${about}${format(high)}` : `${about}${format(low)}–${format(high)}`}
            </span>
            <span className="estimate-dot"> · </span>
          </>
        )}
        <span className="estimate-likely">
          {isRange && 'likely '}
          <strong>
            {about}
            {format(expected)}
          </strong>{' '}
          {isRange && likely && <span className="estimate-span">({spanOf(likely, format)}) </span>}
          credits
        </span>
      </span>
      <LevelBadge level={estimate.level} />
    </>
  );
}

/** Says the price in words once it stays as it is, and once for the same words. */
function useAnnouncement(pricing: DraftPricing, prices: Prices | null): void {
  const subscribe = useSubscribe();
  const said = useRef('');
  useEffect(() => {
    if (!prices) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let seen: Estimate | null = null;
    const say = () => {
      const words = seen ? inWords(seen, prices) : '';
      if (words !== '' && words !== said.current) announce(words);
      said.current = words;
    };
    const changed = () => {
      const { estimate } = pricing.price();
      if (estimate === seen) return;
      seen = estimate;
      clearTimeout(timer);
      timer = setTimeout(say, ANNOUNCE_MS);
    };
    changed();
    const end = subscribe(changed);
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [pricing, prices, subscribe]);
}

function EstimateDetails({
  pricing,
  files,
  prices,
}: {
  pricing: DraftPricing;
  files: readonly DraftFile[];
  prices: Prices;
}) {
  const { estimate, sent, isExact } = usePrice(pricing, (price) => price);
  if (!estimate) return null;
  const { format, nameOf } = prices;
  const isRouted = estimate.level.kind === 'range';
  const rows = estimate.legs.flatMap((leg) =>
    leg.candidates.map((candidate) => ({ candidate, isLikely: candidate.model === leg.model })),
  );
  return (
    <>
      {estimate.legs.length > 1 && (
        <p className="multiplier">
          <strong>{levelWords(estimate.level)}</strong> — {sumWords(estimate.legs.length)}
        </p>
      )}
      {isRouted && <p className="muted">One of these models answers; only its price is charged.</p>}
      <ul className="legs">
        {rows.map(({ candidate, isLikely }, index) => (
          <li key={`${candidate.model}-${index}`}>
            <details>
              <summary>
                <span className="leg-name">
                  {nameOf(candidate.model)}
                  {isRouted && isLikely && <span className="tag">likely</span>}
                </span>
                <span className="leg-price">{rangeOf(candidate, format)}</span>
              </summary>
              <PriceLines
                lines={candidate.lines}
                total={candidate.expected}
                totalName="Likely price"
                format={format}
              />
            </details>
          </li>
        ))}
      </ul>
      <FileShares pricing={pricing} files={files} format={format} />
      {sent.conversation + sent.files > 0 && (
        <p className="muted">
          {isExact ? '' : 'About '}
          {sent.all.toLocaleString()} tokens of text are sent to each model, of which{' '}
          {partsWords(sent)}. A model’s own count may differ.
        </p>
      )}
      {estimate.likely && (
        <p className="muted">
          {estimate.legs.length > 1
            ? 'The likely ranges of the models come to '
            : 'Of earlier answers to messages of about this size, eight of ten would have cost '}
          {spanOf(estimate.likely, format)} credits; the least is {format(estimate.low)}.
        </p>
      )}
      <p className="muted">
        {estimate.high === estimate.low
          ? ''
          : 'The answer’s length decides: a token is about four letters. '}
        Up to <strong>{format(estimate.high)}</strong> credits are reserved while it is written, and
        never more is charged. <CapsNote caps={estimate.caps} nameOf={nameOf} />
      </p>
    </>
  );
}

/** What each file adds. */
function FileShares({
  pricing,
  files,
  format,
}: {
  pricing: DraftPricing;
  files: readonly DraftFile[];
  format: (amount: string) => string;
}) {
  const shares = pricing.shares();
  const priced = files.filter(({ file_id }) => shares.has(file_id));
  if (priced.length === 0) return null;
  return (
    <table className="lines file-shares">
      <caption>What each file adds to the likely price</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">File</th>
          <th scope="col">Credits</th>
        </tr>
      </thead>
      <tbody>
        {priced.map(({ file_id, name, content }) => (
          <tr key={file_id}>
            <th scope="row">
              {name}
              {content && <small>{sizeWords(content)}</small>}
            </th>
            <td>+{format(shares.get(file_id) ?? '0')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "1,200 are documents and 300 the conversation so far". */
function partsWords({ conversation, files }: DraftPrice['sent']): string {
  const parts = [
    files > 0 ? `${files.toLocaleString()} are of documents` : '',
    conversation > 0 ? `${conversation.toLocaleString()} are the conversation so far` : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

function CapsNote({ caps, nameOf }: { caps: Caps; nameOf: (model: string) => string }) {
  const words = capsWords(caps, nameOf);
  return words === '' ? null : <>To fit your balance: {words}.</>;
}

/** From the lower to the upper end of what is likely. */
function spanOf({ low, high }: LikelyRange, format: (amount: string) => string): string {
  const [from, to] = [format(low), format(high)];
  return from === to ? from : `${from}–${to}`;
}

function rangeOf(candidate: CandidateEstimate, format: (amount: string) => string) {
  const { low, expected, high, likely } = candidate;
  if (low === high) return format(expected);
  return likely
    ? `up to ${format(high)} · likely ${format(expected)} (${spanOf(likely, format)})`
    : `${format(low)}–${format(high)} · likely ${format(expected)}`;
}

/** The estimate as a sentence. */
function inWords(estimate: Estimate, { format, nameOf, likelyWords }: Prices): string {
  const caps = capsWords(estimate.caps, nameOf);
  const fits = caps === '' ? '' : ` To fit your balance: ${caps}.`;
  const [leg] = estimate.legs;
  const likely =
    estimate.level.kind === 'range' && leg ? ` The model is likely ${likelyWords(leg)}.` : '';
  const level = `Level ${levelWords(estimate.level)}.${likely}${fits}`;
  if (estimate.low === estimate.high) return `Costs ${format(estimate.expected)} credits. ${level}`;
  const sum = estimate.legs.length > 1 ? ` This is ${sumWords(estimate.legs.length)}.` : '';
  const range = estimate.likely
    ? `mostly ${spanOf(estimate.likely, format)}, at most ${format(estimate.high)}`
    : `between ${format(estimate.low)} and ${format(estimate.high)}`;
  return `Likely ${format(estimate.expected)} credits, ${range}. ${level}${sum}`;
}
