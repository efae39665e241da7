// What a model does not take of the message's files, and what would help.
import type { Denial, Request } from '@kumari/credits';
import { microsOf } from '../credits/amounts';
import type { Prices } from '../credits/client';
import { sentence } from '../credits/words';
import type { DraftFile } from './draft-files';
import { takes } from './file-shares';
import type { ModelOption } from './model-options';

/** Models that are offered instead. */
const OFFERED_MAX = 2;

/** What the composer knows of the files that a denial may be of. */
export interface Refused {
  files: readonly DraftFile[];
  /** How many attachments earlier messages have. */
  earlier: number;
  /** The request's models. */
  models: readonly string[];
  optionsOf: () => ModelOption[];
  remove: (file: DraftFile) => void;
  take: (request: Request) => void;
}

/** The attachment that a denial is of, by its place; nothing where there are too many. */
function refusedPlace({ path = '' }: Denial): number | null {
  const place = /^attachments\[(\d+)\]$/.exec(path)?.[1];
  return place === undefined ? null : Number(place);
}

/** The file at a place among all attachments; nothing where it is an earlier message's. */
function fileAt(place: number, { files, earlier }: Refused): DraftFile | undefined {
  const attachments = files.filter(({ content }) => content && content.kind !== 'document');
  return attachments[place - earlier];
}

/** Why, in the engine's own words but for the names. */
function refusalWords(denial: Denial, refused: Refused, { nameOf }: Prices): string {
  const place = refusedPlace(denial);
  if (place === null) {
    return refused.earlier === 0
      ? 'A message has at most 20 pictures, recordings and clips.'
      : 'Pictures, recordings and clips of earlier messages are sent again, and all together may be 20. Remove some, or begin a new conversation.';
  }
  const file = fileAt(place, refused)?.name ?? 'A file of an earlier message';
  const reason = denial.message.replace(/`([^`]+)`/g, (_all, id: string) => nameOf(id));
  return `${file}: ${sentence(reason)}.`;
}

interface RefusalProps {
  denial: Denial;
  refused: Refused;
  prices: Prices;
}

export function FileRefusal(props: RefusalProps) {
  const { denial, refused, prices } = props;
  return (
    <>
      <p>{refusalWords(denial, refused, prices)}</p>
      <div className="notice-ways">
        <RefusalWays {...props} />
      </div>
    </>
  );
}

function RefusalWays({ denial, refused, prices }: RefusalProps) {
  const place = refusedPlace(denial);
  const file = place === null ? undefined : fileAt(place, refused);
  const able = refused.models.filter((model) =>
    refused.files.every(({ content }) => !content || takes(prices, model, content)),
  );
  const isCompared = able.length > 1 && able.length < refused.models.length;
  const left = refused.models.filter((model) => !able.includes(model));
  return (
    <>
      {file && (
        <button
          type="button"
          className="button"
          onClick={() => {
            refused.remove(file);
          }}
        >
          Remove {file.name}
        </button>
      )}
      {isCompared ? (
        <button
          type="button"
          className="button"
          onClick={() => {
            refused.take({ task: 'compare', models: able });
          }}
        >
          Compare without {left.map(prices.nameOf).join(' and ')}
        </button>
      ) : (
        cheapest(refused.optionsOf()).map(({ model, price }) => (
          <button
            key={model.id}
            type="button"
            className="button"
            onClick={() => {
              refused.take({ task: 'direct', models: [model.id] });
            }}
          >
            Ask {model.name}
            <span className="button-price">likely {prices.format(price.expected)}</span>
          </button>
        ))
      )}
    </>
  );
}

/** The cheapest models that take all of the message. */
function cheapest(options: readonly ModelOption[]) {
  const able = options.flatMap(({ model, price }) => (price ? [{ model, price }] : []));
  able.sort((a, b) => Number(microsOf(a.price.expected) - microsOf(b.price.expected)));
  return able.slice(0, OFFERED_MAX);
}
