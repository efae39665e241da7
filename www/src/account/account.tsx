// Account and Details: what there is, what it came from and went to, and how the app looks.
import { Tab, TabList, TabPanel, TabProvider } from '@ariakit/react';
import { DialogsProvider } from '../dialogs/dialogs';
import '../styles/account.css';
import { Modal } from '../ui/modal';
import { Billing } from './billing';
import { Details } from './details';

export default function AccountDialog({ close }: { close: () => void }) {
  return (
    <Modal title="Account and Details" close={close} isWide>
      {/* What is opened from here, a receipt or a purchase, lies above and comes back to it. */}
      <DialogsProvider>
        <TabProvider>
          <TabList className="tabs" aria-label="Account and Details">
            <Tab className="tab">Account</Tab>
            <Tab className="tab">Details</Tab>
          </TabList>
          <TabPanel className="tab-panel">
            <Billing />
          </TabPanel>
          <TabPanel className="tab-panel" unmountOnHide>
            <Details />
          </TabPanel>
        </TabProvider>
      </DialogsProvider>
    </Modal>
  );
}
