// How the price beside Send comes about, once somebody asks.
import type { CandidateEstimate, Caps } from '@kumari/credits';
import type { Prices } from '../credits/client';
import { capsWords, levelWords, sumWords } from '../credits/words';
import { sizeWords } from '../files/content';
import { PriceLines } from '../ui/price-lines';
import type { DraftFile } from './draft-files';
import { spanOf } from './estimate-words';
import { sharesOf } from './file-shares';
import { type DraftPrice, type DraftPricing, usePrice } from './pricing';

export function EstimateDetails({
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
  const shares = sharesOf(pricing);
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

function rangeOf(candidate: CandidateEstimate, format: (amount: string) => string) {
  const { low, expected, high, likely } = candidate;
  if (low === high) return format(expected);
  return likely
    ? `up to ${format(high)} · likely ${format(expected)} (${spanOf(likely, format)})`
    : `${format(low)}–${format(high)} · likely ${format(expected)}`;
}
