// The app's editor with nothing around it: what the app adds is measured beside it.
import { createEditor } from '../../../www/src/composer/editor.ts';

const parent = document.querySelector('#host');
createEditor({
  parent,
  text: '',
  attributes: { 'aria-label': 'Message' },
  hint: 'Ask anything',
  events: { changed: () => undefined, pressed: () => false, pointed: () => undefined },
});
