// What is loaded after the first paint, in one file: the list of conversations, files, how a price
// comes about, what helps where a message cannot be sent, and the account.
import './styles/conversations.css';
import './styles/files.css';

export { default as AccountDialog } from './account/account';
export { AttachedFiles } from './composer/attached-files';
export { EstimateDetails } from './composer/estimate-details';
export { PriceAnnouncer } from './composer/price-announcer';
export { Conversations } from './conversations/conversations';
export { Remedies } from './composer/remedies';
export { BalanceDetails } from './shell/balance-details';
export { MessageFiles } from './thread/message-files';
