// How the app looks, and the facts that somebody asks for who helps.
import { rulesVersion } from '@kumari/credits/client';
import { useCredits } from '../credits/client';
import { People } from '../people/people';
import { type Theme, setTheme, useTheme } from '../shell/theme';

const THEMES: readonly { theme: Theme; name: string }[] = [
  { theme: 'system', name: 'Like the system' },
  { theme: 'light', name: 'Light' },
  { theme: 'dark', name: 'Dark' },
];

export function Details() {
  const { session, price_book: book, price_book_version: version } = useCredits();
  const theme = useTheme();
  return (
    <div className="account">
      <People />
      <fieldset className="account-choice">
        <legend>Appearance</legend>
        {THEMES.map((one) => (
          <label key={one.theme}>
            <input
              type="radio"
              name="theme"
              value={one.theme}
              checked={theme === one.theme}
              onChange={() => {
                setTheme(one.theme);
              }}
            />
            {one.name}
          </label>
        ))}
      </fieldset>
      <section aria-labelledby="facts">
        <h2 id="facts">For whoever helps you</h2>
        <dl className="facts account-facts">
          {session && (
            <div>
              <dt>Your account</dt>
              <dd>
                <code>{session.account_id}</code>
              </dd>
            </div>
          )}
          {book && version !== null && (
            <div>
              <dt>Price book in force since {new Date(book.effective_at).toLocaleDateString()}</dt>
              <dd>
                <a href={`/api/price-books/${version}`} target="_blank" rel="noreferrer">
                  <code>{version.slice(0, 12)}</code>
                </a>
              </dd>
            </div>
          )}
          <div>
            <dt>Rules</dt>
            <dd>
              <code>{rulesVersion()}</code>
            </dd>
          </div>
        </dl>
      </section>
    </div>
  );
}
