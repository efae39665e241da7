// Why a charge could not be checked, in words for the person who asked.
import type { Receipt } from '@kumari/credits';
import { sentence } from '../credits/words';

export interface CheckFault {
  words: string;
  /** Whether a newer page could check it. */
  isOutdated: boolean;
}

/** A version as people are shown it. */
export function shortVersion(version: string): string {
  return version.slice(0, 12);
}

/** What `replay` threw, in words. Its codes are the package's. */
export function checkFault(error: unknown, receipt: Receipt): CheckFault {
  const { code = '', path = '' } = error as { code?: string; path?: string };
  const message = error instanceof Error ? error.message : String(error);
  const book = `book ${shortVersion(receipt.price_book)}`;
  switch (code) {
    case 'unreachable':
      return fault(
        `The prices of ${book} are not in this page, and the server cannot be reached. Try again once you are connected.`,
      );
    case 'price_book_unknown':
      return fault(
        `The server does not have ${book}, which the receipt names. A published book stays readable for ever: please tell support.`,
      );
    case 'price_book_invalid':
    case 'json_malformed':
      return fault(`What the server gave as ${book} is not a price book: ${message}.`);
    case 'not_offered':
      return fault(`${book} has no price for what the receipt names: ${message}.`);
    case 'engine_outdated':
      return outdated(`${book} was written for newer rules than this page has.`);
    case 'request_invalid':
      return outdated(`This page cannot read a part of the receipt (${path}: ${message}).`);
    default:
      return fault(`${message}.`);
  }
}

function fault(words: string): CheckFault {
  return { words: sentence(words), isOutdated: false };
}

function outdated(words: string): CheckFault {
  const advice = 'Reload the page, which brings the newest; what you wrote is kept.';
  return { words: `${sentence(words)} ${advice}`, isOutdated: true };
}
