// What is loaded after the first paint, in one file: the choice of mode and models, the list of
// conversations, files, how a price comes about, and what helps where a message cannot be sent.
import './people/switch';
import './styles/conversations.css';
import './styles/files.css';

export { AmountPicker } from './composer/amount-picker';
export { AttachedFiles } from './composer/attached-files';
export { EstimateDetails } from './composer/estimate-details';
export { ModeOptions } from './composer/mode-options';
export { ModePicker } from './composer/mode-picker';
export { ModelPicker } from './composer/model-picker';
export { PriceAnnouncer } from './composer/price-announcer';
export { Conversations } from './conversations/conversations';
export { Remedies } from './composer/remedies';
export { BalanceDetails } from './shell/balance-details';
export { MessageFiles } from './thread/message-files';
