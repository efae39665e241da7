// What a model does not take of the message's files, or cannot be given, and what would help.
import type { Denial, Request } from '@kumari/credits';
import { microsOf } from '../credits/amounts';
import type { Prices } from '../credits/client';
import { type Mode, sentence } from '../credits/words';
import { alone } from './choice';
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
  mode: Mode;
  /** The request's models. */
  models: readonly string[];
  optionsOf: () => ModelOption[];
  remove: (file: DraftFile) => void;
  take: (request: Request) => void;
}

/**
 * Where a denial of files is from: the engine's is of attachments, the server's of the message's own
 * files or of an earlier message's.
 */
type Origin = 'attachments' | 'files' | 'conversation_id';

/** Where it is from; nothing where it is of no file. */
export function refusalOrigin({ path = '' }: Denial): Origin | null {
  const field = /^\w+/.exec(path)?.[0];
  return field === 'attachments' || field === 'files' || field === 'conversation_id' ? field : null;
}

/** What a denial is of, by its place; nothing where there are too many. */
function refusedPlace({ path = '' }: Denial): number | null {
  const place = /\[(\d+)\]$/.exec(path)?.[1];
  return place === undefined ? null : Number(place);
}

/** The file that a denial is of; nothing where it is an earlier message's. */
function fileOf(denial: Denial, { files, earlier }: Refused): DraftFile | undefined {
  const place = refusedPlace(denial);
  if (place === null) return undefined;
  if (refusalOrigin(denial) === 'files') return files[place];
  const attachments = files.filter(({ content }) => content && content.kind !== 'document');
  return attachments[place - earlier];
}

/** Why, in the words of who refused but for the names. */
function refusalWords(denial: Denial, refused: Refused, { nameOf }: Prices): string {
  const reason = denial.message.replace(/`([^`]+)`/g, (_all, id: string) => nameOf(id));
  // The server's words begin with the file's name.
  if (refusalOrigin(denial) !== 'attachments') return `${reason}.`;
  const place = refusedPlace(denial);
  if (place === null) {
    return refused.earlier === 0
      ? 'A message has at most 20 pictures, recordings and clips.'
      : 'Pictures, recordings and clips of earlier messages are sent again, and all together may be 20. Remove some, or begin a new conversation.';
  }
  const file = fileOf(denial, refused)?.name ?? 'A file of an earlier message';
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
  const file = fileOf(denial, refused);
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
      {/* What one model cannot be given no other one can. */}
      {refusalOrigin(denial) === 'attachments' && <OtherModels refused={refused} prices={prices} />}
    </>
  );
}

function OtherModels({ refused, prices }: Omit<RefusalProps, 'denial'>) {
  const able = refused.models.filter((model) =>
    refused.files.every(({ content }) => !content || takes(prices, model, content)),
  );
  const isCompared = able.length > 1 && able.length < refused.models.length;
  const left = refused.models.filter((model) => !able.includes(model));
  if (isCompared) {
    return (
      <button
        type="button"
        className="button"
        onClick={() => {
          refused.take({ task: 'compare', models: able });
        }}
      >
        Compare without {left.map(prices.nameOf).join(' and ')}
      </button>
    );
  }
  return cheapest(refused.optionsOf()).map(({ model, price }) => (
    <button
      key={model.id}
      type="button"
      className="button"
      onClick={() => {
        refused.take({ task: alone(refused.mode), models: [model.id] });
      }}
    >
      Ask {model.name}
      <span className="button-price">likely {prices.format(price.expected)}</span>
    </button>
  ));
}

/** The cheapest models that take all of the message. */
function cheapest(options: readonly ModelOption[]) {
  const able = options.flatMap(({ model, price }) => (price ? [{ model, price }] : []));
  able.sort((a, b) => Number(microsOf(a.price.expected) - microsOf(b.price.expected)));
  return able.slice(0, OFFERED_MAX);
}
